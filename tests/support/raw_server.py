"""A server that sends given bytes, for responses that no HTTP server would send."""

from __future__ import annotations

import asyncio
import itertools
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from airflow_provider_liveactivity.models.moments import utcnow

OK = b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}"


class Heard(NamedTuple):
    """
    What a raw server has heard so far.

    :param host: its own ``host:port``.
    :param requests: head and body of each request.
    :param connections: the number of the connection on which each request came.
    """

    host: str
    requests: list[bytes]
    connections: list[int]


@asynccontextmanager
async def raw_server(*answers: bytes, context: ssl.SSLContext | None = None) -> AsyncIterator[Heard]:
    """
    Serve on loopback, and yield what is heard as it comes.

    :param answers: one for each request; an empty one, or one that says so, closes the connection.
    :param context: for TLS.
    """
    script, requests, connections, numbers = list(answers), list[bytes](), list[int](), itertools.count(1)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        number = next(numbers)
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                lengths = [
                    line[16:] for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")
                ]
                requests.append(head + await reader.readexactly(sum(map(int, lengths))))
                connections.append(number)
                answer = script.pop(0)
                writer.write(answer)
                await writer.drain()
                if not answer or b"Connection: close" in answer:
                    break
        except (asyncio.IncompleteReadError, asyncio.CancelledError, OSError):
            pass  # the client has gone, or the test is over
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    async with server:
        yield Heard(f"127.0.0.1:{server.sockets[0].getsockname()[1]}", requests, connections)


def self_signed(folder: Path) -> ssl.SSLContext:
    """Return a server's context with a certificate for 127.0.0.1, which is left in ``server.pem`` there."""
    key, now = ec.generate_private_key(ec.SECP256R1()), utcnow()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(now).not_valid_after(now + timedelta(hours=1))
    alternative = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    certificate = builder.add_extension(alternative, critical=False).sign(key, hashes.SHA256())
    pem = folder / "server.pem"
    pem.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return context

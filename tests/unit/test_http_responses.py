"""The status of a response decides; its body may be anything. Over real HTTP."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest

from airflow_provider_liveactivity.delivery.rate_limit import RateLimiter
from airflow_provider_liveactivity.errors import InvalidPayload, SendStopped, VendorUnavailable
from airflow_provider_liveactivity.http.client import Client, SendResult
from airflow_provider_liveactivity.http.connection import Timeouts, WorkspaceConfig
from airflow_provider_liveactivity.http.retries import NO_RETRY
from airflow_provider_liveactivity.models.moengage_campaign import SearchCampaigns
from airflow_provider_liveactivity.vendors.base import MAX_RESPONSE_BYTES, Request
from airflow_provider_liveactivity.vendors.moengage_campaign import Campaigns
from tests.support.raw_server import OK, raw_server
from tests.support.scripted_vendor import BRAZE, KEY, START_REQUEST, UPDATE_REQUEST

QUICK = Timeouts(connect=2, read=0.3, write=2, pool=2)

direct_or_by_proxy = pytest.mark.parametrize("by_proxy", [False, True], ids=["direct", "proxy"])


def workspace(host: str, *, by_proxy: bool) -> WorkspaceConfig:
    """Return an configuration that leads to a raw server, which may play the proxy."""
    if by_proxy:
        return WorkspaceConfig(BRAZE, "http://vendor.test", QUICK, proxy=f"http://{host}")
    return WorkspaceConfig(BRAZE, f"http://{host}", QUICK)


async def send(workspace: WorkspaceConfig, *requests: Request) -> list[SendResult]:
    async with Client(workspace, RateLimiter(), retry=NO_RETRY) as client:
        return [await client.send(request) for request in requests]


def answer(status: str, body: bytes, *headers: str, length: int | None = None) -> bytes:
    head = [f"HTTP/1.1 {status}", f"Content-Length: {len(body) if length is None else length}", *headers]
    return "\r\n".join([*head, "", ""]).encode() + body


BODIES = {
    "latin-1 that says utf-8": answer("201 Created", b"\xe9\xff", "Content-Type: a/json; charset=utf-8"),
    "charset that does not decode": answer("201 Created", b"{}", "Content-Type: text/plain; charset=idna"),
    "charset that is no text": answer("201 Created", b"{}", "Content-Type: text/plain; charset=bz2"),
    "charset that Python does not know": answer(
        "201 Created", b"{}", "Content-Type: text/plain; charset=x-none"
    ),
    "half a surrogate pair": answer("201 Created", b"\x00\xd8", "Content-Type: a/b; charset=utf-16"),
    "deep list": answer("201 Created", b'{"errors":' + b"[" * 60_000),
    "deep and closed": answer("201 Created", b'{"errors":' + b"[" * 9_000 + b"]" * 9_000 + b"}"),
    "long number": answer("201 Created", b'{"errors":' + b"1" * 60_000 + b"}"),
    "no gzip": answer("201 Created", b"no gzip", "Content-Encoding: gzip"),
    "unknown encoding": answer("201 Created", b"{}", "Content-Encoding: x-own"),
    "broken chunks": b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    "ends too early": answer("201 Created", b"{}", "Connection: close", length=100),
    "never ends": answer("201 Created", b"{}", length=100),
    "larger than the limit": answer("201 Created", b"x" * 3 * MAX_RESPONSE_BYTES),
}


@direct_or_by_proxy
@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_a_201_is_accepted_with_any_body_and_the_next_request_is_sent(body: bytes, by_proxy: bool) -> None:
    async def twice() -> None:
        async with raw_server(body, OK) as server:
            first, second = await send(
                workspace(server.host, by_proxy=by_proxy), START_REQUEST, UPDATE_REQUEST
            )
        assert (first.accepted().status, first.attempts, second.accepted().text) == (201, 1, "{}")
        assert len(first.accepted().text) <= MAX_RESPONSE_BYTES
        assert len(server.requests) == 2

    asyncio.run(twice())


@direct_or_by_proxy
@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_a_400_is_a_rejection_with_any_body(body: bytes, by_proxy: bool) -> None:
    async def refused() -> SendResult:
        async with raw_server(body.replace(b"201 Created", b"400 Bad Request")) as server:
            return (await send(workspace(server.host, by_proxy=by_proxy), START_REQUEST))[0]

    result = asyncio.run(refused())
    assert isinstance(result.error, InvalidPayload)
    assert (result.error.status, result.outcome_unknown, result.error.retryable) == (400, False, False)
    assert len(str(result.error)) < 1_000


@asynccontextmanager
async def endless_server() -> AsyncIterator[tuple[str, list[int]]]:
    """Serve an answer of 300 MB; yield the host, and how many bytes of it each connection took."""
    taken: list[int] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        taken.append(0)
        try:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(answer("201 Created", b"", length=300_000_000))
            while taken[-1] < 300_000_000:
                writer.write(b"x" * 100_000)
                await writer.drain()
                taken[-1] += 100_000
        except (OSError, asyncio.CancelledError):
            pass  # the client has read enough
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}", taken


@direct_or_by_proxy
def test_a_large_response_is_read_up_to_the_limit(by_proxy: bool) -> None:
    async def flooded() -> tuple[SendResult, list[int]]:
        async with endless_server() as (host, taken):
            (sent,) = await send(workspace(host, by_proxy=by_proxy), START_REQUEST)
        return sent, taken

    sent, taken = asyncio.run(flooded())
    assert len(sent.accepted().text) == MAX_RESPONSE_BYTES
    assert sum(taken) < 30_000_000  # what the sockets of both sides hold


@direct_or_by_proxy
def test_a_listing_may_be_longer_than_the_response_to_a_send(by_proxy: bool) -> None:
    campaigns = [{"name": "x" * 1_000} for _ in range(200)]
    search = SearchCampaigns.build(request_id="r", campaign_fields={"channels": ["PUSH"]})
    request = Campaigns("WORKSPACE", KEY).search(search)

    async def found() -> SendResult:
        async with raw_server(answer("200 OK", json.dumps(campaigns).encode())) as server:
            return (await send(workspace(server.host, by_proxy=by_proxy), request))[0]

    assert asyncio.run(found()).accepted().json() == campaigns


def test_a_request_id_that_repeats_the_key_or_a_person_is_redacted() -> None:
    async def refused() -> SendResult:
        response = answer("400 Bad Request", b"{}", f"X-Request-Id: {KEY}/ada@example.com/r1")
        async with raw_server(response) as server:
            return (await send(workspace(server.host, by_proxy=False), START_REQUEST))[0]

    error = asyncio.run(refused()).error
    assert isinstance(error, InvalidPayload)
    assert error.request_id == "***/***/r1"


@pytest.mark.parametrize("host", ["rest..braze.test", "r" * 64 + ".braze.test", "nobody.invalid"])
@direct_or_by_proxy
def test_an_unreachable_host_leaves_no_unknown_outcome(
    host: str, by_proxy: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    look_up = socket.getaddrinfo

    def resolve(name: object, *args: Any, **kwargs: Any) -> Any:
        if str(name).endswith(".invalid"):  # no test asks a name server
            raise socket.gaierror(-2, "Name or service not known")
        return look_up(name, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    proxied = WorkspaceConfig(BRAZE, "https://vendor.test", QUICK, proxy=f"http://user:hunter2@{host}:3128")
    direct = WorkspaceConfig(BRAZE, f"https://{host}", QUICK)
    (result,) = asyncio.run(send(proxied if by_proxy else direct, START_REQUEST))
    assert isinstance(result.error, VendorUnavailable)
    assert (result.outcome_unknown, result.error.retryable) == (False, True)
    assert "hunter2" not in str(result.error)


@direct_or_by_proxy
def test_a_stop_during_the_handshake_leaves_no_unknown_outcome(by_proxy: bool) -> None:
    async def stopped() -> None:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read(1)  # the client's side of the handshake has begun
            shaking.set()
            await reader.read()
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()
            gone.set()

        shaking, gone = asyncio.Event(), asyncio.Event()
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        host = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        slow = Timeouts(connect=30, read=30)
        proxy = f"http://{host}" if by_proxy else None
        workspace = WorkspaceConfig(BRAZE, f"https://{host}", slow, proxy=proxy)
        async with server, Client(workspace, RateLimiter()) as client:
            sending = asyncio.create_task(client.send(START_REQUEST))
            await shaking.wait()
            sending.cancel()
            result = await sending
            assert isinstance(result.error, SendStopped)
            assert not result.outcome_unknown
            await gone.wait()

    asyncio.run(stopped())

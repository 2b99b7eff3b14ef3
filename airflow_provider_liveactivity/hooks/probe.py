"""Testing a connection: a read goes out once, and what became of it is told to a person at a button."""

from __future__ import annotations

import socket
import ssl
from typing import TYPE_CHECKING

import httpx

from airflow_provider_liveactivity.retries import Patience

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_provider_liveactivity.errors import InvalidConnection, LiveActivityError
    from airflow_provider_liveactivity.transport import Account

#: Whoever has pressed the button wants to know at once.
ONCE = Patience(attempts=1)


def fault(error: InvalidConnection, conn_id: str) -> str:
    """
    Say what is wrong with a connection, without its id: behind Airflow's button it has one that nobody knows.

    :param error: what reading it ended with.
    :param conn_id: the id.
    """
    return error.message.removeprefix(f"connection {conn_id!r}: ")


def problem(error: LiveActivityError, account: Account) -> str:
    """
    Say why a read had no good answer, without a word of the answer itself.

    :param error: what the read ended with.
    :param account: where it went.
    """
    if error.status is not None:
        return f"{account.base_url} answered {error.status}: {error.message}"
    causes = list(_causes(error))
    for kind, sentence in _SENTENCES:
        if any(isinstance(cause, kind) for cause in causes):
            timeouts = account.timeouts
            return sentence.format(url=account.base_url, connect=timeouts.connect, read=timeouts.read)
    return error.message


# From the special to the general: a TLS error comes inside of a connection error.
_SENTENCES: tuple[tuple[type[BaseException], str], ...] = (
    (
        httpx.ProxyError,
        "The proxy of the connection's extra did not let the request through to {url}.",
    ),
    (
        ssl.SSLCertVerificationError,
        "The TLS certificate of {url} is not trusted: it may be another server's, or a proxy's.",
    ),
    (
        ssl.SSLError,
        "No TLS connection could be made to {url}; check that host and port are those of an https server.",
    ),
    (
        socket.gaierror,
        "There is no host for {url}, as far as this machine can tell; check how the host is spelt.",
    ),
    (
        httpx.ConnectTimeout,
        "{url} could not be reached within {connect:g} seconds (connect_timeout); is a firewall in the way?",
    ),
    (
        httpx.TimeoutException,
        "{url} took the request, but did not answer within {read:g} seconds (read_timeout).",
    ),
    (
        httpx.ConnectError,
        "{url} refuses connections; check host and port, and whether this machine may connect to it.",
    ),
    (
        httpx.TransportError,
        "{url} took the connection, but gave no answer that can be read; check host, port and proxy.",
    ),
)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        if isinstance(error, BaseExceptionGroup):  # a name with several addresses fails once for each
            for one in error.exceptions:
                yield from _causes(one)
        error = error.__cause__ or error.__context__

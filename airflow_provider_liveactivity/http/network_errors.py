"""Find the cause of a failed request in its exceptions: DNS, TLS, proxy, connection or time-out."""

from __future__ import annotations

import socket
import ssl
from enum import Enum, auto
from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    from collections.abc import Iterator


class NetworkError(Enum):
    """Why no response came."""

    CERTIFICATE = auto()
    PROXY = auto()
    TLS = auto()
    NO_HOST = auto()
    CONNECT_TIMEOUT = auto()
    NO_ANSWER_IN_TIME = auto()
    REFUSED = auto()
    NO_ANSWER = auto()


# From specific to general, because a TLS error can be the cause of a connection error.
_KINDS: tuple[tuple[type[BaseException], NetworkError], ...] = (
    (ssl.SSLCertVerificationError, NetworkError.CERTIFICATE),
    (httpx.ProxyError, NetworkError.PROXY),
    (ssl.SSLError, NetworkError.TLS),
    (socket.gaierror, NetworkError.NO_HOST),
    (httpx.ConnectTimeout, NetworkError.CONNECT_TIMEOUT),
    (httpx.PoolTimeout, NetworkError.CONNECT_TIMEOUT),
    (httpx.WriteTimeout, NetworkError.NO_ANSWER),
    (httpx.TimeoutException, NetworkError.NO_ANSWER_IN_TIME),
    (httpx.ConnectError, NetworkError.REFUSED),
    (httpx.TransportError, NetworkError.NO_ANSWER),
)


def network_error(error: BaseException) -> NetworkError | None:
    """
    Return the cause of a network error; None if the error is not a network error.

    :param error: the exception, with its causes and contexts.
    """
    causes = list(_causes(error))
    for kind, trouble in _KINDS:
        if any(isinstance(cause, kind) for cause in causes):
            return trouble
    return None


_SENTENCES = {
    NetworkError.CERTIFICATE: "The TLS certificate of {url} is not trusted: it may belong to a proxy.",
    NetworkError.PROXY: "The proxy in the connection's extra did not let the request through to {url}.",
    NetworkError.TLS: "No TLS connection to {url} could be opened; check that this port serves https.",
    NetworkError.NO_HOST: "The name of the host in {url} cannot be resolved; check its spelling.",
    NetworkError.CONNECT_TIMEOUT: "{url} could not be reached within {connect:g} seconds (connect_timeout); "
    "a firewall may block it.",
    NetworkError.NO_ANSWER_IN_TIME: "{url} accepted the request, but did not answer within {read:g} seconds "
    "(read_timeout).",
    NetworkError.REFUSED: "{url} refuses connections or cannot be reached; check host, port and network.",
    NetworkError.NO_ANSWER: "{url} accepted the connection, but sent no readable response; check "
    "host, port and proxy.",
}


def describe(kind: NetworkError, url: str, *, connect: float, read: float) -> str:
    """
    Return a sentence that says what happened, and what to check.

    :param kind: why no response came.
    :param url: scheme and host of the request.
    :param connect: time-out of the connection in seconds.
    :param read: time-out of the response in seconds.
    """
    return _SENTENCES[kind].format(url=url, connect=connect, read=read)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        if isinstance(error, BaseExceptionGroup):  # a host name with several addresses fails once for each
            for one in error.exceptions:
                yield from _causes(one)
        error = error.__cause__ or error.__context__

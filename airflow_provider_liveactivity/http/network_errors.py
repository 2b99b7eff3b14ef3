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


# From the special to the general: a TLS error is the cause of a connection error.
_KINDS: tuple[tuple[type[BaseException], NetworkError], ...] = (
    (ssl.SSLCertVerificationError, NetworkError.CERTIFICATE),
    (httpx.ProxyError, NetworkError.PROXY),
    (ssl.SSLError, NetworkError.TLS),
    (socket.gaierror, NetworkError.NO_HOST),
    (httpx.ConnectTimeout, NetworkError.CONNECT_TIMEOUT),
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


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        if isinstance(error, BaseExceptionGroup):  # a host name with several addresses fails once for each
            for one in error.exceptions:
                yield from _causes(one)
        error = error.__cause__ or error.__context__

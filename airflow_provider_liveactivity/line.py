"""One connection to a vendor, through which a request goes out once."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, Self

import httpx

from airflow_provider_liveactivity.errors import AuthenticationFailed, OutcomeUnknown, VendorUnavailable
from airflow_provider_liveactivity.redaction import redact
from airflow_provider_liveactivity.trouble import Trouble, trouble_of
from airflow_provider_liveactivity.vendors.base import Answer, Request, Vendor
from airflow_provider_liveactivity.wire import Wire

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

# In these phases nothing has reached the vendor; in every other one it may have acted.
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)


@dataclass(frozen=True, slots=True)
class Timeouts:
    """
    Seconds that each phase of a request may take.

    :param connect: until the connection stands.
    :param read: until the answer comes; a start that exceeds it is *unknown*, so it is generous.
    :param write: until the request is written, where there is a proxy; elsewhere "read" covers it.
    :param pool: until the connection is free, where there is a proxy.
    """

    connect: float = 5.0
    read: float = 30.0
    write: float = 10.0
    pool: float = 5.0


@dataclass(frozen=True, slots=True)
class Account:
    """
    Where and how to reach one workspace of a vendor.

    :param vendor: the vendor, with the credentials.
    :param base_url: scheme and host.
    :param timeouts: seconds per phase.
    :param proxy: URL of an HTTP proxy; the environment's proxies are never used.
    """

    vendor: Vendor
    base_url: str
    timeouts: Timeouts = field(default_factory=Timeouts)
    proxy: str | None = field(default=None, repr=False)


class Line:
    """
    One connection to a vendor; use it as an asynchronous context manager.

    It speaks through a transport of httpx rather than its client: no redirects, cookies, environment proxies
    or netrc by construction, and half the cost per request.

    :param account: where it leads.
    :param before_leaving: awaited when the connection stands, before a request's first byte leaves.
    :param http: takes the place of the connection; for tests.
    """

    def __init__(
        self,
        account: Account,
        *,
        before_leaving: Callable[[], Awaitable[None]] | None = None,
        http: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._account = account
        self._before_leaving = before_leaving
        self._http = http or _connection(account.proxy)
        timeouts = account.timeouts
        self._extensions: dict[str, Any] = {
            "timeout": {phase: getattr(timeouts, phase) for phase in ("connect", "read", "write", "pool")}
        }
        if before_leaving is not None:
            self._extensions["trace"] = self._connected

    async def __aenter__(self) -> Self:
        await self._http.__aenter__()
        return self

    async def __aexit__(self, *exc_info: Any) -> None:
        await self._http.__aexit__(*exc_info)

    async def exchange(self, request: Request) -> Answer:
        """
        Send once, and return the answer; that of a refusal with nothing secret in it.

        :param request: what to send.
        :raises VendorUnavailable: where the vendor cannot have seen it.
        :raises OutcomeUnknown: where it may have.
        :raises AuthenticationFailed: where key or host hold what HTTP does not allow.
        """
        place: dict[str, Any] = {"vendor": self._account.vendor.name, "endpoint": request.path}
        try:
            wire = httpx.Request(
                request.method,
                _url(self._account.base_url + request.path),
                headers=request.headers,
                content=request.body,
                extensions=self._extensions,
            )
            response = await self._http.handle_async_request(wire)
            try:
                await response.aread()
            finally:  # a body that does not unpack leaves the connection taken
                await response.aclose()
        except (httpx.UnsupportedProtocol, httpx.LocalProtocolError, httpx.InvalidURL, UnicodeEncodeError):
            # "from None": the original shows the header, and with it the key.
            raise AuthenticationFailed(
                "the connection's key or host holds characters that HTTP does not allow; a line break "
                "at its end is the usual one.",
                **place,
            ) from None
        except _NOT_SENT as error:
            raise _not_sent(error, place) from error
        except asyncio.CancelledError:
            # Whoever stops the send must still learn that this request had left.
            raise OutcomeUnknown("the send was stopped before the answer came.", **place) from None
        except httpx.RequestError as error:
            raise OutcomeUnknown(f"no usable answer came ({type(error).__name__}).", **place) from error
        return self._read(request, response)

    def _read(self, request: Request, response: httpx.Response) -> Answer:
        text = (
            response.text
            if response.status_code < 300
            else redact(response.text, self._account.vendor.secrets(), request.body)
        )
        return Answer(response.status_code, {k.lower(): v for k, v in response.headers.items()}, text)

    async def _connected(self, event: str, info: dict[str, Any]) -> None:
        is_first_byte = event.endswith("send_request_headers.started")
        if is_first_byte and self._before_leaving and info["request"].method != b"CONNECT":
            await self._before_leaving()


@cache
def _tls() -> ssl.SSLContext:
    """Load the certificates once: it takes 15 ms, and a fan-out opens a hundred connections."""
    return httpx.create_ssl_context(trust_env=False)


@lru_cache(maxsize=32)  # there are a few paths, and a URL takes as long to parse as a request to build
def _url(text: str) -> httpx.URL:
    return httpx.URL(text)


def _connection(proxy: str | None) -> httpx.AsyncBaseTransport:
    """Return a single connection, past the environment's proxies."""
    if proxy is None:
        return Wire(_tls())
    return httpx.AsyncHTTPTransport(
        verify=_tls(), limits=httpx.Limits(max_connections=1), proxy=httpx.Proxy(proxy), trust_env=False
    )


def _not_sent(error: httpx.TransportError, place: dict[str, Any]) -> VendorUnavailable:
    if trouble_of(error) is Trouble.CERTIFICATE:
        unavailable = VendorUnavailable(
            "the server's TLS certificate is not trusted; check host and proxy of the connection.",
            **place,
        )
        unavailable.retryable = False
        return unavailable
    return VendorUnavailable(
        f"no connection could be made ({type(error).__name__}); check the connection's host and the network.",
        **place,
    )

"""The one way to send: a request goes out, is repeated where that is safe, and ends in one clear outcome."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, Self

import httpx

from airflow_provider_liveactivity.errors import (
    AuthenticationFailed,
    InvalidConnection,
    LiveActivityError,
    OutcomeUnknown,
    RateLimited,
    VendorUnavailable,
)
from airflow_provider_liveactivity.models.common import utcnow
from airflow_provider_liveactivity.pacing import Pace, PaceRules
from airflow_provider_liveactivity.redaction import redact
from airflow_provider_liveactivity.retries import Patience, retrying
from airflow_provider_liveactivity.trouble import Trouble, trouble_of
from airflow_provider_liveactivity.vendors.base import Answer, Quota, Request, Vendor
from airflow_provider_liveactivity.wire import Wire

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from airflow_provider_liveactivity.pacing import Sleep

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


@dataclass(frozen=True, slots=True)
class Sent:
    """An accepted request."""

    answer: Answer
    sent_at: datetime
    tries: int


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


class Client:
    """
    One connection to a vendor; use it as an asynchronous context manager.

    It speaks through a transport of httpx rather than its client: no redirects, cookies, environment proxies
    or netrc by construction, and half the cost per request.
    """

    def __init__(
        self,
        account: Account,
        *,
        pace: Pace | None = None,
        patience: Patience | None = None,
        clock: Callable[[], datetime] = utcnow,
        sleep: Sleep = asyncio.sleep,
        http: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._account = account
        self._pace = pace or Pace(PaceRules(), clock=clock, sleep=sleep)
        self._patience = patience or Patience()
        self._clock = clock
        self._sleep = sleep
        self._http = http or _connection(account.proxy)
        timeouts = account.timeouts
        self._extensions: dict[str, Any] = {
            "timeout": {phase: getattr(timeouts, phase) for phase in ("connect", "read", "write", "pool")}
        }
        if self._pace.holds:
            self._extensions["trace"] = self._connected
        self._left_at = clock()

    async def __aenter__(self) -> Self:
        await self._http.__aenter__()
        return self

    async def __aexit__(self, *exc_info: Any) -> None:
        await self._http.__aexit__(*exc_info)

    async def send(self, request: Request, *, may_be_second: bool = False) -> Sent:
        """
        Send the request until its outcome is known or patience ends.

        :param request: what to send.
        :param may_be_second: whether an earlier process may have sent the same request already; the vendor's
            "duplicate" then means that it was accepted.
        :raises OutcomeUnknown: where it may have been carried out and may not be sent again.
        :raises RateLimited: where the vendor refuses requests for longer than the pace waits.
        :raises VendorUnavailable: where nothing was carried out within the patience.
        :raises LiveActivityError: where the vendor refuses the request.
        """
        tries, doubted = 0, False

        async def attempt() -> Sent:
            nonlocal tries, doubted, may_be_second
            await self._pace.turn()
            tries += 1
            self._left_at = self._clock()
            try:
                answer = await self._exchange(request)
                self._judge(request, answer, may_be_second)
            except OutcomeUnknown:
                doubted = may_be_second = True
                raise
            return Sent(answer, self._left_at, tries)

        try:
            return await retrying(request.after_doubt, self._patience, self._sleep)(attempt)
        except LiveActivityError as error:
            error.tries, error.doubted = tries, doubted
            raise

    async def _connected(self, event: str, info: dict[str, Any]) -> None:
        """Keep a held request until its moment, now that neither connection nor handshake will delay it."""
        if event.endswith("send_request_headers.started") and info["request"].method != b"CONNECT":
            await self._pace.held()
            self._left_at = self._clock()

    async def _exchange(self, request: Request) -> Answer:
        """Send once; an exception says whether the vendor can have seen it."""
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

    def _judge(self, request: Request, answer: Answer, may_be_second: bool) -> None:
        """Return for an accepted request, raise for any other."""
        vendor = self._account.vendor
        quota = Quota.from_headers(answer.headers)
        self._pace.learn(quota)
        html = answer.headers.get("content-type", "").startswith("text/html")
        place: dict[str, Any] = {
            "vendor": vendor.name,
            "endpoint": request.path,
            "status": answer.status,
            "request_id": answer.request_id,
        }
        match answer.status:
            case status if 200 <= status < 300 and not html:
                return
            case 429:
                self._pace.close(quota.reset_at)
                raise RateLimited(
                    "the vendor's limit is reached; requests leave again in its next window.",
                    reset_at=quota.reset_at,
                    **place,
                )
            case 502:
                raise VendorUnavailable("the request did not reach the vendor's servers.", **place)
            case status if 300 <= status < 400:
                raise InvalidConnection(
                    "the host redirects, and a redirect is never followed: the key would go with it; check "
                    "the connection's host.",
                    **place,
                )
            case status if status >= 500 or status == 408 or (html and status < 300):
                raise OutcomeUnknown("the vendor, or a proxy before it, gave no usable answer.", **place)
            case _ if may_be_second and vendor.is_duplicate(answer):
                return
            case _:
                raise vendor.refusal(request, answer)


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

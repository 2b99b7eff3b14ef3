"""One connection to a vendor, through which a request goes out once."""

from __future__ import annotations

import asyncio
import codecs
import logging
import re
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, Self

import httpx

from airflow_provider_liveactivity.errors import (
    AuthenticationFailed,
    LiveActivityError,
    OutcomeUnknown,
    VendorUnavailable,
)
from airflow_provider_liveactivity.http.network_errors import Trouble, trouble_of
from airflow_provider_liveactivity.http.redaction import redact, redact_header
from airflow_provider_liveactivity.vendors.base import Answer, Request, Vendor

if TYPE_CHECKING:
    import ssl
    from collections.abc import Awaitable, Callable, Mapping

log = logging.getLogger(__name__)

_CHARSETS = {"utf-8", "utf8", "us-ascii", "ascii", "iso-8859-1", "latin-1", "windows-1252"}
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
        self._http = http or _transport(account.proxy)
        # A substitute does not say when the first byte leaves: each of its requests counts as left at once.
        self._is_substitute = http is not None
        self._left = False
        timeouts = account.timeouts
        self._extensions: dict[str, Any] = {
            "timeout": {phase: getattr(timeouts, phase) for phase in ("connect", "read", "write", "pool")},
            "trace": self._connected,
        }

    async def __aenter__(self) -> Self:
        await self._http.__aenter__()
        return self

    async def __aexit__(self, *exc_info: Any) -> None:
        await self._http.__aexit__(*exc_info)

    async def exchange(self, request: Request) -> Answer:
        """
        Send once, and return the answer; that of a refusal with nothing secret in it.

        As soon as the status has come there is an answer, whatever becomes of its body.

        :param request: what to send.
        :raises VendorUnavailable: where the vendor cannot have seen it: no byte of it had left.
        :raises OutcomeUnknown: where it may have.
        :raises AuthenticationFailed: where key or host hold what HTTP does not allow.
        """
        place: dict[str, Any] = {"vendor": self._account.vendor.name, "endpoint": request.path}
        self._left = self._is_substitute
        try:
            wire = httpx.Request(
                request.method,
                _url(self._account.base_url + request.path),
                headers=request.headers,
                content=request.body,
                extensions=self._extensions,
            )
            response = await self._http.handle_async_request(wire)
        except LiveActivityError:  # of what kept the request until its moment
            raise
        except (httpx.UnsupportedProtocol, httpx.LocalProtocolError, httpx.InvalidURL, UnicodeEncodeError):
            # "from None": the original shows the header, and with it the key.
            raise AuthenticationFailed(
                "the connection's key or host holds characters that HTTP does not allow; a line break "
                "at its end is the usual one.",
                **place,
            ) from None
        except asyncio.CancelledError:
            # The caller stops the send, and must still learn whether this request had left.
            if not self._left:  # without an endpoint: a stop is not tried again
                raise VendorUnavailable("the send was stopped before this request left.") from None
            raise OutcomeUnknown("the send was stopped before the answer came.", **place) from None
        except Exception as error:  # noqa: BLE001
            failure: LiveActivityError
            if isinstance(error, _NOT_SENT) or not self._left:
                failure = _not_sent(error, place)
            else:
                failure = OutcomeUnknown(f"no usable answer came ({type(error).__name__}).", **place)
            failure.__cause__ = _without_quotation(error)
        else:
            return self._read(request, response, await self._body(response, request.max_answer_bytes))
        raise failure  # outside, so that an error that quotes the answer is not its context either

    async def _body(self, response: httpx.Response, max_bytes: int) -> bytes:
        """
        Return the beginning of the body.

        The status has come and decides about the request: a body that breaks off, comes too slowly or does
        not end changes nothing about that.
        """
        body = bytearray()
        try:
            async with asyncio.timeout(self._account.timeouts.read):
                async for part in response.stream:  # type: ignore[union-attr]  # an AsyncBaseTransport's
                    body += part
                    if len(body) >= max_bytes:
                        break
        except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001
            # Without the error's text, which may quote the body.
            log.info("Status %s, and no whole body (%s).", response.status_code, type(error).__name__)
        finally:
            with suppress(Exception):
                await response.aclose()
        return bytes(body[:max_bytes])

    def _read(self, request: Request, response: httpx.Response, body: bytes) -> Answer:
        headers = {name.lower(): value for name, value in response.headers.items()}
        answer = Answer(response.status_code, headers, _decode(body, headers))
        if answer.status < 300 and not answer.is_html:
            return answer
        secrets = self._account.vendor.secrets()
        if request_id := answer.request_id:  # the vendor's, or whatever stands before the vendor
            headers["x-request-id"] = redact_header(request_id, secrets, request.body)
        return replace(answer, text=redact(answer.text, secrets, request.body))

    async def _connected(self, event: str, info: dict[str, Any]) -> None:
        if not event.endswith("send_request_headers.started") or info["request"].method == b"CONNECT":
            return
        if self._before_leaving is not None:
            await self._before_leaving()
        self._left = True


@cache
def _tls() -> ssl.SSLContext:
    """Load the certificates once: it takes 15 ms, and a fan-out opens a hundred connections."""
    return httpx.create_ssl_context(trust_env=False)


@lru_cache(maxsize=32)  # there are a few paths, and a URL takes as long to parse as a request to build
def _url(text: str) -> httpx.URL:
    return httpx.URL(text)


def _transport(proxy: str | None) -> httpx.AsyncBaseTransport:
    """Return a transport with one connection, which the server closes, and without environment proxies."""
    return httpx.AsyncHTTPTransport(
        verify=_tls(),
        limits=httpx.Limits(max_connections=1, keepalive_expiry=None),
        proxy=httpx.Proxy(proxy) if proxy else None,
        trust_env=False,
    )


def _decode(body: bytes, headers: Mapping[str, str]) -> str:
    """
    Return a body as text; as empty text where it is compressed or in another charset than it says.

    The charset is not guessed: redaction finds neither key nor ids in badly decoded text.
    """
    if headers.get("content-encoding", "identity").strip().lower() != "identity":
        return ""
    named = re.search(r"charset=\s*[\"']?([\w.-]+)", headers.get("content-type", ""), re.IGNORECASE)
    charset = named[1].lower() if named else "utf-8"
    if charset not in _CHARSETS:
        return ""
    try:
        # Incremental: the cut at the limit may have halved the last character.
        return codecs.getincrementaldecoder(charset)().decode(body)
    except UnicodeError:
        return ""


def _without_quotation(error: Exception) -> Exception:
    """Return the error, or one of its type where its text quotes what the vendor has sent."""
    if isinstance(error, httpx.RemoteProtocolError):
        return httpx.RemoteProtocolError("the answer is no HTTP; its text is not shown.")
    return error


def _not_sent(error: Exception, place: dict[str, Any]) -> VendorUnavailable:
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

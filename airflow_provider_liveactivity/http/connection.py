"""Send a request once, over one connection to a vendor."""

from __future__ import annotations

import asyncio
import codecs
import logging
import re
import ssl
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import asdict, dataclass, field, replace
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, Self

import httpx

from airflow_provider_liveactivity.errors import (
    AuthenticationFailed,
    LiveActivityError,
    OutcomeUnknown,
    SendStopped,
    VendorUnavailable,
)
from airflow_provider_liveactivity.http.h11_transport import MAX_IDLE_SECONDS, H11Transport
from airflow_provider_liveactivity.http.network_errors import NetworkError, describe, network_error
from airflow_provider_liveactivity.http.redaction import redact, redact_header
from airflow_provider_liveactivity.models.moments import utcnow
from airflow_provider_liveactivity.vendors.base import Request, Response, Vendor

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from datetime import datetime

log = logging.getLogger(__name__)

_CHARSETS = {"utf-8", "utf8", "us-ascii", "ascii", "iso-8859-1", "latin-1", "windows-1252"}
# Errors that occur before anything has reached the vendor.
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)

_OPEN: ContextVar[bool] = ContextVar("live_activity_connection_open", default=False)
# At level DEBUG, httpcore logs what it receives, before anything is redacted. Its logs for other code are
# kept.
for _name in ("httpcore.connection", "httpcore.http11", "httpcore.proxy"):
    logging.getLogger(_name).addFilter(lambda _: not _OPEN.get())


@dataclass(frozen=True, slots=True)
class Timeouts:
    """
    Seconds that each phase of a request may take.

    :param connect: to open the connection.
    :param read: from the first byte of the request to the head of the response, and again for the body. A
        start that exceeds it is *unknown*, so the default is generous.
    :param write: to write the request.
    :param pool: to wait for the connection to be free.
    """

    connect: float = 5.0
    read: float = 30.0
    write: float = 10.0
    pool: float = 5.0


@dataclass(frozen=True, slots=True)
class WorkspaceConfig:
    """
    Where and how to reach one workspace of a vendor.

    :param vendor: the vendor, with the credentials.
    :param base_url: scheme and host.
    :param timeouts: seconds per phase.
    :param proxy: URL of an HTTP proxy; proxies of the environment are never used.
    """

    vendor: Vendor
    base_url: str
    timeouts: Timeouts = field(default_factory=Timeouts)
    proxy: str | None = field(default=None, repr=False)


class Connection:
    """
    One connection to a vendor; use it as an asynchronous context manager.

    The connection uses a transport instead of an httpx client, because a transport follows no redirect, keeps
    no cookie, and reads no proxy or netrc from the environment.

    :param workspace: where to connect.
    :param before_send: awaited when the connection is open, before the first byte of a request leaves, so
        that no handshake delays a scheduled request.
    :param clock: returns the wall-clock time.
    :param transport: replaces the transport of httpx, for tests. It cannot tell when the first byte leaves,
        so each of its requests counts as sent.
    """

    def __init__(
        self,
        workspace: WorkspaceConfig,
        *,
        before_send: Callable[[], Awaitable[None]] | None = None,
        clock: Callable[[], datetime] = utcnow,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._workspace = workspace
        self._before_send = before_send
        self._clock = clock
        self._transport = transport or _transport(workspace.proxy)
        self._sent_at_once = transport is not None
        #: When the first byte of the last request left; None if it has not left.
        self.sent_at: datetime | None = None
        #: Seconds from then to the head of the response; None if no response came.
        self.seconds: float | None = None
        self._left_at: float | None = None
        self._deadline = asyncio.timeout(None)
        self._extensions = {"timeout": asdict(workspace.timeouts), "trace": self._trace}

    async def __aenter__(self) -> Self:
        self._open = _OPEN.set(True)
        await self._transport.__aenter__()
        return self

    async def __aexit__(self, *exc_info: Any) -> None:
        try:
            await self._transport.__aexit__(*exc_info)
        finally:
            _OPEN.reset(self._open)

    async def send(self, request: Request) -> Response:
        """
        Send a request once and return the response; secrets and ids in the body of an error are redacted.

        The status alone decides the outcome, even if the body cannot be read.

        :param request: what to send.
        :raises VendorUnavailable: if no byte of the request has left.
        :raises OutcomeUnknown: if a part of the request has left and no response came.
        :raises AuthenticationFailed: if key or host contain characters that HTTP does not allow.
        """
        self.sent_at = self._clock() if self._sent_at_once else None
        self.seconds = self._left_at = None
        context: dict[str, Any] = {"vendor": self._workspace.vendor.name, "endpoint": request.path}
        try:
            response = await self._exchange(request)
        except LiveActivityError:  # raised by before_send
            raise
        except (httpx.UnsupportedProtocol, httpx.LocalProtocolError, httpx.InvalidURL, UnicodeEncodeError):
            # "from None": the original shows the header, and with it the key.
            raise AuthenticationFailed(
                "the connection's key or host contains characters that HTTP does not allow, often a line "
                "break at its end.",
                **context,
            ) from None
        except asyncio.CancelledError:
            # The caller stops the send and must learn whether this request has left.
            if self.sent_at is None:
                raise SendStopped("the send was stopped before this request left.") from None
            raise OutcomeUnknown("the send was stopped before the response came.", **context) from None
        except Exception as error:  # noqa: BLE001
            failure = self._to_error(error, context)
        else:
            return self._read(request, response, await self._body(response, request.max_response_bytes))
        raise failure  # outside of the handler: __context__ would keep an error that quotes the response

    async def _exchange(self, request: Request) -> httpx.Response:
        """Send the request and return the head of the response."""
        outgoing = httpx.Request(
            request.method,
            _url(self._workspace.base_url + request.path),
            headers=request.headers,
            content=request.body,
            extensions=self._extensions,
        )
        # The read timeout of httpx starts anew with every byte of the response.
        try:
            async with asyncio.timeout(None) as self._deadline:
                response = await self._transport.handle_async_request(outgoing)
        except TimeoutError:
            raise httpx.ReadTimeout("the response did not come in time") from None
        if self._left_at is not None:
            self.seconds = asyncio.get_running_loop().time() - self._left_at
        return response

    async def _trace(self, event: str, info: dict[str, Any]) -> None:
        """Record when the request leaves; the transport calls this function at each step."""
        if not event.endswith("send_request_headers.started") or info["request"].method == b"CONNECT":
            return
        if self._before_send is not None:
            await self._before_send()
        self.sent_at = self._clock()
        self._left_at = asyncio.get_running_loop().time()
        self._deadline.reschedule(self._left_at + self._workspace.timeouts.read)

    def _to_error(self, error: Exception, context: dict[str, Any]) -> LiveActivityError:
        """Return the error that says why no response came; the cause of a known error is left out."""
        sent = self.sent_at is not None and not isinstance(error, _NOT_SENT)
        kind, timeouts = network_error(error), self._workspace.timeouts
        if kind is None:
            failed = "no usable response came" if sent else "the request could not be sent"
            message = f"{failed} ({type(error).__name__})."
        else:
            url = self._workspace.base_url
            message = describe(kind, url, connect=timeouts.connect, read=timeouts.read)
        failure: LiveActivityError
        if sent:
            failure = OutcomeUnknown(message, **context)
        else:
            retryable = kind is not NetworkError.CERTIFICATE
            failure = VendorUnavailable(message, retryable=retryable, **context)
        failure.__cause__ = error if kind is None else None
        return failure

    async def _body(self, response: httpx.Response, max_bytes: int) -> bytes:
        """Return the beginning of the body: as much as comes in time."""
        body = bytearray()
        try:
            async with asyncio.timeout(self._workspace.timeouts.read):
                async for part in response.stream:  # type: ignore[union-attr]  # an AsyncBaseTransport's
                    body += part
                    if len(body) >= max_bytes:
                        break
        except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001
            # Without the error's text, which may quote the body.
            log.info(
                "The body of a response with status %s is incomplete (%s); the status decides.",
                response.status_code,
                type(error).__name__,
            )
        finally:
            with suppress(Exception):
                await response.aclose()
        return bytes(body[:max_bytes])

    def _read(self, request: Request, incoming: httpx.Response, body: bytes) -> Response:
        headers = {name.lower(): value for name, value in incoming.headers.items()}
        response = Response(incoming.status_code, headers, _decode(body, headers))
        if response.is_success:
            return response
        secrets = self._workspace.vendor.secrets()
        if request_id := response.request_id:  # set by the vendor, or by a proxy in between
            headers["x-request-id"] = redact_header(request_id, secrets, request.ids)
        return replace(response, text=redact(response.text, secrets, request.ids))


@cache
def _tls() -> ssl.SSLContext:
    """Load the certificates once, because this takes 15 ms and a send opens a hundred connections."""
    return httpx.create_ssl_context(trust_env=False)


@lru_cache(maxsize=32)  # there are few paths, and parsing a URL takes as long as building a request
def _url(text: str) -> httpx.URL:
    return httpx.URL(text)


def _transport(proxy: str | None) -> httpx.AsyncBaseTransport:
    """Return a transport with one connection, which is not used again after three idle seconds."""
    if proxy is None:
        return H11Transport(_tls())
    return httpx.AsyncHTTPTransport(
        verify=_tls(),
        limits=httpx.Limits(max_connections=1, keepalive_expiry=MAX_IDLE_SECONDS),
        proxy=httpx.Proxy(proxy),
        trust_env=False,
    )


def _decode(body: bytes, headers: Mapping[str, str]) -> str:
    """
    Return a body as text; as empty text if it is compressed or not in the charset that its header names.

    The charset is not guessed: redaction would miss keys and ids in text that is decoded wrongly.
    """
    if headers.get("content-encoding", "identity").strip().lower() != "identity":
        return ""
    named = re.search(r"charset=\s*[\"']?([\w.-]+)", headers.get("content-type", ""), re.IGNORECASE)
    charset = named[1].lower() if named else "utf-8"
    if charset not in _CHARSETS:
        return ""
    try:
        # Incremental: the size limit may have split the last character.
        return codecs.getincrementaldecoder(charset)().decode(body)
    except UnicodeError:
        return ""

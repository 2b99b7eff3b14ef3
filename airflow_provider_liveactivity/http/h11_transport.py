"""
A transport for httpx with one HTTP/1.1 connection on asyncio, at a third of the cost of httpx's own.

The transport of httpx supports pools, HTTP/2 and several event loops, in layers that each take CPU time. This
transport replaces it for connections without a proxy, with the same parser (h11), responses and errors.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, cast

import h11
import httpx

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator, Callable, Iterator

#: A server that closes an idle connection just when a request leaves makes the outcome of this request
#: unknown. Servers keep idle connections for 5 seconds or longer.
MAX_IDLE_SECONDS = 3.0
_NEXT_ADDRESS_SECONDS = 0.25  # RFC 8305: delay until the next address of a host is tried as well


class H11Transport(httpx.AsyncBaseTransport):
    """
    A transport with a single connection, which it opens when needed.

    It opens a new one if the server has closed the last one, or has answered on it more than three seconds
    ago.

    It uses only the timeout "connect", and sends only the trace event before the first byte leaves.

    :param tls: context that verifies https connections.
    :param clock: function that returns seconds, for tests; the monotonic clock by default.
    """

    def __init__(self, tls: ssl.SSLContext, clock: Callable[[], float] = time.monotonic) -> None:
        self._tls = tls
        self._clock = clock
        #: When the last response began; None on a new connection.
        self._used_at: float | None = None
        self._connection: _Connection | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """
        Send one request and return the response, whose body is a stream; requests do not overlap.

        :raises httpx.ConnectError: or ConnectTimeout, if nothing has left.
        :raises httpx.LocalProtocolError: for a header that HTTP does not allow; nothing has left.
        :raises httpx.TransportError: any other, if the request may have arrived.
        """
        connection = await self._ready(request)
        if trace := request.extensions.get("trace"):
            await trace("http11.send_request_headers.started", {"request": request})
            connection = await self._ready(request)  # the server may have closed the connection meanwhile
        with _as_httpx_errors():
            head = await connection.send(request)
        self._used_at = self._clock()
        return httpx.Response(
            head.status_code, headers=head.headers.raw_items(), stream=_Body(connection), request=request
        )

    @property
    def _is_fresh(self) -> bool:
        return self._used_at is None or self._clock() - self._used_at <= MAX_IDLE_SECONDS

    async def _ready(self, request: httpx.Request) -> _Connection:
        """Return an idle connection."""
        if self._connection is None or not self._connection.is_idle or not self._is_fresh:
            await self.aclose()
            self._used_at = None
            self._connection = await self._connect(request.url, request.extensions["timeout"]["connect"])
        return self._connection

    async def _connect(self, url: httpx.URL, seconds: float) -> _Connection:
        is_https = url.scheme == "https"
        try:
            async with asyncio.timeout(seconds):
                _, connection = await asyncio.get_running_loop().create_connection(
                    _Connection,
                    url.raw_host.decode("ascii"),
                    url.port or (443 if is_https else 80),
                    ssl=self._tls if is_https else None,
                    happy_eyeballs_delay=_NEXT_ADDRESS_SECONDS,
                )
        except TimeoutError as error:
            raise httpx.ConnectTimeout("the connection was not open in time") from error
        except (OSError, ValueError) as error:  # also DNS, TLS, and invalid names
            raise httpx.ConnectError(str(error)) from error
        return connection

    async def aclose(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()


@contextmanager
def _as_httpx_errors() -> Iterator[None]:
    """Convert errors after the first byte to those of httpx."""
    try:
        yield
    except TimeoutError:  # of the caller
        raise
    except OSError as error:
        raise httpx.ReadError(str(error)) from error
    except h11.RemoteProtocolError as error:
        raise httpx.RemoteProtocolError(str(error)) from error
    except h11.LocalProtocolError as error:
        raise httpx.LocalProtocolError(str(error)) from error


class _Connection(asyncio.Protocol):
    """The asyncio protocol of a connection, and its state in h11."""

    def __init__(self) -> None:
        self._http = h11.Connection(h11.CLIENT)
        self._lost: Exception | None = None
        self._changed: asyncio.Future[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        if self._http.our_state is h11.IDLE:  # without a request, nothing limits the data
            self._lost = ConnectionResetError("the server sent data without a request")
            self.close()
            return
        self._http.receive_data(data)
        self._wake()

    def eof_received(self) -> None:
        self._http.receive_data(b"")
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        self._lost = exc or ConnectionResetError("the connection was closed")
        self._wake()

    def _wake(self) -> None:
        if self._changed is not None and not self._changed.done():
            self._changed.set_result(None)

    def close(self) -> None:
        """Close at once and drop everything that is not written yet."""
        self._transport.abort()

    @property
    def is_idle(self) -> bool:
        """Whether the last request is complete and the server has sent nothing since."""
        return (
            self._lost is None
            and self._http.our_state is h11.IDLE
            and self._http.trailing_data == (b"", False)
        )

    async def send(self, request: httpx.Request) -> h11.Response:
        """Send a request and return the head of the response."""
        self._transport.write(self._encode(request))
        while not isinstance(event := await self._next_event(), h11.Response):
            pass  # skip informational responses
        return event

    async def body(self) -> AsyncIterator[bytes]:
        """Yield the body of the response as it arrives; then the connection is ready for another request."""
        while not isinstance(event := await self._next_event(), h11.EndOfMessage):
            if isinstance(event, h11.Data):
                yield bytes(event.data)
        if self._http.our_state is h11.DONE and self._http.their_state is h11.DONE:
            self._http.start_next_cycle()

    def _encode(self, request: httpx.Request) -> bytes:
        """Encode the whole request before its first byte leaves, so that an invalid header sends nothing."""
        head = h11.Request(method=request.method, target=request.url.raw_path, headers=request.headers.raw)
        events = [head, *([h11.Data(request.content)] if request.content else []), h11.EndOfMessage()]
        return b"".join(self._http.send(event) or b"" for event in events)

    async def _next_event(self) -> h11.Event:
        while (event := self._http.next_event()) is h11.NEED_DATA:
            if self._lost is not None:
                raise self._lost
            self._changed = asyncio.get_running_loop().create_future()
            await self._changed
        return cast("h11.Event", event)


class _Body(httpx.AsyncByteStream):
    """
    The body of a response. Closing it before its end closes the connection.

    :param connection: the connection it arrives on.
    """

    def __init__(self, connection: _Connection) -> None:
        self._connection = connection

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _as_httpx_errors():
            async for part in self._connection.body():
                yield part

    async def aclose(self) -> None:
        if not self._connection.is_idle:
            self._connection.close()

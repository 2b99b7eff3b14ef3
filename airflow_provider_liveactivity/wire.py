"""
One HTTP/1.1 connection on asyncio itself: what a worker of a fan-out needs, at a third of httpx's cost.

httpx's own transport looks after pools, HTTP/2 and other event loops, in layers that each take their time.
This one takes its place where there is no proxy: same requests, same answers and errors, same parser (h11).
"""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import TYPE_CHECKING, cast

import h11
import httpx

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator, Iterator

_NEXT_ADDRESS_SECONDS = 0.25  # RFC 8305: so long until the next address of a host is tried as well


class Wire(httpx.AsyncBaseTransport):
    """
    A transport with a single connection, opened when it is needed, and again when the server has closed it.

    Of httpx's time-outs it takes "connect", and "read" for the time from the first byte of the request to the
    head of the answer. The answer's body is a stream, without a time-out of its own.
    Of httpx's trace events it tells the one before the first byte leaves.

    :param tls: what https connections are checked with.
    """

    def __init__(self, tls: ssl.SSLContext) -> None:
        self._tls = tls
        self._connection: _Connection | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """
        Send one request; requests do not overlap.

        :raises httpx.ConnectError: or ConnectTimeout, where nothing has left.
        :raises httpx.LocalProtocolError: for a header that HTTP does not allow; nothing has left.
        :raises httpx.TransportError: any other, where it may have arrived.
        """
        connection = await self._ready(request)
        if trace := request.extensions.get("trace"):
            await trace("http11.send_request_headers.started", {"request": request})
            connection = await self._ready(request)  # it may have been closed meanwhile
        with _as_httpx_errors():
            async with asyncio.timeout(request.extensions["timeout"]["read"]):
                head = await connection.send(request)
        return httpx.Response(
            head.status_code, headers=head.headers.raw_items(), stream=_Body(connection), request=request
        )

    async def _ready(self, request: httpx.Request) -> _Connection:
        """Return a connection on which nothing is under way."""
        if self._connection is None or not self._connection.is_idle:
            await self.aclose()
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
            raise httpx.ConnectTimeout("the connection did not stand in time") from error
        except (OSError, ValueError) as error:  # DNS and TLS too, and names that no resolver takes
            raise httpx.ConnectError(str(error)) from error
        return connection

    async def aclose(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()


@contextmanager
def _as_httpx_errors() -> Iterator[None]:
    """Raise what goes wrong behind the first byte as the errors that httpx's own transport has for it."""
    try:
        yield
    except TimeoutError as error:
        raise httpx.ReadTimeout("the answer did not come in time") from error
    except OSError as error:
        raise httpx.ReadError(str(error)) from error
    except h11.RemoteProtocolError as error:
        raise httpx.RemoteProtocolError(str(error)) from error
    except h11.LocalProtocolError as error:
        raise httpx.LocalProtocolError(str(error)) from error


class _Connection(asyncio.Protocol):
    """What asyncio tells about a connection, and h11's view of it."""

    def __init__(self) -> None:
        self._http = h11.Connection(h11.CLIENT)
        self._lost: Exception | None = None
        self._news: asyncio.Future[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        if self._http.our_state is h11.IDLE:  # nothing was asked, and nothing reads how much comes
            self._lost = ConnectionResetError("the server spoke without a request")
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
        if self._news is not None and not self._news.done():
            self._news.set_result(None)

    def close(self) -> None:
        """Close at once; what was not written yet does not leave."""
        self._transport.abort()

    @property
    def is_idle(self) -> bool:
        """Whether the next request can leave: the last one is over, and the server has said nothing since."""
        return (
            self._lost is None
            and self._http.our_state is h11.IDLE
            and self._http.trailing_data == (b"", False)
        )

    async def send(self, request: httpx.Request) -> h11.Response:
        """Send a request and return the head of its answer."""
        self._transport.write(self._encode(request))
        while not isinstance(event := await self._next_event(), h11.Response):
            pass  # an informational answer comes before the real one
        return event

    async def body(self) -> AsyncIterator[bytes]:
        """Yield the answer's body as it comes; at its end the connection is ready for the next request."""
        while not isinstance(event := await self._next_event(), h11.EndOfMessage):
            if isinstance(event, h11.Data):
                yield bytes(event.data)
        if self._http.our_state is h11.DONE and self._http.their_state is h11.DONE:
            self._http.start_next_cycle()

    def _encode(self, request: httpx.Request) -> bytes:
        """Encode to the end before the first byte leaves: it raises then or never, and fits one packet."""
        head = h11.Request(method=request.method, target=request.url.raw_path, headers=request.headers.raw)
        events = [head, *([h11.Data(request.content)] if request.content else []), h11.EndOfMessage()]
        return b"".join(self._http.send(event) or b"" for event in events)

    async def _next_event(self) -> h11.Event:
        while (event := self._http.next_event()) is h11.NEED_DATA:
            if self._lost is not None:
                raise self._lost
            self._news = asyncio.get_running_loop().create_future()
            await self._news
        return cast("h11.Event", event)


class _Body(httpx.AsyncByteStream):
    """
    The body of an answer. Closed before its end, it takes the connection with it.

    :param connection: where it comes from.
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

"""
One HTTP/1.1 connection on asyncio itself: what a worker of a fan-out needs, at a third of httpx's cost.

httpx's own transport looks after pools, HTTP/2 and other event loops, in layers that each take their time.
This one takes its place where there is no proxy: same requests, same answers and errors, same parser (h11).
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

import h11
import httpx

if TYPE_CHECKING:
    import ssl

_NEXT_ADDRESS_SECONDS = 0.25  # RFC 8305: so long until the next address of a host is tried as well


class Wire(httpx.AsyncBaseTransport):
    """
    A transport with a single connection, opened when it is needed, and again when the server has closed it.

    Of httpx's time-outs it takes "connect", and "read" for the exchange from the first byte to the last.
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
        try:
            async with asyncio.timeout(request.extensions["timeout"]["read"]):
                return await connection.exchange(request)
        except TimeoutError as error:
            raise httpx.ReadTimeout("the answer did not come in time") from error
        except OSError as error:
            raise httpx.ReadError(str(error)) from error
        except h11.RemoteProtocolError as error:
            raise httpx.RemoteProtocolError(str(error)) from error
        except h11.LocalProtocolError as error:
            raise httpx.LocalProtocolError(str(error)) from error

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
        except OSError as error:  # DNS and TLS too
            raise httpx.ConnectError(str(error)) from error
        return connection

    async def aclose(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()


class _Connection(asyncio.Protocol):
    """What asyncio tells about a connection, and h11's view of it."""

    def __init__(self) -> None:
        self._http = h11.Connection(h11.CLIENT)
        self._lost: Exception | None = None
        self._news: asyncio.Future[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
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

    async def exchange(self, request: httpx.Request) -> httpx.Response:
        """Send a request and return the whole answer."""
        self._transport.write(self._encode(request))
        status, headers, body = 0, [], bytearray()
        while not isinstance(event := await self._next_event(), h11.EndOfMessage):
            if isinstance(event, h11.Response):
                status, headers = event.status_code, event.headers.raw_items()
            elif isinstance(event, h11.Data):
                body += event.data
        if self._http.our_state is h11.DONE and self._http.their_state is h11.DONE:
            self._http.start_next_cycle()
        return httpx.Response(status, headers=headers, content=bytes(body), request=request)

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

"""One HTTP/1.1 connection against raw servers."""

from __future__ import annotations

import asyncio
import gzip
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from airflow_provider_liveactivity.http.h11_transport import H11Transport
from tests.support.clock import Clock
from tests.support.raw_server import OK, Heard, raw_server, self_signed

UNTRUSTING = httpx.create_ssl_context(trust_env=False)
LAST = OK.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
ZIPPED = gzip.compress(b"zipped", mtime=0)


def post(url: str, body: bytes = b"{}", **extensions: Any) -> httpx.Request:
    timeouts = {"connect": 30.0}
    return httpx.Request("POST", url, content=body, extensions={"timeout": timeouts, **extensions})


async def send(transport: H11Transport, request: httpx.Request) -> httpx.Response:
    """Send one request, and read its answer to the end."""
    response = await transport.handle_async_request(request)
    await response.aread()
    await response.aclose()
    return response


async def exchanges(transport: H11Transport, server: Heard, count: int) -> list[str]:
    return [(await send(transport, post(f"http://{server.host}/x"))).text for _ in range(count)]


async def until(condition: Callable[[], bool]) -> None:
    while not condition():  # noqa: ASYNC110  # no event says when the server has acted
        await asyncio.sleep(0)


async def until_closed(transport: H11Transport) -> None:
    """Return when the client has noticed that its connection is over."""
    await until(lambda: transport._connection is not None and not transport._connection.is_idle)


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (b"HTTP/1.1 100 Continue\r\n\r\n" + OK, "{}"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", ""),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", "abcde"),
        (
            b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(ZIPPED) + ZIPPED,
            "zipped",
        ),
    ],
    ids=["continue", "empty", "chunked", "gzip"],
)
def test_every_form_of_response_is_read_and_leaves_the_connection_usable(answer: bytes, text: str) -> None:
    async def twice() -> None:
        async with raw_server(answer, answer) as server, H11Transport(UNTRUSTING) as transport:
            assert await exchanges(transport, server, 2) == [text, text]
            assert server.connections == [1, 1]

    asyncio.run(twice())


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{}",
        b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}",
        LAST,
        OK + b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n",
    ],
    ids=["until-the-end", "1.0", "close", "said-something-while-idle"],
)
def test_a_connection_that_the_server_closes_is_not_used_again(answer: bytes) -> None:
    async def twice() -> None:
        async with raw_server(answer, answer) as server, H11Transport(UNTRUSTING) as transport:
            assert await exchanges(transport, server, 1) == ["{}"]
            await until_closed(transport)
            assert await exchanges(transport, server, 1) == ["{}"]
            assert server.connections == [1, 2]

    asyncio.run(twice())


@pytest.mark.parametrize(("seconds", "connections"), [(3.0, [1, 1]), (3.1, [1, 2])])
def test_a_connection_idle_for_almost_as_long_as_servers_keep_it_is_not_used_again(
    seconds: float, connections: list[int]
) -> None:
    async def twice() -> None:
        clock = Clock()
        async with raw_server(OK, OK) as server, H11Transport(UNTRUSTING, clock.monotonic) as transport:
            await exchanges(transport, server, 1)
            clock.advance(seconds=seconds)
            await exchanges(transport, server, 1)
            assert server.connections == connections

    asyncio.run(twice())


def test_a_connection_that_closes_while_a_request_is_held_is_opened_again_before_it_leaves() -> None:
    async def held() -> None:
        async with raw_server(LAST, OK) as server, H11Transport(UNTRUSTING) as transport:
            traced = []

            async def close(event: str, info: dict[str, Any]) -> None:
                traced.append((event, info["request"].method))
                (transport._connection or pytest.fail("traced before the connection is open")).close()
                await until_closed(transport)

            response = await send(transport, post(f"http://{server.host}/x", trace=close))
            assert (response.status_code, len(server.requests)) == (201, 1)
            assert traced == [("http11.send_request_headers.started", "POST")]

    asyncio.run(held())


@pytest.mark.parametrize(
    "answer",
    [b"", b"HTTP/1.1 201 Created\r\nConnection: close", LAST[:-1], b"SSH-2.0 Connection: close\r\n\r\n"],
    ids=["none", "head", "body", "ssh"],
)
def test_an_incomplete_response_is_not_taken_for_a_refused_connection(answer: bytes) -> None:
    async def cut() -> None:
        async with raw_server(answer) as server, H11Transport(UNTRUSTING) as transport:
            with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
                await send(transport, post(f"http://{server.host}/x"))
            assert len(server.requests) == 1

    asyncio.run(cut())


def test_a_late_response_is_not_taken_for_that_of_the_next_request() -> None:
    async def late() -> None:
        too_late = asyncio.Event()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"{}")
            answer = OK if too_late.is_set() else OK.replace(b"{}", b"no")
            await too_late.wait()
            writer.write(answer)
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/x"
        async with server, H11Transport(UNTRUSTING) as transport:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.1):
                    await transport.handle_async_request(post(url))
            too_late.set()
            assert (await send(transport, post(url))).text == "{}"

    asyncio.run(late())


def test_after_a_cancelled_request_the_next_one_has_a_connection_of_its_own() -> None:
    async def cancelled() -> None:
        async with raw_server(b"HTTP/1.1 ", OK) as server, H11Transport(UNTRUSTING) as transport:
            sending = asyncio.create_task(transport.handle_async_request(post(f"http://{server.host}/x")))
            await until(lambda: bool(server.requests))
            sending.cancel()
            with pytest.raises(asyncio.CancelledError):
                await sending
            assert await exchanges(transport, server, 1) == ["{}"]
            assert server.connections == [1, 2]

    asyncio.run(cancelled())


def test_a_header_with_a_line_break_is_refused_and_the_connection_stays_usable() -> None:
    async def broken() -> None:
        async with raw_server(OK) as server, H11Transport(UNTRUSTING) as transport:
            request = post(f"http://{server.host}/x")
            request.headers["Authorization"] = "Bearer key\n"
            with pytest.raises(httpx.LocalProtocolError):
                await transport.handle_async_request(request)
            assert server.requests == []
            assert await exchanges(transport, server, 1) == ["{}"]

    asyncio.run(broken())


def test_a_slow_handshake_raises_a_connect_timeout() -> None:
    async def never() -> None:
        request = post("http://127.0.0.1:9/x")
        request.extensions["timeout"]["connect"] = 0.0
        async with H11Transport(UNTRUSTING) as transport:
            with pytest.raises(httpx.ConnectTimeout):
                await transport.handle_async_request(request)

    asyncio.run(never())


def test_a_large_body_and_a_second_request_go_over_one_trusted_tls_connection(tmp_path: Path) -> None:
    async def twice() -> None:
        context = self_signed(tmp_path)
        trusting = ssl.create_default_context(cafile=str(tmp_path / "server.pem"))
        async with raw_server(OK, OK, context=context) as server, H11Transport(trusting) as transport:
            url = f"https://{server.host}/x"
            for body in (b"x" * 300_000, b"y"):
                assert (await send(transport, post(url, body))).status_code == 201
            assert server.connections == [1, 1]
            assert server.requests[0].endswith(b"\r\n\r\n" + b"x" * 300_000)

    asyncio.run(twice())


def test_a_body_that_is_not_read_to_its_end_closes_the_connection() -> None:
    async def closed() -> None:
        endless = OK.replace(b"2\r\n\r\n{}", b"99\r\n\r\n{}")
        async with raw_server(endless, OK) as server, H11Transport(UNTRUSTING) as transport:
            response = await transport.handle_async_request(post(f"http://{server.host}/x"))
            await response.aclose()
            assert await exchanges(transport, server, 1) == ["{}"]
            assert server.connections == [1, 2]

    asyncio.run(closed())


def test_bytes_sent_without_a_request_are_discarded() -> None:
    async def unasked() -> None:
        async with raw_server(OK, OK) as server, H11Transport(UNTRUSTING) as transport:
            await exchanges(transport, server, 1)
            connection = transport._connection
            assert connection is not None
            connection.data_received(b"x" * 1_000_000)
            assert connection._http.trailing_data == (b"", False)
            assert await exchanges(transport, server, 1) == ["{}"]
            assert server.connections == [1, 2]

    asyncio.run(unasked())


@pytest.mark.parametrize("host", ["rest..braze.test", "r" * 64 + ".test"])
def test_a_name_that_cannot_be_resolved_is_a_connect_error(host: str) -> None:
    async def nowhere() -> None:
        async with H11Transport(UNTRUSTING) as transport:
            with pytest.raises(httpx.ConnectError):
                await transport.handle_async_request(post(f"https://{host}/x"))

    asyncio.run(nowhere())

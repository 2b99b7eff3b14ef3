"""
A fast stand-in for a vendor: it counts requests, waits for the configured latency, and may have a quota.

The sandbox checks each request as strictly as the vendor, which takes longer than sending it: a benchmark
would measure the sandbox.
"""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_BODY = b'{"message":"success"}'


@dataclass(slots=True)
class Window:
    """
    One quota window.

    :param start: epoch seconds at which the window began.
    :param accepted: requests answered 201.
    :param refused: requests answered 429.
    :param first_at: epoch seconds of the first request.
    :param last_at: epoch seconds of the last accepted one.
    """

    start: int
    accepted: int = 0
    refused: int = 0
    first_at: float = 0.0
    last_at: float = 0.0


@dataclass(slots=True)
class State:
    """
    The settings of the server, and its counts since they were set.

    :param latency: seconds from a request to its response.
    :param limit: requests in a window; more are answered with 429. 0 for no quota.
    :param window: seconds from one reset to the next; resets are on whole seconds.
    :param keep_moments: whether to keep the moment of each request, in epoch seconds.
    """

    latency: float = 0.0
    limit: int = 0
    window: int = 1
    keep_moments: bool = False
    accepted: int = 0
    refused: int = 0
    connections: int = 0
    windows: list[Window] = field(default_factory=list)
    moments: list[float] = field(default_factory=list)

    def answer(self) -> bytes:
        """Count one request and return its response."""
        if self.keep_moments:
            self.moments.append(time.time())
        if not self.limit:
            self.accepted += 1
            return _response(b"201 Created")
        now = time.time()
        window = self._window(now)
        reset = window.start + self.window
        if window.accepted >= self.limit:
            self.refused += 1
            window.refused += 1
            return _response(b"429 Too Many Requests", self._quota(0, reset))
        self.accepted += 1
        window.accepted += 1
        window.last_at = now
        return _response(b"201 Created", self._quota(self.limit - window.accepted, reset))

    def _window(self, now: float) -> Window:
        start = int(now) // self.window * self.window
        if not self.windows or self.windows[-1].start != start:
            self.windows.append(Window(start, first_at=now))
        return self.windows[-1]

    def _quota(self, remaining: int, reset: int) -> bytes:
        quota = f"X-RateLimit-Limit: {self.limit}\r\nX-RateLimit-Remaining: {remaining}\r\n"
        return f"{quota}X-RateLimit-Reset: {reset}\r\n".encode()


def _response(status: bytes, headers: bytes = b"", body: bytes = _BODY) -> bytes:
    head = b"HTTP/1.1 %b\r\nContent-Type: application/json\r\nX-Request-Id: 8ee5c1e2\r\n" % status
    return b"%b%bContent-Length: %d\r\n\r\n%b" % (head, headers, len(body), body)


class _Connection(asyncio.Protocol):
    """A connection with the part of HTTP that correct clients need."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._loop = asyncio.get_running_loop()
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._server.state.connections += 1

    def data_received(self, data: bytes) -> None:
        self._received += data
        while (end := self._received.find(b"\r\n\r\n") + 4) > 3:
            found = _LENGTH.search(self._received, 0, end)
            whole = end + (int(found[1]) if found else 0)
            if len(self._received) < whole:
                return
            line, body = self._received[:20], self._received[end:whole]
            self._received = self._received[whole:]
            self._take(line, body)

    def _take(self, line: bytes, body: bytes) -> None:
        if line.startswith(b"PUT /bench"):
            told = _response(b"200 OK", body=json.dumps(asdict(self._server.state)).encode())
            self._server.state = State(**json.loads(body))
            self._transport.write(told)
            return
        state = self._server.state
        answer = state.answer()
        if state.latency:
            self._loop.call_later(state.latency, self._transport.write, answer)
        else:
            self._transport.write(answer)


class Server:
    """The state that all connections share."""

    def __init__(self) -> None:
        self.state = State()

    async def run(self) -> None:
        """Serve on a free port, and print the port."""
        server = await asyncio.get_running_loop().create_server(
            lambda: _Connection(self), "127.0.0.1", backlog=1_024
        )
        print(server.sockets[0].getsockname()[1], flush=True)
        await server.serve_forever()


@dataclass(frozen=True, slots=True)
class Bench:
    """The running server."""

    url: str

    def set(self, **settings: Any) -> State:
        """Set new settings, which resets the counts; return the counts with the old settings."""
        request = urllib.request.Request(  # noqa: S310
            f"{self.url}/bench", json.dumps(settings).encode(), method="PUT"
        )
        with urllib.request.urlopen(request) as response:  # noqa: S310
            seen = json.load(response)
        return State(**seen | {"windows": [Window(**window) for window in seen["windows"]]})


@contextmanager
def running_server() -> Iterator[Bench]:
    """Serve in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.server"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            yield Bench(f"http://127.0.0.1:{process.stdout.readline().strip()}")
        finally:
            process.terminate()


if __name__ == "__main__":
    asyncio.run(Server().run())

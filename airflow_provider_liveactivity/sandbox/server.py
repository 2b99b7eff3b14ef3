"""Serve the sandbox, from the command line or in a thread for tests."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import uvicorn
from uvicorn.protocols.http.auto import AutoHTTPProtocol

from airflow_provider_liveactivity.sandbox.api import make_app
from airflow_provider_liveactivity.sandbox.origin import OriginGuard
from airflow_provider_liveactivity.sandbox.settings import Settings
from airflow_provider_liveactivity.sandbox.state import Sandbox

# uvicorn chooses its parser when it is imported, and declares it as a plain protocol.
_Protocol: Any = asyncio.Protocol if TYPE_CHECKING else AutoHTTPProtocol


class DroppableProtocol(_Protocol):  # type: ignore[misc]
    """uvicorn's protocol; it passes the connection to the application as ``scope["state"]["transport"]``."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Note the connection; every request's scope gets a copy of ``app_state``."""
        super().connection_made(transport)
        self.app_state: dict[str, Any] = {**self.app_state, "transport": transport}


class SandboxServer(uvicorn.Server):
    """uvicorn's server; it reports when it is ready, and does not wait for hanging requests when it stops."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """
        Start listening.

        :param sockets: bound sockets.
        """
        await super().startup(sockets)
        self.ready.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """
        Stop listening and close all connections: a fault may have left a request without a response.

        :param sockets: bound sockets.
        """
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        await super().shutdown(sockets)


class RunningSandbox(NamedTuple):
    """
    A running sandbox.

    :param url: its URL, without a trailing slash.
    :param sandbox: its state.
    """

    url: str
    sandbox: Sandbox


def make_server(
    sandbox: Sandbox, host: str = "127.0.0.1", port: int = 0
) -> tuple[SandboxServer, socket.socket]:
    """
    Return a server and its socket, which accepts connections from now on.

    Requests whose Host header is neither loopback nor ``host``, and writes of pages of another origin, are
    answered with 403.

    :param sandbox: the state.
    :param host: address to bind.
    :param port: port to bind; 0 takes a free one.
    """
    config = uvicorn.Config(
        OriginGuard(make_app(sandbox), host),
        http=DroppableProtocol,
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=1,
        server_header=False,
        backlog=2048,
    )
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.create_server((host, port), family=family, backlog=2048)
    return SandboxServer(config), listener


@contextmanager
def running_sandbox(
    *, port: int = 0, now: Callable[[], datetime] | None = None, **settings: Any
) -> Iterator[RunningSandbox]:
    """
    Serve a sandbox in a thread, on loopback.

    :param port: port to bind; 0 takes a free one.
    :param now: the clock; aware datetimes that never go back. None takes the real one.
    :param settings: settings that differ from their defaults, see :class:`Settings`.
    """
    sandbox = Sandbox(Settings(**settings), now)
    server, listener = make_server(sandbox, port=port)
    thread = threading.Thread(target=server.run, args=([listener],), name="sandbox", daemon=True)
    thread.start()
    try:
        if not server.ready.wait(10):
            raise RuntimeError("the sandbox did not start")
        yield RunningSandbox(f"http://127.0.0.1:{listener.getsockname()[1]}", sandbox)
    finally:
        server.should_exit = True
        thread.join(10)
        listener.close()

"""
Accept requests of programs and of the sandbox's own pages, and refuse those of other web pages.

A web page in a browser on the same machine can send requests to loopback. Two checks prevent this: the
``Host`` header must name the sandbox (against DNS rebinding), and a write must come from a page of the same
origin (against cross-site request forgery).
"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

_READS = frozenset({"GET", "HEAD", "OPTIONS"})


class OriginGuard:
    """
    ASGI application that answers 403 to requests of other web pages, and passes on all other requests.

    :param app: the application that gets the other requests.
    :param host: host name or address that the sandbox was started with.
    """

    def __init__(self, app: Callable[..., Awaitable[None]], host: str) -> None:
        self._app = app
        self._host = host.lower()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Check one request."""
        if scope["type"] == "http" and (problem := self._problem(scope)) is not None:
            body = json.dumps({"message": problem}).encode()
            headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
            await send({"type": "http.response.start", "status": 403, "headers": headers})
            await send({"type": "http.response.body", "body": body})
            return
        await self._app(scope, receive, send)

    def _problem(self, scope: Any) -> str | None:
        hosts = _values(scope["headers"], b"host")
        if len(hosts) != 1 or not self._is_own(_name(hosts[0]), scope.get("server")):
            return (
                "The Host header is not the sandbox's. Use localhost, or start it with --host and that name."
            )
        if scope["method"] in _READS:
            return None
        origins = _values(scope["headers"], b"origin")
        if any(urlsplit(origin).netloc.lower() != hosts[0].lower() for origin in origins):
            return "A page of another origin may not write to the sandbox."
        if any(site not in ("same-origin", "none") for site in _values(scope["headers"], b"sec-fetch-site")):
            return "A page of another site may not write to the sandbox."
        return None

    def _is_own(self, name: str | None, server: tuple[str, int | None] | None) -> bool:
        """Return whether a name is loopback, the given host, or the address that received the request."""
        if not name:
            return False
        if name in ("localhost", self._host) or (server is not None and name == server[0]):
            return True
        try:
            return ipaddress.ip_address(name).is_loopback
        except ValueError:
            return False


def _values(headers: Iterable[tuple[bytes, bytes]], name: bytes) -> list[str]:
    return [value.decode("latin-1").strip() for key, value in headers if key == name]


def _name(host: str) -> str | None:
    try:
        parts = urlsplit(f"//{host}")
    except ValueError:
        return None
    return None if parts.username is not None or parts.path else parts.hostname

"""
Handle the HTTP requests to a vendor: read, apply a fault, carry out, record, respond.

This is a plain ASGI application instead of a framework's route, because a send can have 20,000 requests.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from airflow_provider_liveactivity.sandbox.faults import FAULTS, Fault, PlannedFault, next_fault
from airflow_provider_liveactivity.sandbox.records import Record

if TYPE_CHECKING:
    from airflow_provider_liveactivity.sandbox.phones import Vendor
    from airflow_provider_liveactivity.sandbox.state import Sandbox

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

SECRET_HEADERS = frozenset({"authorization", "x-moe-appkey", "moe-appkey", "cookie"})
PROXY_PAGE = b"<html><head><title>503 Service Temporarily Unavailable</title></head><body>503</body></html>"


@dataclass(slots=True)
class Request:
    """
    One request, for an endpoint.

    :param method: HTTP method.
    :param path: path without the query.
    :param query: query as text.
    :param headers: headers with lower-case names.
    :param body: the whole body.
    """

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def media_type(self) -> str:
        """The content type without its parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


@dataclass(slots=True)
class Answer:
    """
    The response of an endpoint.

    :param status: HTTP status.
    :param content: JSON content.
    :param headers: further headers.
    :param recipients: phones that a start reached.
    """

    status: int
    content: Any
    headers: dict[str, str] = field(default_factory=dict)
    recipients: int | None = None


class Rejection(Exception):
    """
    The error response to a request.

    :param status: HTTP status.
    :param content: JSON content.
    """

    def __init__(self, status: int, content: Any) -> None:
        super().__init__(status, content)
        self.answer = Answer(status, content)


class Endpoints(Protocol):
    """The endpoints of a vendor, and the form of its failures."""

    vendor: Vendor

    def answer(self, request: Request) -> Answer:
        """Carry out a request and answer it."""

    def failure(self, status: int, reset_in: float | None) -> Answer:
        """Return a 429 or 5xx in the vendor's form; with None, a 429 has no headers about the reset."""


class Gateway:
    """
    ASGI application of one vendor.

    :param sandbox: the state.
    :param endpoints: the vendor.
    """

    def __init__(self, sandbox: Sandbox, endpoints: Endpoints) -> None:
        self.sandbox = sandbox
        self.endpoints = endpoints

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = await _read(scope, receive)
        if request is None:
            return
        with self.sandbox.lock:
            answer, manner = self._handle(request)
        if self.sandbox.settings.latency:
            await asyncio.sleep(self.sandbox.settings.latency)
        if manner == "hang":
            await _gone(receive)
        elif manner == "drop":
            # The connection is not part of ASGI: server.py puts it into the scope.
            scope["state"]["transport"].abort()
            await _gone(receive)
        elif manner == "html":
            await _send(send, 503, {"content-type": "text/html"}, PROXY_PAGE)
        else:
            content = json.dumps(answer.content, separators=(",", ":")).encode()
            await _send(send, answer.status, {"content-type": "application/json", **answer.headers}, content)

    def _handle(self, request: Request) -> tuple[Answer, str]:
        record = self._record(request)
        asked = request.headers.get("x-sandbox-fault")
        if asked is not None and asked not in FAULTS:
            record.status = 400
            return Answer(400, {"message": f"X-Sandbox-Fault: use one of {', '.join(FAULTS)}"}), "answer"
        if asked is None:
            planned = next_fault(self.sandbox.faults, request.path)
        else:
            planned = PlannedFault(fault=asked)
        if planned is None:
            answer = self._carry_out(request, record)
            record.status = answer.status
            return answer, "answer"
        fault: Fault = FAULTS[planned.fault]
        if fault.carried_out:
            self._carry_out(request, record)
        record.fault, record.status = planned.fault, fault.status
        return self.endpoints.failure(fault.status or 0, planned.reset_in), fault.manner

    def _carry_out(self, request: Request, record: Record) -> Answer:
        answer = self.endpoints.answer(request)
        record.carried_out = 200 <= answer.status < 300
        record.recipients = answer.recipients
        return answer

    def _record(self, request: Request) -> Record:
        sandbox = self.sandbox
        sandbox.requests += 1
        record = Record(
            sandbox.requests,
            sandbox.now(),
            self.endpoints.vendor,
            request.method,
            request.path,
            headers=tuple((k, "(hidden)" if k in SECRET_HEADERS else v) for k, v in request.headers.items()),
            body=request.body,
        )
        sandbox.record(record)
        return record


async def _read(scope: Scope, receive: Receive) -> Request | None:
    chunks, more = [], True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        chunks.append(message.get("body", b""))
        more = message.get("more_body", False)
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    query = scope["query_string"].decode("latin-1")
    return Request(scope["method"], scope["path"], query, headers, b"".join(chunks))


async def _send(send: Send, status: int, headers: Mapping[str, str], body: bytes) -> None:
    raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    raw.append((b"content-length", b"%d" % len(body)))
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": body})


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass

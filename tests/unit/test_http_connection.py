"""The client over real sockets: network errors and unusual servers."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from airflow_provider_liveactivity.delivery.rate_limit import RateLimiter
from airflow_provider_liveactivity.errors import (
    AuthenticationFailed,
    InvalidConnection,
    LiveActivityError,
    OutcomeUnknown,
    VendorUnavailable,
)
from airflow_provider_liveactivity.http.client import Client, SendResult
from airflow_provider_liveactivity.http.connection import Timeouts, WorkspaceConfig
from airflow_provider_liveactivity.http.retries import RetryConfig
from airflow_provider_liveactivity.models.braze import StartLiveActivity
from airflow_provider_liveactivity.sandbox import RunningSandbox, running_sandbox
from airflow_provider_liveactivity.vendors.base import Request
from airflow_provider_liveactivity.vendors.braze import Braze
from airflow_provider_liveactivity.vendors.moengage import MoEngage
from tests.support.clock import Clock
from tests.support.raw_server import OK, raw_server, self_signed
from tests.support.scripted_vendor import BRAZE, START, START_REQUEST, UPDATE_REQUEST

SANDBOX_BRAZE = Braze("sandbox-braze-key")
SANDBOX_START = SANDBOX_BRAZE.start(
    StartLiveActivity.build(**START | {"app_id": "sandbox-app"}, external_user_ids=["ada"])
)
QUICK = Timeouts(connect=2, read=0.3, write=2, pool=0.3)


async def send(url: str, *requests: Request, vendor: Braze | MoEngage = BRAZE) -> list[SendResult]:
    """Send over one connection; waits between attempts cost no time."""
    workspace = WorkspaceConfig(vendor, url, QUICK)
    limiter = RateLimiter(sleep=Clock().async_sleep)
    async with Client(workspace, limiter, retry=RetryConfig(attempts=3)) as client:
        return [await client.send(request) for request in requests]


def error_of(url: str, request: Request, vendor: Braze | MoEngage = BRAZE) -> LiveActivityError:
    (result,) = asyncio.run(send(url, request, vendor=vendor))
    assert result.error is not None
    return result.error


@pytest.fixture(scope="module")
def server() -> Iterator[RunningSandbox]:
    with running_sandbox() as running:
        yield running


@pytest.fixture
def sandbox(server: RunningSandbox) -> RunningSandbox:
    server.sandbox.reset(settings=True)
    return server


def test_a_refused_connection_is_retried_and_then_reported() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, but not listening
        (result,) = asyncio.run(send(f"http://127.0.0.1:{taken.getsockname()[1]}", START_REQUEST))
    assert isinstance(result.error, VendorUnavailable)
    assert (result.attempts, result.error.retryable) == (3, True)


def test_an_unknown_host_gets_an_error_with_advice(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: object, **kwargs: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    error = error_of("https://rest.iad-99.braze.com", START_REQUEST)
    assert isinstance(error, VendorUnavailable)
    assert "cannot be resolved; check its spelling" in error.message


def test_an_untrusted_certificate_fails_before_the_key_is_sent(tmp_path: Path) -> None:
    async def untrusted() -> list[bytes]:
        async with raw_server(OK, context=self_signed(tmp_path)) as (host, requests, _):
            (result,) = await send(f"https://{host}", UPDATE_REQUEST)
            assert isinstance(result.error, VendorUnavailable)
            assert "is not trusted: it may belong to a proxy" in result.error.message
            assert (result.attempts, result.error.retryable) == (1, False)
            return requests

    assert asyncio.run(untrusted()) == []


@pytest.mark.parametrize(
    ("fault", "kind", "cards"),
    [
        ("drop_before", OutcomeUnknown, 0),
        ("drop_after", OutcomeUnknown, 1),
        ("hang", OutcomeUnknown, 0),
        ("hang_after", OutcomeUnknown, 1),
        ("html", OutcomeUnknown, 0),
        ("500", OutcomeUnknown, 0),
        ("503_after", OutcomeUnknown, 1),
        ("504", OutcomeUnknown, 0),
    ],
)
def test_a_start_with_unknown_outcome_is_sent_once(
    sandbox: RunningSandbox, fault: str, kind: type[LiveActivityError], cards: int
) -> None:
    sandbox.sandbox.add_fault(fault)
    assert isinstance(error_of(sandbox.url, SANDBOX_START, SANDBOX_BRAZE), kind)
    assert len(sandbox.sandbox.records) == 1
    assert sum(activity.started for activity in sandbox.sandbox.activities.values()) == cards


@pytest.mark.parametrize("fault", ["502", "429"])
def test_a_start_that_was_not_carried_out_is_sent_again(sandbox: RunningSandbox, fault: str) -> None:
    sandbox.sandbox.add_fault(fault, reset_in=None) if fault == "429" else sandbox.sandbox.add_fault(fault)
    (sent,) = asyncio.run(send(sandbox.url, SANDBOX_START, vendor=SANDBOX_BRAZE))
    assert sent.attempts == len(sandbox.sandbox.records) == 2


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 201 Created\r\nContent-Length: 100\r\nConnection: close",  # ends within the head
        b"SSH-2.0-OpenSSH_9.6 Connection: close\r\n\r\n",
        b"",
    ],
    ids=["cut", "ssh", "closed"],
)
def test_an_unreadable_response_leaves_an_unknown_outcome_and_a_usable_connection(answer: bytes) -> None:
    async def twice() -> None:
        async with raw_server(answer, answer, OK, OK) as (host, requests, _):
            (unread,) = await send(f"http://{host}", START_REQUEST)
            assert isinstance(unread.error, OutcomeUnknown)
            first, second = await send(f"http://{host}", UPDATE_REQUEST, UPDATE_REQUEST)
            assert (first.attempts, second.attempts, len(requests)) == (2, 1, 4)

    asyncio.run(twice())


def test_the_key_does_not_follow_a_redirect() -> None:
    async def redirected() -> list[bytes]:
        async with raw_server(OK) as (elsewhere, requests, _):
            location = f"Location: http://{elsewhere}/".encode()
            away = b"HTTP/1.1 307 Temporary Redirect\r\nContent-Length: 0\r\n" + location + b"\r\n\r\n"
            async with raw_server(away) as (host, *_):
                (result,) = await send(f"http://{host}", UPDATE_REQUEST)
                assert isinstance(result.error, InvalidConnection)
            return requests

    assert asyncio.run(redirected()) == []


def test_proxies_of_the_environment_are_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")

    async def direct() -> list[bytes]:
        async with raw_server(OK) as (host, requests, _):
            await send(f"http://{host}", UPDATE_REQUEST)
            return requests

    assert len(asyncio.run(direct())) == 1


def test_requests_share_one_connection() -> None:
    async def connections() -> list[int]:
        async with raw_server(OK, OK, OK) as (host, _, connections):
            await send(f"http://{host}", UPDATE_REQUEST, UPDATE_REQUEST, UPDATE_REQUEST)
            return connections

    assert asyncio.run(connections()) == [1, 1, 1]


@pytest.mark.parametrize("key", ["k3y\nX-Evil: 1", "k3y\u200b", "schlüssel", "k3y\x00"])
@pytest.mark.parametrize("vendor", [Braze, lambda key: MoEngage(key, "x")])
def test_a_key_with_illegal_characters_is_refused_without_showing_it(vendor: type[Braze], key: str) -> None:
    request = Request("update", "/x", b"{}", UPDATE_REQUEST.retry_safety, vendor(key)._headers())

    async def refused() -> LiveActivityError:
        async with raw_server(OK) as (host, requests, _):
            (result,) = await send(f"http://{host}", request)
            assert requests == []
        assert isinstance(result.error, AuthenticationFailed)
        return result.error

    error = asyncio.run(refused())
    assert error.__suppress_context__
    assert key not in str(error)

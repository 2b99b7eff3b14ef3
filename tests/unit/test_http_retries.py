"""Retries: unchanged requests, full jitter, bounded attempts."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta

import httpx
import pytest

from airflow_provider_liveactivity.delivery.rate_limit import RateLimiter
from airflow_provider_liveactivity.errors import OutcomeUnknown, SendStopped
from airflow_provider_liveactivity.http.client import Client
from airflow_provider_liveactivity.http.connection import Timeouts, WorkspaceConfig
from airflow_provider_liveactivity.http.retries import RetryConfig
from airflow_provider_liveactivity.vendors.base import Request
from tests.support.clock import NOW
from tests.support.scripted_vendor import (
    BRAZE,
    BROADCAST_REQUEST,
    PUSH_REQUEST,
    START_REQUEST,
    UPDATE_REQUEST,
    Reply,
    ScriptedVendor,
)

DOWN = Reply(502)


@pytest.mark.parametrize("request_", [START_REQUEST, UPDATE_REQUEST, BROADCAST_REQUEST, PUSH_REQUEST])
def test_every_attempt_sends_the_same_request(request_: Request) -> None:
    vendor = ScriptedVendor(DOWN, DOWN, Reply(201))
    vendor.send(request_)
    attempts = [(sent.method, sent.url, sent.headers, sent.content) for sent in vendor.requests]
    assert len(attempts) == 3
    assert attempts[0] == attempts[1] == attempts[2]
    assert attempts[0][3] == request_.body


def test_attempts_are_bounded_in_number() -> None:
    vendor = ScriptedVendor(DOWN, retry=RetryConfig(attempts=4))
    result = vendor.result(START_REQUEST)
    assert (result.attempts, len(vendor.requests), len(vendor.clock.slept)) == (4, 4, 3)


def test_attempts_are_bounded_in_time() -> None:
    vendor = ScriptedVendor(DOWN, retry=RetryConfig(attempts=10_000, max_total_wait=60))
    vendor.error(START_REQUEST)
    assert 30 < sum(vendor.clock.slept) <= 60
    assert vendor.clock() <= NOW + timedelta(seconds=60)


def test_waiting_for_a_reset_does_not_count_as_retry_time() -> None:
    reset = {"X-RateLimit-Reset": str(int(NOW.timestamp()) + 40)}
    vendor = ScriptedVendor(Reply(429, [], reset), DOWN, Reply(201), retry=RetryConfig(max_total_wait=10))
    assert vendor.send(START_REQUEST).attempts == 3


def test_waits_double_and_have_full_jitter() -> None:
    retry = RetryConfig(attempts=9, max_total_wait=10_000, first_wait=1.0, max_wait=20.0)
    runs = []
    for _ in range(60):
        vendor = ScriptedVendor(DOWN, retry=retry)
        vendor.error(START_REQUEST)
        runs.append(vendor.clock.slept)
    for number, waits in enumerate(zip(*runs, strict=True)):
        longest = min(2.0**number, 20.0)
        assert 0 <= min(waits) < longest / 4
        assert longest * 3 / 4 < max(waits) <= longest


def test_every_wait_is_logged_with_its_reason(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        ScriptedVendor(DOWN, Reply(201)).send(START_REQUEST)
    (record,) = [record for record in caplog.records if record.name.startswith("airflow_provider")]
    assert record.getMessage().startswith("Attempt 1 failed, the next one follows in ")
    assert " s. VendorUnavailable: the request did not reach the vendor's servers. (" in record.getMessage()


def test_a_stopped_limiter_ends_the_attempts() -> None:
    vendor = ScriptedVendor(DOWN)
    vendor.clock.call_at(NOW, vendor.limiter.stop)  # during the first wait
    result = vendor.result(UPDATE_REQUEST)
    assert isinstance(result.error, SendStopped)
    assert (len(vendor.requests), result.attempts) == (1, 1)


def test_a_cancelled_request_has_an_unknown_outcome() -> None:
    async def stopped() -> None:
        in_flight = asyncio.Event()

        async def hang(_: httpx.Request) -> httpx.Response:
            in_flight.set()
            await asyncio.Event().wait()
            raise AssertionError

        workspace = WorkspaceConfig(BRAZE, "https://vendor.test")
        async with Client(workspace, RateLimiter(), transport=httpx.MockTransport(hang)) as client:
            task = asyncio.create_task(client.send(START_REQUEST))
            await in_flight.wait()
            task.cancel()
            result = await task
            assert isinstance(result.error, OutcomeUnknown)
            assert "stopped before the response came" in result.error.message

    asyncio.run(stopped())


def test_every_phase_of_a_request_has_its_own_timeout() -> None:
    seen: list[dict[str, float]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.extensions["timeout"])
        return httpx.Response(201)

    async def send() -> None:
        workspace = WorkspaceConfig(
            BRAZE, "https://vendor.test", Timeouts(connect=1, read=2, write=3, pool=4)
        )
        async with Client(workspace, RateLimiter(), transport=httpx.MockTransport(answer)) as client:
            (await client.send(START_REQUEST)).accepted()

    asyncio.run(send())
    assert seen == [{"connect": 1, "read": 2, "write": 3, "pool": 4}]

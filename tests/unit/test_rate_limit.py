"""The rate limiter: the quota of the vendor, the reserve, and the user's own rate."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from airflow_provider_liveactivity.delivery.rate_limit import RateLimiter, RateRules
from airflow_provider_liveactivity.errors import RateLimited, VendorUnavailable
from airflow_provider_liveactivity.vendors.base import Quota
from tests.support.clock import NOW, Clock

LATER = NOW + timedelta(seconds=40)


def new_limiter(**rules: Any) -> tuple[RateLimiter, Clock]:
    clock = Clock()
    return RateLimiter(
        RateRules(**rules), clock=clock, monotonic=clock.monotonic, sleep=clock.async_sleep
    ), clock


def test_without_a_limit_no_request_waits() -> None:
    limiter, clock = new_limiter()
    asyncio.run(limiter.acquire())
    assert clock.slept == []


def test_a_blocked_limiter_waits_until_the_reset() -> None:
    limiter, clock = new_limiter()
    limiter.block_until(LATER)
    asyncio.run(limiter.acquire())
    assert clock() == LATER
    assert limiter.waited_seconds == 40


def test_a_wait_longer_than_max_wait_raises_at_once() -> None:
    limiter, clock = new_limiter(max_wait=39)
    limiter.block_until(LATER)
    with pytest.raises(RateLimited) as limited:
        asyncio.run(limiter.acquire())
    assert (limited.value.reset_at, clock.slept) == (LATER, [])


@pytest.mark.parametrize("until", [None, NOW, NOW - timedelta(days=365)])
def test_a_past_or_unknown_reset_causes_no_wait(until: datetime | None) -> None:
    limiter, clock = new_limiter()
    limiter.block_until(until)
    asyncio.run(limiter.acquire())
    assert clock.slept == []


def test_the_latest_of_several_resets_counts() -> None:
    limiter, clock = new_limiter()
    limiter.block_until(LATER)
    limiter.block_until(LATER - timedelta(seconds=30))
    asyncio.run(limiter.acquire())
    assert clock() == LATER


@pytest.mark.parametrize(
    ("remaining", "reserve", "waits"),
    [(101, 0.1, False), (100, 0.1, True), (0, 0.0, True), (1, 0.0, False), (1000, 1.0, True)],
)
def test_requests_wait_when_only_the_reserve_is_left(remaining: int, reserve: float, waits: bool) -> None:
    limiter, clock = new_limiter(reserve=reserve)
    limiter.update_quota(Quota(limit=1000, remaining=remaining, reset_at=LATER))
    asyncio.run(limiter.acquire())
    assert (clock() == LATER) is waits


@pytest.mark.parametrize(
    "quota",
    [Quota(), Quota(limit=0, remaining=0, reset_at=LATER), Quota(None, 0, LATER), Quota(10, None, LATER)],
)
def test_an_incomplete_quota_causes_no_wait(quota: Quota) -> None:
    limiter, clock = new_limiter()
    limiter.update_quota(quota)
    asyncio.run(limiter.acquire())
    assert clock.slept == []


def test_a_response_without_quota_headers_keeps_the_last_quota() -> None:
    limiter, _ = new_limiter()
    limiter.update_quota(Quota(limit=1000, remaining=500))
    limiter.update_quota(Quota())
    assert limiter.quota == Quota(limit=1000, remaining=500)


def test_requests_leave_evenly_at_the_set_rate() -> None:
    limiter, clock = new_limiter(max_per_second=4)
    left: list[float] = []

    async def acquire() -> None:
        for _ in range(5):
            await limiter.acquire()
            left.append((clock() - NOW).total_seconds())

    asyncio.run(acquire())
    assert left == pytest.approx([0, 0.25, 0.5, 0.75, 1.0])


def test_unused_time_allows_no_burst() -> None:
    limiter, clock = new_limiter(max_per_second=1)
    asyncio.run(limiter.acquire())
    clock.advance(seconds=60)
    asyncio.run(limiter.acquire())
    asyncio.run(limiter.acquire())
    assert clock.slept == [1.0]


@pytest.mark.parametrize("minutes", [-10, 10])
def test_setting_the_wall_clock_does_not_change_the_rate(minutes: int) -> None:
    limiter, clock = new_limiter(max_per_second=1)

    async def acquire() -> None:
        for _ in range(3):
            await limiter.acquire()
        clock.moment += timedelta(minutes=minutes)
        for _ in range(3):
            await limiter.acquire()

    asyncio.run(acquire())
    assert clock.slept == [1.0] * 5
    assert limiter.waited_seconds == 5


@pytest.mark.parametrize("minutes", [-10, 10])
def test_setting_the_wall_clock_does_not_change_a_wait(minutes: int) -> None:
    limiter, clock = new_limiter()
    limiter.block_until(LATER)
    clock.moment += timedelta(minutes=minutes)
    asyncio.run(limiter.acquire())
    assert (clock.slept, limiter.waited_seconds) == ([40], 40)


def test_the_reset_in_the_error_follows_the_wall_clock() -> None:
    limiter, clock = new_limiter(max_wait=39)
    limiter.block_until(LATER)
    clock.moment -= timedelta(minutes=10)
    with pytest.raises(RateLimited) as limited:
        asyncio.run(limiter.acquire())
    assert limited.value.reset_at == clock() + timedelta(seconds=40)


def test_a_stopped_limiter_lets_no_request_leave_not_even_a_waiting_one() -> None:
    limiter, clock = new_limiter(max_per_second=1)
    asyncio.run(limiter.acquire())

    async def stop_meanwhile(seconds: float) -> None:
        await clock.async_sleep(seconds)
        limiter.stop()

    limiter._sleep = stop_meanwhile
    with pytest.raises(VendorUnavailable, match="stopped before this request left"):
        asyncio.run(limiter.acquire())
    with pytest.raises(VendorUnavailable):
        asyncio.run(limiter.acquire())


RESET = "1784725200"


@pytest.mark.parametrize(
    ("headers", "quota"),
    [
        ({}, Quota()),
        (dict.fromkeys(("limit", "remaining", "reset"), ""), Quota()),
        (dict.fromkeys(("limit", "remaining", "reset"), "soon"), Quota()),
        (
            {"limit": "250000", "remaining": "-1", "reset": RESET},
            Quota(250_000, -1, datetime(2026, 7, 22, 13, tzinfo=UTC)),
        ),
        ({"remaining": " 7 ", "reset": RESET + ".9"}, Quota(None, 7, datetime(2026, 7, 22, 13, tzinfo=UTC))),
        ({"limit": "inf", "remaining": "nan", "reset": "1e400"}, Quota()),
        ({"reset": "1784725200000"}, Quota()),  # milliseconds would be the year 58,000
    ],
)
def test_rate_limit_headers_are_read_tolerantly(headers: Mapping[str, str], quota: Quota) -> None:
    named = {f"x-ratelimit-{name}": value for name, value in headers.items()}
    assert Quota.from_headers(named, now=NOW, window=timedelta(hours=1)) == quota


@pytest.mark.parametrize(
    ("reset", "seconds"),
    [("23", 23), ("3600", 3600), ("3601", 3600), ("604800", 3600), ("9999999999", 3600), (RESET, 3600)],
)
def test_a_reset_counts_from_now_and_lies_within_the_window(reset: str, seconds: int) -> None:
    quota = Quota.from_headers({"x-ratelimit-reset": reset}, now=NOW, window=timedelta(hours=1))
    assert quota.reset_at == NOW + timedelta(seconds=seconds)

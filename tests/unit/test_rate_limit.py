"""The gate before each request: quota, reserve, slope; time is a clock that only sleeping moves."""

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


def paced(**rules: Any) -> tuple[RateLimiter, Clock]:
    clock = Clock()
    return RateLimiter(
        RateRules(**rules), clock=clock, monotonic=clock.monotonic, sleep=clock.async_sleep
    ), clock


def test_an_open_gate_costs_no_time() -> None:
    pace, clock = paced()
    asyncio.run(pace.acquire())
    assert clock.slept == []


def test_a_closed_gate_opens_at_its_moment() -> None:
    pace, clock = paced()
    pace.block_until(LATER)
    asyncio.run(pace.acquire())
    assert clock() == LATER
    assert pace.waited_seconds == 40


def test_a_gate_closed_for_longer_than_one_waits_gives_up_at_once() -> None:
    pace, clock = paced(max_wait=39)
    pace.block_until(LATER)
    with pytest.raises(RateLimited) as limited:
        asyncio.run(pace.acquire())
    assert (limited.value.reset_at, clock.slept) == (LATER, [])


@pytest.mark.parametrize("until", [None, NOW, NOW - timedelta(days=365)])
def test_a_reset_that_is_over_or_unknown_holds_nobody(until: datetime | None) -> None:
    pace, clock = paced()
    pace.block_until(until)
    asyncio.run(pace.acquire())
    assert clock.slept == []


def test_the_latest_of_several_resets_counts() -> None:
    pace, clock = paced()
    pace.block_until(LATER)
    pace.block_until(LATER - timedelta(seconds=30))
    asyncio.run(pace.acquire())
    assert clock() == LATER


@pytest.mark.parametrize(
    ("remaining", "reserve", "waits"),
    [(101, 0.1, False), (100, 0.1, True), (0, 0.0, True), (1, 0.0, False), (1000, 1.0, True)],
)
def test_the_gate_closes_when_only_the_reserve_is_left(remaining: int, reserve: float, waits: bool) -> None:
    pace, clock = paced(reserve=reserve)
    pace.update_quota(Quota(limit=1000, remaining=remaining, reset_at=LATER))
    asyncio.run(pace.acquire())
    assert (clock() == LATER) is waits


@pytest.mark.parametrize(
    "quota",
    [Quota(), Quota(limit=0, remaining=0, reset_at=LATER), Quota(None, 0, LATER), Quota(10, None, LATER)],
)
def test_a_quota_that_says_too_little_holds_nobody(quota: Quota) -> None:
    pace, clock = paced()
    pace.update_quota(quota)
    asyncio.run(pace.acquire())
    assert clock.slept == []


def test_an_answer_without_numbers_does_not_forget_those_of_the_last_one() -> None:
    pace, _ = paced()
    pace.update_quota(Quota(limit=1000, remaining=500))
    pace.update_quota(Quota())
    assert pace.quota == Quota(limit=1000, remaining=500)


def test_requests_leave_evenly_at_the_wanted_speed() -> None:
    pace, clock = paced(max_per_second=4)
    left: list[float] = []

    async def turns() -> None:
        for _ in range(5):
            await pace.acquire()
            left.append((clock() - NOW).total_seconds())

    asyncio.run(turns())
    assert left == pytest.approx([0, 0.25, 0.5, 0.75, 1.0])


def test_time_that_nobody_used_is_not_made_up_for_in_a_burst() -> None:
    pace, clock = paced(max_per_second=1)
    asyncio.run(pace.acquire())
    clock.advance(seconds=60)
    asyncio.run(pace.acquire())
    asyncio.run(pace.acquire())
    assert clock.slept == [1.0]


@pytest.mark.parametrize("minutes", [-10, 10])
def test_a_wall_clock_that_is_set_changes_nothing_about_the_wanted_speed(minutes: int) -> None:
    pace, clock = paced(max_per_second=1)

    async def turns() -> None:
        for _ in range(3):
            await pace.acquire()
        clock.moment += timedelta(minutes=minutes)
        for _ in range(3):
            await pace.acquire()

    asyncio.run(turns())
    assert clock.slept == [1.0] * 5
    assert pace.waited_seconds == 5


@pytest.mark.parametrize("minutes", [-10, 10])
def test_a_wall_clock_that_is_set_changes_nothing_about_a_gate_that_is_closed(minutes: int) -> None:
    pace, clock = paced()
    pace.block_until(LATER)
    clock.moment += timedelta(minutes=minutes)
    asyncio.run(pace.acquire())
    assert (clock.slept, pace.waited_seconds) == ([40], 40)


def test_a_long_wait_is_handed_back_by_the_wall_clock_of_the_moment() -> None:
    pace, clock = paced(max_wait=39)
    pace.block_until(LATER)
    clock.moment -= timedelta(minutes=10)
    with pytest.raises(RateLimited) as limited:
        asyncio.run(pace.acquire())
    assert limited.value.reset_at == clock() + timedelta(seconds=40)


def test_a_shut_gate_lets_nothing_through_not_even_one_who_waited() -> None:
    pace, clock = paced(max_per_second=1)
    asyncio.run(pace.acquire())

    async def shut_meanwhile(seconds: float) -> None:
        await clock.async_sleep(seconds)
        pace.stop()

    pace._sleep = shut_meanwhile
    with pytest.raises(VendorUnavailable, match="stopped before this request left"):
        asyncio.run(pace.acquire())
    with pytest.raises(VendorUnavailable):
        asyncio.run(pace.acquire())


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

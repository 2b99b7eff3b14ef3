"""Requests that leave at a scheduled moment."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from airflow_provider_liveactivity.delivery.rate_limit import RateLimiter, RateRules
from airflow_provider_liveactivity.delivery.scheduled_release import ScheduledRelease
from airflow_provider_liveactivity.errors import VendorUnavailable
from tests.support.clock import NOW, Clock

DUE = NOW + timedelta(hours=3)
SOON = NOW + timedelta(seconds=1)
MILLISECOND = timedelta(milliseconds=1)


def scheduled() -> tuple[RateLimiter, ScheduledRelease, Clock]:
    clock, release = Clock(), ScheduledRelease(DUE)
    rules = RateRules(release=release)
    limiter = RateLimiter(rules, clock=clock, monotonic=clock.monotonic, sleep=clock.async_sleep)
    return limiter, release, clock


async def leave(limiter: RateLimiter) -> None:
    await limiter.acquire()  # shortly before, to open the connection
    await limiter.wait_until_due()


def test_a_request_leaves_at_its_scheduled_moment() -> None:
    limiter, _, clock = scheduled()

    asyncio.run(leave(limiter))

    assert DUE <= clock() < DUE + MILLISECOND
    assert limiter.waited_seconds == 0  # which counts waits for the vendor's limits


def test_release_now_lets_the_request_leave_at_once() -> None:
    limiter, release, clock = scheduled()
    clock.call_at(SOON, release.release_now)

    asyncio.run(leave(limiter))

    assert clock() < SOON + timedelta(seconds=1)


def test_a_stopped_limiter_lets_no_request_leave() -> None:
    limiter, _, clock = scheduled()
    clock.call_at(SOON, limiter.stop)

    with pytest.raises(VendorUnavailable):
        asyncio.run(leave(limiter))
    assert clock() < SOON + timedelta(seconds=1)


def test_a_request_follows_the_wall_clock_when_that_is_set_back() -> None:
    limiter, _, clock = scheduled()
    clock.call_at(SOON, lambda: setattr(clock, "moment", NOW - timedelta(hours=1)))

    asyncio.run(leave(limiter))

    assert DUE <= clock() < DUE + MILLISECOND

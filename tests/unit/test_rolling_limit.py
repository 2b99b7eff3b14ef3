"""The rolling rate limits of a vendor."""

from __future__ import annotations

from datetime import timedelta

import pytest

from airflow_provider_liveactivity.delivery.rolling_limit import RateLimit, RollingLimiter
from airflow_provider_liveactivity.errors import RateLimited
from tests.support.clock import NOW, Clock

TWO_A_MINUTE = (RateLimit("updates", 2),)


def limiter_on(clock: Clock, *, max_wait: float = 60.0) -> RollingLimiter:
    return RollingLimiter(max_wait=max_wait, clock=clock, monotonic=clock.monotonic, sleep=clock.sleep)


@pytest.mark.parametrize("minutes", [-10, 0, 10])
def test_setting_the_wall_clock_neither_stalls_a_loop_nor_allows_a_burst(minutes: int) -> None:
    clock = Clock()
    limiter = limiter_on(clock)
    for _ in range(2):
        limiter.acquire(TWO_A_MINUTE)
    clock.moment += timedelta(minutes=minutes)
    assert [limiter.acquire(TWO_A_MINUTE) for _ in range(3)] == [60, 0, 60]
    assert clock.slept == [60, 60]


@pytest.mark.parametrize("minutes", [-10, 0, 10])
def test_a_limit_blocked_by_the_vendor_opens_after_the_time_that_the_vendor_named(minutes: int) -> None:
    clock = Clock()
    limiter = limiter_on(clock)
    limiter.block_until(TWO_A_MINUTE[0], NOW + timedelta(seconds=30))
    clock.moment += timedelta(minutes=minutes)
    assert limiter.next_free_at(TWO_A_MINUTE) == clock.moment + timedelta(seconds=30)
    assert limiter.acquire(TWO_A_MINUTE) == 30


def test_a_wait_longer_than_max_wait_raises_with_the_time_of_the_reset() -> None:
    clock = Clock()
    limiter = limiter_on(clock, max_wait=59)
    for _ in range(2):
        limiter.acquire(TWO_A_MINUTE)
    with pytest.raises(RateLimited) as limited:
        limiter.acquire(TWO_A_MINUTE)
    assert (limited.value.reset_at, clock.slept) == (NOW + timedelta(minutes=1), [])

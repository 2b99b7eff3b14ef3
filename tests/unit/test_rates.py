"""A vendor's rolling limits, by a clock that only goes forward."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from airflow_provider_liveactivity.delivery.rolling_limit import RateLimit, RollingLimiter
from airflow_provider_liveactivity.errors import RateLimited

NOON = datetime(2026, 7, 22, 12, tzinfo=UTC)
TWO_A_MINUTE = (RateLimit("updates", 2),)


class Clocks:
    """Wall clock and monotonic clock; a test may set the first."""

    def __init__(self) -> None:
        self.wall = NOON
        self.seconds = 0.0
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.seconds += seconds
        self.wall += timedelta(seconds=seconds)

    def rates(self, *, max_wait: float = 60.0) -> RollingLimiter:
        return RollingLimiter(
            max_wait=max_wait,
            clock=lambda: self.wall,
            monotonic=lambda: self.seconds,
            sleep=self.sleep,
        )


@pytest.mark.parametrize("minutes", [-10, 0, 10])
def test_a_wall_clock_that_is_set_neither_stalls_a_loop_nor_lets_a_burst_out(minutes: int) -> None:
    clocks = Clocks()
    rates = clocks.rates()
    for _ in range(2):
        rates.acquire(TWO_A_MINUTE)
    clocks.wall += timedelta(minutes=minutes)
    assert [rates.acquire(TWO_A_MINUTE) for _ in range(3)] == [60, 0, 60]
    assert clocks.slept == [60, 60]


@pytest.mark.parametrize("minutes", [-10, 0, 10])
def test_what_the_vendor_closed_opens_after_the_time_that_it_named(minutes: int) -> None:
    clocks = Clocks()
    rates = clocks.rates()
    rates.block_until(TWO_A_MINUTE[0], NOON + timedelta(seconds=30))
    clocks.wall += timedelta(minutes=minutes)
    assert rates.next_free_at(TWO_A_MINUTE) == clocks.wall + timedelta(seconds=30)
    assert rates.acquire(TWO_A_MINUTE) == 30


def test_a_wait_that_is_too_long_is_handed_back_with_its_moment() -> None:
    clocks = Clocks()
    rates = clocks.rates(max_wait=59)
    for _ in range(2):
        rates.acquire(TWO_A_MINUTE)
    with pytest.raises(RateLimited) as limited:
        rates.acquire(TWO_A_MINUTE)
    assert (limited.value.reset_at, clocks.slept) == (NOON + timedelta(minutes=1), [])

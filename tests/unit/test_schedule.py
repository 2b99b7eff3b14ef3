from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from airflow_provider_liveactivity.errors import InvalidPayload, VendorUnavailable
from airflow_provider_liveactivity.pacing import Pace, PaceRules
from airflow_provider_liveactivity.schedule import Hold, end_moment

NOON = datetime(2026, 7, 22, 12, tzinfo=UTC)


class Clock:
    """A clock that moves when somebody sleeps, and does what is ordered for a moment."""

    def __init__(self) -> None:
        self.now = NOON
        self.orders: dict[datetime, Any] = {}

    def __call__(self) -> datetime:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        for moment in [moment for moment in self.orders if moment <= self.now]:
            self.orders.pop(moment)()


def gate(until: datetime) -> tuple[Pace, Hold, Clock]:
    clock, hold = Clock(), Hold(until)
    return Pace(PaceRules(hold=hold), clock=clock, sleep=clock.sleep), hold, clock


async def leave(pace: Pace) -> None:
    await pace.turn()  # a little ahead, for the connection
    await pace.held()


def test_nothing_leaves_before_its_moment_however_far_that_is() -> None:
    moment = NOON + timedelta(hours=3)
    pace, _, clock = gate(moment)

    asyncio.run(leave(pace))

    assert moment <= clock.now < moment + timedelta(milliseconds=1)
    assert pace.waited_seconds == 0  # that is a schedule, not a limit of the vendor


def test_a_gate_that_is_opened_lets_it_leave_at_once() -> None:
    pace, hold, clock = gate(NOON + timedelta(hours=3))
    clock.orders[NOON + timedelta(seconds=1)] = hold.open

    asyncio.run(leave(pace))

    assert clock.now < NOON + timedelta(seconds=2)


def test_a_gate_that_is_shut_lets_nothing_leave() -> None:
    pace, _, clock = gate(NOON + timedelta(hours=3))
    clock.orders[NOON + timedelta(seconds=1)] = pace.shut

    with pytest.raises(VendorUnavailable):
        asyncio.run(leave(pace))
    assert clock.now < NOON + timedelta(seconds=2)


def test_a_clock_that_is_set_is_followed() -> None:
    moment = NOON + timedelta(hours=3)
    pace, _, clock = gate(moment)
    clock.orders[NOON + timedelta(seconds=1)] = lambda: setattr(clock, "now", NOON - timedelta(hours=1))

    asyncio.run(leave(pace))

    assert moment <= clock.now < moment + timedelta(milliseconds=1)


@pytest.mark.parametrize("nothing", [None, "", " ", "None"])
def test_no_end_time_means_now(nothing: str | None) -> None:
    assert end_moment(nothing) is None


@pytest.mark.parametrize("wrong", ["soon", "2026-07-22T12:00:00", timedelta(hours=1), 5])
def test_what_means_another_moment_elsewhere_or_later_is_no_end(wrong: Any) -> None:
    with pytest.raises(InvalidPayload, match="end_time"):
        end_moment(wrong)

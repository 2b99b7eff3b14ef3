from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pendulum
import pytest

from airflow_provider_liveactivity.delivery.rate_limit import RateLimiter, RateRules
from airflow_provider_liveactivity.delivery.scheduled_release import ScheduledRelease
from airflow_provider_liveactivity.errors import InvalidPayload, VendorUnavailable
from airflow_provider_liveactivity.models.end_time import end_moment, time_zone

NOON = datetime(2026, 7, 22, 12, tzinfo=UTC)


class Clock:
    """A clock that moves when somebody sleeps, and does what is ordered for a moment."""

    def __init__(self) -> None:
        self.now = NOON
        self.orders: dict[datetime, Any] = {}

    def __call__(self) -> datetime:
        return self.now

    def monotonic(self) -> float:
        return self.now.timestamp()

    async def sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        for moment in [moment for moment in self.orders if moment <= self.now]:
            self.orders.pop(moment)()


def gate(until: datetime) -> tuple[RateLimiter, ScheduledRelease, Clock]:
    clock, hold = Clock(), ScheduledRelease(until)
    pace = RateLimiter(RateRules(release=hold), clock=clock, monotonic=clock.monotonic, sleep=clock.sleep)
    return pace, hold, clock


async def leave(pace: RateLimiter) -> None:
    await pace.acquire()  # a little ahead, for the connection
    await pace.wait_until_due()


def test_nothing_leaves_before_its_moment_however_far_that_is() -> None:
    moment = NOON + timedelta(hours=3)
    pace, _, clock = gate(moment)

    asyncio.run(leave(pace))

    assert moment <= clock.now < moment + timedelta(milliseconds=1)
    assert pace.waited_seconds == 0  # that is a schedule, not a limit of the vendor


def test_a_gate_that_is_opened_lets_it_leave_at_once() -> None:
    pace, hold, clock = gate(NOON + timedelta(hours=3))
    clock.orders[NOON + timedelta(seconds=1)] = hold.release_now

    asyncio.run(leave(pace))

    assert clock.now < NOON + timedelta(seconds=2)


def test_a_gate_that_is_shut_lets_nothing_leave() -> None:
    pace, _, clock = gate(NOON + timedelta(hours=3))
    clock.orders[NOON + timedelta(seconds=1)] = pace.stop

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


def pendulum_naive(text: str) -> Any:
    return pendulum.instance(datetime.fromisoformat(text)).naive()


LONDON = ZoneInfo("Europe/London")
#: In 2026 the clocks of London go forward on 29 March, and back on 25 October.
CHANGES_OF_CLOCKS = [
    ("2026-03-29T00:59:59", "2026-03-29T00:59:59+00:00"),
    ("2026-03-29T01:00:00", "2026-03-29T01:00:00+00:00"),  # skipped: 02:00 in summer time
    ("2026-03-29T01:30:00", "2026-03-29T01:30:00+00:00"),  # skipped: 02:30 in summer time
    ("2026-03-29T02:00:00", "2026-03-29T01:00:00+00:00"),
    ("2026-10-25T00:59:59", "2026-10-24T23:59:59+00:00"),
    ("2026-10-25T01:30:00", "2026-10-25T00:30:00+00:00"),  # twice: the first
    ("2026-10-25T02:00:00", "2026-10-25T02:00:00+00:00"),
]


@pytest.mark.parametrize(
    "form", [str, datetime.fromisoformat, pendulum_naive], ids=["text", "datetime", "pendulum"]
)
@pytest.mark.parametrize(("local", "expected"), CHANGES_OF_CLOCKS)
def test_a_change_of_clocks_is_read_with_the_offset_from_before_it(
    form: Callable[[str], Any], local: str, expected: str
) -> None:
    assert end_moment(form(local), timezone=LONDON) == datetime.fromisoformat(expected)


def test_a_naive_end_is_refused_with_advice() -> None:
    with pytest.raises(InvalidPayload, match=r"^The end has no UTC offset; do this\.$"):
        end_moment("2026-07-22 18:30:00", name="The end", advice="do this")


@pytest.mark.parametrize("name", ["UTC", "Europe/London", " Asia/Kolkata "])
def test_a_time_zone_has_an_iana_name(name: str) -> None:
    zone = time_zone(name)
    assert zone is not None
    assert zone.key == name.strip()


@pytest.mark.parametrize(
    "name", ["GMT+25", "Europe", "../passwd", "/etc/passwd", "a" * 5000, "Europe/London\0", 1, UTC]
)
def test_what_is_no_time_zone_is_refused(name: Any) -> None:
    with pytest.raises(InvalidPayload, match="end_timezone must be the IANA name"):
        time_zone(name)


@pytest.mark.parametrize("nothing", [None, "", " ", "None"])
def test_no_time_zone_is_none(nothing: str | None) -> None:
    assert time_zone(nothing) is None


@pytest.mark.parametrize("date", ["2026-07-22", "20260722", "2026-W30-3"])
def test_a_date_is_no_end_whatever_the_time_zone(date: str) -> None:
    with pytest.raises(InvalidPayload, match="date without a time of day"):
        end_moment(date, timezone=LONDON)


@pytest.mark.parametrize("wrong", ["soon", "2026-07-22T12:00:00", timedelta(hours=1), 5])
def test_what_means_another_moment_elsewhere_or_later_is_no_end(wrong: Any) -> None:
    with pytest.raises(InvalidPayload, match="end_time"):
        end_moment(wrong)

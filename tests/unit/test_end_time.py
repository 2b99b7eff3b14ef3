"""Reading an end time and its time zone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pendulum
import pytest

from airflow_provider_liveactivity.errors import InvalidPayload
from airflow_provider_liveactivity.models.end_time import end_moment, time_zone

NOON = datetime(2026, 7, 22, 12, tzinfo=UTC)


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

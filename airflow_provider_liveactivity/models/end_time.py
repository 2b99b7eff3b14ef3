"""The end of a Live Activity on the clock: how late it may be, and how a request is kept until then."""

from __future__ import annotations

from contextlib import suppress
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from airflow_provider_liveactivity.errors import InvalidPayload
from airflow_provider_liveactivity.models.common import parse_moment

#: iOS ends an activity by itself after this time, and its tokens die with it: no update or end arrives later.
#: Source: https://developer.apple.com/documentation/activitykit/displaying-live-data-with-live-activities
MAX_LIFETIME = timedelta(hours=8)
#: A shorter wait stays on the worker: deferring costs two task starts, and a trigger that fires within
#: seconds can overtake the scheduler's note of the deferral, which fails the task (apache/airflow#72716).
TOO_SHORT_TO_DEFER = timedelta(seconds=15)


#: What to do about an end without an offset, where no argument names its time zone.
_ADD_OFFSET = "add one, such as 2026-07-22T18:30:00+00:00"


def blank_to_none(value: Any) -> Any:
    """Return the value, or None for blank text and "None", which a template renders for a missing value."""
    return None if isinstance(value, str) and value.strip() in ("", "None") else value


def end_moment(
    end_time: Any, *, name: str = "end_time", timezone: ZoneInfo | None = None, advice: str = _ADD_OFFSET
) -> datetime | None:
    """
    Return the moment of an end in UTC; None and blank text mean that no end is given.

    A local time that a change of clocks repeats or skips is read with the offset from before the change: of
    two moments the first, and 01:30 in a gap from 01:00 to 02:00 is half an hour after the gap.

    :param end_time: datetime or ISO-8601 text. A timedelta is refused: every retry would count it from its
        own beginning.
    :param name: of the argument, for the error.
    :param timezone: the time zone of a value without an offset; None, the default, refuses such a value.
    :param advice: what the error about a value without an offset advises.
    :raises InvalidPayload: saying what is wrong with it.
    """
    end_time = blank_to_none(end_time)
    if end_time is None:
        return None
    try:
        return parse_moment(_localize(end_time, timezone, advice), relative=False)
    except ValueError as error:
        raise InvalidPayload(f"{name} {error}.") from None


def time_zone(name: Any) -> ZoneInfo | None:
    """
    Return the time zone of an IANA name; None for None and blank text.

    :raises InvalidPayload: for a name that the time zone database does not have.
    """
    name = blank_to_none(name)
    if name is None:
        return None
    with suppress(LookupError, ValueError, OSError, TypeError):  # as many errors as ways to be no name
        return ZoneInfo(name.strip() if isinstance(name, str) else name)
    raise InvalidPayload(
        f"end_timezone must be the IANA name of a time zone, such as 'UTC' or 'Europe/London', not {name!r}."
    )


def _localize(value: Any, timezone: ZoneInfo | None, advice: str) -> Any:
    """Add the offset of a time zone to a date-time that has none; leave anything else to the parser."""
    if isinstance(value, str):
        if _is_date(value.strip()):
            raise ValueError("is a date without a time of day; write it like 2026-07-22T18:30:00+00:00")
        with suppress(ValueError):
            value = datetime.fromisoformat(value.strip())
    if not isinstance(value, datetime) or value.utcoffset() is not None:
        return value
    if timezone is None:
        raise ValueError(f"has no UTC offset; {advice}")
    # pendulum has its own rule for a change of clocks, and a fold of 1 by default: keep neither.
    return datetime.combine(value.date(), value.time(), timezone).replace(fold=0)


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def duration(value: Any, name: str) -> timedelta:
    """
    Return a timedelta, or a number of seconds, as a timedelta.

    :param value: what was given.
    :param name: of the argument, for the error.
    :raises InvalidPayload: for what is neither, or lies in the past.
    """
    with suppress(TypeError, ValueError, OverflowError):
        given = value if isinstance(value, timedelta) else timedelta(seconds=value)
        if given >= timedelta(0):
            return given
    raise InvalidPayload(f"{name} must be a timedelta or a number of seconds, at least 0, not {value!r}.")

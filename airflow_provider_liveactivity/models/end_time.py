"""Parse the end of a Live Activity, and define the limits of waiting for it."""

from __future__ import annotations

from contextlib import suppress
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from airflow_provider_liveactivity._blank import blank_to_none
from airflow_provider_liveactivity.errors import InvalidPayload
from airflow_provider_liveactivity.models.arguments import parse_moment

#: iOS ends an activity after this time, and its push tokens expire with it: no update or end arrives later.
#: Source: https://developer.apple.com/documentation/activitykit/displaying-live-data-with-live-activities
MAX_LIFETIME = timedelta(hours=8)
#: The task keeps its worker slot for a shorter wait. Deferring costs two task starts, and a trigger that
#: fires within seconds can come before the scheduler has stored the deferral, which fails the task
#: (apache/airflow#72716).
TOO_SHORT_TO_DEFER = timedelta(seconds=15)


#: Advice for an end without an offset, if no argument names its time zone.
_ADD_OFFSET = "add one, such as 2026-07-22T18:30:00+00:00"


def end_moment(
    end_time: Any, *, name: str = "end_time", timezone: ZoneInfo | None = None, advice: str = _ADD_OFFSET
) -> datetime | None:
    """
    Return an end as a datetime in UTC; None if no end is given.

    A local time that a clock change repeats or skips is read with the offset from before the change. A
    repeated time is the first of its two moments. In a gap from 01:00 to 02:00, 01:30 is half an hour after
    the gap.

    :param end_time: datetime or ISO-8601 text; None or blank text for no end. A timedelta is refused: each
        retry would count it from a different moment.
    :param name: name of the argument, for the error; "end_time" by default.
    :param timezone: time zone of a value without an offset; None, the default, refuses such a value.
    :param advice: advice in the error about a value without an offset.
    :raises InvalidPayload: if the value is not a moment. The message names the reason.
    """
    end_time = blank_to_none(end_time)
    if end_time is None:
        return None
    return parse_moment(_localize(end_time, name, timezone, advice), name, relative=False)


def time_zone(name: Any) -> ZoneInfo | None:
    """
    Return the time zone of an IANA name; None for None and blank text.

    :param name: IANA name, such as "Europe/London".
    :raises InvalidPayload: if the time zone database does not have the name.
    """
    name = blank_to_none(name)
    if name is None:
        return None
    with suppress(LookupError, ValueError, OSError, TypeError):  # invalid names raise various errors
        return ZoneInfo(name.strip() if isinstance(name, str) else name)
    raise InvalidPayload(
        f"end_timezone must be the IANA name of a time zone, such as 'UTC' or 'Europe/London', not {name!r}."
    )


def _localize(value: Any, name: str, timezone: ZoneInfo | None, advice: str) -> Any:
    """Add the offset of a time zone to a date-time without one; return any other value unchanged."""
    if isinstance(value, str):
        if _is_date(value.strip()):
            raise InvalidPayload(
                f"{name} is a date without a time of day; write it like 2026-07-22T18:30:00+00:00."
            )
        with suppress(ValueError):
            value = datetime.fromisoformat(value.strip())
    if not isinstance(value, datetime) or value.utcoffset() is not None:
        return value
    if timezone is None:
        raise InvalidPayload(f"{name} has no UTC offset; {advice}.")
    # pendulum has its own rule for a clock change, and a fold of 1 by default: use neither.
    return datetime.combine(value.date(), value.time(), timezone).replace(fold=0)


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True

"""Parse moments and durations in every form that users pass, and refuse all ambiguous values."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pendulum

_NUMBER = r"[0-9]+(?:[.,][0-9]+)?"
#: Each unit once, and no number of ten digits: pendulum silently makes another duration of the rest.
_ISO_DURATION = re.compile(
    r"([+-]?)(P(?=.*[YMWDHS]$)(?!.*[0-9]{10})"
    r"(?:nY)?(?:nM)?(?:nW)?(?:nD)?(?:T(?:nH)?(?:nM)?(?:nS)?)?)".replace("n", _NUMBER)
)
#: The year 5138. In milliseconds, every date since 1973 is larger.
_MAX_EPOCH_SECONDS = 10**11


#: Returns the current time in UTC. Not pendulum's: the difference of two of its moments is an Interval, which
#: would spread from here.
utcnow = partial(datetime.now, UTC)


def in_words(seconds: float) -> str:
    """
    Return a duration in words, such as "1 hour 5 minutes".

    :param seconds: length; everything below a second is rounded up to one.
    """
    return pendulum.duration(seconds=max(1, round(seconds))).in_words(locale="en")


def to_duration(value: Any) -> timedelta:
    """
    Return a duration of at least 0 as a timedelta.

    :param value: as in ``arguments.parse_duration``.
    :raises ValueError: as ``to_timedelta``, and if the duration is negative.
    """
    duration = to_timedelta(value)
    if duration < timedelta(0):
        raise ValueError(f"must not be negative, but is {value!r}")
    return duration


def is_duration(value: Any) -> bool:
    """
    Return whether a value is a duration rather than a moment: a timedelta, or text that begins like "PT30M".

    :param value: any value.
    """
    if isinstance(value, str):
        return re.match(r"\s*[+-]?P", value) is not None
    return isinstance(value, timedelta)


def to_moment(value: Any, *, now: datetime | None = None, relative: bool = True) -> datetime:
    """
    Return a moment as a datetime in UTC, for a caller that names the argument in the error.

    :param value: as in ``arguments.parse_moment``.
    :param now: aware datetime that a duration counts from; the current time by default.
    :param relative: whether a duration is allowed; True by default.
    :raises ValueError: if the value is no moment or has no offset: a naive time is a different moment on each
        machine that reads it.
    """
    try:
        return _to_utc(value, now, relative=relative)
    except OverflowError:
        raise ValueError("lies outside the years 1 to 9999") from None


def _to_utc(value: Any, now: datetime | None, *, relative: bool) -> datetime:
    if is_duration(value):
        if not relative:
            raise ValueError("must be a moment, not a duration, which each attempt would count again")
        return _plain(now or utcnow()) + to_timedelta(value)
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.strip())
        except ValueError:
            raise ValueError(
                "is not an ISO-8601 date-time; write it like 2026-07-22T18:30:00+00:00, or as a duration "
                "like PT30M"
                if relative
                else "is not an ISO-8601 date-time; write it like 2026-07-22T18:30:00+00:00"
            ) from None
    if not isinstance(value, datetime):
        raise ValueError(
            f"must be an aware datetime or ISO-8601 text with an offset, not {type(value).__name__}"
        )
    if value.utcoffset() is None:
        raise ValueError("has no UTC offset; add one, such as 2026-07-22T18:30:00+00:00")
    return _plain(value)


def _plain(moment: datetime) -> datetime:
    # pendulum's own datetime loses its offset when a timedelta is subtracted from one with this time zone.
    moment = moment.astimezone(UTC)
    return datetime.combine(moment.date(), moment.time(), UTC)


def to_epoch_moment(value: Any, *, now: datetime | None = None) -> datetime:
    """
    Return a moment for MoEngage as a datetime in UTC.

    :param value: epoch seconds as a whole number or digits, or any value that ``to_moment`` takes.
    :param now: aware datetime that a duration counts from; the current time by default.
    :raises ValueError: if the value is none of these. Milliseconds are refused.
    """
    if isinstance(value, float):
        raise ValueError("must be a whole number of epoch seconds, not float")
    # Eight digits are an ISO-8601 date, such as 20260722.
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,7}|[0-9]{9,19}", value.strip()):
        value = int(value)
    if type(value) is not int:
        return to_moment(value, now=now)
    if not 0 <= value <= _MAX_EPOCH_SECONDS:
        raise ValueError(
            "must be epoch seconds, such as 1795305600; this number looks like milliseconds or is negative"
        )
    return datetime.fromtimestamp(value, UTC)


def to_timedelta(value: Any) -> timedelta:
    """
    Return a duration, which may be negative, as a timedelta.

    :param value: as in ``arguments.parse_duration``.
    :raises ValueError: if the value is no duration, or has years or months, whose length varies.
    """
    try:
        if isinstance(value, str):
            text = value.strip()
            if not re.fullmatch(r"[0-9]+(\.[0-9]+)?", text):
                return _from_iso(text)
            value = float(text)
        if isinstance(value, timedelta):
            return _without_calendar(value)
        if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
            return timedelta(seconds=value)
    except OverflowError:
        raise ValueError("is longer than any duration can be") from None
    raise ValueError(f'must be a timedelta, seconds or ISO-8601 text such as "PT30M", not {value!r}')


def _from_iso(text: str) -> timedelta:
    match = _ISO_DURATION.fullmatch(text)
    try:
        duration = pendulum.parse(match[2]) if match else None
    except ValueError:
        duration = None
    if match is None or not isinstance(duration, pendulum.Duration):
        raise ValueError(
            f'must be a timedelta, seconds or ISO-8601 text such as "PT30M", "P1DT12H" or "P1W", not {text!r}'
        )
    return _without_calendar(duration) * (-1 if match[1] == "-" else 1)


def _without_calendar(value: timedelta) -> timedelta:
    """Return a plain timedelta; refuse years and months, unless they lie between two dates."""
    if not isinstance(value, pendulum.Duration):
        return timedelta(value.days, value.seconds, value.microseconds)
    if not isinstance(value, pendulum.Interval) and (value.years or value.months):
        raise ValueError("has years or months, whose length varies; give days or less")
    # The days and seconds of a negative Duration do not add up: those of minus 10 minutes give a day more.
    return timedelta(seconds=value.total_seconds())

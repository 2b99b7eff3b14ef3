"""The end of a Live Activity on the clock: how late it may be, and how a request is kept until then."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow_provider_liveactivity.errors import InvalidPayload
from airflow_provider_liveactivity.models.common import parse_moment

#: iOS ends an activity by itself after this time, and its tokens die with it: no update or end arrives later.
#: Source: https://developer.apple.com/documentation/activitykit/displaying-live-data-with-live-activities
MAX_LIFETIME = timedelta(hours=8)
#: A shorter wait stays on the worker: deferring costs two task starts, and a trigger that fires within
#: seconds can overtake the scheduler's note of the deferral, which fails the task (apache/airflow#72716).
TOO_SHORT_TO_DEFER = timedelta(seconds=15)


def end_moment(end_time: Any) -> datetime | None:
    """
    Return the moment of an end; None and empty text, which a template gives for nothing, mean now.

    :param end_time: aware datetime, or ISO-8601 text with an offset. A timedelta is refused: every retry
        would count it from its own beginning.
    :raises InvalidPayload: saying what is wrong with it.
    """
    if end_time is None or (isinstance(end_time, str) and end_time.strip() in ("", "None")):
        return None
    try:
        return parse_moment(end_time, relative=False)
    except ValueError as error:
        raise InvalidPayload(f"end_time {error}.") from None


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


class Hold:
    """
    Keeps a request at the gate until its moment.

    :param until: when it may leave.
    """

    def __init__(self, until: datetime) -> None:
        self.until = until
        self._opened = False

    def open(self) -> None:
        """Let it leave at once; safe to call from a signal handler and from other threads."""
        self._opened = True

    def seconds(self, now: datetime) -> float:
        """Return how long it is still held; the clock of the wall decides, as it may be set meanwhile."""
        return 0.0 if self._opened else max(0.0, (self.until - now).total_seconds())

    def leaves_at(self) -> datetime:
        """Return when it leaves, as far as that is known now: what dates in it count from."""
        now = datetime.now(UTC)
        return now + timedelta(seconds=self.seconds(now))

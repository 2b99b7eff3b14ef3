"""Hold a request until its scheduled moment."""

from __future__ import annotations

from datetime import datetime, timedelta


class ScheduledRelease:
    """
    The moment at which a request may leave.

    :param until: the moment, with a UTC offset.
    """

    def __init__(self, until: datetime) -> None:
        self.until = until
        self._released = False

    def release_now(self) -> None:
        """Let the request leave at once; safe to call from a signal handler and from other threads."""
        self._released = True

    def seconds_until_due(self, now: datetime) -> float:
        """Return the seconds until the request may leave, by wall-clock time, which may change."""
        return 0.0 if self._released else max(0.0, (self.until - now).total_seconds())

    def release_time(self, now: datetime) -> datetime:
        """Return when the request leaves, as known now; relative dates in the request count from then."""
        return now + timedelta(seconds=self.seconds_until_due(now))

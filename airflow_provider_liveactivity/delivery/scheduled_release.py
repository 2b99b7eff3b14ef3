"""Keep a request until its moment."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


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

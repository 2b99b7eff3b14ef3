"""The clock of the tests: it moves only when a test moves it or the code under test sleeps."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

NOW = datetime(2026, 7, 22, 12, 0, tzinfo=UTC)


class Clock:
    """
    A wall clock and a monotonic clock.

    A test that assigns ``moment`` sets the wall clock; the monotonic clock does not notice.

    :param moment: the time at which the wall clock starts.
    """

    def __init__(self, moment: datetime = NOW) -> None:
        self.moment = moment
        self.seconds = 0.0  # of the monotonic clock
        self.slept: list[float] = []
        self._calls: list[tuple[datetime, Callable[[], None]]] = []

    def __call__(self) -> datetime:
        """Return the time of the wall clock."""
        return self.moment

    def monotonic(self) -> float:
        """Return the seconds of the monotonic clock."""
        return self.seconds

    def call_at(self, moment: datetime, call: Callable[[], None]) -> None:
        """Call a function when the wall clock reaches a moment."""
        self._calls.append((moment, call))

    def advance(self, **duration: float) -> None:
        """
        Let time pass on both clocks.

        :param duration: as for ``timedelta``.
        """
        passed = timedelta(**duration)
        self.seconds += passed.total_seconds()
        self.moment += passed
        due = [call for moment, call in self._calls if moment <= self.moment]
        self._calls = [(moment, call) for moment, call in self._calls if moment > self.moment]
        for call in due:
            call()

    def sleep(self, seconds: float) -> None:
        """Let time pass at once, and note that the code slept."""
        self.slept.append(seconds)
        self.advance(seconds=seconds)

    async def async_sleep(self, seconds: float) -> None:
        """Sleep, for code on an event loop."""
        self.sleep(seconds)

"""A vendor's limits, as far as one process can keep to them: it remembers what it sent itself."""

from __future__ import annotations

import time
from collections import defaultdict, deque
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from airflow_provider_liveactivity.errors import RateLimited
from airflow_provider_liveactivity.models.common import utcnow

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime


_ROUNDING_SECONDS = 1e-6  # a shorter wait is what floats leave over


@dataclass(frozen=True, slots=True)
class RateLimit:
    """
    So many requests in any so many seconds.

    :param what: which requests count.
    :param requests: how many.
    :param seconds: the length of the window, which rolls: the strictest reading of "a minute".
    """

    what: str
    requests: int
    seconds: float = 60.0


class RollingLimiter:
    """
    What a hook has sent lately, so that a loop over it keeps to the limits instead of running into 429s.

    Requests of other tasks, which are other processes, are not counted: limit those with an Airflow pool. The
    monotonic clock counts the seconds, so that a change of the wall-clock time has no effect.

    :param max_wait: seconds to wait in place; RateLimited is raised instead of longer waits.
    :param clock: wall-clock time, for the moments that errors name.
    :param monotonic: seconds that only go forward.
    :param sleep: waits.
    """

    def __init__(
        self,
        *,
        max_wait: float = 60.0,
        clock: Callable[[], datetime] = utcnow,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.clock = clock
        self.sleep = sleep
        self._monotonic = monotonic
        self._max_wait = max_wait
        self._sent: dict[RateLimit, deque[float]] = defaultdict(deque)
        self._blocked_until: dict[RateLimit, float] = {}

    def next_free_at(self, limits: Sequence[RateLimit]) -> datetime | None:
        """Return when a request that all these limits count may leave; None for now."""
        seconds = self._seconds_until_free(limits)
        return self.clock() + timedelta(seconds=seconds) if seconds else None

    def _seconds_until_free(self, limits: Sequence[RateLimit]) -> float:
        now = self._monotonic()
        seconds = max(self._free_at(limit, now) for limit in limits) - now
        return seconds if seconds > _ROUNDING_SECONDS else 0.0

    def _free_at(self, limit: RateLimit, now: float) -> float:
        sent = self._sent[limit]
        while sent and sent[0] + limit.seconds <= now:
            sent.popleft()
        full_until = sent[-limit.requests] + limit.seconds if len(sent) >= limit.requests else now
        return max(full_until, self._blocked_until.get(limit, now))

    def acquire(self, limits: Sequence[RateLimit]) -> float:
        """
        Wait until a request may leave, count it, and return the seconds waited.

        :raises RateLimited: where that is too far away.
        """
        waited = 0.0
        while seconds := self._seconds_until_free(limits):
            if seconds > self._max_wait:
                until = self.clock() + timedelta(seconds=seconds)
                raise RateLimited(
                    f"the vendor's limit for {limits[-1].what} is used up until {until.isoformat()}.",
                    reset_at=until,
                )
            self.sleep(seconds)
            waited += seconds
        for limit in limits:
            self._sent[limit].append(self._monotonic())
        return waited

    def block_until(self, limit: RateLimit, until: datetime) -> None:
        """Count a limit as used up until a moment: the vendor said so."""
        self._blocked_until[limit] = self._monotonic() + (until - self.clock()).total_seconds()

"""Stay within a vendor's limits by counting the requests of this process."""

from __future__ import annotations

import time
from collections import defaultdict, deque
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from airflow_provider_liveactivity.errors import RateLimited
from airflow_provider_liveactivity.models.moments import utcnow

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime


_ROUNDING_SECONDS = 1e-6  # a shorter wait is a rounding error of floats


@dataclass(frozen=True, slots=True)
class RateLimit:
    """
    A limit of ``requests`` in any period of ``seconds``.

    :param what: which requests count, for errors.
    :param requests: maximum number of requests in the period.
    :param seconds: length of the period in seconds; 60 by default. The period rolls, which is the strictest
        reading of "a minute".
    """

    what: str
    requests: int
    seconds: float = 60.0


class RollingLimiter:
    """
    Count the recent requests of a hook, so that a loop of calls waits instead of causing 429 responses.

    Requests of other tasks, which run in other processes, are not counted: limit those with an Airflow pool.
    The monotonic clock measures the periods, so a change of the wall-clock time has no effect.

    :param max_wait: longest wait in seconds; 60 by default. RateLimited is raised instead of a longer wait.
    :param clock: returns the wall-clock time, for the moments in errors.
    :param monotonic: returns the monotonic time in seconds.
    :param sleep: waits for a number of seconds.
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
        """
        Return when a request may leave; None if it may leave now.

        :param limits: the limits that count the request.
        """
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
        Wait until a request may leave, count the request, and return the seconds waited.

        :param limits: the limits that count the request; the last one is named in the error.
        :raises RateLimited: if the wait is longer than ``max_wait``.
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
        """
        Count a limit as used up until a moment that the vendor named.

        :param limit: the limit.
        :param until: aware datetime at which requests may leave again.
        """
        self._blocked_until[limit] = self._monotonic() + (until - self.clock()).total_seconds()

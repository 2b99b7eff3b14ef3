"""Decide when the next request may leave: quota, reserve, the user's own rate, scheduled release."""

from __future__ import annotations

import asyncio
import math
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from airflow_provider_liveactivity.errors import QuotaExhausted, SendStopped
from airflow_provider_liveactivity.models.moments import utcnow
from airflow_provider_liveactivity.vendors.base import Quota

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import datetime

    from airflow_provider_liveactivity.delivery.scheduled_release import ScheduledRelease

#: Longest wait in place: for a longer wait, the task should defer and free its worker slot.
MAX_WAIT_SECONDS = 45.0
_RELEASE_POLL_SECONDS = 0.2  # how often a scheduled request checks whether it may leave
#: A scheduled request opens its connection this early, which is less than the idle time-out of servers.
_CONNECT_AHEAD_SECONDS = 2.0
_MIN_BLOCK_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class RateRules:
    """
    How fast requests may leave.

    :param max_per_second: requests per second; None for no limit.
    :param reserve: share of the vendor's quota, 0 to 1, that is left to other traffic.
    :param max_wait: maximum seconds to wait in place for the vendor's next quota window.
    :param release: holds every request until a moment, however far; ``max_wait`` does not apply to it.
    """

    max_per_second: float | None = None
    reserve: float = 0.1
    max_wait: float = MAX_WAIT_SECONDS
    release: ScheduledRelease | None = None


class RateLimiter:
    """
    The limiter that all workers of a send share.

    The limiter runs in one event loop and needs no lock, because it awaits nothing between reading and
    writing its state.

    It uses wall-clock time in two places only: to convert the vendor's reset to a number of seconds when the
    response arrives, and to wait for a scheduled moment. All other waits use the monotonic clock, so that a
    change of the wall-clock time neither stalls a send nor causes a burst.

    :param rules: how fast requests may leave.
    :param clock: returns the wall-clock time.
    :param monotonic: returns seconds that only increase.
    :param sleep: waits some seconds.
    """

    def __init__(
        self,
        rules: RateRules | None = None,
        *,
        clock: Callable[[], datetime] = utcnow,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._rules = rules or RateRules()
        self._clock = clock
        self._monotonic = monotonic
        self._sleep = sleep
        self._blocked_until: float | None = None
        self._next_slot = -math.inf
        self._waited_until = -math.inf
        self._stopped = asyncio.Event()
        #: The vendor's quota, from the last response.
        self.quota = Quota()
        #: Seconds in which requests were held back.
        self.waited_seconds = 0.0
        #: Number of requests that wait to leave, or for their next attempt.
        self.waiting = 0

    async def acquire(self) -> None:
        """
        Wait until the next request may leave.

        :raises QuotaExhausted: if the wait is longer than ``max_wait``.
        :raises SendStopped: if the send was stopped.
        """
        await self._wait_for_release(ahead=_CONNECT_AHEAD_SECONDS)
        self._check_not_stopped()
        await self._wait_while_blocked()
        while seconds := self._seconds_to_slot():
            await self._wait(seconds)
            if self._blocked_until is None:
                break
            await self._wait_while_blocked()  # and then take a new slot

    async def wait_until_due(self) -> None:
        """
        Wait for the moment of a scheduled send.

        :raises SendStopped: if the send was stopped.
        """
        await self._wait_for_release(ahead=0.0)

    async def sleep(self, seconds: float) -> None:
        """
        Wait, for example between the attempts of a request.

        :raises SendStopped: as soon as the send is stopped.
        """
        sleeping = asyncio.ensure_future(self._sleep(seconds))
        stopped = asyncio.ensure_future(self._stopped.wait())
        self.waiting += 1
        try:
            await asyncio.wait((sleeping, stopped), return_when=asyncio.FIRST_COMPLETED)
        finally:
            self.waiting -= 1
            sleeping.cancel()
            stopped.cancel()
        self._check_not_stopped()

    def stop(self) -> None:
        """Block all further requests, and end every wait."""
        self._stopped.set()

    def update_quota(self, quota: Quota) -> None:
        """Store the quota from a response; block all requests when only the reserve is left."""
        if quota.remaining is None:
            return
        self.quota = quota
        if quota.limit and quota.remaining <= self._rules.reserve * quota.limit:
            # The vendor still counts in the old window, so its reset is in the future, even if our clock
            # differs.
            self._block(max(self._seconds_until(quota.reset_at), _MIN_BLOCK_SECONDS))

    def block_until(self, moment: datetime | None) -> None:
        """Block all requests until a moment; a moment in the past, or None, blocks nothing."""
        self._block(self._seconds_until(moment))

    async def _wait_for_release(self, ahead: float) -> None:
        # Wait in short steps, because the request may be released early, and the wall clock may be set.
        release = self._rules.release
        while release is not None and (seconds := release.seconds_until_due(self._clock()) - ahead) > 0:
            await self.sleep(min(seconds, _RELEASE_POLL_SECONDS))

    async def _wait_while_blocked(self) -> None:
        while self._blocked_until is not None:
            seconds = self._blocked_until - self._monotonic()
            if seconds <= 0:
                self._blocked_until = None
            elif seconds > self._rules.max_wait:
                until = self._clock() + timedelta(seconds=seconds)
                raise QuotaExhausted(
                    f"the vendor's quota is used up until {until.isoformat()}.", reset_at=until
                )
            else:
                await self._wait(seconds)

    def _seconds_to_slot(self) -> float:
        """Take the next slot of the user's own rate and return the seconds until it begins."""
        if self._rules.max_per_second is None:
            return 0.0
        now = self._monotonic()
        slot = max(now, self._next_slot)
        self._next_slot = slot + 1 / self._rules.max_per_second
        return slot - now

    async def _wait(self, seconds: float) -> None:
        began = self._monotonic()
        await self.sleep(seconds)
        # Several workers wait at the same time; count that time only once.
        now = self._monotonic()
        self.waited_seconds += max(now - max(began, self._waited_until), 0.0)
        self._waited_until = now

    def _check_not_stopped(self) -> None:
        if self._stopped.is_set():
            raise SendStopped("the send was stopped before this request left.")

    def _seconds_until(self, moment: datetime | None) -> float:
        return 0.0 if moment is None else (moment - self._clock()).total_seconds()

    def _block(self, seconds: float) -> None:
        if seconds > 0:
            until = self._monotonic() + seconds
            self._blocked_until = max(until, self._blocked_until or until)

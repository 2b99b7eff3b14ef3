"""When the next request may leave: the vendor's quota, the customer's reserve, a slope of one's own."""

from __future__ import annotations

import asyncio
import math
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from airflow_provider_liveactivity.errors import RateLimited, VendorUnavailable
from airflow_provider_liveactivity.models.common import utcnow
from airflow_provider_liveactivity.vendors.base import Quota

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import datetime

    from airflow_provider_liveactivity.delivery.scheduled_release import Hold

_LOOK_SECONDS = 0.2  # how often a held request looks whether it may leave
#: Seconds; for longer than that, a worker slot is better given back. It is shorter than MoEngage's window.
LONGEST_WAIT = 45.0
_CONNECT_AHEAD = 2.0  # so long before its moment it makes its connection; servers close idle ones later
_MIN_BLOCK_SECONDS = 1.0


class Sleep(Protocol):
    """Waits for some seconds; ``asyncio.sleep``, or a test's clock."""

    def __call__(self, seconds: float, /) -> Awaitable[None]:
        """Return after so many seconds."""


@dataclass(frozen=True, slots=True)
class PaceRules:
    """
    How fast requests may leave.

    :param max_per_second: requests a second, or None for as fast as the workers are.
    :param reserve: share of the vendor's window, 0 to 1, that is left for other traffic.
    :param longest_wait: seconds to wait in place for a new window; beyond them RateLimited is raised, so that
        the caller can give its worker slot back.
    :param hold: keeps everything until a moment, however far; ``longest_wait`` does not apply to it.
    """

    max_per_second: float | None = None
    reserve: float = 0.1
    longest_wait: float = LONGEST_WAIT
    hold: Hold | None = None


class Pace:
    """
    The one gate that all workers of a fan-out pass before each request.

    It runs in one event loop and needs no lock: nothing is awaited between reading and writing its state.

    Wall-clock time counts at two places only: a reset that the vendor names is turned into a number of
    seconds when it comes, and a scheduled send waits for its moment. All else runs on the monotonic clock, so
    that a wall clock that is set neither stalls a send nor lets a burst out.

    :param rules: how fast requests may leave.
    :param clock: wall-clock time.
    :param monotonic: seconds that only go forward.
    :param sleep: waits.
    """

    def __init__(
        self,
        rules: PaceRules,
        *,
        clock: Callable[[], datetime] = utcnow,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._rules = rules
        self._clock = clock
        self._monotonic = monotonic
        self._sleep = sleep
        self._opens_at: float | None = None
        self._next_slot = -math.inf
        self._waited_until = -math.inf
        self._shut = asyncio.Event()
        self.quota = Quota()
        self.waited_seconds = 0.0
        #: Who waits at this moment, at the gate or between two tries.
        self.waiting = 0

    async def turn(self) -> None:
        """
        Return when the next request may leave.

        :raises RateLimited: where that is further away than ``longest_wait``.
        :raises VendorUnavailable: where nothing may leave any more.
        """
        await self.held(ahead=_CONNECT_AHEAD)
        self._check_open()
        await self._pass_gate()
        while seconds := self._seconds_to_slot():
            await self._wait(seconds)
            if self._opens_at is None:
                break
            await self._pass_gate()  # it has closed meanwhile, and who leaves it needs a new slot

    async def _pass_gate(self) -> None:
        while self._opens_at is not None:
            seconds = self._opens_at - self._monotonic()
            if seconds <= 0:
                self._opens_at = None
            elif seconds > self._rules.longest_wait:
                until = self._clock() + timedelta(seconds=seconds)
                raise RateLimited(
                    f"the vendor's window is used up until {until.isoformat()}.", reset_at=until
                )
            else:
                await self._wait(seconds)

    @property
    def holds(self) -> bool:
        """Whether requests are kept until a moment."""
        return self._rules.hold is not None

    async def held(self, ahead: float = 0.0) -> None:
        """
        Return when the moment of a scheduled send comes, or so many seconds ahead of it.

        :raises VendorUnavailable: where nothing may leave any more.
        """
        # In short steps: a person may open the gate, and somebody may set the clock.
        hold = self._rules.hold
        while hold is not None and (seconds := hold.seconds(self._clock()) - ahead) > 0:
            await self.rest(min(seconds, _LOOK_SECONDS))

    def _seconds_to_slot(self) -> float:
        """Take the next slot of the slope, and return how far away it is."""
        if self._rules.max_per_second is None:
            return 0.0
        now = self._monotonic()
        slot = max(now, self._next_slot)
        self._next_slot = slot + 1 / self._rules.max_per_second
        return slot - now

    async def _wait(self, seconds: float) -> None:
        began = self._monotonic()
        await self.rest(seconds)
        # The workers wait together: what counts is the time that passed, once.
        now = self._monotonic()
        self.waited_seconds += max(now - max(began, self._waited_until), 0.0)
        self._waited_until = now

    async def rest(self, seconds: float) -> None:
        """
        Sleep, between the tries of a request for instance.

        :raises VendorUnavailable: as soon as nothing may leave any more.
        """
        sleeping = asyncio.ensure_future(self._sleep(seconds))
        shut = asyncio.ensure_future(self._shut.wait())
        self.waiting += 1
        try:
            await asyncio.wait((sleeping, shut), return_when=asyncio.FIRST_COMPLETED)
        finally:
            self.waiting -= 1
            sleeping.cancel()
            shut.cancel()
        self._check_open()

    def shut(self) -> None:
        """Let nothing leave any more, tries of earlier requests included; whoever waits stops waiting."""
        self._shut.set()

    def _check_open(self) -> None:
        if self._shut.is_set():
            raise VendorUnavailable("the send was stopped before this request left.")

    def learn(self, quota: Quota) -> None:
        """Take in what an answer said of the quota, and close the gate at the reserve."""
        if quota.remaining is None:
            return
        self.quota = quota
        if quota.limit and quota.remaining <= self._rules.reserve * quota.limit:
            # While the vendor still counts in the old window, its reset is not over, whatever our clock says.
            self._block(max(self._seconds_until(quota.reset_at), _MIN_BLOCK_SECONDS))

    def close(self, until: datetime | None) -> None:
        """Hold every worker until a moment; a moment that is over or unknown holds nobody."""
        self._block(self._seconds_until(until))

    def _seconds_until(self, moment: datetime | None) -> float:
        return 0.0 if moment is None else (moment - self._clock()).total_seconds()

    def _block(self, seconds: float) -> None:
        if seconds > 0:
            opens_at = self._monotonic() + seconds
            self._opens_at = max(opens_at, self._opens_at or opens_at)

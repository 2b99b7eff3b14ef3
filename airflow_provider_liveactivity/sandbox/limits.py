"""Rate limits: clock windows for Braze, rolling windows for MoEngage."""

from __future__ import annotations

import math
from collections import deque
from datetime import datetime
from typing import NamedTuple


class Quota(NamedTuple):
    """
    The values of the rate-limit headers.

    :param allowed: whether the request is within the limit.
    :param limit: requests in a window.
    :param remaining: requests left in this window.
    :param reset: when the next window begins, in epoch seconds.
    """

    allowed: bool
    limit: int
    remaining: int
    reset: int


class ClockWindow:
    """Count requests in windows that begin with the clock hour or minute."""

    def __init__(self) -> None:
        self._window = -1
        self._used = 0

    def take(self, now: datetime, limit: int, seconds: int, enforced: bool) -> Quota:
        """
        Count one request.

        :param now: the moment of the request.
        :param limit: requests in a window.
        :param seconds: length of a window.
        :param enforced: whether a request over the limit is refused.
        """
        allowed = self.look(now, limit, seconds).allowed or not enforced
        self._used += allowed
        return Quota(allowed, limit, max(0, limit - self._used), (self._window + 1) * seconds)

    def look(self, now: datetime, limit: int, seconds: int) -> Quota:
        """
        Return whether one more request is within the limit, without counting it.

        :param now: the moment of the request.
        :param limit: requests in a window.
        :param seconds: length of a window.
        """
        window = int(now.timestamp()) // seconds
        if window != self._window:
            self._window, self._used = window, 0
        remaining = max(0, limit - self._used)
        return Quota(remaining > 0, limit, remaining, (window + 1) * seconds)


class RollingWindow:
    """
    Count the requests of the last ``seconds``.

    MoEngage does not document whether "5 a minute" means a clock minute. A rolling minute is stricter:
    requests within its limit are within the limit of a clock minute too.

    :param seconds: the length of the window.
    """

    def __init__(self, seconds: int = 60) -> None:
        self._seconds = seconds
        self._taken: deque[float] = deque()

    def look(self, now: datetime, limit: int) -> Quota:
        """
        Return whether one more request is within the limit, without counting it.

        :param now: the moment of the request.
        :param limit: requests in the window.
        """
        moment = now.timestamp()
        while self._taken and self._taken[0] <= moment - self._seconds:
            self._taken.popleft()
        remaining = max(0, limit - len(self._taken))
        oldest = self._taken[0] if self._taken else moment
        return Quota(remaining > 0, limit, remaining, math.ceil(oldest + self._seconds))

    def count(self, now: datetime) -> None:
        """
        Count one request.

        :param now: the moment of the request.
        """
        self._taken.append(now.timestamp())

"""Estimate how long a send takes, and check that it ends in time, before its first request leaves."""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Literal

from airflow_provider_liveactivity.errors import InvalidPayload
from airflow_provider_liveactivity.models.end_time import MAX_LIFETIME
from airflow_provider_liveactivity.models.moments import in_words, utcnow
from airflow_provider_liveactivity.vendors.base import Quota

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from airflow_provider_liveactivity.delivery.options import DeliveryOptions
    from airflow_provider_liveactivity.vendors.base import Vendor

log = logging.getLogger(__name__)

OnTooSlow = Literal["fail", "warn"]
#: Assumed time to a response; it matters only for a send with few workers.
_RESPONSE_SECONDS = 0.1
_LONG_SECONDS = 5.0  # a shorter send is not worth a line in the log


@dataclass(frozen=True, slots=True)
class Estimate:
    """
    The expected duration of a send.

    :param requests: number of requests.
    :param seconds: time from the first request to the last response; infinite if the quota allows none.
    :param end: moment of the last response; None if the quota allows none.
    """

    requests: int
    seconds: float
    end: datetime | None

    def __str__(self) -> str:
        if self.end is None:
            return f"{self.requests:,} requests, for which quota_reserve leaves no quota"
        end = f"{self.end.isoformat(timespec='seconds')}"
        return f"{self.requests:,} requests take about {in_words(self.seconds)}, until {end}"


def estimate(
    requests: int, options: DeliveryOptions, vendor: Vendor, now: datetime, known: Quota | None = None
) -> Estimate:
    """
    Return how long requests take; the slowest of quota, the user's own rate and the workers decides.

    :param requests: number of requests.
    :param options: how the send uses workers and quota.
    :param vendor: the vendor, whose documented quota applies until a response contains another one.
    :param now: when the first request leaves.
    :param known: quota from the last response; None, the default, for a full quota.
    """
    known = known or Quota()
    window = vendor.window.total_seconds()
    rate = min(options.max_requests_per_second or math.inf, options.workers / _RESPONSE_SECONDS)
    limit = known.limit or vendor.requests_per_window
    usable = limit * (1 - options.quota_reserve)
    used = 0 if known.remaining is None else limit - known.remaining
    reset_at = known.reset_at and (known.reset_at - now).total_seconds()
    first = reset_at if reset_at and reset_at > 0 else window - now.timestamp() % window
    now_possible = max(min(usable - used, rate * first), 0)
    if requests <= now_possible:
        seconds = requests / rate
    elif usable < 1:
        return Estimate(requests, math.inf, None)
    else:
        per_window = min(usable, rate * window)
        left = requests - now_possible
        full = math.ceil(left / per_window) - 1
        seconds = first + full * window + (left - full * per_window) / rate
    return Estimate(requests, seconds, now + timedelta(seconds=seconds))


class Preflight:
    """
    Check before the first request of a send that the send ends in time.

    :param recipients: number of recipients.
    :param per_request: maximum number of recipients per request.
    :param end_time: end of the activity, before which the last request must leave; None, the default, if the
        end is not known. The limit of 8 hours applies in any case.
    :param on_too_slow: "fail", the default, refuses a send that is too slow; "warn" logs a warning.
    :param clock: returns the wall-clock time.
    """

    def __init__(
        self,
        recipients: int,
        per_request: int,
        *,
        end_time: datetime | None = None,
        on_too_slow: OnTooSlow = "fail",
        clock: Callable[[], datetime] = utcnow,
    ) -> None:
        if on_too_slow not in ("fail", "warn"):
            raise InvalidPayload(f"on_too_slow must be 'fail' or 'warn', not {on_too_slow!r}.")
        self._recipients = recipients
        self._per_request = per_request
        self._end_time = end_time
        self._on_too_slow = on_too_slow
        self._clock = clock
        self._deadline: datetime | None = None
        #: The estimate of the check; None before it.
        self.expected: Estimate | None = None

    def check(self, options: DeliveryOptions, vendor: Vendor, *, done: int = 0) -> None:
        """
        Log the estimate; raise or warn if the send is too slow.

        :param options: how the send uses workers and quota.
        :param vendor: the vendor.
        :param done: number of recipients that earlier attempts have sent to. A send that has begun is never
            refused.
        :raises InvalidPayload: if the send cannot end in time.
        """
        now = self._clock()
        self.expected = expected = self._estimate(options, vendor, done, now)
        self._deadline = now + MAX_LIFETIME
        if self._end_time is not None and self._end_time > now:
            self._deadline = min(self._deadline, self._end_time)
        if self._is_late(expected):
            if self._on_too_slow == "fail" and not done:
                raise InvalidPayload(
                    f"{self._problem(expected)} Nothing was sent. Start earlier, send to fewer recipients, "
                    "raise max_requests_per_second or max_workers, lower quota_reserve, or set "
                    "on_too_slow='warn'."
                )
            log.warning("%s", self._problem(expected))
        elif expected.seconds >= _LONG_SECONDS:
            log.info("Estimate: %s.", expected)

    def review(self, options: DeliveryOptions, vendor: Vendor, quota: Quota, *, done: int) -> None:
        """
        Warn once if the vendor's remaining quota is too small for the rest of a send.

        :param options: how the send uses workers and quota.
        :param vendor: the vendor.
        :param quota: quota from the last response.
        :param done: number of recipients that were sent to.
        """
        expected = self._estimate(options, vendor, done, self._clock(), quota)
        if self._deadline is not None and self._is_late(expected):
            log.warning("%s", self._problem(expected))
            self._deadline = None

    def _estimate(
        self,
        options: DeliveryOptions,
        vendor: Vendor,
        done: int,
        now: datetime,
        known: Quota | None = None,
    ) -> Estimate:
        left = max(self._recipients - done, 0)
        return estimate(math.ceil(left / self._per_request), options, vendor, now, known)

    def _is_late(self, expected: Estimate) -> bool:
        return self._deadline is not None and (expected.end is None or expected.end > self._deadline)

    def _problem(self, expected: Estimate) -> str:
        if self._deadline == self._end_time:
            why = f"The activity's end_time is {self._deadline and self._deadline.isoformat()}"
        else:
            why = "A Live Activity lives 8 hours: the first activities would end before the last ones start"
        return f"The send is too slow: {expected}. {why}."

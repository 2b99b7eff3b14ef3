"""Define the options of a send: workers, rate and quota."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, get_args

from airflow_provider_liveactivity.delivery.in_flight import MAX_PENDING, OnUnknown
from airflow_provider_liveactivity.delivery.rate_limit import MAX_WAIT_SECONDS, RateRules
from airflow_provider_liveactivity.errors import InvalidPayload

if TYPE_CHECKING:
    from airflow_provider_liveactivity.delivery.scheduled_release import ScheduledRelease

_PREFETCH_SECONDS = 0.25


@dataclass(frozen=True, slots=True)
class DeliveryOptions:
    """
    How a send uses workers and quota.

    :param max_workers: maximum number of requests in flight, 1 to 256, each on its own connection.
    :param max_requests_per_second: maximum number of requests per second; None for no limit.
    :param quota_reserve: share of the vendor's quota, 0 to 1, that is left to other traffic.
    :param on_unknown: what to do with a start whose outcome is unknown: "skip" it, "resend" it, or "fail".
    :param max_wait: maximum seconds to wait in place for the vendor's next quota window.
    :param release: holds every request until a moment.
    :raises InvalidPayload: naming the option that has a wrong value.
    """

    max_workers: int = 128
    max_requests_per_second: float | None = None
    quota_reserve: float = 0.1
    on_unknown: OnUnknown = "skip"
    max_wait: float = MAX_WAIT_SECONDS
    release: ScheduledRelease | None = None

    def __post_init__(self) -> None:
        # The values come from a DAG, so their types are not checked yet.
        workers: Any = self.max_workers
        rate: Any = self.max_requests_per_second
        reserve: Any = self.quota_reserve
        if not isinstance(workers, int) or workers < 1:
            raise InvalidPayload(f"max_workers must be a whole number, at least 1, not {workers!r}.")
        if rate is not None and not (isinstance(rate, int | float) and 0 < rate < math.inf):
            raise InvalidPayload(f"max_requests_per_second must be a number above 0, not {rate!r}.")
        if not (isinstance(reserve, int | float) and 0 <= reserve <= 1):
            raise InvalidPayload(f"quota_reserve must be a share from 0 to 1, not {reserve!r}.")
        wait: Any = self.max_wait
        if not (isinstance(wait, int | float) and wait >= 0):
            raise InvalidPayload(f"max_wait must be a number of seconds, at least 0, not {wait!r}.")
        if self.on_unknown not in get_args(OnUnknown):
            raise InvalidPayload(f"on_unknown must be one of {get_args(OnUnknown)}, not {self.on_unknown!r}.")

    @property
    def workers(self) -> int:
        """Number of workers; with a rate, only as many as the rate needs if each response takes 3 seconds."""
        count = min(self.max_workers, MAX_PENDING)
        if self.max_requests_per_second is None:
            return count
        return min(count, math.ceil(3 * self.max_requests_per_second))

    def prefetch(self, requests_per_second: float | None) -> int:
        """
        Return how many submitted batches may wait for a worker: the work of a quarter of a second.

        If the process dies, the outcome of these batches is unknown.

        :param requests_per_second: measured throughput; None before the first measurement.
        """
        if requests_per_second is None:
            batches = self.workers
        else:  # a quarter of the workers at least, so that a low throughput can rise again
            batches = max(math.ceil(requests_per_second * _PREFETCH_SECONDS), math.ceil(self.workers / 4))
        if self.max_requests_per_second is None:
            return batches
        return min(batches, math.ceil(self.max_requests_per_second * _PREFETCH_SECONDS))

    def rate_rules(self) -> RateRules:
        """Return the rules of the rate limiter that all workers share."""
        return RateRules(self.max_requests_per_second, self.quota_reserve, self.max_wait, self.release)

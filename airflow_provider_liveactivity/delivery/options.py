"""How a send spreads over workers and time."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, get_args

from airflow_provider_liveactivity.delivery.in_flight import MAX_UNSETTLED, OnUnknown
from airflow_provider_liveactivity.delivery.rate_limit import LONGEST_WAIT, PaceRules
from airflow_provider_liveactivity.errors import InvalidPayload

if TYPE_CHECKING:
    from airflow_provider_liveactivity.delivery.scheduled_release import Hold

_AHEAD_SECONDS = 0.25


@dataclass(frozen=True, slots=True)
class FanOut:
    """
    How a send spreads.

    :param max_workers: requests under way at once, each on its own connection; 256 at most.
    :param max_requests_per_second: None for as fast as the workers are.
    :param quota_reserve: share of the vendor's window, 0 to 1, left for the customer's other traffic.
    :param on_unknown: what becomes of a start whose outcome is unknown: "skip" it, "resend" it, or "fail".
    :param longest_wait: seconds to wait in place for the vendor's next window; longer waits raise
        RateLimited.
    :param hold: keeps every request until a moment.
    :raises InvalidPayload: for a value that makes no sense.
    """

    max_workers: int = 128
    max_requests_per_second: float | None = None
    quota_reserve: float = 0.1
    on_unknown: OnUnknown = "skip"
    longest_wait: float = LONGEST_WAIT
    hold: Hold | None = None

    def __post_init__(self) -> None:
        # From a DAG comes whatever its author wrote.
        workers: Any = self.max_workers
        rate: Any = self.max_requests_per_second
        reserve: Any = self.quota_reserve
        if not isinstance(workers, int) or workers < 1:
            raise InvalidPayload(f"max_workers must be a whole number, at least 1, not {workers!r}.")
        if rate is not None and not (isinstance(rate, int | float) and 0 < rate < math.inf):
            raise InvalidPayload(f"max_requests_per_second must be a number above 0, not {rate!r}.")
        if not (isinstance(reserve, int | float) and 0 <= reserve <= 1):
            raise InvalidPayload(f"quota_reserve must be a share from 0 to 1, not {reserve!r}.")
        if self.on_unknown not in get_args(OnUnknown):
            raise InvalidPayload(f"on_unknown is one of {get_args(OnUnknown)}, not {self.on_unknown!r}.")

    def workers(self) -> int:
        """Return how many workers the rate can use, where an answer takes up to three seconds."""
        count = min(self.max_workers, MAX_UNSETTLED)
        if self.max_requests_per_second is None:
            return count
        return min(count, math.ceil(3 * self.max_requests_per_second))

    def ahead(self, speed: float | None) -> int:
        """
        Return how many batches are to wait for workers, written ahead: a quarter of a second's work.

        They are in doubt when the process dies.

        :param speed: requests a second at the moment; None where it is not known yet.
        """
        if speed is None:
            batches = self.workers()
        else:  # where it is low for another reason than the vendor's, it must be able to come up again
            batches = max(math.ceil(speed * _AHEAD_SECONDS), math.ceil(self.workers() / 4))
        if self.max_requests_per_second is None:
            return batches
        return min(batches, math.ceil(self.max_requests_per_second * _AHEAD_SECONDS))

    def pace(self) -> PaceRules:
        """Return the rules of the gate that all workers pass."""
        return PaceRules(self.max_requests_per_second, self.quota_reserve, self.longest_wait, self.hold)

"""When a request is sent again, and after which wait."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

import tenacity

from airflow_provider_liveactivity.errors import OutcomeUnknown, RateLimited, VendorUnavailable
from airflow_provider_liveactivity.vendors.base import AfterDoubt

if TYPE_CHECKING:
    from airflow_provider_liveactivity.delivery.rate_limit import Sleep

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Patience:
    """
    How long a request is tried again, with exponential waits and full jitter.

    :param attempts: tries in all.
    :param seconds: the sum of the waits between them.
    :param first_wait: the longest first wait, in seconds; it doubles from try to try.
    :param longest_wait: the longest single wait, in seconds.
    """

    attempts: int = 6
    seconds: float = 120.0
    first_wait: float = 0.5
    longest_wait: float = 30.0


def retrying(after_doubt: AfterDoubt, patience: Patience, sleep: Sleep) -> tenacity.AsyncRetrying:
    """
    Return what calls an attempt again and again, and raises its last error when patience ends.

    :param after_doubt: what may be done after an unknown outcome.
    :param patience: how often and how long.
    :param sleep: waits; injected by tests.
    """
    waits_exceed_patience = _WaitsExceed(patience.seconds)
    return tenacity.AsyncRetrying(
        retry=tenacity.retry_if_exception(lambda error: _is_worth_a_try(error, after_doubt)),
        wait=tenacity.wait_random_exponential(multiplier=patience.first_wait, max=patience.longest_wait),
        stop=tenacity.stop_after_attempt(patience.attempts) | waits_exceed_patience,
        before_sleep=_tell,
        sleep=sleep,
        reraise=True,
    )


def _is_worth_a_try(error: BaseException, after_doubt: AfterDoubt) -> bool:
    match error:
        case OutcomeUnknown():
            return after_doubt is not AfterDoubt.NEVER
        case RateLimited():  # a 429 waits at the gate; without a status it was the gate that gave up
            return error.status is not None
        case VendorUnavailable():  # without an endpoint it was the gate that was shut
            return error.retryable and error.endpoint is not None
        case _:
            return False


class _WaitsExceed(tenacity.stop.stop_base):
    """Stop when the waits so far and the next one together exceed a number of seconds."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def __call__(self, retry_state: tenacity.RetryCallState) -> bool:
        return retry_state.idle_for + retry_state.upcoming_sleep > self._seconds


def _tell(state: tenacity.RetryCallState) -> None:
    error = state.outcome.exception() if state.outcome else None
    log.info("Try %s: %s Next try in %.1f s.", state.attempt_number, error, state.upcoming_sleep)

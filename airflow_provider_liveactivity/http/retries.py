"""Decide whether a request is sent again, and when."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

import tenacity

from airflow_provider_liveactivity.errors import (
    OutcomeUnknown,
    QuotaExhausted,
    RateLimited,
    SendStopped,
    VendorUnavailable,
)
from airflow_provider_liveactivity.vendors.base import RetrySafety

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RetryConfig:
    """
    How often a request is sent, with exponential waits and full jitter between the attempts.

    :param attempts: maximum number of attempts, including the first.
    :param max_total_wait: maximum seconds of all waits together.
    :param first_wait: maximum seconds of the first wait; the maximum doubles with each attempt.
    :param max_wait: maximum seconds of a single wait.
    """

    attempts: int = 6
    max_total_wait: float = 120.0
    first_wait: float = 0.5
    max_wait: float = 30.0


NO_RETRY = RetryConfig(attempts=1)


def retrying(
    safety: RetrySafety, config: RetryConfig, sleep: Callable[[float], Awaitable[None]]
) -> tenacity.AsyncRetrying:
    """
    Return a caller that repeats an attempt as configured and raises the last error.

    :param safety: whether the request may be sent again after an unknown outcome.
    :param config: number of attempts and waits.
    :param sleep: waits some seconds.
    """
    return tenacity.AsyncRetrying(
        retry=tenacity.retry_if_exception(lambda error: _may_retry(error, safety)),
        wait=tenacity.wait_random_exponential(multiplier=config.first_wait, max=config.max_wait),
        stop=tenacity.stop_after_attempt(config.attempts) | _TotalWaitExceeds(config.max_total_wait),
        before_sleep=_log_retry,
        sleep=sleep,
        reraise=True,
    )


def _may_retry(error: BaseException, safety: RetrySafety) -> bool:
    match error:
        case OutcomeUnknown():
            return safety is not RetrySafety.NOT_IDEMPOTENT
        case SendStopped() | QuotaExhausted():
            return False
        case RateLimited() | VendorUnavailable():
            return error.retryable
        case _:
            return False


class _TotalWaitExceeds(tenacity.stop.stop_base):
    """Stop when the waits so far and the next one together exceed a number of seconds."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def __call__(self, retry_state: tenacity.RetryCallState) -> bool:
        return retry_state.idle_for + retry_state.upcoming_sleep > self._seconds


def _log_retry(state: tenacity.RetryCallState) -> None:
    error = state.outcome.exception() if state.outcome else None
    log.info(
        "Attempt %s failed, the next one follows in %.1f s. %s: %s",
        state.attempt_number,
        state.upcoming_sleep,
        type(error).__name__,
        error,
    )

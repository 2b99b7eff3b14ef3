"""Decide which failures Airflow retries, and when (Airflow 3.3 and later)."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from airflow_provider_liveactivity._airflow_internals import AIRFLOW_V_3_3_PLUS

if TYPE_CHECKING or AIRFLOW_V_3_3_PLUS:
    from airflow.sdk import RetryDecision, RetryPolicy
else:  # the module can be imported, but the policy cannot be created
    RetryPolicy = object

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_liveactivity.errors import PartiallySent

#: The longest quota window of a vendor, MoEngage's for campaigns. No retry waits longer for a reset.
_MAX_WINDOW = timedelta(days=1)
#: Maximum random addition to a delay, as a share of the delay, so that tasks do not retry at the same moment.
_SPREAD = 0.25
_utcnow = partial(datetime.now, UTC)


class LiveActivityRetryPolicy(RetryPolicy):
    """
    Retry only failures that a retry can fix, and at the right time; the default of every sending operator.

    A failure that only a person can fix is not retried. If the quota is used up, the retry comes when the
    vendor's next quota window begins. For every other failure, the first delay is the task's ``retry_delay``,
    and each further delay is longer, up to ``max_delay`` or the task's ``max_retry_delay``. If the task sets
    ``retry_exponential_backoff``, Airflow computes the delays. For errors that are not this provider's,
    Airflow decides.

    The policy never exceeds the task's ``retries``.

    :param backoff: factor from one delay to the next, at least 1; 2 by default.
    :param max_delay: timedelta, the longest delay between two retries of a backoff; 1 hour by default.
    :param clock: function that returns the current time, for tests; the system's clock by default.
    :raises RuntimeError: if Airflow is older than 3.3 and has no retry policies.
    :raises ValueError: if ``backoff`` is below 1.
    """

    def __init__(
        self,
        *,
        backoff: float = 2.0,
        max_delay: timedelta = timedelta(hours=1),
        clock: Callable[[], datetime] = _utcnow,
    ) -> None:
        if not AIRFLOW_V_3_3_PLUS:
            raise RuntimeError(
                "LiveActivityRetryPolicy needs Airflow 3.3 or newer. With an older Airflow, leave out "
                "retry_policy: the sending operators fail without retries if a retry cannot help."
            )
        if backoff < 1:
            raise ValueError(f"backoff must be at least 1, not {backoff}.")
        self.backoff = backoff
        self.max_delay = max_delay
        self._clock = clock

    def evaluate(
        self, exception: BaseException, try_number: int, max_tries: int, context: Context | None = None
    ) -> RetryDecision:
        from airflow_provider_liveactivity.errors import LiveActivityError, PartiallySent, reset_of

        if not isinstance(exception, LiveActivityError):
            return RetryDecision.default()
        name = type(exception).__name__
        if not exception.retryable:
            return RetryDecision.fail(f"{name}: a retry cannot fix this error.")
        if isinstance(exception, PartiallySent) and not _is_safe_to_repeat(exception):
            return RetryDecision.fail(f"{name}: a retry would send some requests again.")
        now, reset_at = self._clock(), reset_of(exception)
        if reset_at is not None and reset_at > now:
            reset_at = min(reset_at, now + _MAX_WINDOW)
            return RetryDecision.retry(
                reset_at - now,
                f"{name}: the vendor's next quota window begins at {reset_at:%Y-%m-%d %H:%M:%S %Z}.",
            )
        delay = self._delay(try_number, max_tries, context)
        if delay is None:
            return RetryDecision.default()
        return RetryDecision.retry(delay, f"{name}: backing off.")

    def _delay(self, try_number: int, max_tries: int, context: Context | None) -> timedelta | None:
        """Return how long to back off, or None to let Airflow decide."""
        task: Any = context["task"] if context is not None else None
        if task is None or task.retry_exponential_backoff:
            return None
        first: timedelta = task.retry_delay
        longest: timedelta = task.max_retry_delay or max(self.max_delay, first)
        if not first:
            return first
        # A clear raises both numbers. Only the retries since the last clear count.
        retry = max(try_number - (max_tries - (task.retries or 0)), 1)
        factor = min(self.backoff ** min(retry - 1, 64), longest / first)
        return min(first * factor * random.uniform(1, 1 + _SPREAD), longest)  # noqa: S311


def _is_safe_to_repeat(error: PartiallySent) -> bool:
    return error.remembered or error.report["verb"] != "start"

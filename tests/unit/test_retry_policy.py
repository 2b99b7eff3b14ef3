from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from airflow.sdk import DAG

from airflow_provider_liveactivity._airflow_internals import AIRFLOW_V_3_3_PLUS
from airflow_provider_liveactivity.errors import (
    AuthenticationFailed,
    InvalidConnection,
    InvalidPayload,
    LiveActivityError,
    OutcomeUnknown,
    PartiallySent,
    PermissionDenied,
    RateLimited,
    VendorUnavailable,
)
from airflow_provider_liveactivity.operators.braze import BrazeUpdateLiveActivityOperator
from airflow_provider_liveactivity.retry_policy import LiveActivityRetryPolicy
from tests.support.airflow_versions import needs_retry_policies

if TYPE_CHECKING or AIRFLOW_V_3_3_PLUS:
    from airflow.sdk import RetryAction, RetryDecision

pytestmark = needs_retry_policies

NOW = datetime(2026, 7, 22, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def operator(**arguments: Any) -> BrazeUpdateLiveActivityOperator:
    return BrazeUpdateLiveActivityOperator(
        task_id="update", activity_id="match", content_state={}, **arguments
    )


def decide(error: BaseException, try_number: int = 1, max_tries: int = 3, **arguments: Any) -> RetryDecision:
    task = operator(**({"retries": 3, "retry_delay": MINUTE} | arguments))
    context: Any = {"task": task}
    return LiveActivityRetryPolicy(clock=lambda: NOW).evaluate(error, try_number, max_tries, context)


def partly(verb: str, cause: LiveActivityError, *, remembered: bool) -> PartiallySent:
    return PartiallySent("x", report={"verb": verb}, stopped_by=cause, retryable=True, remembered=remembered)


@pytest.mark.parametrize(
    "error",
    [
        InvalidPayload("x"),
        InvalidConnection("x"),
        AuthenticationFailed("x"),
        PermissionDenied("x"),
        PartiallySent("x", report={"verb": "start"}, remembered=True),
    ],
)
def test_an_error_that_needs_a_change_is_not_retried(error: LiveActivityError) -> None:
    decision = decide(error)
    assert decision.action is RetryAction.FAIL
    assert type(error).__name__ in str(decision.reason)


@pytest.mark.parametrize(
    "error",
    [
        RateLimited("x", reset_at=NOW + 7 * MINUTE),
        partly("start", RateLimited("x", reset_at=NOW + 7 * MINUTE), remembered=True),
    ],
)
def test_an_exhausted_quota_is_retried_at_the_reset(error: LiveActivityError) -> None:
    decision = decide(error, retry_exponential_backoff=2)
    assert (decision.action, decision.retry_delay) == (RetryAction.RETRY, 7 * MINUTE)


def test_no_retry_waits_for_longer_than_a_vendor_s_longest_window() -> None:
    decision = decide(RateLimited("x", reset_at=NOW + timedelta(days=260 * 365)))
    assert decision.retry_delay == timedelta(days=1)


def test_a_start_without_a_checkpoint_that_reached_recipients_is_not_retried() -> None:
    assert decide(partly("start", VendorUnavailable("x"), remembered=False)).action is RetryAction.FAIL
    assert decide(partly("update", VendorUnavailable("x"), remembered=False)).action is RetryAction.RETRY


@pytest.mark.parametrize(
    "error",
    [
        VendorUnavailable("x"),
        OutcomeUnknown("x"),
        RateLimited("x"),
        RateLimited("x", reset_at=NOW - MINUTE),
        partly("start", VendorUnavailable("x"), remembered=True),
    ],
)
@pytest.mark.parametrize(("try_number", "minutes"), [(1, 1), (2, 2), (3, 4), (9, 60)])
def test_the_delay_grows_with_each_retry_of_an_unavailable_vendor(
    error: LiveActivityError, try_number: int, minutes: int
) -> None:
    decision = decide(error, try_number)
    assert decision.action is RetryAction.RETRY
    assert decision.retry_delay is not None
    assert minutes * MINUTE <= decision.retry_delay <= min(1.25 * minutes, 60) * MINUTE


def test_a_cleared_task_begins_with_the_first_delay_again() -> None:
    # Cleared after its 4th try: its next one is the 5th, and it has 3 retries after that.
    delay = decide(VendorUnavailable("x"), try_number=5, max_tries=7).retry_delay
    assert delay is not None
    assert delay <= 1.25 * MINUTE


def test_the_longest_delay_of_the_task_holds() -> None:
    decision = decide(VendorUnavailable("x"), 3, max_retry_delay=90)
    assert decision.retry_delay == timedelta(seconds=90)


@pytest.mark.parametrize("delay", [timedelta(), timedelta(hours=5)])
def test_a_delay_that_is_none_or_long_stays_what_it_is(delay: timedelta) -> None:
    assert decide(VendorUnavailable("x"), 2, retry_delay=delay).retry_delay == delay


def test_the_task_s_own_backoff_is_left_to_airflow() -> None:
    decision = decide(VendorUnavailable("x"), retry_exponential_backoff=3)
    assert decision.action is RetryAction.DEFAULT


@pytest.mark.parametrize("error", [ValueError("x"), KeyboardInterrupt()])
def test_errors_of_others_are_left_to_airflow(error: BaseException) -> None:
    assert decide(error).action is RetryAction.DEFAULT


def test_without_a_task_to_ask_the_delay_is_left_to_airflow() -> None:
    assert LiveActivityRetryPolicy().evaluate(VendorUnavailable("x"), 1, 3).action is RetryAction.DEFAULT


def test_a_backoff_that_shrinks_is_refused() -> None:
    with pytest.raises(ValueError, match="backoff"):
        LiveActivityRetryPolicy(backoff=0.5)


def test_every_sending_operator_has_the_policy_mapped_or_not() -> None:
    assert isinstance(operator().retry_policy, LiveActivityRetryPolicy)
    with DAG("mapped", schedule=None):
        mapped = BrazeUpdateLiveActivityOperator.partial(task_id="x", content_state={}).expand(
            activity_id=["a"]
        )
    assert mapped.has_retry_policy


def test_a_policy_of_the_user_s_wins() -> None:
    mine = LiveActivityRetryPolicy(backoff=3)
    assert operator(retry_policy=mine).retry_policy is mine
    with DAG("mine", schedule=None, default_args={"retry_policy": mine}):
        assert operator().retry_policy is mine
    assert operator(retry_policy=None).retry_policy is None

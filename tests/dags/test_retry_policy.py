"""What Airflow makes of a failure, on its own scheduler's terms: retries, and when they come."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow_provider_liveactivity.hooks.moengage import MoEngageHook
from airflow_provider_liveactivity.operators.braze import BrazeEndLiveActivityOperator
from airflow_provider_liveactivity.retry_policy import LiveActivityRetryPolicy
from tests.support.airflow_db import new_dag, task_instance
from tests.support.airflow_versions import needs_retry_policies

if TYPE_CHECKING:
    from airflow.sdk import DAG

    from airflow_provider_liveactivity.sandbox import RunningSandbox

#: A retry that comes by it, and not when the policy says, does not come before the test is over.
NEVER: dict[str, Any] = {"retries": 3, "retry_delay": timedelta(hours=1)}
RESET_SECONDS = 4


@needs_retry_policies
def test_a_used_up_window_is_retried_at_its_reset(
    execute: Callable[[DAG], dict[str, str]], sandbox: RunningSandbox
) -> None:
    from airflow.sdk import task

    sandbox.sandbox.put_campaign("derby", ["ada"])
    fields: dict[str, Any] = {"broadcast_live_activity_id": "derby", "alert": {"title": "A", "body": "B"}}
    MoEngageHook().start_broadcast(
        **fields, attribute_type="M", attribute_info={"a": 1}, content_state={"home": 0}
    )
    sandbox.sandbox.add_fault("429", reset_in=RESET_SECONDS)
    with new_dag() as dag:

        @task(**NEVER, retry_policy=LiveActivityRetryPolicy())
        def goal() -> None:
            MoEngageHook().update_broadcast(**fields, content_state={"home": 1}, on_rate_limit="fail")

        goal()

    began = datetime.now(UTC)
    states = execute(dag)

    assert states["goal"] == "success"
    refused, accepted = list(sandbox.sandbox.records)[-2:]
    assert (refused.status, accepted.status) == (429, 200)
    # The header names whole seconds.
    assert datetime.now(UTC) - began >= timedelta(seconds=RESET_SECONDS - 1)
    assert task_instance(dag, "goal").try_number == 2


def test_what_only_a_person_can_change_is_not_retried(
    execute: Callable[[DAG], dict[str, str]], sandbox: RunningSandbox
) -> None:
    sandbox.sandbox.change_settings(braze_permissions=[])
    with new_dag() as dag:
        BrazeEndLiveActivityOperator(task_id="end", activity_id="match", content_state={}, **NEVER)

    states = execute(dag)

    assert states["end"] == "failed"
    assert sandbox.sandbox.requests == 1
    assert task_instance(dag, "end").try_number == 1

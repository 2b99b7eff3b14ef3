"""Task loops of Airflow 3.4, whose iterations share run, task and map index."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from airflow_provider_liveactivity.hooks.moengage import MoEngageHook
from airflow_provider_liveactivity.operators.moengage import MoEngageUpdateBroadcastLiveActivityOperator
from tests.support.airflow_db import new_dag
from tests.support.airflow_versions import needs_task_loops

if TYPE_CHECKING:
    from airflow.sdk import DAG

    from airflow_provider_liveactivity.sandbox import RunningSandbox

pytestmark = needs_task_loops


def test_iterations_push_the_same_content_each(
    execute: Callable[[DAG], dict[str, str]], sandbox: RunningSandbox
) -> None:
    from airflow.sdk import task_group

    fields: dict[str, Any] = {"broadcast_live_activity_id": "derby", "alert": {"title": "A", "body": "B"}}
    sandbox.sandbox.put_campaign("derby", ["ada"])
    MoEngageHook().start_broadcast(
        **fields, attribute_type="M", attribute_info={"a": 1}, content_state={"home": 0}
    )
    with new_dag() as dag:

        @task_group
        def minutes() -> None:
            MoEngageUpdateBroadcastLiveActivityOperator(task_id="update", **fields, content_state={"home": 1})

        minutes.loop(max_iterations=2)  # type: ignore[attr-defined]  # new in Airflow 3.4

    assert execute(dag)[""] == "success"
    updates = sandbox.sandbox.activities["moengage", "derby"].pushes
    assert len(updates) == 2

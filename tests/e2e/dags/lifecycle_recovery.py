"""Lives that go wrong as their run's conf says, each with a vendor of its own."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from airflow.sdk import DAG, task

from airflow_provider_liveactivity.lifecycle import BrazeLiveActivity, MoEngageBroadcastLiveActivity
from airflow_provider_liveactivity.operators.overdue import EndOverdueLiveActivitiesOperator

ALERT = {"title": "City", "body": "Kick-off!"}
PARAMS: dict[str, Any] = {"world": "0", "end_time": "", "variable": "", "flags": ""}
RETRY_DELAY = timedelta(seconds=15)  # long enough to be seen
COMMON: dict[str, Any] = {
    "end_retries": 1,
    "content_state": {"home": "{{ var.value[params.variable] if params.variable else 0 }}"},
    "end_time": "{{ params.end_time }}",
    "on_past_end_time": "send",  # a cleared run lives once more, although its end is over
    "default_args": {"retries": 1, "retry_delay": RETRY_DELAY},
}
BRAZE: dict[str, Any] = {
    **COMMON,
    "activity_id": "final/{{ run_id }}",
    "activity_attributes_type": "MatchAttributes",
    "activity_attributes": {"home": "City"},
    "notification": {"alert": ALERT},
    "external_user_ids": [f"fan-{number}" for number in range(120)],
    "max_workers": 1,
    "braze_conn_id": "braze_{{ params.world }}",
}


@task(retries=0)
def scores(params: dict[str, Any] | None = None) -> None:
    """Fail for as long as a file says so."""
    if params and Path(params["flags"], f"{params['world']}-fails").exists():
        raise ValueError("as ordered")


def braze_life(dag_id: str, retry_delay: timedelta = RETRY_DELAY, **arguments: Any) -> None:
    more: dict[str, Any] = {"default_args": {"retries": 1, "retry_delay": retry_delay}}
    with (
        DAG(dag_id, schedule=None, params=PARAMS, max_active_runs=99, **arguments),
        BrazeLiveActivity("life", **(BRAZE | more)) as life,
    ):
        scores() >> life.update("goal", content_state={"home": 7})


braze_life("history_braze")
braze_life("history_waits", retry_delay=timedelta(minutes=5))
braze_life("history_timeout", dagrun_timeout=timedelta(seconds=60))

with (
    DAG("history_moengage", schedule=None, params=PARAMS, max_active_runs=99),
    MoEngageBroadcastLiveActivity(
        "life",
        **COMMON,
        broadcast_live_activity_id="final",
        attribute_type="MatchAttributes",
        attribute_info={"home": "City"},
        alert=ALERT,
        end_alert=ALERT,
        moengage_conn_id="moengage_{{ params.world }}",
    ) as broadcast,
):
    scores() >> broadcast.update("goal", content_state={"home": 7}, alert=ALERT)

with DAG("history_net", schedule=None):
    EndOverdueLiveActivitiesOperator(task_id="end_overdue", grace_period=timedelta(0))

"""What Airflow does by itself when something happens: a deadline is missed, a window is used up."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.providers.standard.sensors.time_delta import TimeDeltaSensor
from airflow.sdk import dag, task
from airflow.sdk.definitions.callback import AsyncCallback, SyncCallback
from airflow.sdk.definitions.deadline import DeadlineAlert, DeadlineReference

from airflow_provider_liveactivity.hooks.moengage import MoEngageHook
from airflow_provider_liveactivity.notifications.braze import BrazeLiveActivityNotifier
from airflow_provider_liveactivity.notifications.moengage import MoEngageBroadcastNotifier
from airflow_provider_liveactivity.retry_policy import LiveActivityRetryPolicy

ALERT = {"title": "Derby", "body": "It lasts longer"}


def missed(callback: AsyncCallback | SyncCallback, seconds: int) -> DeadlineAlert:
    return DeadlineAlert(DeadlineReference.DAGRUN_QUEUED_AT, timedelta(seconds=seconds), callback)


@dag(
    schedule=None,
    deadline=[
        missed(
            AsyncCallback(
                BrazeLiveActivityNotifier,
                {
                    "activity_id": "late",
                    "content_state": {"note": "late: {{ dag_run.dag_id }}"},
                    "verb": "end",
                },
            ),
            seconds=3,
        ),
        missed(
            SyncCallback(
                MoEngageBroadcastNotifier,
                {
                    "broadcast_live_activity_id": "late",
                    "content_state": {"note": "late: {{ dag_run.dag_id }}"},
                    "alert": ALERT,
                },
            ),
            seconds=4,
        ),
    ],
)
def late() -> None:
    """Miss two deadlines."""
    TimeDeltaSensor(task_id="work", delta=timedelta(hours=1), deferrable=True)


@dag(schedule=None)
def used_up() -> None:
    """Find the vendor's window used up."""

    @task(retries=1, retry_delay=timedelta(hours=1), retry_policy=LiveActivityRetryPolicy())
    def goal() -> Any:
        return MoEngageHook().update_broadcast(
            broadcast_live_activity_id="used-up", content_state={"home": 1}, alert=ALERT, on_rate_limit="fail"
        )

    goal()


@dag(schedule=None)
def decorated() -> None:
    """Live for a minute, with states from functions."""

    @task.braze_live_activity_start(
        activity_id="decorated/{{ run_id }}",
        activity_attributes_type="Match",
        activity_attributes={"home": "City"},
        notification={"alert": ALERT},
        external_user_ids=["decorated-fan"],
    )
    def kick_off() -> dict[str, Any]:
        return {"home": 0}

    @task.braze_live_activity_end(
        activity_id="decorated/{{ run_id }}",
        end_time="{{ dag_run.run_after + macros.timedelta(seconds=60) }}",
    )
    def final_whistle(ti: Any = None) -> dict[str, Any]:
        return {"home": 2, "task": ti.task_id}

    kick_off() >> final_whistle()


late()
used_up()
decorated()

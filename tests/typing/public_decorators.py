"""
The decorators as DAGs use them; mypy reads this file, and nothing runs it.

Under ``warn_unused_ignores`` each ``type: ignore`` is a test: it fails as soon as the wrong use is accepted.
"""

from __future__ import annotations

from typing import Any

from airflow.sdk import task

from airflow_provider_liveactivity.assets import braze_activity, moengage_activity
from airflow_provider_liveactivity.decorators.braze import end_task
from airflow_provider_liveactivity.notifications.braze import BrazeLiveActivityNotifier
from airflow_provider_liveactivity.notifications.moengage import MoEngageBroadcastNotifier
from airflow_provider_liveactivity.operators.braze import BrazeUpdateLiveActivityOperator
from airflow_provider_liveactivity.retry_policy import LiveActivityRetryPolicy

ALERT = {"title": "Kick-off", "body": "It has started"}


@task.braze_live_activity_start(
    activity_id="match-{{ run_id }}",
    activity_attributes_type="MatchAttributes",
    activity_attributes={"home": "Chiefs"},
    notification={"alert": ALERT},
    segment_id="fans",
    retries=3,
)
def kick_off() -> dict[str, Any]:
    return {"home": 0}


@task.moengage_broadcast_live_activity_update(
    broadcast_live_activity_id="derby", alert=ALERT, on_rate_limit="coalesce"
)
def goal(home: int, away: int = 0) -> str:
    return f'{{"home": {home}, "away": {away}}}'


@task.braze_live_activity_end(activity_id="match-{{ run_id }}", end_time="{{ params.end }}")
def final_whistle() -> dict[str, Any] | None:
    return None


@task.braze_live_activity_update(activity_id="match")
def wrong() -> int:
    return 7


def a_decorated_function_keeps_its_arguments() -> None:
    kick_off() >> goal(1) >> goal(home=1, away=2) >> final_whistle()
    goal.partial(away=1).expand(home=[1, 2])
    goal.override(task_id="second")(2)
    goal("one")  # type: ignore[arg-type]
    kick_off(1)  # type: ignore[call-arg]


def a_decorator_takes_a_function() -> None:
    end_task(7, activity_id="match")  # type: ignore[arg-type]
    end_task(wrong.function, activity_id="match")  # type: ignore[arg-type]


def callbacks_assets_and_retries() -> None:
    BrazeUpdateLiveActivityOperator(
        task_id="update",
        activity_id="match",
        content_state={"home": 1},
        on_failure_callback=BrazeLiveActivityNotifier(activity_id="match", content_state={}, verb="end"),
        on_retry_callback=[
            MoEngageBroadcastNotifier(broadcast_live_activity_id="derby", content_state="{}", alert=ALERT)
        ],
        outlets=[
            braze_activity("rest.iad-01.braze.com", "match"),
            moengage_activity("api-01.moengage.com", "m"),
        ],
        retry_policy=LiveActivityRetryPolicy(backoff=3),
    )
    BrazeUpdateLiveActivityOperator(task_id="plain", activity_id="match", content_state={}, retry_policy=None)
    MoEngageBroadcastNotifier(broadcast_live_activity_id="derby", content_state={})  # type: ignore[call-arg]

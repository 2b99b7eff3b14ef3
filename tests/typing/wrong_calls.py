"""
Wrong calls that a user's type checker and editor must refuse; mypy reads this file, and nothing runs it.

Under ``warn_unused_ignores`` each ``type: ignore`` is a test: it fails as soon as mypy accepts the call.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, TypedDict

from airflow_provider_liveactivity.decorators import braze as braze_decorators
from airflow_provider_liveactivity.decorators import moengage as moengage_decorators
from airflow_provider_liveactivity.hooks.braze import BrazeHook
from airflow_provider_liveactivity.hooks.moengage import MoEngageHook
from airflow_provider_liveactivity.lifecycle import BrazeLiveActivity, MoEngageBroadcastLiveActivity
from airflow_provider_liveactivity.notifications.braze import BrazeLiveActivityNotifier
from airflow_provider_liveactivity.notifications.moengage import MoEngageBroadcastNotifier
from airflow_provider_liveactivity.operators._types import (
    BrazeEnd,
    BrazeStart,
    BrazeUpdate,
    BroadcastEnd,
    BroadcastStart,
    BroadcastUpdate,
)
from airflow_provider_liveactivity.operators.braze import (
    BrazeEndLiveActivityOperator,
    BrazeStartLiveActivityOperator,
    BrazeUpdateLiveActivityOperator,
)
from airflow_provider_liveactivity.operators.moengage import (
    MoEngageCreateBroadcastCampaignOperator,
    MoEngageEndBroadcastLiveActivityOperator,
    MoEngageEndLiveActivityOperator,
    MoEngageStartBroadcastLiveActivityOperator,
    MoEngageStartLiveActivityOperator,
    MoEngageUpdateBroadcastLiveActivityOperator,
    MoEngageUpdateLiveActivityOperator,
)
from airflow_provider_liveactivity.operators.overdue import EndOverdueLiveActivitiesOperator
from airflow_provider_liveactivity.operators.sync import (
    BrazeSyncLiveActivitiesOperator,
    MoEngageSyncLiveActivitiesOperator,
)
from airflow_provider_liveactivity.sensors.end_time import LiveActivityEndTimeSensor

ALERT = {"title": "Goal!", "body": "1 - 0"}
HALF_AN_HOUR = timedelta(minutes=30)


class Start(TypedDict):
    """The required arguments of a Braze start."""

    task_id: str
    activity_id: str
    activity_attributes_type: str
    activity_attributes: dict[str, Any]
    content_state: dict[str, Any]
    notification: dict[str, Any]


class Life(TypedDict):
    """The required arguments of a Braze lifecycle."""

    activity_id: str
    activity_attributes_type: str
    activity_attributes: dict[str, Any]
    content_state: dict[str, Any]
    notification: dict[str, Any]


class Broadcast(TypedDict):
    """The required arguments of a broadcast lifecycle."""

    broadcast_live_activity_id: str
    attribute_type: str
    attribute_info: dict[str, Any]
    content_state: dict[str, Any]
    alert: dict[str, Any]
    end_alert: dict[str, Any]


def operators(start: Start) -> None:
    BrazeUpdateLiveActivityOperator(task_id="u")  # type: ignore[call-arg]
    BrazeUpdateLiveActivityOperator(activity_id="match", content_state={})  # type: ignore[call-arg]
    BrazeUpdateLiveActivityOperator(task_id="u", activityid="match", content_state={})  # type: ignore[call-arg]
    BrazeUpdateLiveActivityOperator(task_id="u", activity_id="match", content_state=7)  # type: ignore[arg-type]
    BrazeUpdateLiveActivityOperator(task_id="u", activity_id="match", content_state={}, retires=3)  # type: ignore[call-arg]
    BrazeUpdateLiveActivityOperator(task_id="u", activity_id="match", content_state={}, retries="3")  # type: ignore[arg-type]
    BrazeStartLiveActivityOperator(**start, segmentid="fans")  # type: ignore[call-arg]
    BrazeStartLiveActivityOperator(**start, external_user_ids=7)  # type: ignore[arg-type]
    BrazeStartLiveActivityOperator(**start, dismissal_date=HALF_AN_HOUR)  # type: ignore[call-arg]
    BrazeEndLiveActivityOperator(task_id="e", activity_id="match", end_tim="x")  # type: ignore[call-arg]
    BrazeEndLiveActivityOperator(task_id="e", activity_id="match", end_time=7)  # type: ignore[arg-type]
    MoEngageCreateBroadcastCampaignOperator(task_id="c", name="Match", created_by="ada@example.com")  # type: ignore[call-arg]
    MoEngageStartBroadcastLiveActivityOperator(task_id="s", broadcast_live_activity_id="match")  # type: ignore[call-arg]
    MoEngageUpdateBroadcastLiveActivityOperator(  # type: ignore[call-arg]
        task_id="u", broadcast_live_activity_id="match", content_state={}, alert=ALERT, on_ratelimit="fail"
    )
    MoEngageEndBroadcastLiveActivityOperator(task_id="e", broadcast_live_activity_id="match")  # type: ignore[call-arg]
    MoEngageStartLiveActivityOperator(task_id="s", activity_id="order", alert="a")  # type: ignore[call-arg]
    MoEngageUpdateLiveActivityOperator(task_id="u", activity_id="order", attribute_info={})  # type: ignore[call-arg]
    MoEngageEndLiveActivityOperator(task_id="e")  # type: ignore[call-arg]
    EndOverdueLiveActivitiesOperator(task_id="o", grace="PT5M")  # type: ignore[call-arg]
    LiveActivityEndTimeSensor(task_id="w", endtime="x")  # type: ignore[call-arg]
    LiveActivityEndTimeSensor(task_id="w", end_time="x", poke_intervall=5)  # type: ignore[call-arg]


def syncs() -> None:
    BrazeSyncLiveActivitiesOperator(sql="SELECT 1", sql_conn_id="warehouse")  # type: ignore[call-arg]
    BrazeSyncLiveActivitiesOperator(task_id="s", sql="SELECT 1", on_mising="end")  # type: ignore[call-arg]
    BrazeSyncLiveActivitiesOperator(task_id="s", rows=7, state_conn_id="state")  # type: ignore[arg-type]
    BrazeSyncLiveActivitiesOperator(task_id="s", rows=[], poll_interval=[5])  # type: ignore[arg-type]
    BrazeSyncLiveActivitiesOperator(task_id="s", rows=[], activity_id="order")  # type: ignore[call-arg]
    BrazeSyncLiveActivitiesOperator(task_id="s", rows=[], extra_fields=7)  # type: ignore[arg-type]
    MoEngageSyncLiveActivitiesOperator(task_id="s", rows=[], notification=ALERT)  # type: ignore[call-arg]
    MoEngageSyncLiveActivitiesOperator(task_id="s", rows=[], silent_updates=True)  # type: ignore[call-arg]
    MoEngageSyncLiveActivitiesOperator(task_id="s", rows=[], wake="now")  # type: ignore[arg-type]
    BrazeHook().sync_live_activities(rows=[], on_missing="drop")  # type: ignore[arg-type]
    BrazeHook().sync_live_activities(rows=[], state_conn="state")  # type: ignore[call-arg]
    MoEngageHook().sync_live_activities(rows=[], app_id="app")  # type: ignore[call-arg]


def lifecycles(life: Life, broadcast: Broadcast) -> None:
    BrazeLiveActivity("live", **life, end_tim="x")  # type: ignore[call-arg]
    BrazeLiveActivity("live", activity_id="match", end_time="x")  # type: ignore[call-arg]
    BrazeLiveActivity("live", **life, end_time="x", on_failure="later")  # type: ignore[arg-type]
    MoEngageBroadcastLiveActivity("live", **broadcast, end_time="x", segment_id="fans")  # type: ignore[call-arg]
    with BrazeLiveActivity("live", **life, end_time="x", segment_id="fans") as live:
        live.update("goal")  # type: ignore[call-arg]
        live.update("goal", content_stat={})  # type: ignore[call-arg]
        live.update("goal", content_state={}, retries=3)
    with MoEngageBroadcastLiveActivity("live", **broadcast, end_time="x") as live_broadcast:
        live_broadcast.update("goal", content_state={})  # type: ignore[call-arg]


def decorators_and_notifiers() -> None:
    braze_decorators.start_task(activity_id="match")  # type: ignore[call-arg]
    braze_decorators.update_task(activity_id="match", content_state={})  # type: ignore[call-arg]
    braze_decorators.end_task(activity_id="match", end_tim="x")  # type: ignore[call-arg]
    moengage_decorators.update_task(broadcast_live_activity_id="match")  # type: ignore[call-arg]
    BrazeLiveActivityNotifier(activity_id="match")  # type: ignore[call-arg]
    BrazeLiveActivityNotifier(activity_id="match", content_state={}, verb="start")  # type: ignore[arg-type]
    MoEngageBroadcastNotifier(broadcast_live_activity_id="match", content_state={}, alrt=ALERT)  # type: ignore[call-arg]


def the_types_of_the_decorators_are_those_of_the_operators(
    start: BrazeStart,
    update: BrazeUpdate,
    end: BrazeEnd,
    broadcast_start: BroadcastStart,
    broadcast_update: BroadcastUpdate,
    broadcast_end: BroadcastEnd,
) -> None:
    BrazeStartLiveActivityOperator(task_id="s", content_state={}, **start)
    BrazeUpdateLiveActivityOperator(task_id="u", content_state={}, **update)
    BrazeEndLiveActivityOperator(task_id="e", content_state={}, **end)
    MoEngageStartBroadcastLiveActivityOperator(task_id="s", content_state={}, **broadcast_start)
    MoEngageUpdateBroadcastLiveActivityOperator(task_id="u", content_state={}, **broadcast_update)
    MoEngageEndBroadcastLiveActivityOperator(task_id="e", content_state={}, **broadcast_end)

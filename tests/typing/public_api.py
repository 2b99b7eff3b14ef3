"""
Every operator and sensor, used in each way that it accepts; mypy reads this file, and nothing runs it.

Under ``warn_unused_ignores`` each ``type: ignore`` is a test: it fails as soon as the wrong use is accepted.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from airflow_provider_liveactivity.operators.braze import (
    BrazeEndLiveActivityOperator,
    BrazeStartLiveActivityOperator,
    BrazeUpdateLiveActivityOperator,
)
from airflow_provider_liveactivity.operators.moengage import (
    MoEngageEndBroadcastLiveActivityOperator,
    MoEngageStartBroadcastLiveActivityOperator,
    MoEngageUpdateBroadcastLiveActivityOperator,
)
from airflow_provider_liveactivity.operators.sync import (
    BrazeSyncLiveActivitiesOperator,
    MoEngageSyncLiveActivitiesOperator,
)
from airflow_provider_liveactivity.sensors.end_time import LiveActivityEndTimeSensor

if TYPE_CHECKING:
    from airflow.sdk import XComArg

MOMENT = datetime(2026, 7, 22, 18, 30, tzinfo=UTC)
STATE = {"home": 1, "scorers": ["Ünal"], "over": False, "note": None}


def braze_operators() -> None:
    BrazeStartLiveActivityOperator(
        task_id="people",
        activity_id="match-1",
        activity_attributes_type="MatchAttributes",
        activity_attributes={"home": "Chiefs"},
        content_state=STATE,
        notification={"alert": {"title": "Kick-off", "body": "It has started"}},
        stale_date=MOMENT,
        app_id="app",
        external_user_ids=["ada", "bob"],
        user_aliases=[{"alias_name": "ada", "alias_label": "login"}],
        braze_conn_id="braze_default",
        content_state_schema={"type": "object"},
        validate_only=True,
        max_workers=8,
        max_requests_per_second=0.5,
        quota_reserve=0.2,
        on_unknown="resend",
        on_empty_audience="skip",
        max_audience=1_000,
        retries=3,  # and whatever else any operator takes
        pool="braze",
    )
    BrazeStartLiveActivityOperator(
        task_id="text",
        activity_id="{{ params.id }}",
        activity_attributes_type="MatchAttributes",
        activity_attributes='{"home": "Chiefs"}',
        content_state="{{ params.state | tojson }}",
        notification="{{ params.push | tojson }}",
        stale_date="2026-07-22T18:30:00Z",
        external_user_ids="{{ params.users | tojson }}",
        user_aliases="[]",
        content_state_schema="/schemas/match.json",
        attributes_schema="/schemas/Match.swift#MatchAttributes",
    )
    BrazeStartLiveActivityOperator(
        task_id="sql",
        activity_id="match-1",
        activity_attributes_type="MatchAttributes",
        activity_attributes={},
        content_state={},
        notification={},
        stale_date=timedelta(hours=1),
        sql="SELECT id FROM fans WHERE team = %(team)s",
        sql_conn_id="warehouse",
        parameters={"team": "Chiefs"},
        content_state_schema=Path("match.json"),
    )
    BrazeStartLiveActivityOperator(  # type: ignore[call-arg]  # a start without an alert would fail
        task_id="no_notification",
        activity_id="match-1",
        activity_attributes_type="MatchAttributes",
        activity_attributes={},
        content_state={},
        segment_id="fans",
    )
    BrazeStartLiveActivityOperator(
        task_id="templated",
        activity_id="match-1",
        activity_attributes_type="MatchAttributes",
        activity_attributes={},
        content_state={},
        notification={},
        custom_audience={"push_subscription_status": {"comparison": "is", "value": "opted_in"}},
        on_unknown="{{ params.on_unknown }}",
    )
    BrazeUpdateLiveActivityOperator(task_id="update", activity_id="match-1", content_state=STATE)
    BrazeUpdateLiveActivityOperator(
        task_id="update_all",
        activity_id="match-1",
        content_state="{}",
        notification={"content-available": True},
        stale_date=timedelta(minutes=5),
        dismissal_date="{{ params.end }}",
    )
    BrazeUpdateLiveActivityOperator(
        task_id="epoch",
        activity_id="match-1",
        content_state={},
        dismissal_date=1_795_305_600,  # type: ignore[arg-type]
    )
    BrazeEndLiveActivityOperator(
        task_id="end", activity_id="match-1", content_state={}, dismissal_date=MOMENT
    )
    BrazeEndLiveActivityOperator("end", activity_id="match-1", content_state={})  # type: ignore[call-arg, misc]


def moengage_operators() -> None:
    start = MoEngageStartBroadcastLiveActivityOperator(
        task_id="start",
        broadcast_live_activity_id="match-1",
        attribute_type="MatchAttributes",
        attribute_info={"home": "Chiefs"},
        content_state=STATE,
        alert={"title": "Kick-off", "body": {"loc-key": "KICK_OFF"}},
        dismissal_date=timedelta(hours=3),
        instance_id="{{ run_id }}",
        moengage_conn_id="moengage_default",
        validate_only=False,
    )
    update = MoEngageUpdateBroadcastLiveActivityOperator(
        task_id="update",
        broadcast_live_activity_id="match-1",
        content_state="{{ params.state | tojson }}",
        alert='{"title": "Goal!", "body": "1 - 0"}',
        stale_date=MOMENT,
    )
    end = MoEngageEndBroadcastLiveActivityOperator(
        task_id="end",
        broadcast_live_activity_id="match-1",
        content_state={},
        alert={"title": "Full time", "body": "2 - 1"},
        dismissal_date="2026-07-22T20:30:00+02:00",
    )
    MoEngageStartBroadcastLiveActivityOperator(  # type: ignore[call-arg]  # no attributes
        task_id="no_attributes", broadcast_live_activity_id="match-1", content_state={}, alert={}
    )
    wait = LiveActivityEndTimeSensor(
        task_id="wait", end_time=MOMENT, deferrable=True, timeout=3600, soft_fail=True
    )
    LiveActivityEndTimeSensor(task_id="text", end_time="{{ params.end }}", mode="reschedule")
    LiveActivityEndTimeSensor(task_id="relative", end_time=timedelta(hours=1))
    start >> update >> wait >> end


def sync_operators(load: XComArg) -> None:
    BrazeSyncLiveActivitiesOperator(
        task_id="query",
        sql="orders.sql",
        sql_conn_id="warehouse",
        parameters={"city": "Riga"},
        transform=dict,
        notification={"alert": {"title": "Your order", "body": "Follow it here"}},
        dismissal_date=timedelta(minutes=5),
        silent_updates=True,
        on_missing="end",
        poll_interval="PT5S",
        until=MOMENT,
        wake=lambda seconds: seconds < 1,
        extra_fields={"new": 1},
        update_extra_fields="{}",
        outcomes_path="s3://bucket/outcomes",
        retries=2,
    )
    BrazeSyncLiveActivitiesOperator(task_id="task", rows=load, state_conn_id="state", poll_interval=5)
    MoEngageSyncLiveActivitiesOperator(
        task_id="form",
        rows=[{"activity_id": "order-1", "content_state": STATE}],
        state_conn_id="state",
        alert_reference_name="order",
        stale_date=1_795_305_600,
        on_missing="{{ params.on_missing }}",
        allow_end_all="{{ params.end_all }}",
        max_workers="{{ params.workers }}",
    )

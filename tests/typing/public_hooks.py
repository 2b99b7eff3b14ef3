"""The hooks, their report and their errors, as a plain ``@task`` uses them; see ``public_api.py``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import assert_type

import pendulum
from airflow.sdk import get_current_context, task
from pydantic import BaseModel

from airflow_provider_liveactivity.delivery.report import SendReport
from airflow_provider_liveactivity.errors import LiveActivityError, PartiallySent, RateLimited
from airflow_provider_liveactivity.hooks._moengage_broadcasts import BroadcastReport
from airflow_provider_liveactivity.hooks.braze import BrazeHook
from airflow_provider_liveactivity.hooks.moengage import MoEngageHook
from airflow_provider_liveactivity.models.braze import Alert, Notification

MOMENT = datetime(2026, 7, 22, 18, 30, tzinfo=UTC)
STATE = {"home": 1, "scorers": ["Ünal"], "over": False, "note": None}


class Score(BaseModel):
    home: int


@dataclass
class Match:
    teams: tuple[str, str]


@task
def with_the_braze_hook() -> int:
    hook = BrazeHook("braze_default")
    started = hook.start_live_activity(
        activity_id="match-1",
        activity_attributes_type="MatchAttributes",
        activity_attributes={"home": "Chiefs"},
        content_state=STATE,
        notification={"alert": {"title": "Kick-off", "body": "It has started"}},
        external_user_ids=("ada", "bob"),
        max_workers=4,
        on_unknown="fail",
        context=get_current_context(),
        on_progress=print,
    )
    assert_type(started, SendReport)
    assert_type(started["accepted"], int)
    assert_type(started["first_sent_at"], str | None)
    updated = hook.update_live_activity(
        activity_id="match-1", content_state="{}", stale_date=timedelta(hours=1)
    )
    ended = hook.end_live_activity(activity_id="match-1", content_state={}, dismissal_date=MOMENT)
    assert_type([updated, ended], list[SendReport])
    hook.update_live_activity(
        activity_id="match-1",
        content_state=Score(home=1),
        notification=Notification(alert=Alert(title="Goal!", body="1 - 0")),
        stale_date="PT30M",
        dismissal_date=pendulum.duration(minutes=5),
        content_state_schema=Path("match.json"),
        extra_fields={"new": 1},
        validate_only=True,
    )
    hook.update_live_activity(activity_id="match-1", content_state=Match(("Chiefs", "Bills")))
    hook.update_live_activity(activity_id="match-1", content_state=[1])  # type: ignore[arg-type]
    hook.update_live_activity(activity_id="match-1", content_state=Score)  # type: ignore[arg-type]
    hook.update_live_activity(activity_id=1, content_state={})  # type: ignore[arg-type]
    hook.update_live_activity(activity_id="match-1", content_state={}, stale_date=5)  # type: ignore[arg-type]
    hook.update_live_activity(activity_id="match-1", content_state={}, max_workers=4)  # type: ignore[call-arg]
    hook.update_live_activity(activity_id="match-1", content_state={}, validate_only="x")  # type: ignore[arg-type]
    hook.update_live_activity(activity_id="match-1", content_state={}, attributes_schema={})  # type: ignore[call-arg]
    hook.end_live_activity(activity_id="match-1", content_state={}, hold=None)  # type: ignore[call-arg]
    BrazeHook(retries=3)  # type: ignore[call-arg]
    hook.update_live_activity("match-1", {})  # type: ignore[call-arg]
    hook.start_live_activity(activity_id="match-1")  # type: ignore[call-arg]
    hook.update_live_activity(activity_id="match-1", content_state={}, stale_dat=MOMENT)  # type: ignore[call-arg]
    started["delivered"]  # type: ignore[typeddict-item]
    for segment in BrazeHook().segments():
        print(segment["id"], segment["name"])
    return started["unknown"]


@task
def with_the_moengage_hook() -> None:
    hook = MoEngageHook(moengage_conn_id="moengage_default")
    alert = {"title": "Goal!", "body": "1 - 0"}
    try:
        report = hook.start_broadcast(
            broadcast_live_activity_id="match-1",
            attribute_type="MatchAttributes",
            attribute_info={},
            content_state={},
            alert=alert,
            instance_id="kick-off",
            possibly_sent_before=True,
        )
        assert_type(report, BroadcastReport)
        plain: SendReport = report
        print(plain["accepted"])
        hook.update_broadcast(
            broadcast_live_activity_id="match-1", content_state={}, alert=alert, stale_date=MOMENT
        )
        hook.end_broadcast(
            broadcast_live_activity_id="match-1", content_state={}, alert="{}", validate_only=True
        )
        hook.end_broadcast(broadcast_live_activity_id="match-1", content_state={})  # type: ignore[call-arg]
        hook.start_live_activity(
            activity_id="order", alert_id="a", external_user_ids=["ada"], transaction_id="1"
        )
        hook.update_live_activity(activity_id="order", dismissal_date=1_795_305_600, sql="SELECT 1")
        hook.start_live_activity(
            activity_id="order",
            alert_id="a",
            content_state=Score(home=1),
            external_user_ids={"ada": "token"},
            max_requests_per_second=None,
            context=get_current_context(),
        )
        hook.end_live_activity()  # type: ignore[call-arg]
        hook.start_live_activity()  # type: ignore[call-arg]
        hook.start_live_activity(activity_id="order", on_unknown="retry")  # type: ignore[arg-type]
        hook.start_live_activity(activity_id="order", context=None, max_worker=4)  # type: ignore[call-arg]
        hook.update_live_activity(activity_id="order", attribute_info={})  # type: ignore[call-arg]
        hook.start_broadcast(broadcast_live_activity_id="match-1", stale_date=MOMENT)  # type: ignore[call-arg]
        hook.update_broadcast(
            broadcast_live_activity_id="match-1",
            content_state={},
            alert=alert,
            on_rate_limit="drop",  # type: ignore[arg-type]
        )
        hook.create_broadcast_campaign(
            name="Match", broadcast_live_activity_id="match-1", created_by="a@example.com", all_users=True
        )
        hook.create_broadcast_campaign(name="Match", all_users=True)  # type: ignore[call-arg]
        hook.end_live_activity(activity_id="order", transactionid="1")  # type: ignore[call-arg]
    except RateLimited as error:
        assert_type(error.reset_at, datetime | None)
    except PartiallySent as error:
        print(error.report["accepted"])
    except LiveActivityError as error:
        assert_type(error.status, int | None)
        assert_type(error.retryable, bool)

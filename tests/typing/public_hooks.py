"""The hooks, their report and their errors, as a plain ``@task`` uses them; see ``public_api.py``."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import assert_type

from airflow.sdk import get_current_context, task

from airflow_provider_liveactivity.delivery.report import SendReport
from airflow_provider_liveactivity.errors import LiveActivityError, PartiallySent, RateLimited
from airflow_provider_liveactivity.hooks._moengage_broadcasts import BroadcastReport
from airflow_provider_liveactivity.hooks.braze import BrazeHook
from airflow_provider_liveactivity.hooks.moengage import MoEngageHook

MOMENT = datetime(2026, 7, 22, 18, 30, tzinfo=UTC)
STATE = {"home": 1, "scorers": ["Ünal"], "over": False, "note": None}


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
        hook.end_live_activity()  # type: ignore[call-arg]
        hook.end_live_activity(activity_id="order", transactionid="1")  # type: ignore[call-arg]
    except RateLimited as error:
        assert_type(error.reset_at, datetime | None)
    except PartiallySent as error:
        print(error.report["accepted"])
    except LiveActivityError as error:
        assert_type(error.status, int | None)
        assert_type(error.retryable, bool)

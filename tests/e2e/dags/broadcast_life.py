"""A campaign for many people, and the whole life of its broadcast."""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import dag

from airflow_provider_liveactivity.lifecycle import MoEngageBroadcastLiveActivity
from airflow_provider_liveactivity.operators.moengage import MoEngageCreateBroadcastCampaignOperator

BROADCAST_ID = "life/{{ run_id }}"
ALERT = {"title": "City – County", "body": "What has happened"}


@dag(
    schedule=None,
    default_args={"retries": 2, "retry_delay": timedelta(seconds=1)},
)
def broadcast_life() -> None:
    """Live."""
    campaign = MoEngageCreateBroadcastCampaignOperator(
        task_id="campaign",
        name=BROADCAST_ID,
        broadcast_live_activity_id=BROADCAST_ID,
        created_by="ada@example.com",
        external_user_ids=[f"fan-{number}" for number in range(1_200)],  # too many for one filter
    )
    with MoEngageBroadcastLiveActivity(
        "life",
        broadcast_live_activity_id=BROADCAST_ID,
        attribute_type="MatchAttributes",
        attribute_info={},
        content_state={"home": 0},
        alert=ALERT,
        end_alert=ALERT,
        end_time="{{ (dag_run.run_after + macros.timedelta(hours=1)).isoformat() }}",
    ) as life:
        life.update("goal", content_state={"home": 1}, alert=ALERT)
    campaign >> life


broadcast_life()

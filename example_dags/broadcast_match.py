"""
One Live Activity for the audience of a MoEngage broadcast: kick-off, a goal, and the end at its time.

The audience belongs to the campaign of the broadcast, so this DAG contains no recipients.
"""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import Param, chain, dag

from airflow_provider_liveactivity.operators.moengage import (
    MoEngageEndBroadcastLiveActivityOperator,
    MoEngageStartBroadcastLiveActivityOperator,
    MoEngageUpdateBroadcastLiveActivityOperator,
)
from airflow_provider_liveactivity.sensors.end_time import LiveActivityEndTimeSensor

BROADCAST_ID = "{{ params.broadcast_live_activity_id }}"


@dag(
    schedule=None,
    doc_md=__doc__,
    default_args={"retries": 2, "retry_delay": timedelta(seconds=5)},
    tags=["live-activity", "moengage"],
    params={
        "broadcast_live_activity_id": Param(
            "match-city-county", type="string", description="Broadcast id of the campaign"
        ),
        "seconds": Param(105 * 60, type="integer", minimum=0, description="From kick-off to final whistle"),
    },
)
def broadcast_match() -> None:
    """Broadcast one match."""
    kick_off = MoEngageStartBroadcastLiveActivityOperator(
        task_id="kick_off",
        broadcast_live_activity_id=BROADCAST_ID,
        attribute_type="MatchAttributes",
        attribute_info={"home": "City", "away": "County"},
        content_state={"home": 0, "away": 0, "phase": "First half"},
        alert={"title": "City – County", "body": "Kick-off!"},
    )
    goal = MoEngageUpdateBroadcastLiveActivityOperator(
        task_id="goal",
        broadcast_live_activity_id=BROADCAST_ID,
        content_state={"home": 0, "away": 1, "phase": "First half"},
        alert={"title": "Goal!", "body": "City 0 – 1 County"},
    )
    # The deferred wait holds no worker slot. A retry of the task gets the same run_after.
    final_whistle = LiveActivityEndTimeSensor(
        task_id="final_whistle",
        end_time="PT{{ params.seconds }}S",
        deferrable=True,
    )
    result = MoEngageEndBroadcastLiveActivityOperator(
        task_id="result",
        broadcast_live_activity_id=BROADCAST_ID,
        content_state={"home": 0, "away": 1, "phase": "Final score"},
        alert={"title": "Final whistle", "body": "City 0 – 1 County"},
        dismissal_date=timedelta(minutes=30),  # the result stays on the lock screen for half an hour
    )
    chain(kick_off, goal, final_whistle, result)


broadcast_match()

"""
One Live Activity for all users of a Braze segment: kick-off, a goal, and the end at the scheduled time.

Braze keeps the segment, so one request starts the activity for any number of fans.
"""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import AssetAlias, Param, chain, dag

from airflow_provider_liveactivity.operators.braze import (
    BrazeEndLiveActivityOperator,
    BrazeStartLiveActivityOperator,
    BrazeUpdateLiveActivityOperator,
)
from airflow_provider_liveactivity.sensors.end_time import LiveActivityEndTimeSensor

# The run is part of the id: a second run is a second activity, a retry of a task is the same one.
ACTIVITY_ID = "match/northside-southside/{{ run_id }}"


@dag(
    schedule=None,
    doc_md=__doc__,
    default_args={"retries": 2, "retry_delay": timedelta(seconds=5)},
    tags=["live-activity", "braze"],
    params={
        "segment_id": Param("segment-northside-southside", type="string", description="Braze segment"),
        "seconds": Param(105 * 60, type="integer", minimum=0, description="From kick-off to final whistle"),
    },
)
def match_segment() -> None:
    """Follow one match."""
    kick_off = BrazeStartLiveActivityOperator(
        task_id="kick_off",
        activity_id=ACTIVITY_ID,
        activity_attributes_type="MatchAttributes",
        activity_attributes={"home": "Northside", "away": "Southside"},
        content_state={"home": 0, "away": 0, "phase": "First half"},
        notification={"alert": {"title": "Northside – Southside", "body": "Kick-off!"}},
        segment_id="{{ params.segment_id }}",
    )
    goal = BrazeUpdateLiveActivityOperator(
        task_id="goal",
        activity_id=ACTIVITY_ID,
        content_state={"home": 1, "away": 0, "phase": "First half"},
        notification={"alert": {"title": "Goal!", "body": "Northside 1 – 0 Southside"}},
    )
    # The deferred wait holds no worker slot. A retry of the task gets the same run_after.
    final_whistle = LiveActivityEndTimeSensor(
        task_id="final_whistle",
        end_time="PT{{ params.seconds }}S",
        deferrable=True,
    )
    result = BrazeEndLiveActivityOperator(
        task_id="result",
        activity_id=ACTIVITY_ID,
        content_state={"home": 1, "away": 0, "phase": "Final score"},
        notification={"alert": {"title": "Final whistle", "body": "Northside 1 – 0 Southside"}},
        dismissal_date=timedelta(minutes=30),  # the result stays on the lock screen for half an hour
        outlets=[AssetAlias("match_ended")],  # the DAG of this name runs then
    )
    chain(kick_off, goal, final_whistle, result)


match_segment()

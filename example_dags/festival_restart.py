"""
An event that is longer than the eight hours of a Live Activity on iOS.

Three activities follow each other. The next one starts while the old one is still on, and the old one ends
when the vendor has accepted the next. A phone shows two cards for a moment, but never none. If the next start
fails, the run fails, and the old activity stays until iOS ends it.
"""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import Any, NamedTuple

from airflow.sdk import Param, chain, dag, task

from airflow_provider_liveactivity.operators.braze import (
    BrazeEndLiveActivityOperator,
    BrazeStartLiveActivityOperator,
)
from airflow_provider_liveactivity.sensors.end_time import LiveActivityEndTimeSensor

PARTS = 3
STATE = {"stage": "Open air", "next": "See the programme"}


class Part(NamedTuple):
    """One activity of the festival."""

    start: BrazeStartLiveActivityOperator
    confirmed: Any
    over: LiveActivityEndTimeSensor
    end: BrazeEndLiveActivityOperator


@dag(
    schedule=None,
    doc_md=__doc__,
    default_args={"retries": 2, "retry_delay": timedelta(seconds=5)},
    tags=["live-activity", "braze"],
    params={
        "segment_id": Param("segment-northside-southside", type="string", description="Braze segment"),
        # An hour of reserve: tasks may be late, and an activity cannot be ended after eight hours.
        "seconds": Param(7 * 3600, type="integer", minimum=0, maximum=8 * 3600, description="Of each part"),
    },
)
def festival_restart() -> None:
    """Follow the festival."""

    @task
    def confirm(report: Any) -> None:
        """End the old activity when the new one has started."""
        if not report["accepted"]:
            raise RuntimeError("the vendor has not accepted the next part; the old one stays")

    def part(number: int) -> Part:
        activity_id = f"festival/{number}/{{{{ run_id }}}}"
        end_time = f"PT{{{{ {number + 1} * params.seconds }}}}S"
        start = BrazeStartLiveActivityOperator(
            task_id=f"start_{number}",
            activity_id=activity_id,
            activity_attributes_type="FestivalAttributes",
            activity_attributes={"name": "By the river"},
            content_state=STATE,
            notification={"alert": {"title": "By the river", "body": "The festival goes on"}},
            segment_id="{{ params.segment_id }}",
            end_time=end_time,
        )
        confirmed = confirm.override(task_id=f"confirm_{number}")(start.output)
        over = LiveActivityEndTimeSensor(task_id=f"over_{number}", end_time=end_time, deferrable=True)
        end = BrazeEndLiveActivityOperator(
            task_id=f"end_{number}",
            activity_id=activity_id,
            content_state=STATE,
            dismissal_date="2000-01-01T00:00:00+00:00",  # at once: the next card is on the phone
        )
        chain(confirmed, over, end)
        return Part(start, confirmed, over, end)

    for old, new in pairwise([part(number) for number in range(PARTS)]):
        chain(old.over, new.start)
        chain(new.confirmed, old.end)


festival_restart()

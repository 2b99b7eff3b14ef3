"""
A Live Activity that is longer than the eight hours that iOS lets one live.

The festival is shown by three activities, one after the other. The next one starts while the old one is still
there; only when the vendor has accepted it, the old one ends. A phone shows two cards for a moment, and never
none. Should the next one fail, the old one stays until iOS ends it, and the run has failed.
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
        # An hour of reserve: tasks may be late, and what is older than eight hours cannot be ended.
        "seconds": Param(7 * 3600, type="integer", minimum=0, maximum=8 * 3600, description="Of each part"),
    },
)
def festival_restart() -> None:
    """Follow the festival."""

    @task
    def confirm(report: Any) -> None:
        """Let the old activity go only when the new one is there."""
        if not report["accepted"]:
            raise RuntimeError("the vendor has not accepted the next part; the old one stays")

    def part(number: int) -> Part:
        activity_id = f"festival/{number}/{{{{ run_id }}}}"
        seconds = f"{number + 1} * params.seconds"
        end_time = f"{{{{ (dag_run.run_after + macros.timedelta(seconds={seconds})).isoformat() }}}}"
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
            dismissal_date="2000-01-01T00:00:00+00:00",  # at once: the next card is there already
        )
        chain(confirmed, over, end)
        return Part(start, confirmed, over, end)

    for old, new in pairwise([part(number) for number in range(PARTS)]):
        chain(old.over, new.start)
        chain(new.confirmed, old.end)


festival_restart()

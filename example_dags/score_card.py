"""
A Live Activity that is updated by events: each score that ``score_feed`` emits becomes an update.

Events may come late or twice. ``sequence`` is the minute of play: what is not above the last one sent is
dropped and counted, so that the card never goes back. One run at a time, because two runs that send at once
could still overtake each other.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.providers.common.compat.sdk import AirflowSkipException
from airflow.sdk import Asset, dag, task

from airflow_provider_liveactivity.operators.braze import BrazeUpdateLiveActivityOperator

SCORES = Asset("live_activity_example_scores")


@dag(
    schedule=[SCORES],
    doc_md=__doc__,
    max_active_runs=1,
    default_args={"retries": 2, "retry_delay": timedelta(seconds=5)},
    tags=["live-activity", "braze"],
)
def score_card() -> None:
    """Show the newest score."""

    @task(multiple_outputs=True)
    def newest(triggering_asset_events: Any = None) -> dict[str, Any]:
        """Return the newest of the events that this run is for: several may have come meanwhile."""
        rows = [event.extra for event in triggering_asset_events.get(SCORES, ())]
        if not rows:
            raise AirflowSkipException("started by hand, without an event")
        row = max(rows, key=lambda row: row["minute"])
        return {
            "activity_id": f"match/{row['match']}",
            "minute": row["minute"],
            "state": {"home": row["home"], "away": row["away"], "phase": f"Minute {row['minute']}"},
        }

    score: Any = newest()
    BrazeUpdateLiveActivityOperator(
        task_id="update",
        activity_id=score["activity_id"],
        content_state=score["state"],
        sequence=score["minute"],
        inlets=[SCORES],  # the last sequence sent is kept with the asset
    )


score_card()

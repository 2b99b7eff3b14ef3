"""
A Live Activity that is updated by events: each score that ``score_feed`` emits becomes an update.

Events may come late or twice. ``sequence`` is the minute of play: an update that is not above the last one is
dropped and counted, so that the card never goes back. Only one run is active at a time, because two runs
could overtake each other.
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

    @task
    def newest(triggering_asset_events: Any = None) -> list[dict[str, Any]]:
        """Return the newest event of each match: several may have come meanwhile, for several matches."""
        rows = [event.extra for event in triggering_asset_events.get(SCORES, ())]
        if not rows:
            raise AirflowSkipException("started by hand, without an event")
        by_match = {row["match"]: row for row in sorted(rows, key=lambda row: row["minute"])}
        return [
            {
                "activity_id": f"match/{match}",
                "content_state": {
                    "home": row["home"],
                    "away": row["away"],
                    "phase": f"Minute {row['minute']}",
                },
                "sequence": row["minute"],
            }
            for match, row in by_match.items()
        ]

    BrazeUpdateLiveActivityOperator.partial(
        task_id="update",
        inlets=[SCORES],  # the last sequence sent of each match is kept with the asset
        map_index_template="{{ task.activity_id }}",
    ).expand_kwargs(newest())


score_card()

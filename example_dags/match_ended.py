"""
Run when a match of ``match_segment`` has ended, and collect the result.

The task that ends the activity emits an asset event through an asset alias, because the id of the activity is
known only while the DAG runs.
"""

from __future__ import annotations

from typing import Any

from airflow.sdk import AssetAlias, dag, task

from airflow_provider_liveactivity.assets import activity_id_of

ENDED = AssetAlias("match_ended")


@dag(schedule=[ENDED], doc_md=__doc__, tags=["live-activity", "assets"])
def match_ended() -> None:
    """Collect results."""

    @task
    def results(triggering_asset_events: Any = None) -> list[dict[str, Any]]:
        return [
            {
                "activity_id": activity_id_of(event.asset.uri),
                "result": event.extra["content_state"],
                "accepted": event.extra["accepted"],
            }
            for event in triggering_asset_events.get(ENDED, [])
        ]

    results()


match_ended()

"""
The upstream DAG of ``score_card``: write a score to its table, and emit an asset event with the row.

This DAG contains nothing about Live Activities; other DAGs react to its events.
"""

from __future__ import annotations

from typing import Any

from airflow.providers.common.compat.sdk import BaseHook
from airflow.sdk import Asset, Metadata, Param, dag, task

SCORES = Asset("live_activity_example_scores")


@dag(
    schedule=None,
    doc_md=__doc__,
    tags=["live-activity", "braze"],
    params={
        "match": Param("northside-southside", type="string", description="Key of the match"),
        "minute": Param(
            12, type="integer", minimum=0, description="Minute of play; grows from score to score"
        ),
        "home": Param(1, type="integer", minimum=0),
        "away": Param(0, type="integer", minimum=0),
    },
)
def score_feed() -> None:
    """Publish a score."""

    @task(outlets=[SCORES])
    def write(params: Any = None) -> Any:
        row = {name: params[name] for name in ("match", "minute", "home", "away")}
        scores = BaseHook.get_hook("scores")
        scores.run(
            "CREATE TABLE IF NOT EXISTS scores (match TEXT, minute INTEGER, home INTEGER, away INTEGER)"
        )
        scores.insert_rows("scores", [tuple(row.values())], target_fields=list(row))
        yield Metadata(SCORES, extra=row)

    write()


score_feed()

"""
Upstream of ``score_card``: writes a score into its table, and emits the asset with the row.

Whoever has the news needs to know nothing about Live Activities; the event carries it on.
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
    """Tell a score."""

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

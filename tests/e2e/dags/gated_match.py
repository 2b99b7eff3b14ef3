"""A match whose goal is scored when a file appears, and which ends hours later."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from airflow.sdk import dag, task

from airflow_provider_liveactivity.lifecycle import BrazeLiveActivity


@dag(schedule=None, params={"activity_id": "gated", "gate": "/nowhere"})
def gated_match() -> None:
    with BrazeLiveActivity(
        "live",
        activity_id="{{ params.activity_id }}",
        activity_attributes_type="MatchAttributes",
        activity_attributes={"home": "City", "away": "Rovers"},
        content_state={"home": 0, "away": 0},
        notification={"alert": {"title": "City – Rovers", "body": "Kick-off"}},
        external_user_ids=["board-fan"],
        end_time="PT2H",
    ) as live:

        @task.sensor(poke_interval=1, timeout=1800)
        def gate(params: Any = None) -> bool:
            return Path(params["gate"]).exists()

        gate() >> live.update("goal", content_state={"home": 1, "away": 0})


gated_match()

"""Waits for a moment that a run is given."""

from __future__ import annotations

from airflow.sdk import DAG, Param

from airflow_provider_liveactivity.operators.braze import BrazeEndLiveActivityOperator
from airflow_provider_liveactivity.sensors.end_time import LiveActivityEndTimeSensor

MOMENT = {"moment": Param("2100-01-01T00:00:00+00:00", type="string")}

with DAG("waits_without_a_worker", schedule=None, params=MOMENT):
    LiveActivityEndTimeSensor(
        task_id="wait", end_time="{{ params.moment }}", deferrable=True, start_from_trigger=True
    )

with DAG("held", schedule=None, params=MOMENT):
    for name, end_on_kill in (("let_go", False), ("ended_first", True)):
        BrazeEndLiveActivityOperator(
            task_id=name,
            activity_id=f"{name}/{{{{ run_id }}}}",
            content_state={"home": 2},
            end_time="{{ params.moment }}",
            deferrable=False,
            end_on_kill=end_on_kill,
        )

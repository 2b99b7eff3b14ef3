"""An end that waits in the triggerer for longer than any test."""

from __future__ import annotations

from airflow.sdk import DAG

from airflow_provider_liveactivity.operators.braze import BrazeEndLiveActivityOperator

with DAG("deferred_end", schedule=None):
    BrazeEndLiveActivityOperator(
        task_id="end",
        activity_id="match/{{ run_id }}",
        content_state={"score": "2 - 1"},
        end_time="{{ dag_run.run_after + macros.timedelta(hours=6) }}",
    )

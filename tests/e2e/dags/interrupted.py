"""Sends that take some seconds, so that there is time to interrupt them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import DAG

from airflow_provider_liveactivity.operators.braze import BrazeStartLiveActivityOperator

ATTRIBUTES: dict[str, Any] = {
    "activity_attributes_type": "MatchAttributes",
    "activity_attributes": {},
    "content_state": {"score": "0 - 0"},
    "notification": {"alert": {"title": "Kick-off", "body": "It has started"}},
    "sql": "SELECT id FROM people WHERE n < {{ params.people }}",
    "sql_conn_id": "crowd",
    "max_requests_per_second": 30,
    "retries": 10,
    "retry_delay": timedelta(seconds=1),
}

DAGS: dict[str, dict[str, Any]] = {
    "killed": {},
    "out_of_time": {"execution_timeout": timedelta(seconds=3)},
}
for dag_id, more in DAGS.items():
    with DAG(dag_id, schedule=None, params={"people": 10}):
        BrazeStartLiveActivityOperator(task_id="start", activity_id="{{ run_id }}", **ATTRIBUTES, **more)

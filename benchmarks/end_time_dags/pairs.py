"""Ends at one moment, each by the usual pair of tasks: a sensor and an HTTP operator."""

from __future__ import annotations

import json
import os
from datetime import timedelta

from airflow.providers.http.operators.http import HttpOperator
from airflow.providers.standard.sensors.date_time import DateTimeSensorAsync
from airflow.sdk import DAG, Param


def pair(number: int, *, shortcuts: bool) -> None:
    """Return the two tasks."""
    wait = DateTimeSensorAsync(
        task_id=f"wait_{number}",
        target_time="{{ params.moment }}",
        start_from_trigger=shortcuts,
        end_from_trigger=shortcuts,
    )
    body = {"app_id": "sandbox-app", "activity_id": f"{number}", "content_state": {}, "end_activity": True}
    wait >> HttpOperator(
        task_id=f"end_{number}",
        http_conn_id="sandbox",
        endpoint="messages/live_activity/update",
        data=json.dumps(body),
        headers={"Content-Type": "application/json", "Authorization": "Bearer sandbox-braze-key"},
    )


for count in map(int, filter(None, os.environ["BENCH_ENDS"].split(","))):
    for way in ("pair", "pair_with_shortcuts"):
        with DAG(
            f"{way}_{count}",
            schedule=None,
            params={"moment": Param("2100-01-01T00:00:00+00:00", type="string")},
            default_args={"retries": 2, "retry_delay": timedelta(seconds=1)},
        ) as dag:
            for number in range(count):
                pair(number, shortcuts=way != "pair")
        globals()[dag.dag_id] = dag

"""The same end by three ways, so many times at one moment."""

from __future__ import annotations

import json
import os
from datetime import timedelta

from airflow.providers.http.operators.http import HttpOperator
from airflow.providers.standard.sensors.date_time import DateTimeSensorAsync
from airflow.sdk import DAG, Param

from airflow_provider_liveactivity.operators.braze import BrazeEndLiveActivityOperator
from airflow_provider_liveactivity.sensors.end_time import LiveActivityEndTimeSensor

MOMENT = "{{ params.moment }}"
FAR_AWAY = "2100-01-01T00:00:00+00:00"


def pair(number: int, *, shortcuts: bool) -> None:
    """Make the pair that people write today."""
    wait = DateTimeSensorAsync(
        task_id=f"wait_{number}", target_time=MOMENT, start_from_trigger=shortcuts, end_from_trigger=shortcuts
    )
    body = {"app_id": "sandbox-app", "activity_id": f"{number}", "content_state": {}, "end_activity": True}
    wait >> HttpOperator(
        task_id=f"end_{number}",
        http_conn_id="sandbox",
        endpoint="messages/live_activity/update",
        data=json.dumps(body),
        headers={"Content-Type": "application/json", "Authorization": "Bearer sandbox-braze-key"},
    )


def ours(number: int) -> None:
    """Make our one task."""
    BrazeEndLiveActivityOperator(
        task_id=f"end_{number}", activity_id=f"{number}", content_state={}, end_time=MOMENT
    )


for count in map(int, os.environ["BENCH_ENDS"].split(",")):
    for way in ("pair", "pair_with_shortcuts", "ours"):
        with DAG(
            f"{way}_{count}",
            schedule=None,
            params={"moment": Param(FAR_AWAY, type="string")},
            default_args={"retries": 2, "retry_delay": timedelta(seconds=1)},
        ) as dag:
            for number in range(count):
                if way == "ours":
                    ours(number)
                else:
                    pair(number, shortcuts=way != "pair")
        globals()[dag.dag_id] = dag

for count in map(int, os.environ["BENCH_WAITING"].split(",")):
    for way in ("standard", "ours"):
        with DAG(f"waiting_{way}_{count}", schedule=None) as dag:
            for number in range(count):
                if way == "ours":
                    LiveActivityEndTimeSensor(
                        task_id=f"wait_{number}", end_time=FAR_AWAY, deferrable=True, start_from_trigger=True
                    )
                else:
                    DateTimeSensorAsync(
                        task_id=f"wait_{number}", target_time=FAR_AWAY, start_from_trigger=True
                    )
        globals()[dag.dag_id] = dag

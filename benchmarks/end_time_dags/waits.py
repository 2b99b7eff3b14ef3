"""Waits for a day that does not come, by our sensor and by Airflow's, begun without a worker."""

from __future__ import annotations

import os

from airflow.providers.standard.sensors.date_time import DateTimeSensorAsync
from airflow.sdk import DAG

from airflow_provider_liveactivity.sensors.end_time import LiveActivityEndTimeSensor

FAR_AWAY = "2100-01-01T00:00:00+00:00"

for count in map(int, filter(None, os.environ["BENCH_WAITING"].split(","))):
    with DAG(f"waiting_ours_{count}", schedule=None) as dag:
        for number in range(count):
            LiveActivityEndTimeSensor(
                task_id=f"wait_{number}", end_time=FAR_AWAY, deferrable=True, start_from_trigger=True
            )
    globals()[dag.dag_id] = dag
    with DAG(f"waiting_standard_{count}", schedule=None) as dag:
        for number in range(count):
            DateTimeSensorAsync(task_id=f"wait_{number}", target_time=FAR_AWAY, start_from_trigger=True)
    globals()[dag.dag_id] = dag

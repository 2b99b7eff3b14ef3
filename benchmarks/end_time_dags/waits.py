"""
Waits for a day that does not come, by our sensor and by Airflow's.

``BENCH_SHORTCUT=1`` lets them begin without a worker. Each trigger then brings a copy of its whole DAG into
the triggerer, so that DAGs are of a usual size here.
"""

from __future__ import annotations

import os

from airflow.providers.standard.sensors.date_time import DateTimeSensorAsync
from airflow.sdk import DAG

from airflow_provider_liveactivity.sensors.end_time import LiveActivityEndTimeSensor

FAR_AWAY = "2100-01-01T00:00:00+00:00"
WAITS_PER_DAG = 20
SHORTCUT = os.environ["BENCH_SHORTCUT"] == "1"

for dag_number in range(int(os.environ["BENCH_WAITING"]) // WAITS_PER_DAG):
    with DAG(f"waiting_ours_{dag_number}", schedule=None) as dag:
        for number in range(WAITS_PER_DAG):
            LiveActivityEndTimeSensor(
                task_id=f"wait_{number}", end_time=FAR_AWAY, deferrable=True, start_from_trigger=SHORTCUT
            )
    globals()[dag.dag_id] = dag
    with DAG(f"waiting_standard_{dag_number}", schedule=None) as dag:
        for number in range(WAITS_PER_DAG):
            DateTimeSensorAsync(task_id=f"wait_{number}", target_time=FAR_AWAY, start_from_trigger=SHORTCUT)
    globals()[dag.dag_id] = dag

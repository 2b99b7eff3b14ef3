"""Ends at one moment, each by one operator of this provider."""

from __future__ import annotations

import os
from datetime import timedelta

from airflow.sdk import DAG, Param

from airflow_provider_liveactivity.operators.braze import BrazeEndLiveActivityOperator

for count in map(int, filter(None, os.environ["BENCH_ENDS"].split(","))):
    with DAG(
        f"ours_{count}",
        schedule=None,
        params={"moment": Param("2100-01-01T00:00:00+00:00", type="string")},
        default_args={"retries": 2, "retry_delay": timedelta(seconds=1)},
    ) as dag:
        for number in range(count):
            BrazeEndLiveActivityOperator(
                task_id=f"end_{number}",
                activity_id=f"{number}",
                content_state={},
                end_time="{{ params.moment }}",
            )
    globals()[dag.dag_id] = dag

"""Ends at one moment, each by the shortest task that starts early and holds its request."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.providers.standard.triggers.temporal import DateTimeTrigger
from airflow.sdk import DAG, BaseOperator, Param


class HeldEnd(BaseOperator):
    """Only the request: no connection, checks, retries or report."""

    template_fields = ("moment",)

    def __init__(self, *, activity_id: str, moment: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.activity_id = activity_id
        self.moment = moment

    def execute(self, context: Any) -> None:
        released_at = datetime.fromisoformat(self.moment) - timedelta(seconds=20)
        self.defer(trigger=DateTimeTrigger(moment=released_at), method_name="resume_after_wait")

    def resume_after_wait(self, context: Any, event: Any = None) -> None:
        import httpx

        body = {
            "app_id": "sandbox-app",
            "activity_id": self.activity_id,
            "content_state": {},
            "end_activity": True,
        }
        headers = {"Authorization": "Bearer sandbox-braze-key"}
        with httpx.Client(base_url=os.environ["BENCH_SANDBOX"], headers=headers) as client:
            left = datetime.fromisoformat(self.moment) - datetime.now(UTC)
            time.sleep(max(0, left.total_seconds()))
            client.post("/messages/live_activity/update", json=body).raise_for_status()


for count in map(int, filter(None, os.environ["BENCH_ENDS"].split(","))):
    with DAG(
        f"sketch_{count}",
        schedule=None,
        params={"moment": Param("2100-01-01T00:00:00+00:00", type="string")},
        default_args={"retries": 2, "retry_delay": timedelta(seconds=1)},
    ) as dag:
        for number in range(count):
            HeldEnd(task_id=f"end_{number}", activity_id=f"{number}", moment="{{ params.moment }}")
    globals()[dag.dag_id] = dag

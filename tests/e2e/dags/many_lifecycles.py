"""As many lives as rows, each with a fault of its own kind."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import Param, dag, task, task_group

from airflow_provider_liveactivity.lifecycle import BrazeLiveActivity

END_TIME = "SELECT CAST(ends_at AS VARCHAR) FROM lives WHERE n = ?"


def break_sensor(context: Any) -> None:
    """Break the sensor of one row in ten; another row breaks in a task of the block."""
    if context["ti"].map_index % 10 == 3:
        raise ValueError("as ordered")


@dag(
    schedule=None,
    default_args={"retries": 3, "retry_delay": timedelta(seconds=2)},
    params={"lives": Param(10, type="integer")},
)
def lives() -> None:
    """Live."""

    @task
    def rows(params: Any = None, run_id: Any = None) -> list[dict[str, Any]]:
        return [{"number": n, "activity_id": f"life/{n}/{run_id}"} for n in range(params["lives"])]

    @task_group
    def one(number: int, activity_id: str) -> None:
        with BrazeLiveActivity(
            "life",
            activity_id=activity_id,
            activity_attributes_type="LifeAttributes",
            activity_attributes={},
            content_state={"step": 0},
            notification={"alert": {"title": "Life", "body": "begins"}},
            segment_id="everybody",
            end_time_sql=END_TIME,
            end_time_sql_conn_id="lives",
            end_time_parameters=[number],
            recheck_interval=timedelta(seconds=45),
        ) as life:

            @task(retries=0)
            def between(number: int) -> None:
                if number % 10 == 7:
                    raise ValueError("as ordered")

            _ = (
                life.update("first", content_state={"step": 1})
                >> between(number)
                >> life.update("second", content_state={"step": 2})
            )
        life.end_time_sensor._pre_execute_hook = break_sensor

    one.expand_kwargs(rows())


lives()

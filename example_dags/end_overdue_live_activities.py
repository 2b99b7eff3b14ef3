"""
The safety net: end every Live Activity that is still on after its end time.

A DAG run may stop before it ends its activity: a person marks it failed or success, it reaches its
``dagrun_timeout``, or its DAG is deleted. Airflow then runs no more of its tasks, and the card would
stay on the lock screens for hours. This DAG checks the activities of all DAGs every five minutes, and when
you trigger it. It ends each with the last state that was sent.

Copy this file into your DAGs folder and unpause the DAG. It needs Airflow 3.3 or later.
"""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import dag

from airflow_provider_liveactivity.operators.overdue import EndOverdueLiveActivitiesOperator


@dag(
    schedule="*/5 * * * *",
    catchup=False,
    max_active_runs=1,
    doc_md=__doc__,
    default_args={"retries": 0},  # the next run tries again
    tags=["live-activity"],
)
def end_overdue_live_activities() -> None:
    """End what nothing else has ended."""
    EndOverdueLiveActivitiesOperator(
        task_id="end_overdue",
        # How late a run may send its own end, for example because it waits for a worker slot.
        grace_period=timedelta(minutes=2),
        dismissal_date=timedelta(minutes=15),
    )


end_overdue_live_activities()

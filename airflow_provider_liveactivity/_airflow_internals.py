"""What the provider uses of Airflow that Airflow does not call public."""

from __future__ import annotations


def runs_in_a_task() -> bool:
    """Return whether this process runs a task and so can reach Airflow's API through its supervisor."""
    from airflow.sdk.execution_time import task_runner

    return getattr(task_runner, "SUPERVISOR_COMMS", None) is not None

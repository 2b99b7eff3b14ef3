"""Use the parts of Airflow that are not its public API."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from airflow import __version__

#: Airflow 3.3 adds the task state store and retry policies. common-compat has the same constant, but only in
#: versions newer than those that are released with Airflow 3.1 to 3.3.
AIRFLOW_V_3_3_PLUS = tuple(map(int, __version__.split(".")[:2])) >= (3, 3)


def runs_in_a_task() -> bool:
    """Return whether this process runs a task and can reach Airflow's API through its supervisor."""
    from airflow.sdk.execution_time import task_runner

    return getattr(task_runner, "SUPERVISOR_COMMS", None) is not None


def coordinates(ti: Any) -> list[Any]:
    """
    Return the values that identify a task instance over all attempts; ``ti.id`` changes with each retry.

    On Airflow 3.4 and later, the iterations of a loop share the run, the task and the map index. The region
    and the index in the region distinguish them. A clear that repeats later iterations gives them a new
    region. A task outside of any region has the nil UUID. Before Airflow 3.4 the attribute is missing.

    :param ti: the running task instance.
    """
    found = [ti.dag_id, ti.run_id, ti.task_id, ti.map_index]
    region = getattr(ti, "region_id", None)
    return found if region in (None, UUID(int=0)) else [*found, str(region), ti.region_index]

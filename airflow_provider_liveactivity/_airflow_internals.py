"""What the provider uses of Airflow that Airflow does not call public."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from airflow import __version__

#: Airflow 3.3 brings the task state store and retry policies. common-compat has the same constant, but only
#: in versions newer than those that Airflow 3.1 to 3.3 are released with.
AIRFLOW_V_3_3_PLUS = tuple(map(int, __version__.split(".")[:2])) >= (3, 3)


def runs_in_a_task() -> bool:
    """Return whether this process runs a task and so can reach Airflow's API through its supervisor."""
    from airflow.sdk.execution_time import task_runner

    return getattr(task_runner, "SUPERVISOR_COMMS", None) is not None


def coordinates(ti: Any) -> list[Any]:
    """
    Return what identifies a task instance over all of its attempts; ``ti.id`` changes with each retry.

    From Airflow 3.4 on, the iterations of a loop share run, task and map index: the region and the index
    within it tell them apart. A clear that repeats later iterations gives them a new region. A task outside
    of any region has the nil UUID; before Airflow 3.4 the attribute is missing.
    """
    found = [ti.dag_id, ti.run_id, ti.task_id, ti.map_index]
    region = getattr(ti, "region_id", None)
    return found if region in (None, UUID(int=0)) else [*found, str(region), ti.region_index]

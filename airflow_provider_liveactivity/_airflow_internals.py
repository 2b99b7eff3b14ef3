"""Use the parts of Airflow that are not its public API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from airflow import __version__

#: Airflow 3.3 adds the task state store and retry policies. common-compat has the same constant, but only in
#: versions newer than those that are released with Airflow 3.1 to 3.3.
AIRFLOW_V_3_3_PLUS = tuple(map(int, __version__.split(".")[:2])) >= (3, 3)

_MISSING = object()


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


def is_made_by_mapping(arguments: Mapping[str, Any]) -> bool:
    """
    Return whether Airflow creates an operator from a mapped task.

    :param arguments: arguments that the operator's constructor receives.
    """
    return bool(arguments.get("_airflow_from_mapped"))


def values_in_dag_file(mapped: Any) -> list[Any]:
    """
    Return the objects that the DAG file gives to a mapped task, with containers.

    :param mapped: mapped operator in the DAG.
    :raises AttributeError: if this version of Airflow maps tasks in another way.
    """
    return [
        mapped.partial_kwargs,
        getattr(mapped, "op_kwargs_expand_input", mapped.expand_input).value,
        getattr(mapped.task_group, "default_args", None),
    ]


def values_of_other_tasks(passed: Any, mapped: Any) -> list[Any]:
    """
    Return the arguments of a mapped task that come from other tasks.

    :param passed: arguments that the operator's constructor received.
    :param mapped: mapped operator in the DAG.
    :raises AttributeError: if this version of Airflow maps tasks in another way; also KeyError and TypeError.
    """
    kind, partial = type(mapped).__name__, mapped.partial_kwargs
    if kind == "MappedOperator":
        expanded = mapped.expand_input.value
    elif kind == "DecoratedMappedOperator":  # only the function's arguments are mapped
        passed, partial = passed["op_kwargs"], partial["op_kwargs"]
        expanded = mapped.op_kwargs_expand_input.value
    else:
        raise TypeError(kind)
    return [
        value
        for name, value in passed.items()
        if partial.get(name, _MISSING) is not value and not _is_literal(name, value, expanded)
    ]


def _is_literal(name: str, value: Any, expanded: Any) -> bool:
    """
    Return whether a mapped argument is in the DAG file.

    :param name: name of the argument.
    :param value: value that the constructor received.
    :param expanded: argument of ``expand``, as a dict, or of ``expand_kwargs``.
    """
    if isinstance(expanded, Mapping):  # XComArgs and arguments of a mapped task group have resolve()
        return name in expanded and not hasattr(expanded[name], "resolve")
    if not isinstance(expanded, Sequence):
        return False
    return any(isinstance(row, Mapping) and row.get(name, _MISSING) is value for row in expanded)

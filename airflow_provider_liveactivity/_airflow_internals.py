"""Use the parts of Airflow that are not its public API."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

from airflow import __version__

if TYPE_CHECKING:
    from datetime import datetime

    from airflow.sdk import DAG
    from airflow.sdk.definitions.context import Context

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


def parsed_dag(dag_id: str, bundle_names: Sequence[str] | None = None) -> DAG:
    """
    Return a DAG, read from its file as ``airflow tasks render`` reads it.

    :param dag_id: id of the DAG.
    :param bundle_names: names of the DAG bundles to look in; None, the default, for all of them.
    :raises AirflowException: if no bundle has the DAG, or its file cannot be imported.
    """
    from airflow.utils.cli import get_bagged_dag

    return get_bagged_dag(list(bundle_names) if bundle_names else None, dag_id)


def stored_run(dag_id: str, run_id: str) -> dict[str, Any] | None:
    """
    Return the fields of a DAG run in Airflow's database, for ``context_of``; None if there is no such run.

    :param dag_id: id of the DAG.
    :param run_id: id of the DAG run.
    """
    from airflow.models.dagrun import DagRun
    from airflow.utils.session import create_session
    from sqlalchemy import select

    with create_session() as session:
        run = session.scalar(select(DagRun).where(DagRun.dag_id == dag_id, DagRun.run_id == run_id))
        names = ("run_id", "run_after", "logical_date", "data_interval_start", "data_interval_end", "conf")
        return None if run is None else {name: getattr(run, name) for name in names}


@contextmanager
def in_process_supervisor() -> Iterator[None]:
    """
    Give this process the connections, Variables and XComs that a task on this Airflow can read.

    A process that runs a task has them already.
    """
    if runs_in_a_task():
        yield
        return
    import os

    from airflow.sdk.execution_time.supervisor import (
        InProcessSupervisorComms,
        InProcessTestSupervisor,
        set_supervisor_comms,
    )

    make: Any = InProcessTestSupervisor
    supervisor = make(
        id=uuid4(),
        pid=os.getpid(),
        process=None,  # there is no subprocess to watch, and no output of one to log
        process_log=None,
        client=InProcessTestSupervisor._api_client(),  # noqa: SLF001
    )
    supervisor.comms = InProcessSupervisorComms(supervisor=supervisor)
    with set_supervisor_comms(supervisor.comms):
        yield


def context_of(task: Any, run: Mapping[str, Any], map_index: int) -> Context:
    """
    Return the context of a task in a DAG run that need not exist.

    :param task: the task, which belongs to a DAG.
    :param run: fields of the DAG run: ``run_id``, ``run_after``, ``logical_date``, ``conf`` and others.
    :param map_index: map index; -1 if the task is not mapped.
    :raises ParamValidationError: if the conf does not satisfy the params of the DAG.
    """
    from airflow.sdk.api.datamodels._generated import DagRun, TIRunContext
    from airflow.sdk.execution_time.task_runner import RuntimeTaskInstance

    unset: dict[str, Any] = dict.fromkeys(DagRun.model_fields)
    given = {
        "data_interval_start": run["logical_date"],
        "data_interval_end": run["logical_date"],
        **run,
        "dag_id": task.dag_id,
        "start_date": run["run_after"],
        "run_type": "manual",
        "state": "running",
        "consumed_asset_events": [],
    }
    make: Any = RuntimeTaskInstance.model_construct
    ti = make(
        id=uuid4(),
        dag_id=task.dag_id,
        task_id=task.task_id,
        run_id=run["run_id"],
        map_index=map_index,
        try_number=1,
        max_tries=0,
        task=task,
        start_date=run["run_after"],
        _ti_context_from_server=TIRunContext.model_construct(
            dag_run=DagRun.model_construct(**unset | given), max_tries=0
        ),
    )
    context: Context = ti.get_template_context()
    return context


def connection_ids(conn_types: Sequence[str]) -> list[str]:
    """
    Return the ids of the connections in Airflow's database that have one of some types.

    :param conn_types: the types.
    """
    from airflow.models.connection import Connection
    from airflow.utils.session import create_session
    from sqlalchemy import select

    with create_session() as session:
        return list(
            session.scalars(
                select(Connection.conn_id)
                .where(Connection.conn_type.in_(conn_types))
                .order_by(Connection.conn_id)
            )
        )


def triggerers() -> list[tuple[str | None, datetime | None, bool]]:
    """Return host, last heartbeat and health of each triggerer that says that it runs."""
    from airflow.jobs.job import Job
    from airflow.utils.session import create_session
    from sqlalchemy import select

    with create_session() as session:
        jobs = session.scalars(select(Job).where(Job.job_type == "TriggererJob", Job.state == "running"))
        return [(job.hostname, job.latest_heartbeat, job.is_alive()) for job in jobs]


def pools() -> list[tuple[str, float, float, bool]]:
    """Return name, slots, open slots and ``include_deferred`` of each pool."""
    from airflow.models.pool import Pool
    from airflow.utils.session import create_session
    from sqlalchemy import select

    with create_session() as session:
        counting_deferred = set(session.scalars(select(Pool.pool).where(Pool.include_deferred)))
        return [
            (name, pool["total"], pool["open"], name in counting_deferred)
            for name, pool in sorted(Pool.slots_stats(session=session).items())
        ]

"""Find the DAGs that start Live Activities by their schedule in the next hours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from sqlalchemy import and_, func, select

from airflow_provider_liveactivity.plugin._airflow import DagModel, SerializedDagModel
from airflow_provider_liveactivity.plugin.tasks import KINDS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from datetime import datetime

    from sqlalchemy.orm import Session

#: Whether a version of a DAG starts activities, by the hash of the version: a version never changes.
_starts_activities: dict[str, bool] = {}
#: Versions that the process remembers.
_MAX_REMEMBERED = 20_000


def read_scheduled_starts(
    session: Session, dag_ids: Collection[str], now: datetime, until: datetime
) -> list[dict[str, Any]]:
    """
    Return the DAG runs that Airflow will create and that start or sync activities.

    :param session: session of Airflow's database.
    :param dag_ids: the DAGs that the user may read.
    :param now: beginning of the period.
    :param until: end of the period.
    """
    statement = (
        select(DagModel.dag_id, DagModel.next_dagrun_create_after)
        .where(
            DagModel.next_dagrun_create_after.between(now, until),
            DagModel.is_paused.is_(False),
            DagModel.is_stale.is_(False),
            DagModel.dag_id.in_(dag_ids),
        )
        .order_by(DagModel.next_dagrun_create_after)
    )
    due = {dag_id: at for dag_id, at in session.execute(statement) if at is not None}
    if not due:
        return []
    hashes = _newest_hashes(session, due)
    _learn(session, [dag_hash for dag_hash in hashes.values() if dag_hash not in _starts_activities])
    return [
        {
            "what": "run",
            "at": at.isoformat(),
            "dag_id": dag_id,
            "links": {"run": f"dags/{quote(dag_id, safe='')}"},
        }
        for dag_id, at in due.items()
        if _starts_activities.get(hashes.get(dag_id, ""))
    ]


def _newest_hashes(session: Session, dag_ids: Collection[str]) -> dict[str, str]:
    newest = (
        select(SerializedDagModel.dag_id, func.max(SerializedDagModel.created_at).label("created_at"))
        .where(SerializedDagModel.dag_id.in_(dag_ids))
        .group_by(SerializedDagModel.dag_id)
        .subquery()
    )
    is_newest = and_(
        SerializedDagModel.dag_id == newest.c.dag_id, SerializedDagModel.created_at == newest.c.created_at
    )
    statement = select(SerializedDagModel.dag_id, SerializedDagModel.dag_hash).join(newest, is_newest)
    return {str(dag_id): str(dag_hash) for dag_id, dag_hash in session.execute(statement)}


def _learn(session: Session, hashes: Collection[str]) -> None:
    """Remember whether the given versions start activities."""
    if not hashes:
        return
    if len(_starts_activities) > _MAX_REMEMBERED:
        _starts_activities.clear()
    statement = select(SerializedDagModel).where(SerializedDagModel.dag_hash.in_(hashes))
    # A version may be megabytes of JSON.
    for version in session.scalars(statement.execution_options(yield_per=10)):
        _starts_activities[version.dag_hash] = any(
            _starts(task) for task in _tasks_in((version.data or {}).get("dag", {}))
        )


def _tasks_in(dag: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for task in dag.get("tasks", ()):
        yield task.get("__var", task)


def _starts(task: dict[str, Any]) -> bool:
    kind = KINDS.get(task.get("task_type", ""))
    if kind is not None:
        return kind.verb in ("start", "sync")
    name = str(task.get("_operator_name", ""))
    return name.startswith("@task.") and name.endswith("_live_activity_start")

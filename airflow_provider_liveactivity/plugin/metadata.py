"""
Read from Airflow's database what the board shows, with the same few queries whatever the number of tasks.

Every query is limited to the DAGs that the user may read. The queries load columns, not the ORM objects of
Airflow, which run code for every row.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from cryptography.fernet import InvalidToken
from sqlalchemy import and_, func, or_, select, tuple_

from airflow_provider_liveactivity._stored_names import PARTIAL_REPORT, PROGRESS_KEY, RECORD_PREFIX
from airflow_provider_liveactivity.plugin._airflow import (
    DagModel,
    DagRun,
    RenderedTaskInstanceFields,
    TaskInstance,
    TaskStateStoreModel,
    Variable,
    XComModel,
    get_fernet,
)
from airflow_provider_liveactivity.plugin.tasks import DECORATED_KINDS, KINDS, LINKS, Kind, Task, TaskKey

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from datetime import datetime

    from sqlalchemy import Select
    from sqlalchemy.orm import Session

#: Newest task instances that one view reads. The board says if there are more.
MAX_TASKS = 50_000
#: An activity lives eight hours, and its run may have been due some time before.
_BEFORE = timedelta(hours=12)
#: Each task takes four parameters of a statement, of which SQLite allows 32,766.
_MAX_ADDED = 5_000
_RETURN_VALUE = "return_value"
_IN_A_RECORD = {"vendor", "conn_id", "activity_id", "dag_id", "run_id"}


@dataclass(frozen=True, slots=True)
class Scope:
    """
    What a user asks for and may read.

    :param dag_ids: the DAGs that the user may read.
    :param since: beginning of the period.
    :param run: one DAG run, as DAG id and run id; None for all.
    """

    dag_ids: Collection[str]
    since: datetime
    run: tuple[str, str] | None = None

    def conditions(self) -> list[Any]:
        """Return the conditions on task instances that are joined with their DAG runs."""
        ours = or_(
            TaskInstance.operator.in_(KINDS),
            TaskInstance.custom_operator_name.in_(DECORATED_KINDS),
        )
        found = [ours, TaskInstance.dag_id.in_(self.dag_ids)]
        if self.run is not None:
            dag_id, run_id = self.run
            return [*found, DagRun.dag_id == dag_id, DagRun.run_id == run_id]
        is_recent = DagRun.run_after >= self.since - _BEFORE
        return [*found, or_(is_recent, DagRun.state.in_(("running", "queued")))]


class TaskList(NamedTuple):
    """The tasks of a scope, and whether there are more than one view reads."""

    tasks: list[Task]
    is_complete: bool


def read_tasks(session: Session, scope: Scope) -> TaskList:
    """
    Return the tasks that start, update, end or sync activities, with everything that they have left.

    :param session: session of Airflow's database.
    :param scope: what to read.
    """
    tasks = {task.key: task for task in _task_instances(session, scope)}
    is_complete = len(tasks) <= MAX_TASKS
    for key, name, value in _xcoms(session, scope):
        if (task := tasks.get(key)) is None:
            continue
        if name in LINKS:
            task.links[LINKS[name]] = value
        elif isinstance(value, dict) and (task.report is None or name == _RETURN_VALUE):
            task.report = value
    for key, fields in _rendered_fields(session, scope):
        if key in tasks and isinstance(fields, dict):
            tasks[key].fields = fields
    for key, progress in _progress(session, scope):
        if key in tasks:
            tasks[key].progress = progress
    return TaskList(list(tasks.values()), is_complete)


def add_fields(session: Session, tasks: Sequence[Task]) -> None:
    """
    Add the rendered fields of tasks of which ``read_tasks`` has left them out.

    :param session: session of Airflow's database.
    :param tasks: the tasks, the most important ones first; of more than 5,000, the others stay without.
    """
    lacking = {task.key: task for task in tasks if not task.fields}
    keys = list(lacking)[:_MAX_ADDED]
    if not keys:
        return
    rendered = RenderedTaskInstanceFields
    statement = select(*_key(rendered), rendered.rendered_fields).where(tuple_(*_key(rendered)).in_(keys))
    for *key, fields in session.execute(statement):
        if isinstance(fields, dict):
            lacking[TaskKey(*key)].fields = fields


def read_records(session: Session, dag_ids: Collection[str]) -> list[dict[str, Any]]:
    """
    Return the records of the activities that are on, of the DAGs that the user may read.

    :param session: session of Airflow's database.
    :param dag_ids: the DAGs that the user may read.
    """
    after_prefix = RECORD_PREFIX[:-1] + chr(ord(RECORD_PREFIX[-1]) + 1)
    # A range instead of LIKE, which does not use the index of the keys.
    statement = select(Variable.val, Variable.is_encrypted).where(
        Variable.key >= RECORD_PREFIX, Variable.key < after_prefix
    )
    fernet = get_fernet()
    records = []
    for value, is_encrypted in session.execute(statement):
        try:
            text = fernet.decrypt(value.encode()).decode() if is_encrypted else value
        except InvalidToken:  # encrypted with a key that Airflow no longer has
            continue
        record = _parsed(text)
        if isinstance(record, dict) and record.keys() >= _IN_A_RECORD and record["dag_id"] in dag_ids:
            records.append(record)
    return records


def read_action_dags(session: Session, dag_ids: Collection[str]) -> dict[str, bool]:
    """
    Return which of the given DAGs exist, each with whether it is paused.

    :param session: session of Airflow's database.
    :param dag_ids: the DAGs.
    """
    statement = select(DagModel.dag_id, DagModel.is_paused).where(
        DagModel.dag_id.in_(dag_ids), DagModel.is_stale.is_(False)
    )
    return {dag_id: bool(is_paused) for dag_id, is_paused in session.execute(statement)}


def _newest(scope: Scope, *columns: Any) -> Select[Any]:
    """Select the task instances that one view reads, and one more, which says that there are more."""
    runs = and_(DagRun.dag_id == TaskInstance.dag_id, DagRun.run_id == TaskInstance.run_id)
    return (
        select(*_key(TaskInstance), *columns)
        .select_from(TaskInstance)
        .join(DagRun, runs)
        .where(*scope.conditions())
        .order_by(func.coalesce(TaskInstance.start_date, DagRun.run_after).desc(), TaskInstance.id)
        .limit(MAX_TASKS + 1)
    )


def _task_instances(session: Session, scope: Scope) -> Iterator[Task]:
    statement = _newest(scope, *_TASK_COLUMNS)
    for dag_id, run_id, task_id, map_index, operator, decorator, *rest in session.execute(statement):
        state, started_at, ended_at, run_after, run_state, run_by = rest
        kind: Kind | None = DECORATED_KINDS.get(decorator) or KINDS.get(operator)
        if kind is not None:
            yield Task(
                key=TaskKey(dag_id, run_id, task_id, map_index),
                kind=kind,
                state=None if state is None else str(state),
                started_at=started_at,
                ended_at=ended_at,
                run_after=run_after,
                run_is_over=run_state in ("success", "failed"),
                run_by=run_by,
            )


def _xcoms(session: Session, scope: Scope) -> Iterator[tuple[TaskKey, str, Any]]:
    keys = (_RETURN_VALUE, PARTIAL_REPORT, *LINKS)
    newest = _newest(scope).subquery()
    statement = (
        select(*_key(XComModel), XComModel.key, XComModel.value)
        .join(newest, _same_task(XComModel, newest.c))
        .where(XComModel.key.in_(keys))
    )
    for *key, name, value in session.execute(statement):
        # Tasks store JSON. Airflow's own code stores JSON in a text.
        yield TaskKey(*key), name, _parsed(value) if isinstance(value, str) else value


def _rendered_fields(session: Session, scope: Scope) -> Iterator[tuple[TaskKey, Any]]:
    """Yield the rendered fields of all tasks but successful updates, of which the report says enough."""
    rendered = RenderedTaskInstanceFields
    says_enough = and_(_is_update(), func.coalesce(TaskInstance.state, "") == "success")
    newest = _newest(scope, says_enough.label("says_enough")).subquery()
    statement = (
        select(*_key(rendered), rendered.rendered_fields)
        .join(newest, _same_task(rendered, newest.c))
        .where(newest.c.says_enough.is_(False))
    )
    for *key, fields in session.execute(statement):
        yield TaskKey(*key), fields


def _progress(session: Session, scope: Scope) -> Iterator[tuple[TaskKey, dict[str, Any]]]:
    store = TaskStateStoreModel
    if store is None:
        return
    newest = _newest(scope, TaskInstance.state).subquery()
    statement = (
        select(*_key(store), store.value)
        .join(newest, _same_task(store, newest.c))
        .where(store.key == PROGRESS_KEY, newest.c.state.in_(("running", "deferred")))
    )
    for *key, text in session.execute(statement):
        progress = _parsed(text)
        if isinstance(progress, dict):
            yield TaskKey(*key), progress


def _is_update() -> Any:
    operators = [name for name, kind in KINDS.items() if kind.verb == "update"]
    decorators = [name for name, kind in DECORATED_KINDS.items() if kind.verb == "update"]
    # A NULL would make the whole condition NULL, and exclude the row from its opposite too.
    return or_(
        func.coalesce(TaskInstance.operator, "").in_(operators),
        func.coalesce(TaskInstance.custom_operator_name, "").in_(decorators),
    )


def _key(table: Any) -> list[Any]:
    return [table.dag_id, table.run_id, table.task_id, table.map_index]


def _same_task(table: Any, other: Any) -> Any:
    return and_(*(mine == theirs for mine, theirs in zip(_key(table), _key(other), strict=True)))


def _parsed(text: str) -> Any:
    """Return the value of a JSON text; the text itself, if it is none."""
    try:
        return json.loads(text)
    except ValueError:
        return text


_TASK_COLUMNS = (
    TaskInstance.operator,
    TaskInstance.custom_operator_name,
    TaskInstance.state,
    TaskInstance.start_date,
    TaskInstance.end_date,
    DagRun.run_after,
    DagRun.state,
    DagRun.triggering_user_name,
)

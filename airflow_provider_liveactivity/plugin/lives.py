"""
Make activities from tasks and records: one for each life, with its updates and its end.

A vendor's workspace may know the same activity id again in a later DAG run, and another workspace may know it
at the same time. Tasks therefore belong to the life with the id of their start, else to one of their DAG run.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from airflow_provider_liveactivity.plugin.activities import Activity

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from airflow_provider_liveactivity.plugin.tasks import Task

_OF_RECORD = ("vendor", "conn_id", "activity_id", "start_id", "dag_id", "run_id")
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


def activities_of(tasks: Iterable[Task], records: Iterable[dict[str, Any]]) -> list[Activity]:
    """
    Return the activities of tasks and records, newest first.

    :param tasks: the tasks of a period.
    :param records: all records of the same DAGs.
    """
    by_verb: dict[str, list[Task]] = defaultdict(list)
    for task in tasks:
        if task.activity_id is not None and _may_have_sent(task):
            by_verb[task.kind.verb].append(task)
    activities = _with_records(_started_by(by_verb["start"], by_verb["end"]), records)
    lives: dict[tuple[str, str], list[Activity]] = defaultdict(list)
    for activity in sorted(activities, key=_started):
        lives[activity.vendor, activity.activity_id].append(activity)
    for task in sorted([*by_verb["update"], *by_verb["end"]], key=_sent):
        life = _life_of(task, lives[task.kind.vendor, str(task.activity_id)])
        if life is not None and task.kind.verb == "update":
            life.updates.append(task)
        elif life is not None and life.record is None:
            life.end = task
    return sorted(activities, key=_started, reverse=True)


def _may_have_sent(task: Task) -> bool:
    report = task.report
    if report is None:  # a start may have sent a part; what has no report of an update has not changed yet
        return task.kind.verb == "start" and task.state is not None
    if report.get("validate_only") or report.get("dropped"):
        return False
    return bool(report.get("accepted") or report.get("unknown"))


def _started_by(starts: Iterable[Task], ends: Iterable[Task]) -> list[Activity]:
    """Return a life for each start; starts of one activity in one DAG run share a life until its end."""
    found: list[Activity] = []
    open_lives: dict[tuple[Any, ...], Activity] = {}
    for task in sorted([*starts, *ends], key=_began):
        place = (task.kind.vendor, task.conn_id, task.activity_id, *task.key[:2])
        if task.kind.verb == "end":
            open_lives.pop(place, None)
        elif (life := open_lives.get(place)) is not None:
            life.further_starts.append(task)
        else:
            open_lives[place] = Activity(task.kind.vendor, str(task.activity_id), task)
            found.append(open_lives[place])
    return found


def _with_records(activities: list[Activity], records: Iterable[dict[str, Any]]) -> list[Activity]:
    """Give each activity its record, and add the activities of which only the record is known."""
    by_start_id = {
        (activity.vendor, activity.activity_id, start_id): activity
        for activity in activities
        for start_id in activity.start_ids
    }
    by_place = {_place(activity): activity for activity in activities}
    found = list(activities)
    for record in records:
        vendor, conn_id, activity_id, start_id, *run = (str(record.get(name)) for name in _OF_RECORD)
        activity = by_start_id.get((vendor, activity_id, start_id))
        activity = activity or by_place.get((vendor, conn_id, activity_id, *run))
        if activity is None:
            activity = Activity(str(record["vendor"]), str(record["activity_id"]), None)
            found.append(activity)
        activity.record = record
    return [activity for activity in found if activity.record or activity.report or activity.is_starting]


def _place(activity: Activity) -> tuple[str, ...]:
    dag_and_run = activity.start.key[:2] if activity.start is not None else ()
    return (activity.vendor, str(activity.conn_id), activity.activity_id, *dag_and_run)


def _life_of(task: Task, lives: Sequence[Activity]) -> Activity | None:
    """Return the life that a task has changed, of the lives that had begun, from old to new."""
    start_id = (task.report or {}).get("start_id")
    own = None
    for life in lives:
        if _started(life) > _sent(task) or _is_elsewhere(task, life):
            continue
        rank = (start_id in life.start_ids, life.start is not None and life.start.key[:2] == task.key[:2])
        if own is None or rank >= own[0]:
            own = (rank, life)
    return own[1] if own is not None else None


def _is_elsewhere(task: Task, life: Activity) -> bool:
    """Return whether a task used another connection than the start; of most updates it is not known."""
    return None not in (task.conn_id, life.conn_id) and task.conn_id != life.conn_id


def _started(activity: Activity) -> datetime:
    at = activity.started_at
    if at is None and activity.start is not None:
        at = activity.start.started_at
    return at or _LONG_AGO


def _began(task: Task) -> datetime:
    at = (task.report or {}).get("first_sent_at")
    return datetime.fromisoformat(at) if at else task.started_at or _LONG_AGO


def _sent(task: Task) -> datetime:
    return task.sent_at or _LONG_AGO

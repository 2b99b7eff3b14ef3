"""Sort what Airflow knows into the sections of the board."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow_provider_liveactivity._stored_names import END_NOW_DAG_ID, UPDATE_NOW_DAG_ID
from airflow_provider_liveactivity.plugin import metadata, schedule, views
from airflow_provider_liveactivity.plugin.lives import activities_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy.orm import Session

    from airflow_provider_liveactivity.plugin.activities import Activity
    from airflow_provider_liveactivity.plugin.metadata import Scope
    from airflow_provider_liveactivity.plugin.tasks import Task

#: How far ahead the board looks.
_AHEAD = timedelta(hours=24)
_NOT_REACHED = (None, "none", "scheduled", "queued", "up_for_retry", "up_for_reschedule")


def read_board(session: Session, scope: Scope, *, now: datetime | None = None) -> dict[str, Any]:
    """
    Return everything that the page shows.

    :param session: session of Airflow's database.
    :param scope: what the user asks for and may read.
    :param now: the present; by default the current time.
    """
    now = now or datetime.now(UTC)
    tasks, is_complete = metadata.read_tasks(session, scope)
    records = metadata.read_records(session, scope.dag_ids)
    if scope.run is not None:
        records = [record for record in records if (record["dag_id"], record["run_id"]) == scope.run]
    activities = activities_of(tasks, records)
    on = [activity for activity in activities if not activity.is_over(now)]
    over = [activity for activity in activities if activity.is_over(now) and _is_of(activity, scope)]
    metadata.add_fields(session, [activity.updates[-1] for activity in on if activity.updates])
    return {
        "now": now.isoformat(),
        "since": scope.since.isoformat(),
        "is_complete": is_complete,
        "attention": [*_overdue(on, now), *_problems(tasks, scope)],
        "on": [views.activity_view(activity, now) for activity in on],
        "sending": [views.sending_view(task) for task in tasks if _is_sending(task)],
        "coming": [*_coming(on, tasks, now), *_scheduled(session, scope, now)],
        "over": [views.activity_view(activity, now) for activity in over],
        "syncs": [views.sync_view(task) for task in _newest_syncs(tasks)],
        "actions": _actions(session, scope),
    }


def _is_of(activity: Activity, scope: Scope) -> bool:
    """Return whether an activity that is over belongs to the period."""
    if scope.run is not None:
        return True
    last = activity.ended_at or activity.lives_until or activity.updated_at
    return last is not None and last >= scope.since


def _overdue(on: Iterable[Activity], now: datetime) -> list[dict[str, Any]]:
    return [
        {
            **views.end_view(activity),
            "kind": "overdue",
            "count": 1,
            "text": "should be over, and is still on",
        }
        for activity in on
        if views.is_overdue(activity, now)
    ]


def _problems(tasks: Iterable[Task], scope: Scope) -> list[dict[str, Any]]:
    """Return what went wrong in the period; a sync that went well since then has mended its problems."""
    newest = {id(task) for task in _newest_syncs(tasks)}
    found = [
        view
        for task in tasks
        if (task.ended_at or task.run_after) >= scope.since or scope.run is not None
        if task.kind.verb != "sync" or id(task) in newest
        for view in views.attention_views(task)
    ]
    return sorted(found, key=lambda view: (view["kind"] != "task", -view["count"]))


def _is_sending(task: Task) -> bool:
    sends_to_many = task.kind.verb in ("start", "sync") or task.kind.per_user
    return task.is_active and (task.progress is not None or (sends_to_many and task.state == "running"))


def _newest_syncs(tasks: Iterable[Task]) -> list[Task]:
    """Return the newest run of each sync, tasks being sorted from new to old."""
    newest: dict[tuple[Any, ...], Task] = {}
    for task in tasks:
        if task.kind.verb == "sync":
            dag_id, _, task_id, map_index = task.key
            newest.setdefault((dag_id, task_id, map_index), task)
    return list(newest.values())


def _coming(on: Iterable[Activity], tasks: Iterable[Task], now: datetime) -> list[dict[str, Any]]:
    ends = [activity for activity in on if _is_soon(activity.end_time, now)]
    waiting = [
        task
        for task in tasks
        if task.kind.verb == "start" and task.state in _NOT_REACHED and not task.run_is_over
    ]
    return [
        *(views.end_view(activity) for activity in sorted(ends, key=lambda one: str(one.end_time))),
        *(views.waiting_view(task) for task in waiting),
    ]


def _scheduled(session: Session, scope: Scope, now: datetime) -> list[dict[str, Any]]:
    if scope.run is not None:
        return []
    return schedule.read_scheduled_starts(session, scope.dag_ids, now, now + _AHEAD)


def _is_soon(at: datetime | None, now: datetime) -> bool:
    return at is not None and now <= at <= now + _AHEAD


def _actions(session: Session, scope: Scope) -> dict[str, str]:
    """Return whether the DAGs behind the buttons are "ready", "paused" or "missing"."""
    dags = {"end_now": END_NOW_DAG_ID, "update_now": UPDATE_NOW_DAG_ID}
    wanted = [dag_id for dag_id in dags.values() if dag_id in scope.dag_ids]
    paused = metadata.read_action_dags(session, wanted)
    states = {None: "missing", True: "paused", False: "ready"}
    return {name: states[paused.get(dag_id)] for name, dag_id in dags.items()}

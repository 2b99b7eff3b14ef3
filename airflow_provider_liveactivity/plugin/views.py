"""Turn activities and tasks into the JSON that the page draws: times as ISO-8601 text, relative links."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow_provider_liveactivity.plugin.tasks import TaskKey

if TYPE_CHECKING:
    from airflow_provider_liveactivity.plugin.activities import Activity
    from airflow_provider_liveactivity.plugin.tasks import Task

#: Time in which the activity's own DAG run may still end it.
_GRACE = timedelta(minutes=2)
_SYNC_COUNTS = (
    "rows",
    "started",
    "updated",
    "ended",
    "unchanged",
    "missing",
    "expired",
    "requests",
    "passes",
)
#: Counts that should be zero, each with what it means for a person.
PROBLEMS = {
    "unknown": "unknown: the vendor may have carried them out",
    "rejected": "rejected by the vendor",
    "bad_rows": "bad rows, which were not sent",
    "failed": "requests failed; the next pass repeats them",
}


def activity_view(activity: Activity, now: datetime) -> dict[str, Any]:
    """
    Return an activity for the page; the first fields are what the card shows.

    :param activity: the activity.
    :param now: the present.
    """
    start, record, report = activity.start, activity.record or {}, activity.report
    fields = start.fields if start is not None else {}
    end_arguments = record.get("end_arguments") or {}
    alert = _object(fields.get("alert") or fields.get("notification"))
    return {
        "vendor": activity.vendor,
        "activity_id": activity.activity_id,
        "attributes_type": fields.get("activity_attributes_type") or fields.get("attribute_type"),
        "attributes": _object(fields.get("activity_attributes") or fields.get("attribute_info")) or {},
        "content_state": _object(activity.content_state) or {},
        "alert": None if activity.updates else (alert or {}).get("alert", alert),
        "status": activity.status(now),
        "cards": 1,
        "started_at": _text(activity.started_at),
        "updated_at": _text(activity.updated_at),
        "stale_date": _text(activity.stale_date),
        "ended_at": _text(activity.ended_at),
        "dismissal_at": _text(activity.dismissal_at),
        "key": activity.key,
        "conn_id": activity.conn_id,
        "app_id": end_arguments.get("app_id") or fields.get("app_id"),
        "end_alert": _object(end_arguments.get("alert")),
        "end_time": _text(activity.end_time),
        "lives_until": _text(activity.lives_until),
        "is_overdue": is_overdue(activity, now),
        "people": {name: report.get(name, 0) for name in ("recipients", "accepted", "unknown", "rejected")},
        "updates": len(activity.updates),
        "events": _events(activity),
        "start_id": record.get("start_id"),
        **_actions(activity),
        **_place(start, record),
    }


def _actions(activity: Activity) -> dict[str, Any]:
    """Return whether a person can end or update an activity, and if not yet, why."""
    per_user = activity.start is not None and activity.start.kind.per_user
    is_known = activity.conn_id is not None and not per_user
    why_not = "No end or update while the start is being sent" if is_known and activity.is_starting else None
    return {"can_act": is_known and why_not is None, "why_not": why_not}


def is_overdue(activity: Activity, now: datetime) -> bool:
    """
    Return whether an activity is on although its end has passed.

    :param activity: the activity.
    :param now: the present.
    """
    end = activity.end_time
    return activity.record is not None and end is not None and end + _GRACE < now


def sending_view(task: Task) -> dict[str, Any]:
    """
    Return a send under way for the page.

    :param task: task that runs.
    """
    return {
        "vendor": task.kind.vendor,
        "verb": task.kind.verb,
        "activity_id": task.activity_id,
        "state": task.state,
        "started_at": _text(task.started_at),
        "progress": task.progress or {},
        **_place(task, {}),
    }


def sync_view(task: Task) -> dict[str, Any]:
    """
    Return a sync for the page.

    :param task: the newest run of a sync.
    """
    report = task.report or {}
    return {
        "vendor": task.kind.vendor,
        "state": task.state,
        "ended_at": _text(task.ended_at),
        "counts": {name: report[name] for name in _SYNC_COUNTS if name in report},
        "problems": {name: report[name] for name in PROBLEMS if report.get(name)},
        **_place(task, {}),
    }


def attention_views(task: Task) -> list[dict[str, Any]]:
    """
    Return what a task has to tell an engineer: counts that should be zero, and a failure.

    :param task: the task.
    """
    counts = {name: task.report[name] for name in PROBLEMS if task.report.get(name)} if task.report else {}
    found = [{"kind": name, "count": count, "text": PROBLEMS[name]} for name, count in counts.items()]
    if task.state == "failed":
        found.insert(0, {"kind": "task", "count": 1, "text": f"the {task.kind.verb} failed"})
    return [{"activity_id": task.activity_id, **view, **_place(task, {})} for view in found]


def waiting_view(task: Task) -> dict[str, Any]:
    """
    Return a start that its DAG run has not reached yet.

    :param task: the task.
    """
    return {
        "what": "start",
        "at": None,
        "vendor": task.kind.vendor,
        "activity_id": task.activity_id,
        "state": task.state,
        **_place(task, {}),
    }


def end_view(activity: Activity) -> dict[str, Any]:
    """
    Return a scheduled end.

    :param activity: an activity with an end.
    """
    return {
        "what": "end",
        "at": _text(activity.end_time),
        "vendor": activity.vendor,
        "activity_id": activity.activity_id,
        **_place(activity.start, activity.record or {}),
    }


def _place(task: Task | None, record: dict[str, Any]) -> dict[str, Any]:
    """Return where a task lives in Airflow, and its links."""
    if task is None:
        key = TaskKey(str(record.get("dag_id")), str(record.get("run_id")), "", -1)
        return {"dag_id": key.dag_id, "run_id": key.run_id, "run_by": None, "links": {"run": key.run_url}}
    links = {name: url for name, url in task.links.items() if str(url).startswith(("https://", "http://"))}
    return {
        "dag_id": task.key.dag_id,
        "run_id": task.key.run_id,
        "task_id": task.key.task_id,
        "run_by": task.run_by,
        "links": {"run": task.key.run_url, "task": task.key.url, **links},
    }


def _events(activity: Activity) -> list[list[str]]:
    """Return what happened to an activity: the moment and the verb of each event."""
    return [
        *_event("start", activity.started_at),
        *(event for task in activity.updates for event in _event("update", task.sent_at)),
        *_event("end", activity.ended_at),
    ]


def _event(verb: str, at: datetime | None) -> list[list[str]]:
    return [] if at is None else [[at.isoformat(timespec="seconds"), verb]]


def _object(value: Any) -> dict[str, Any] | None:
    """Return a JSON object that a task may have stored as text; None for anything else."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return None
    return value if isinstance(value, dict) else None


def _text(at: datetime | None) -> str | None:
    return at.isoformat() if at is not None else None

"""Define what the board knows of a task: its place in Airflow, its reports, and its rendered fields."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property, lru_cache
from typing import Any, NamedTuple
from urllib.parse import quote

_DECORATED = "@task.{vendor}_live_activity_{verb}"


class Kind(NamedTuple):
    """What a task does: with which vendor, and whether it starts, updates, ends or syncs activities."""

    vendor: str
    verb: str
    #: Whether each user has an activity of their own, so that no single request ends it.
    per_user: bool = False


#: The operators by the names that Airflow stores with their task instances.
KINDS = {
    **{
        f"Braze{verb.title()}LiveActivityOperator": Kind("braze", verb) for verb in ("start", "update", "end")
    },
    **{
        f"MoEngage{verb.title()}BroadcastLiveActivityOperator": Kind("moengage", verb)
        for verb in ("start", "update", "end")
    },
    **{
        f"MoEngage{verb.title()}LiveActivityOperator": Kind("moengage", verb, per_user=True)
        for verb in ("start", "update", "end")
    },
    "BrazeSyncLiveActivitiesOperator": Kind("braze", "sync"),
    "MoEngageSyncLiveActivitiesOperator": Kind("moengage", "sync"),
}
#: The decorators, which all have operators of the same few names.
DECORATED_KINDS = {
    _DECORATED.format(vendor=name, verb=verb): Kind(vendor, verb)
    for name, vendor in (("braze", "braze"), ("moengage_broadcast", "moengage"))
    for verb in ("start", "update", "end")
}

LINKS = {
    "_link_BrazeActivityLogLink": "vendor",
    "_link_MoEngageCampaignsLink": "vendor",
    "_link_SandboxLink": "sandbox",
}


class TaskKey(NamedTuple):
    """The identity of a task instance over its attempts."""

    dag_id: str
    run_id: str
    task_id: str
    map_index: int

    @property
    def url(self) -> str:
        """Path of the task's page, which opens its log, relative to Airflow's own path."""
        path = f"{self.run_url}/tasks/{_quoted(self.task_id)}"
        return path if self.map_index < 0 else f"{path}/mapped/{self.map_index}"

    @property
    def run_url(self) -> str:
        """Path of the page of the DAG run, relative to Airflow's own path."""
        return f"dags/{_quoted(self.dag_id)}/runs/{_quoted(self.run_id)}"


@dataclass
class Task:
    """
    A task instance that sends, and what it has left in Airflow.

    :param key: identity of the task instance.
    :param kind: what the task does.
    :param state: state of the task instance; None before it is scheduled.
    :param started_at: when it started last; None before.
    :param ended_at: when it ended last; None before.
    :param run_after: when its DAG run was due.
    :param run_is_over: whether its DAG run has finished.
    :param run_by: user who triggered the DAG run; None if no user did.
    :param report: the report of its send; None before, and after a failure that sent nothing.
    :param fields: its rendered template fields; empty if Airflow has none.
    :param links: its links to other systems by "vendor" and "sandbox".
    :param progress: the progress of a running send, from Airflow 3.3 on.
    """

    key: TaskKey
    kind: Kind
    state: str | None
    started_at: datetime | None
    ended_at: datetime | None
    run_after: datetime
    run_is_over: bool
    run_by: str | None
    report: dict[str, Any] | None = None
    fields: dict[str, Any] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    progress: dict[str, Any] | None = None

    @property
    def activity_id(self) -> str | None:
        """Id by which the vendor knows the activity, if the task is about one activity."""
        found = (
            (self.report or {}).get("activity_id")
            or self.fields.get("activity_id")
            or self.fields.get("broadcast_live_activity_id")
        )
        return found if isinstance(found, str) else None

    @cached_property
    def sent_at(self) -> datetime | None:
        """Moment of its last request; None if it has sent nothing, or nothing yet."""
        at = (self.report or {}).get("last_sent_at")
        return datetime.fromisoformat(at) if at else None

    @property
    def conn_id(self) -> str | None:
        """Connection to the vendor's workspace, if Airflow still has the rendered fields."""
        found = self.fields.get(f"{self.kind.vendor}_conn_id")
        return found if isinstance(found, str) else None

    @property
    def is_active(self) -> bool:
        """Whether the task runs now, or waits in the triggerer."""
        return self.state in ("running", "deferred")


@lru_cache(maxsize=10_000)
def _quoted(name: str) -> str:
    return quote(name, safe="")

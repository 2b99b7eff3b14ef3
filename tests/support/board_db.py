"""Rows in Airflow's database as tasks leave them: what the board reads, without running a task."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow_provider_liveactivity._airflow_internals import AIRFLOW_V_3_3_PLUS
from airflow_provider_liveactivity._stored_names import PARTIAL_REPORT, PROGRESS_KEY
from airflow_provider_liveactivity.operators._records import ActivityRecord
from tests.support.airflow_versions import AIRFLOW

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

BUNDLE = "dags-folder"
NAMES = {"braze": "Braze{}LiveActivityOperator", "moengage": "MoEngage{}BroadcastLiveActivityOperator"}
LINKS = {
    "_link_BrazeActivityLogLink": "https://dashboard-01.braze.com/",
    "_link_SandboxLink": "http://127.0.0.1:8390/",
}


def report(verb: str, at: datetime, activity_id: str = "match-1", **changes: Any) -> dict[str, Any]:
    """Return the report of a send to 100 people."""
    sent: dict[str, Any] = {
        "vendor": "braze",
        "verb": verb,
        "activity_id": activity_id,
        "requests": 2,
        "recipients": 100,
        "accepted": 100,
        "rejected": 0,
        "unknown": 0,
        "duplicates": 0,
        "nulls": 0,
        "retries": 0,
        "waited_seconds": 0.0,
        "first_sent_at": at.isoformat(),
        "last_sent_at": (at + timedelta(seconds=1)).isoformat(),
        "content_state": {"home": 0, "away": 0},
        "validate_only": False,
    }
    return sent | changes


def fields(activity_id: str = "match-1", **changes: Any) -> dict[str, Any]:
    """Return the rendered template fields of a Braze start."""
    rendered: dict[str, Any] = {
        "activity_id": activity_id,
        "activity_attributes_type": "MatchAttributes",
        "activity_attributes": {"home": "City", "away": "Rovers"},
        "content_state": {"home": 0, "away": 0},
        "notification": {"alert": {"title": "City – Rovers", "body": "Kick-off"}},
        "braze_conn_id": "braze_default",
    }
    return rendered | changes


def record(at: datetime, activity_id: str = "match-1", **changes: Any) -> ActivityRecord:
    """Return the record of an activity that is on until 90 minutes after its start."""
    values: dict[str, Any] = {
        "vendor": "braze",
        "conn_id": "braze_default",
        "activity_id": activity_id,
        "start_id": "1234",
        "content_state": {"home": 1, "away": 0},
        "started_at": at.isoformat(),
        "updated_at": at.isoformat(),
        "end_time": (at + timedelta(minutes=90)).isoformat(),
        "end_query": None,
        "end_arguments": {"app_id": "app"},
        "dag_id": "match",
        "run_id": "run",
    }
    return ActivityRecord(**values | changes)


@dataclass
class BoardDatabase:
    """
    Writes rows as Airflow's own processes do.

    :param session: session of Airflow's database; commit it to make the rows visible.
    """

    session: Session
    _runs: dict[tuple[str, str], int] = field(default_factory=dict)
    _dags: set[str] = field(default_factory=set)

    def add_dag(self, dag_id: str, **columns: Any) -> None:
        """Add a DAG, if it is not there yet."""
        from airflow.models.dag import DagModel

        if dag_id not in self._dags:
            self._dags.add(dag_id)
            given = {"bundle_name": BUNDLE, "is_paused": False, "is_stale": False, "fileloc": "/d.py"}
            self.session.add(DagModel(dag_id=dag_id, **given | columns))
            self.session.flush()

    def add_run(self, dag_id: str, run_id: str, at: datetime, state: str = "running", **columns: Any) -> int:
        """Add a DAG run and its DAG, and return its primary key."""
        from airflow.models.dagrun import DagRun
        from airflow.utils.state import DagRunState

        if (dag_id, run_id) not in self._runs:
            self.add_dag(dag_id)
            run = DagRun(
                dag_id=dag_id,
                run_id=run_id,
                run_after=at,
                start_date=at,
                state=DagRunState(state),
                run_type="manual",
                **columns,
            )
            self.session.add(run)
            self.session.flush()
            self._runs[dag_id, run_id] = run.id
        return self._runs[dag_id, run_id]

    def add_task(
        self,
        verb: str,
        at: datetime,
        *,
        dag_id: str = "match",
        run_id: str = "run",
        task_id: str | None = None,
        map_index: int = -1,
        vendor: str = "braze",
        state: str | None = "success",
        report: dict[str, Any] | None = None,
        partial_report: dict[str, Any] | None = None,
        rendered: dict[str, Any] | None = None,
        progress: dict[str, Any] | None = None,
        links: dict[str, str] | None = None,
        **columns: Any,
    ) -> None:
        """Add a task instance of our operators with what it has left."""
        from airflow.models.renderedtifields import RenderedTaskInstanceFields
        from airflow.models.taskinstance import TaskInstance
        from airflow.models.xcom import XComModel
        from sqlalchemy import insert
        from uuid6 import uuid7

        run_key = self.add_run(dag_id, run_id, at)
        key = {"dag_id": dag_id, "run_id": run_id, "task_id": task_id or verb, "map_index": map_index}
        operator = NAMES[vendor].format(verb.title()) if verb in ("start", "update", "end") else verb
        own: dict[str, Any] = {
            "id": uuid7() if AIRFLOW >= (3, 2) else str(uuid7()),
            "state": state,
            "operator": operator,
            "start_date": at,
            "end_date": at if state in ("success", "failed") else None,
            "pool": "default_pool",
            "pool_slots": 1,
            "try_number": 1,
            "max_tries": 0,
        }
        execute = self.session.execute
        execute(insert(TaskInstance).values(**key, **own | columns))
        xcoms: dict[str, Any] = {"return_value": report, PARTIAL_REPORT: partial_report, **(links or {})}
        for name, value in xcoms.items():
            if value is not None:
                row = {**key, "dag_run_id": run_key, "key": name, "value": value, "timestamp": at}
                execute(insert(XComModel).values(**row))
        if rendered is not None:
            execute(insert(RenderedTaskInstanceFields).values(**key, rendered_fields=rendered))
        if progress is not None and AIRFLOW_V_3_3_PLUS:
            from airflow.models.task_state_store import TaskStateStoreModel

            row = {**key, "dag_run_id": run_key, "key": PROGRESS_KEY, "value": json.dumps(progress)}
            execute(insert(TaskStateStoreModel).values(**row, updated_at=at))

    def add_record(self, record: ActivityRecord) -> None:
        """Add a record of the safety net."""
        from dataclasses import asdict

        from airflow.models.variable import Variable

        self.session.add(Variable(key=record.key, val=json.dumps(asdict(record))))
        self.session.flush()


def season(database: BoardDatabase, now: datetime, activities: int, updates: int) -> None:
    """Add a day of matches: two thirds are over, one third is on, a few have problems."""
    for number in range(activities):
        is_on = number % 3 == 0
        name, run = f"match-{number}", f"manual__{number}"
        begin = now - timedelta(minutes=(20 + number % 60) if is_on else 200 + number % 300)
        where: dict[str, Any] = {"dag_id": f"matches_{number % 7}", "run_id": run}
        teams = ("City", "Rovers", "United", "Harbour", "Uptown", "Northside", "Albion")
        home, away = teams[number % 7], teams[(number * 3 + 1) % 7]
        rendered = fields(name, activity_attributes={"home": home, "away": away})
        counts = {"recipients": 12_000, "accepted": 12_000}
        if number % 97 == 5:
            counts |= {"accepted": 11_940, "unknown": 50, "rejected": 10}
        database.add_run(
            **where, at=begin, state="running" if is_on else "success", triggering_user_name="ana"
        )
        started = report("start", begin, name, start_id="1", **counts)
        database.add_task("start", begin, **where, report=started, rendered=rendered, links=LINKS)
        step = (now - begin if is_on else timedelta(minutes=100)) / (updates + 1)
        state = {"home": number % 4, "away": number % 3, "phase": "Second half"}
        for update in range(updates):
            at = begin + step * (update + 1)
            sent = report("update", at, name, content_state=state, recipients=1, accepted=1)
            database.add_task("update", at, **where, task_id=f"update_{update}", report=sent)
        if is_on:
            end = begin + timedelta(minutes=95)
            details = {"dag_id": where["dag_id"], "run_id": run, "content_state": state}
            database.add_record(record(begin, name, **details, end_time=end.isoformat()))
        else:
            ended = report("end", begin + timedelta(minutes=100), name, content_state=state, start_id="1")
            database.add_task(
                "end", begin, **where, report=ended, rendered=fields(name, dismissal_date="PT30M")
            )

"""An evening with all that the board can show, as tasks leave it in Airflow's database."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from airflow_provider_liveactivity._stored_names import END_NOW_DAG_ID, UPDATE_NOW_DAG_ID
from tests.support.board_db import LINKS, BoardDatabase, fields, record, report

ALL_ON = {"match-1", "flight/UA1545", "derby-final", "cup-final"}
PROGRESS = {
    "sent": 412_000,
    "total": 1_200_000,
    "percent": 34.3,
    "unknown": 0,
    "people_per_second": 48_000,
    "requests_per_second": 960,
    "seconds_left": 17,
    "quota_left": 181_200,
}
DERBY = {
    "broadcast_live_activity_id": "derby-final",
    "attribute_type": "Score",
    "attribute_info": {"home": "Chiefs", "away": "Bills"},
    "alert": {"title": "Derby", "body": "Kick-off"},
    "moengage_conn_id": "moengage_default",
    "stale_date": "PT5M",
}
FLIGHT = {
    "activity_attributes_type": "FlightAttributes",
    "activity_attributes": {"flight": "UA1545", "origin": "EWR", "destination": "IAH"},
    "content_state": {"status": "Boarding"},
    "notification": {"alert": {"title": "UA1545", "body": "Boarding at gate C94"}},
}
FLIGHT_RUN = "scheduled__2026-07-22T16:00:00+00:00"
SYNCED = {"rows": 1840, "started": 12, "updated": 233, "ended": 9, "unchanged": 1586, "bad_rows": 3}


def evening(database: BoardDatabase, now: datetime) -> None:
    """Add four activities that are on, two that are over, a sync, and what went wrong."""
    for dag_id in (END_NOW_DAG_ID, UPDATE_NOW_DAG_ID):
        database.add_dag(dag_id)
    _match(database, now)
    _flight(database, now)
    _derby(database, now)
    _cup(database, now)
    _earlier(database, now)
    synced = now - timedelta(minutes=3)
    sync: dict[str, Any] = {"dag_id": "deliveries", "task_id": "sync", "report": SYNCED | {"requests": 254}}
    database.add_task("BrazeSyncLiveActivitiesOperator", synced, **sync)
    database.add_task("start", now, dag_id="evening", state="scheduled")


def _match(database: BoardDatabase, now: datetime) -> None:
    begin = now - timedelta(minutes=64)
    database.add_run("match", "run", begin, triggering_user_name="ana")
    sent: dict[str, Any] = {"recipients": 120_000, "accepted": 119_950, "unknown": 50, "start_id": "1234"}
    database.add_task("start", begin, report=report("start", begin, **sent), rendered=fields(), links=LINKS)
    for number, minute in enumerate((10, 25, 44, 60)):
        at = begin + timedelta(minutes=minute)
        goal = report("update", at, recipients=1, accepted=1)
        database.add_task("update", at, task_id=f"goal_{number}", report=goal)
    missed = now - timedelta(minutes=33)
    database.add_task("update", missed, task_id="red_card", state="failed", rendered=fields())
    database.add_record(record(begin, content_state={"home": 2, "away": 1, "phase": "64'"}))


def _flight(database: BoardDatabase, now: datetime) -> None:
    begin, name = now - timedelta(minutes=150), "flight/UA1545"
    place: dict[str, Any] = {"dag_id": "flights", "run_id": FLIGHT_RUN}
    sent = report("start", begin, name, start_id="9", recipients=148, accepted=148)
    shown = fields(name, **FLIGHT)
    database.add_task("start", begin, **place, map_index=0, report=sent, rendered=shown, links=LINKS)
    state = {"status": "In the air", "delayMinutes": 12}
    due = (now - timedelta(minutes=9)).isoformat()
    database.add_record(record(begin, name, **place, content_state=state, end_time=due))


def _derby(database: BoardDatabase, now: datetime) -> None:
    begin, name = now - timedelta(minutes=12), "derby-final"
    sent = report("start", begin, name, vendor="moengage", recipients=1, accepted=1, start_id="7")
    place = {"dag_id": "derby", "vendor": "moengage"}
    database.add_task("start", begin, **place, report=sent, rendered=DERBY, links=LINKS)  # type: ignore[arg-type]
    last = {"content_state": {"home": 7, "away": 3}, "conn_id": "moengage_default"}
    alert = {"alert": {"title": "Derby", "body": "Full time"}}
    database.add_record(record(begin, name, **place, **last, end_arguments=alert))


def _cup(database: BoardDatabase, now: datetime) -> None:
    begin, name = now - timedelta(seconds=40), "cup-final"
    alert = {"alert": {"title": "The final", "body": "Harbour – Uptown"}}
    shown = fields(name, activity_attributes={"home": "Harbour", "away": "Uptown"}, notification=alert)
    database.add_task("start", begin, dag_id="cup", state="running", rendered=shown, progress=PROGRESS)
    database.add_record(record(begin, name, dag_id="cup", content_state={"home": 0, "away": 0}))


def _earlier(database: BoardDatabase, now: datetime) -> None:
    begin = now - timedelta(minutes=300)
    over = begin + timedelta(minutes=100)
    for name, changes in (("noon-1", {}), ("noon-2", {"rejected": 10, "accepted": 90})):
        place: dict[str, Any] = {"dag_id": name.replace("-", "_")}
        database.add_run(**place, run_id="run", at=begin, state="success", triggering_user_name="ben")
        sent = report("start", begin, name, start_id="1", **changes)
        database.add_task("start", begin, **place, report=sent, rendered=fields(name), links=LINKS)
        ended = report("end", over, name, start_id="1", recipients=1, accepted=1)
        shown = fields(name, dismissal_date="PT30M")
        database.add_task("end", over, **place, report=ended, rendered=shown)

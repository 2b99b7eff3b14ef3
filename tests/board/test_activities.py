"""What the board makes of the tasks and the records of the safety net."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from airflow.providers.standard.operators.empty import EmptyOperator

from airflow_provider_liveactivity._airflow_internals import AIRFLOW_V_3_3_PLUS
from airflow_provider_liveactivity._stored_names import RECORD_PREFIX
from airflow_provider_liveactivity.operators.braze import BrazeEndLiveActivityOperator
from airflow_provider_liveactivity.operators.sync import BrazeSyncLiveActivitiesOperator
from airflow_provider_liveactivity.plugin.board import read_board
from airflow_provider_liveactivity.plugin.metadata import Scope
from tests.support.board_db import LINKS, BoardDatabase, fields, record, report

NOW = datetime(2026, 7, 22, 18, tzinfo=UTC)
DAGS = frozenset({"match", "rival", "live_activity_end_now"})
Read = Callable[..., dict[str, Any]]


def minutes(number: float) -> datetime:
    """Return a moment of the match, which kicks off an hour ago."""
    return NOW - timedelta(minutes=60 - number)


@pytest.fixture
def read(database: BoardDatabase) -> Read:
    def read(dag_ids: frozenset[str] = DAGS, run: tuple[str, str] | None = None) -> dict[str, Any]:
        scope = Scope(dag_ids, since=NOW - timedelta(hours=18), run=run)
        return read_board(database.session, scope, now=NOW)

    return read


@pytest.fixture
def match(database: BoardDatabase) -> BoardDatabase:
    """A match that is on, with one update."""
    started = report("start", minutes(0), start_id="1234")
    database.add_task("start", minutes(0), report=started, rendered=fields(), links=LINKS)
    goal = report("update", minutes(30), content_state={"home": 1, "away": 0}, start_id="1234")
    database.add_task("update", minutes(30), task_id="goal", report=goal)
    database.add_record(record(minutes(0)))
    return database


def test_an_activity_with_a_record_is_on_with_its_last_state_and_its_end(
    match: BoardDatabase, read: Read
) -> None:
    (shown,) = read()["on"]
    assert (shown["activity_id"], shown["status"], shown["updates"]) == ("match-1", "on", 1)
    assert shown["content_state"] == {"home": 1, "away": 0}
    assert shown["attributes"] == {"home": "City", "away": "Rovers"}
    assert shown["people"]["accepted"] == 100
    assert shown["end_time"] == minutes(90).isoformat()
    assert shown["links"] == {
        "run": "dags/match/runs/run",
        "task": "dags/match/runs/run/tasks/start",
        "vendor": LINKS["_link_BrazeActivityLogLink"],
        "sandbox": LINKS["_link_SandboxLink"],
    }


def test_what_the_board_cannot_read_hides_nothing_else(match: BoardDatabase, read: Read) -> None:
    cut = fields("match-2", notification='{"alert": {"ti... Truncated', activity_attributes=["no object"])
    sent = report("start", minutes(5), "match-2")
    match.add_task("start", minutes(5), run_id="second", report=sent, rendered=cut)
    from airflow.models.variable import Variable

    for number, text in enumerate(("no JSON", "[]", '{"dag_id": "match"}')):
        match.session.add(Variable(key=f"{RECORD_PREFIX}{number}", val=text))
    match.session.flush()
    assert {one["activity_id"] for one in read()["on"]} == {"match-1", "match-2"}


def test_a_link_that_is_no_web_address_is_left_out(database: BoardDatabase, read: Read) -> None:
    links = {"_link_SandboxLink": "javascript:alert(1)"}
    database.add_task("start", minutes(0), report=report("start", minutes(0)), rendered=fields(), links=links)
    assert set(read()["on"][0]["links"]) == {"run", "task"}


def test_an_activity_without_its_record_is_over_even_if_no_task_of_its_run_has_ended_it(
    database: BoardDatabase, read: Read
) -> None:
    started = report("start", minutes(0), start_id="1234")
    database.add_task("start", minutes(0), report=started, rendered=fields())
    board = read()
    assert board["on"] == []
    assert [(one["status"], one["ended_at"]) for one in board["over"]] == [("ended", None)]


def test_an_end_of_another_dag_run_ends_the_activity(database: BoardDatabase, read: Read) -> None:
    started = report("start", minutes(0), start_id="1234")
    database.add_task("start", minutes(0), report=started, rendered=fields())
    ended = report("end", minutes(40), start_id="1234")
    database.add_task("end", minutes(40), dag_id="live_activity_end_now", report=ended, rendered=fields())
    (over,) = read()["over"]
    assert over["ended_at"] == ended["last_sent_at"]


def test_an_activity_without_a_record_is_on_until_its_end_or_for_eight_hours(
    database: BoardDatabase, read: Read
) -> None:
    for hours, run in ((1, "new"), (9, "old")):
        at = NOW - timedelta(hours=hours)
        sent = report("start", at, f"match-{run}")
        database.add_task("start", at, run_id=run, report=sent, rendered=fields(f"match-{run}"))
    board = read()
    assert [one["activity_id"] for one in board["on"]] == ["match-new"]
    assert [one["activity_id"] for one in board["over"]] == ["match-old"]


def test_an_activity_that_is_started_again_has_two_lives(database: BoardDatabase, read: Read) -> None:
    for begin, run in ((-120, "first"), (0, "second")):
        sent = report("start", minutes(begin))
        database.add_task("start", minutes(begin), run_id=run, report=sent, rendered=fields())
    database.add_task("end", minutes(-30), run_id="first", report=report("end", minutes(-30)))
    board = read()
    assert [one["run_id"] for one in board["on"]] == ["second"]
    assert [one["run_id"] for one in board["over"]] == ["first"]


def test_an_activity_is_stale_after_the_stale_date_of_its_last_message(
    database: BoardDatabase, read: Read
) -> None:
    rendered = fields(stale_date="PT30M")
    database.add_task("start", minutes(0), report=report("start", minutes(0)), rendered=rendered)
    assert [one["status"] for one in read()["on"]] == ["stale"]


def test_an_activity_is_stale_after_the_stale_date_of_its_last_update(
    match: BoardDatabase, read: Read
) -> None:
    rendered = fields(stale_date="PT10M")
    for minute, name, status in ((40, "red_card", "stale"), (55, "late_goal", "on")):
        sent = report("update", minutes(minute), start_id="1234")
        match.add_task("update", minutes(minute), task_id=name, report=sent, rendered=rendered)
        assert [one["status"] for one in read()["on"]] == [status]


@pytest.mark.parametrize("run", ["run", "of_another_team"])
def test_the_same_id_in_two_workspaces_is_two_activities(match: BoardDatabase, read: Read, run: str) -> None:
    others = fields(braze_conn_id="braze_basketball")
    started = report("start", minutes(10), start_id="5678")
    match.add_task("start", minutes(10), run_id=run, task_id="other", report=started, rendered=others)
    match.add_record(record(minutes(10), conn_id="braze_basketball", start_id="5678", run_id=run))
    goal = report("update", minutes(40), content_state={"home": 2, "away": 0}, start_id="1234")
    match.add_task("update", minutes(40), task_id="second_goal", report=goal)
    shown = {one["conn_id"]: one["updates"] for one in read()["on"]}
    assert shown == {"braze_default": 2, "braze_basketball": 0}


def test_an_end_in_one_workspace_leaves_the_same_id_of_another_on(
    database: BoardDatabase, read: Read
) -> None:
    for begin, conn_id in ((0, "braze_default"), (10, "braze_basketball")):
        rendered = fields(braze_conn_id=conn_id)
        sent = report("start", minutes(begin))
        database.add_task("start", minutes(begin), run_id=conn_id, report=sent, rendered=rendered)
    ended = report("end", minutes(40))
    database.add_task("end", minutes(40), dag_id="live_activity_end_now", report=ended, rendered=fields())
    board = read()
    assert [one["conn_id"] for one in board["on"]] == ["braze_basketball"]
    assert [one["conn_id"] for one in board["over"]] == ["braze_default"]


def test_several_starts_of_one_run_are_one_activity_with_all_recipients(
    match: BoardDatabase, read: Read
) -> None:
    more = report("start", minutes(5), accepted=40, unknown=10, start_id="5678")
    match.add_task("start", minutes(5), task_id="start_late", report=more, rendered=fields())
    board = read()
    assert [(one["people"]["accepted"], one["people"]["unknown"]) for one in board["on"]] == [(140, 10)]
    assert board["over"] == []


def test_an_activity_that_its_run_starts_again_after_an_end_has_two_lives(
    database: BoardDatabase, read: Read
) -> None:
    for begin, name in ((0, "start"), (40, "start_again")):
        sent = report("start", minutes(begin))
        database.add_task("start", minutes(begin), task_id=name, report=sent, rendered=fields())
    database.add_task("end", minutes(20), report=report("end", minutes(20)), rendered=fields())
    board = read()
    assert [one["started_at"] for one in board["on"]] == [minutes(40).isoformat()]
    assert [one["started_at"] for one in board["over"]] == [minutes(0).isoformat()]


def test_an_ended_activity_is_dismissed_at_the_date_of_its_end(database: BoardDatabase, read: Read) -> None:
    for name, leaves in (("match-1", "PT5M"), ("match-2", "PT45M")):
        sent, ended = report("start", minutes(0), name), report("end", minutes(30), name)
        database.add_task("start", minutes(0), run_id=name, report=sent, rendered=fields(name))
        rendered = fields(name, dismissal_date=leaves)
        database.add_task("end", minutes(30), run_id=name, report=ended, rendered=rendered)
    assert {one["activity_id"]: one["status"] for one in read()["over"]} == {
        "match-1": "dismissed",
        "match-2": "ended",
    }


def test_an_overdue_end_needs_attention_before_failures_and_counts(match: BoardDatabase, read: Read) -> None:
    late = record(minutes(-60), "match-late", run_id="late", end_time=minutes(50).isoformat())
    match.add_record(late)
    lost = report("start", minutes(5), "match-2", accepted=60, unknown=30, rejected=10)
    match.add_task("start", minutes(5), run_id="second", report=lost, rendered=fields("match-2"))
    match.add_task("update", minutes(9), task_id="red_card", state="failed", rendered=fields())
    kinds = [(one["kind"], one["count"], one["activity_id"]) for one in read()["attention"]]
    assert kinds == [
        ("overdue", 1, "match-late"),
        ("task", 1, "match-1"),
        ("unknown", 30, "match-2"),
        ("rejected", 10, "match-2"),
    ]


def test_what_was_only_validated_or_dropped_is_no_activity(database: BoardDatabase, read: Read) -> None:
    checked = report("start", minutes(0), validate_only=True, accepted=0)
    database.add_task("start", minutes(0), report=checked, rendered=fields())
    board = read()
    assert board["on"] == board["over"] == []


def test_a_start_that_runs_is_shown_with_its_progress(database: BoardDatabase, read: Read) -> None:
    progress = {"sent": 400, "total": 1000, "percent": 40.0, "quota_left": 17}
    database.add_task("start", NOW, state="running", rendered=fields(), progress=progress)
    board = read()
    assert [one["status"] for one in board["on"]] == ["starting"]
    (sending,) = board["sending"]
    assert sending["progress"] == (progress if AIRFLOW_V_3_3_PLUS else {})


@pytest.mark.parametrize("state", ["running", "deferred", "up_for_retry"])
def test_no_one_acts_on_an_activity_while_its_start_may_reach_further_phones(
    database: BoardDatabase, read: Read, state: str
) -> None:
    part = report("start", minutes(0), accepted=50, start_id="1234")
    database.add_task("start", minutes(0), state=state, partial_report=part, rendered=fields())
    database.add_record(record(minutes(0)))
    (shown,) = read()["on"]
    assert (shown["status"], shown["can_act"]) == ("starting", False)
    assert shown["why_not"] == "No end or update while the start is being sent"


def test_a_person_acts_on_the_life_that_the_page_shows(match: BoardDatabase, read: Read) -> None:
    (shown,) = read()["on"]
    assert (shown["can_act"], shown["why_not"], shown["start_id"]) == (True, None, "1234")


def test_a_partial_report_counts_as_a_start(database: BoardDatabase, read: Read) -> None:
    part = report("start", minutes(0), accepted=50, unknown=0)
    database.add_task("start", minutes(0), state="failed", partial_report=part, rendered=fields())
    (shown,) = read()["on"]
    assert shown["people"]["accepted"] == 50


def test_only_the_newest_run_of_a_sync_is_shown_and_can_need_attention(
    database: BoardDatabase, read: Read
) -> None:
    for at, run, bad in ((minutes(0), "old", 5), (minutes(10), "new", 0)):
        counts = {"rows": 10, "started": 1, "bad_rows": bad}
        database.add_task("BrazeSyncLiveActivitiesOperator", at, run_id=run, task_id="sync", report=counts)
    board = read()
    assert [one["run_id"] for one in board["syncs"]] == ["new"]
    assert board["attention"] == []


def test_the_ends_of_the_next_day_and_starts_that_wait_come_up(match: BoardDatabase, read: Read) -> None:
    match.add_task("start", NOW, run_id="waits", state="scheduled")
    assert [(one["what"], one["run_id"]) for one in read()["coming"]] == [("end", "run"), ("start", "waits")]


def test_a_person_sees_the_activities_of_readable_dags_only(match: BoardDatabase, read: Read) -> None:
    match.add_record(record(minutes(0), "rival-1", dag_id="rival"))
    board = read(dag_ids=frozenset({"rival"}))
    assert [one["activity_id"] for one in board["on"]] == ["rival-1"]
    assert "match" not in str(board).replace("MatchAttributes", "")


def test_the_tab_of_a_run_shows_its_own_activities_only(match: BoardDatabase, read: Read) -> None:
    match.add_record(record(minutes(0), "rival-1", dag_id="rival"))
    assert [one["activity_id"] for one in read(run=("match", "run"))["on"]] == ["match-1"]
    assert read(run=("match", "another"))["on"] == []


@pytest.mark.parametrize(("columns", "state"), [({}, "ready"), ({"is_paused": True}, "paused")])
def test_the_board_knows_whether_its_buttons_can_work(
    database: BoardDatabase, read: Read, columns: dict[str, Any], state: str
) -> None:
    assert read()["actions"] == {"end_now": "missing", "update_now": "missing"}
    database.add_dag("live_activity_end_now", **columns)
    assert read()["actions"] == {"end_now": state, "update_now": "missing"}
    assert read(dag_ids=frozenset({"match"}))["actions"]["end_now"] == "missing"


def test_the_scheduled_runs_of_dags_that_start_activities_come_up(
    database: BoardDatabase, read: Read
) -> None:
    from airflow.models.dag import DagModel
    from sqlalchemy import update

    from tests.support.airflow_db import new_dag
    from tests.support.dag_bags import store_dag

    starts, others, paused = new_dag(), new_dag(), new_dag()
    for dag in (starts, paused):
        BrazeEndLiveActivityOperator(task_id="end", activity_id="a", dag=dag)
        BrazeSyncLiveActivitiesOperator(task_id="sync", sql="SELECT 1", sql_conn_id="db", dag=dag)
    EmptyOperator(task_id="nothing", dag=others)
    for dag in (starts, others, paused):
        store_dag(dag, database.session)
        columns = {"next_dagrun_create_after": minutes(90), "is_paused": dag is paused}
        database.session.execute(update(DagModel).where(DagModel.dag_id == dag.dag_id).values(columns))
    coming = read(dag_ids=frozenset(dag.dag_id for dag in (starts, others, paused)))["coming"]
    assert [(one["what"], one["dag_id"], one["at"]) for one in coming] == [
        ("run", starts.dag_id, minutes(90).isoformat())
    ]

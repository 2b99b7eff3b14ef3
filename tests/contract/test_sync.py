"""Sync operators: real databases, the sandbox over HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowSkipException, TaskDeferred
from airflow.sdk import DAG, task

from airflow_provider_liveactivity.errors import InvalidConnection, InvalidPayload
from airflow_provider_liveactivity.operators.sync import (
    BrazeSyncLiveActivitiesOperator,
    MoEngageSyncLiveActivitiesOperator,
)
from airflow_provider_liveactivity.outcomes import outcomes
from airflow_provider_liveactivity.sandbox import RunningSandbox, running_sandbox
from airflow_provider_liveactivity.sync.schema import ddl
from tests.support.databases import Database
from tests.support.final_errors import raises_final
from tests.support.moengage_tasks import KEYS
from tests.support.task_context import context

QUERY = """
    SELECT activity_id, external_user_id, content_state, end_time, ended FROM orders
    WHERE city = 'Riga' ORDER BY activity_id
"""
ARGUMENTS: dict[str, Any] = {
    "task_id": "sync",
    "sql": QUERY,
    "sql_conn_id": "warehouse",
    "activity_attributes_type": "Delivery",
    "notification": {"alert": {"title": "Your order", "body": "It is on its way"}},
    "max_workers": 4,
}


@pytest.fixture(scope="module")
def running() -> Iterator[RunningSandbox]:
    with running_sandbox() as sandbox:
        yield sandbox


@pytest.fixture(autouse=True)
def connections(running: RunningSandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    running.sandbox.reset()
    braze = {"conn_type": "braze", "host": running.url, "password": "sandbox-braze-key"}
    monkeypatch.setenv(
        "AIRFLOW_CONN_BRAZE_DEFAULT", json.dumps({**braze, "extra": {"app_id": "sandbox-app"}})
    )
    moengage = {
        "conn_type": "moengage",
        "host": running.url,
        "login": "SANDBOX",
        "password": "sandbox-push-key",
    }
    monkeypatch.setenv("AIRFLOW_CONN_MOENGAGE_DEFAULT", json.dumps({**moengage, "extra": KEYS}))


def orders(database: Database, number: int, *, attributes: bool = True) -> None:
    """Fill the table of orders."""
    database.run(
        "CREATE TABLE orders (activity_id VARCHAR(99), external_user_id VARCHAR(99), city VARCHAR(99),"
        " content_state VARCHAR(999), end_time VARCHAR(99), ended BOOLEAN)"
    )
    mark = database.hook.placeholder
    with closing(database.hook.get_conn()) as connection, closing(connection.cursor()) as cursor:
        for order in range(number):
            values = (f"order-{order}", f"user-{order}", "Riga", json.dumps({"status": "packed", "eta": 30}))
            cursor.execute(f"INSERT INTO orders VALUES ({', '.join([mark] * 4)}, NULL, NULL)", values)
        connection.commit()


def braze(**changes: Any) -> Any:
    operator = BrazeSyncLiveActivitiesOperator(
        **{**ARGUMENTS, "transform": with_attributes, **changes},
    )
    return operator.execute(context())


def with_attributes(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "activity_attributes": {"order": row["activity_id"]}}


def sent(report: Any) -> dict[str, Any]:
    names = ("started", "updated", "ended", "unchanged", "bad_rows", "rejected", "unknown", "failed")
    return {name: report[name] for name in names if report[name]}


def test_a_query_of_any_database_drives_the_phones(
    database: Database, running: RunningSandbox, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    orders(database, 60)
    state: dict[str, Any] = {}
    if database.name == "duckdb":  # it has no dialect of SQLAlchemy here
        monkeypatch.setenv(
            "AIRFLOW_CONN_STATE", json.dumps({"conn_type": "sqlite", "host": str(tmp_path / "state.db")})
        )
        state["state_conn_id"] = "state"
    assert sent(braze(**state)) == {"started": 60}
    assert sent(braze(**state)) == {"unchanged": 60}
    soon = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    database.run(
        """UPDATE orders SET content_state = '{"status": "on its way"}' WHERE activity_id = 'order-7'""",
        "UPDATE orders SET ended = TRUE WHERE activity_id = 'order-8'",
        f"UPDATE orders SET end_time = '{soon}' WHERE activity_id = 'order-9'",
        "DELETE FROM orders WHERE activity_id = 'order-10'",
    )
    report = braze(**state, on_missing="end")
    assert sent(report) == {"updated": 1, "ended": 2, "unchanged": 57}
    activities = running.sandbox.activities
    assert activities["braze", "order-7"].pushes[-1].content_state == {"status": "on its way"}
    assert activities["braze", "order-8"].ended
    assert activities["braze", "order-10"].ended
    assert len(activities) == 60
    assert sum(activity.started for activity in activities.values()) == 60
    json.dumps(report)


@pytest.mark.parametrize("database", ["postgres", "sqlite"], indirect=True)
def test_users_of_moengage_get_an_activity_each(database: Database, running: RunningSandbox) -> None:
    orders(database, 5)
    operator = MoEngageSyncLiveActivitiesOperator(
        task_id="sync", sql=QUERY, sql_conn_id="warehouse", alert_id="696737255def18872642f9d2"
    )
    assert sent(operator.execute(context())) == {"started": 5}
    database.run("""UPDATE orders SET content_state = '{"status": "here"}' WHERE activity_id = 'order-1'""")
    report: Any = operator.execute(context())
    assert sent(report) == {"unchanged": 4}
    assert report["held_back"] == 1  # MoEngage takes no second request within five minutes


@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_the_documented_ddl_makes_the_table_that_is_used(database: Database) -> None:
    orders(database, 1)
    engine = database.hook.get_sqlalchemy_engine()
    database.run(*ddl(engine).split(";")[:-1])
    engine.dispose()
    assert sent(braze()) == {"started": 1}


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_arguments_that_make_no_sense_are_refused_before_anything_is_sent(
    database: Database, running: RunningSandbox
) -> None:
    orders(database, 1)
    cases: list[tuple[dict[str, Any], str]] = [
        ({"rows": []}, "exactly one of sql and rows"),
        ({"sql": None, "sql_conn_id": None}, "exactly one of sql and rows"),
        ({"sql": None, "sql_conn_id": None, "rows": []}, "rows need state_conn_id"),
        ({"sql_conn_id": None}, "sql needs sql_conn_id"),
        ({"sql": "SELECT nothing"}, r"the database refuses sql \(sqlite3.OperationalError"),
        ({"sql": "SELECT 1 AS activity_id, 2 AS activity_id"}, "several columns with the name activity_id"),
        ({"transform": None, "sql": "SELECT 1 AS activity"}, "unknown columns: activity"),
        ({"transform": None, "rows": "text", "sql": None}, "rows must be a list of dicts"),
        ({"poll_interval": 5}, "needs both poll_interval and until"),
        ({"wake": print}, "wake needs poll_interval"),
        ({"on_missing": "drop"}, "on_missing must be 'keep' or 'end'"),
        ({"on_bad_row": "drop"}, "on_bad_row must be 'skip' or 'fail'"),
        ({"on_empty": "drop"}, "on_empty must be 'skip' or 'fail'"),
        ({"allow_end_all": "perhaps"}, "allow_end_all must be True or False"),
        ({"notification": {"alert": {"title": "No body"}}}, "notification alert needs a body"),
        ({"end_notification": {"alert": 7}}, "end_notification.alert"),
        ({"min_update_interval": -1}, "min_update_interval must not be negative"),
        ({"until": "2026-07-22T12:00:00", "poll_interval": 5}, "until has no UTC offset"),
        ({"max_workers": 0}, "max_workers must be a whole number"),
    ]
    for changes, reason in cases:
        with raises_final(InvalidPayload, match=reason):
            braze(**{"state_conn_id": None, **changes})
    assert not running.sandbox.activities


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_moengages_429_without_a_reset_defers_for_a_minute_and_the_sync_then_continues(
    database: Database, running: RunningSandbox
) -> None:
    orders(database, 3)
    running.sandbox.add_fault("429", times=None, reset_in=None)
    operator = MoEngageSyncLiveActivitiesOperator(
        task_id="sync", sql=QUERY, sql_conn_id="warehouse", alert_id="696737255def18872642f9d2"
    )
    before = datetime.now(UTC)
    with pytest.raises(TaskDeferred) as deferred:
        operator.execute(context())
    until = deferred.value.trigger.moment
    assert before <= until - timedelta(minutes=1) <= datetime.now(UTC)
    running.sandbox.faults.clear()
    assert sent(operator.resume_after_wait(context())) == {"started": 3}


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_outcome_of_every_start_is_in_the_files(database: Database, tmp_path: Path) -> None:
    orders(database, 3)
    report = braze(outcomes_path=str(tmp_path / "outcomes"))
    found = list(outcomes(tmp_path / "outcomes"))
    assert {(row.activity_id, row.person, row.outcome) for row in found} == {
        (f"order-{number}", f"user-{number}", "accepted") for number in range(3)
    }
    assert {row.send_id for row in found} == {report["send_id"]}
    assert all(row.request_id for row in found)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_values_of_a_form_are_texts(database: Database) -> None:
    orders(database, 2)
    report = braze(
        on_missing="end",
        allow_end_all="false",
        silent_updates="True",
        max_workers="2",
        max_requests_per_second="None",
        min_update_interval="PT1M",
        poll_interval="",
    )
    assert sent(report) == {"started": 2}


@pytest.mark.parametrize("database", ["duckdb"], indirect=True)
def test_a_database_without_a_driver_for_the_state_table_says_what_to_do(database: Database) -> None:
    orders(database, 1)
    with raises_final(InvalidConnection, match="Give the connection of another database as state_conn_id"):
        braze()


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_task_without_rows_is_skipped(database: Database) -> None:
    orders(database, 0)
    with pytest.raises(AirflowSkipException):
        braze()


def test_rows_of_another_task_are_data_that_airflow_neither_renders_nor_shows() -> None:
    with DAG("deliveries", schedule=None):

        @task
        def load() -> list[dict[str, Any]]:
            return []

        operator = BrazeSyncLiveActivitiesOperator(
            task_id="sync", rows=load(), state_conn_id="warehouse", state_table="state_{{ 1 + 1 }}"
        )
    assert operator.upstream_task_ids == {"load"}
    literal = [{"activity_id": "a", "content_state": {"text": "{{ conn.braze_default.password }}"}}]
    operator = BrazeSyncLiveActivitiesOperator(
        task_id="literal", rows=literal, state_conn_id="warehouse", state_table="state_{{ 1 + 1 }}"
    )
    operator.render_template_fields({})
    assert operator.state_table == "state_2"
    assert operator.rows.members == literal
    assert repr(operator.rows) == "<1 rows>"

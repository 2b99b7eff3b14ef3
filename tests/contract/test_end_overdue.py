"""The safety net: what it ends, what it leaves alone, and what it says when it cannot end an activity."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, nullcontext
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from airflow_provider_liveactivity._stored_names import RECORD_PREFIX
from airflow_provider_liveactivity.errors import LiveActivityError
from airflow_provider_liveactivity.hooks._base import LiveActivityHook
from airflow_provider_liveactivity.hooks.braze import BrazeHook
from airflow_provider_liveactivity.hooks.moengage import MoEngageHook
from airflow_provider_liveactivity.http.retries import RetryConfig
from airflow_provider_liveactivity.operators._records import ActivityRecord
from airflow_provider_liveactivity.operators.overdue import EndOverdueLiveActivitiesOperator
from airflow_provider_liveactivity.sandbox import RunningSandbox, running_sandbox
from tests.support.airflow_versions import needs_variable_list
from tests.support.variables import Variables

pytestmark = needs_variable_list


@pytest.fixture
def sandbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[RunningSandbox]:
    monkeypatch.setattr(LiveActivityHook, "default_retry", RetryConfig(attempts=1))
    with running_sandbox() as running:
        braze = {"host": running.url, "password": "sandbox-braze-key", "extra": {"app_id": "sandbox-app"}}
        moengage = {"host": running.url, "login": "SANDBOX", "password": "sandbox-push-key"}
        monkeypatch.setenv("AIRFLOW_CONN_BRAZE_DEFAULT", json.dumps({"conn_type": "braze", **braze}))
        monkeypatch.setenv("AIRFLOW_CONN_MOENGAGE_DEFAULT", json.dumps({"conn_type": "moengage", **moengage}))
        yield running


def ago(**duration: float) -> str:
    return (datetime.now(UTC) - timedelta(**duration)).isoformat()


def put(variables: Variables, **changes: Any) -> ActivityRecord:
    fields: dict[str, Any] = {
        "vendor": "braze",
        "conn_id": "braze_default",
        "activity_id": "match",
        "start_id": "0123456789abcdef",
        "content_state": {"home": 3},
        "started_at": ago(hours=2),
        "updated_at": ago(minutes=20),
        "end_time": ago(minutes=10),
        "end_query": None,
        "end_arguments": {},
        "dag_id": "matches",
        "run_id": "r1",
    }
    record = ActivityRecord(**(fields | changes))
    variables[record.key] = json.dumps(asdict(record))
    return record


def end_overdue(run_state: str = "running", **arguments: Any) -> Any:
    operator = EndOverdueLiveActivitiesOperator(task_id="end_overdue", **arguments)
    context: Any = {"ti": SimpleNamespace(get_dagrun_state=lambda dag_id, run_id: run_state)}
    return operator.execute(context)


def start_broadcast() -> None:
    MoEngageHook().start_broadcast(
        broadcast_live_activity_id="derby",
        attribute_type="MatchAttributes",
        attribute_info={},
        content_state={"home": 0},
        alert={"title": "Derby", "body": "Kick-off"},
    )


def ends(sandbox: RunningSandbox) -> list[dict[str, Any]]:
    return list(httpx.get(f"{sandbox.url}/sandbox/requests").json()["requests"])


def test_an_overdue_activity_is_ended_with_its_last_state(
    sandbox: RunningSandbox, variables: Variables
) -> None:
    put(variables, end_arguments={"app_id": "sandbox-app"})

    report = end_overdue(dismissal_date=timedelta(minutes=15))

    [request] = ends(sandbox)
    assert (request["body"]["activity_id"], request["body"]["content_state"]) == ("match", {"home": 3})
    assert request["body"]["end_activity"] is True
    assert "dismissal_date" in request["body"]
    assert report == {"on": 0, "ended": 1, "failed": 0, "forgotten": 0}
    assert not variables


def test_an_overdue_broadcast_is_ended_once_however_often_the_net_runs(
    sandbox: RunningSandbox, variables: Variables
) -> None:
    sandbox.sandbox.put_campaign("derby", ["ada"])
    alert = {"title": "Derby", "body": "Final whistle"}
    broadcast = {
        "vendor": "moengage",
        "conn_id": "moengage_default",
        "activity_id": "derby",
        "end_arguments": {"alert": alert},
    }
    start_broadcast()
    for _ in range(2):  # the second time as after a worker that died before it deleted the record
        put(variables, **broadcast)
        assert end_overdue()["ended"] == 1

    accepted = [request for request in ends(sandbox)[1:] if request["status"] == 200]
    assert [request["body"]["ios"]["alert"]["body"] for request in accepted] == ["Final whistle"]


@pytest.mark.parametrize(("minutes_over", "run_state"), [(1, "running"), (-5, "failed"), (None, "running")])
def test_what_its_own_run_may_still_end_is_left_alone(
    sandbox: RunningSandbox, variables: Variables, minutes_over: int | None, run_state: str
) -> None:
    put(variables, end_time=None if minutes_over is None else ago(minutes=minutes_over))

    assert end_overdue(run_state) == {"on": 1, "ended": 0, "failed": 0, "forgotten": 0}
    assert (ends(sandbox), len(variables)) == ([], 1)


@pytest.mark.parametrize(
    ("detail", "counted"),
    [({"status_code": 404}, "ended"), ({"status_code": 503}, "failed"), ({"status_code": None}, "failed")],
)
def test_only_a_run_that_airflow_does_not_know_counts_as_over(
    sandbox: RunningSandbox, variables: Variables, detail: dict[str, Any], counted: str
) -> None:
    from airflow.sdk.exceptions import AirflowRuntimeError, ErrorType
    from airflow.sdk.execution_time.comms import ErrorResponse

    def state(dag_id: str, run_id: str) -> str:
        raise AirflowRuntimeError(ErrorResponse(error=ErrorType.API_SERVER_ERROR, detail=detail))

    put(variables, end_time=None, end_arguments={"app_id": "sandbox-app"})
    operator = EndOverdueLiveActivitiesOperator(task_id="end_overdue")
    context: Any = {"ti": SimpleNamespace(get_dagrun_state=state)}

    with nullcontext() if counted == "ended" else pytest.raises(LiveActivityError, match="1 overdue"):
        operator.execute(context)

    assert (len(ends(sandbox)), len(variables)) == ((1, 0) if counted == "ended" else (0, 1))


def test_the_record_of_a_start_that_comes_while_the_old_activity_is_ended_stays(
    sandbox: RunningSandbox, variables: Variables, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(variables, end_arguments={"app_id": "sandbox-app"})
    end = BrazeHook.end_live_activity

    def end_and_start(hook: BrazeHook, **arguments: Any) -> Any:
        report = end(hook, **arguments)
        put(variables, start_id="fedcba9876543210", end_time=ago(hours=-2))
        return report

    monkeypatch.setattr(BrazeHook, "end_live_activity", end_and_start)

    assert end_overdue()["ended"] == 1
    assert [record["start_id"] for record in variables.records] == ["fedcba9876543210"]


@pytest.mark.parametrize("run_state", ["failed", "success"])
def test_an_activity_without_a_known_end_ends_with_its_run(
    sandbox: RunningSandbox, variables: Variables, run_state: str
) -> None:
    put(variables, end_time=None)

    assert end_overdue(run_state)["ended"] == 1


def test_an_activity_that_cannot_be_ended_does_not_stop_the_others(
    sandbox: RunningSandbox, variables: Variables
) -> None:
    put(variables, activity_id="no connection", conn_id="gone")
    put(variables, activity_id="match")
    variables[f"{RECORD_PREFIX}broken"] = "no JSON"

    with pytest.raises(LiveActivityError, match="2 overdue Live Activities could not be ended"):
        end_overdue()

    assert [request["body"]["activity_id"] for request in ends(sandbox)] == ["match"]
    assert len(variables) == 2  # and is tried again by the next run


def test_the_record_of_an_expired_activity_is_deleted(sandbox: RunningSandbox, variables: Variables) -> None:
    put(variables, started_at=ago(hours=9))
    sandbox.sandbox.add_fault("502", times=None)

    assert end_overdue() == {"on": 0, "ended": 0, "failed": 0, "forgotten": 1}
    assert not variables


def test_other_variables_are_not_touched(sandbox: RunningSandbox, variables: Variables) -> None:
    variables["mine"] = "x"

    assert end_overdue() == {"on": 0, "ended": 0, "failed": 0, "forgotten": 0}
    assert variables == {"mine": "x"}


@pytest.fixture
def moved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str | None], dict[str, Any]]:
    """Write an end to a database, and return the record's query for the end."""
    path = tmp_path / "ends.sqlite"
    monkeypatch.setenv("AIRFLOW_CONN_ENDS", json.dumps({"conn_type": "sqlite", "host": str(path)}))

    def moved(ends_at: str | None) -> dict[str, Any]:
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute("CREATE TABLE matches (ends_at TEXT)")
            connection.execute("INSERT INTO matches VALUES (?)", [ends_at])
        sql = "SELECT ends_at FROM matches WHERE ?"
        return {"sql": sql, "sql_conn_id": "ends", "parameters": [1], "end_timezone": "UTC"}

    return moved


@pytest.mark.parametrize(
    ("ends_at", "run_state", "ended"),
    [
        (ago(hours=-3), "failed", 0),  # extra time, although the run is gone
        (ago(minutes=5), "running", 1),
        (None, "running", 0),  # not known any more: its run goes on and asks again
        (None, "failed", 1),
    ],
)
@pytest.mark.parametrize("known", [True, False])
def test_an_end_that_moves_is_read_again_before_the_activity_ends(
    sandbox: RunningSandbox,
    variables: Variables,
    moved: Callable[[str | None], dict[str, Any]],
    ends_at: str | None,
    run_state: str,
    ended: int,
    known: bool,
) -> None:
    record = put(
        variables,
        end_query=moved(ends_at),
        end_arguments={"app_id": "sandbox-app"},
        **({} if known else {"end_time": None}),
    )
    ended = ended if known or run_state == "failed" else 0  # the sensor of a run that goes on looks itself

    assert end_overdue(run_state)["ended"] == ended

    if ends_at is not None and not ended and run_state == "failed":
        assert json.loads(variables[record.key])["end_time"] == ends_at


def test_the_known_end_stands_where_its_query_cannot_be_read(
    sandbox: RunningSandbox, variables: Variables, moved: Callable[[str | None], dict[str, Any]]
) -> None:
    query = moved(None) | {"sql": "SELECT ends_at FROM gone WHERE ?"}
    put(variables, end_query=query, end_arguments={"app_id": "sandbox-app"})

    assert end_overdue()["ended"] == 1

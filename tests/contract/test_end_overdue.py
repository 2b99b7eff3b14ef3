"""The safety net: what it ends, what it leaves alone, and what it says when it cannot end an activity."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from airflow_provider_liveactivity.errors import LiveActivityError
from airflow_provider_liveactivity.hooks.moengage import MoEngageHook
from airflow_provider_liveactivity.operators._records import PREFIX, ActivityRecord
from airflow_provider_liveactivity.operators.overdue import EndOverdueLiveActivitiesOperator
from airflow_provider_liveactivity.retries import Patience
from airflow_provider_liveactivity.sandbox import RunningSandbox, running_sandbox
from tests.support.variables import Variables


@pytest.fixture
def sandbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[RunningSandbox]:
    monkeypatch.setattr("airflow_provider_liveactivity.transport.Patience", lambda: Patience(attempts=1))
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


@pytest.mark.parametrize(
    ("end_time", "run_state"), [(ago(minutes=1), "running"), (ago(minutes=-5), "failed"), (None, "running")]
)
def test_what_its_own_run_may_still_end_is_left_alone(
    sandbox: RunningSandbox, variables: Variables, end_time: str | None, run_state: str
) -> None:
    put(variables, end_time=end_time)

    assert end_overdue(run_state) == {"on": 1, "ended": 0, "failed": 0, "forgotten": 0}
    assert (ends(sandbox), len(variables)) == ([], 1)


@pytest.mark.parametrize("run_state", ["failed", "success"])
def test_an_activity_without_a_known_end_ends_with_its_run(
    sandbox: RunningSandbox, variables: Variables, run_state: str
) -> None:
    put(variables, end_time=None)

    assert end_overdue(run_state)["ended"] == 1


def test_one_that_cannot_be_ended_keeps_no_other_on(sandbox: RunningSandbox, variables: Variables) -> None:
    put(variables, activity_id="no connection", conn_id="gone")
    put(variables, activity_id="match")
    variables[f"{PREFIX}broken"] = "no JSON"

    with pytest.raises(LiveActivityError, match="2 overdue Live Activities could not be ended"):
        end_overdue()

    assert [request["body"]["activity_id"] for request in ends(sandbox)] == ["match"]
    assert len(variables) == 2  # and is tried again by the next run


def test_an_activity_that_has_died_by_itself_is_forgotten(
    sandbox: RunningSandbox, variables: Variables
) -> None:
    put(variables, started_at=ago(hours=9))
    sandbox.sandbox.add_fault("502", times=None)

    assert end_overdue() == {"on": 0, "ended": 0, "failed": 0, "forgotten": 1}
    assert not variables


def test_other_variables_are_not_touched(sandbox: RunningSandbox, variables: Variables) -> None:
    variables["mine"] = "x"

    assert end_overdue() == {"on": 0, "ended": 0, "failed": 0, "forgotten": 0}
    assert variables == {"mine": "x"}

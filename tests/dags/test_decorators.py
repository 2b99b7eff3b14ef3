"""``@task.braze_live_activity_…`` and its twins in Airflow's own hands."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.support.airflow_db import new_dag, xcom
from tests.support.airflow_versions import DagSerialization

if TYPE_CHECKING:
    from airflow.sdk import DAG

    from airflow_provider_liveactivity.sandbox import RunningSandbox

    Execute = Callable[[DAG], dict[str, str]]

FANS = ["ada", "grace"]
ALERT = {"title": "City", "body": "Kick-off!"}
LONG_AGO = "2025-07-22T12:00:00+00:00"
START: dict[str, Any] = {
    "activity_attributes_type": "Match",
    "activity_attributes": {"home": "City"},
    "notification": {"alert": ALERT},
    "external_user_ids": FANS,
}


def phones(sandbox: RunningSandbox, **filters: Any) -> list[dict[str, Any]]:
    return list(httpx.get(f"{sandbox.url}/sandbox/phones", params=filters).json()["phones"])


def test_what_a_function_returns_is_shown(execute: Execute, sandbox: RunningSandbox) -> None:
    from airflow.sdk import task

    with new_dag() as dag:

        @task
        def score() -> int:
            return 3

        @task.braze_live_activity_start(activity_id="{{ dag.dag_id }}", **START)
        def kick_off() -> dict[str, Any]:
            return {"home": 0, "note": "{{ not.jinja }}"}

        @task.braze_live_activity_update(activity_id="{{ dag.dag_id }}")
        def goal(home: int, *, note: str, ti: Any = None) -> dict[str, Any]:
            return {"home": home, "note": note, "task": ti.task_id}

        @task.braze_live_activity_end(activity_id="{{ dag.dag_id }}", end_time=LONG_AGO)
        def final_whistle(home: int) -> str:
            return f'{{"home": {home}}}'

        home: Any = score()
        kick_off() >> goal(home, note="{{ dag.dag_id }}") >> final_whistle(home)

    states = execute(dag)

    assert states == {
        "": "success",
        "score": "success",
        "kick_off": "success",
        "goal": "success",
        "final_whistle": "success",
    }
    assert {phone["user"] for phone in phones(sandbox)} == set(FANS)
    assert [xcom(dag, name)["content_state"] for name in ("kick_off", "goal", "final_whistle")] == [
        {"home": 0, "note": "{{ not.jinja }}"},
        {"home": 3, "note": dag.dag_id, "task": "goal"},
        {"home": 3},
    ]
    assert {phone["status"] for phone in phones(sandbox)} == {"ended"}


def test_a_broadcast_likewise(execute: Execute, sandbox: RunningSandbox) -> None:
    from airflow.sdk import task

    sandbox.sandbox.put_campaign("derby", FANS)
    with new_dag() as dag:

        @task.moengage_broadcast_live_activity_start(
            broadcast_live_activity_id="derby",
            alert=ALERT,
            attribute_type="Match",
            attribute_info={"home": "City"},
        )
        def kick_off() -> dict[str, Any]:
            return {"home": 0}

        @task.moengage_broadcast_live_activity_update(broadcast_live_activity_id="derby", alert=ALERT)
        def goal() -> dict[str, Any]:
            return {"home": 1}

        @task.moengage_broadcast_live_activity_end(broadcast_live_activity_id="derby", alert=ALERT)
        def final_whistle() -> dict[str, Any]:
            return {"home": 2}

        kick_off() >> goal() >> final_whistle()

    assert execute(dag)[""] == "success"

    assert {(phone["status"], phone["content_state"]["home"]) for phone in phones(sandbox)} == {("ended", 2)}
    assert {phone["updates"] for phone in phones(sandbox)} <= {1, 2}


def test_a_function_is_mapped_and_its_arguments_name_the_activity(
    execute: Execute, sandbox: RunningSandbox
) -> None:
    from airflow.sdk import task

    with new_dag() as dag:

        @task.braze_live_activity_start(
            activity_id="{{ task.op_kwargs['match'] }}",
            map_index_template="{{ task.op_kwargs['match'] }}",
            **START,
        )
        def kick_off(match: str, phase: str) -> dict[str, Any]:
            return {"match": match, "phase": phase}

        kick_off.partial(phase="First half").expand(match=["derby", "final"])

    states = execute(dag)

    assert (states["kick_off[0]"], states["kick_off[1]"]) == ("success", "success")
    for match in ("derby", "final"):
        shown = phones(sandbox, activity_id=match)
        assert {phone["user"] for phone in shown} == set(FANS)
        assert shown[0]["content_state"] == {"match": match, "phase": "First half"}


def test_rows_of_a_task_before_are_mapped(execute: Execute, sandbox: RunningSandbox) -> None:
    from airflow.sdk import task

    with new_dag() as dag:

        @task
        def rows() -> list[dict[str, Any]]:
            return [{"match": "derby", "home": 1}, {"match": "final", "home": 2}]

        @task.braze_live_activity_update(activity_id="{{ task.op_kwargs['match'] }}")
        def goal(match: str, home: int) -> dict[str, Any]:
            return {"home": home}

        goal.expand_kwargs(rows())

    states = execute(dag)

    assert (states["goal[0]"], states["goal[1]"]) == ("success", "success")
    bodies = [record.content for record in sandbox.sandbox.records]
    assert {body["activity_id"]: body["content_state"]["home"] for body in bodies} == {"derby": 1, "final": 2}


@pytest.mark.parametrize("returned", [None, 7, "{", {"at": object()}])
def test_what_is_no_state_fails_at_once_and_nothing_is_sent(
    execute: Execute, sandbox: RunningSandbox, returned: Any
) -> None:
    from airflow.sdk import task

    with new_dag() as dag:

        @task.braze_live_activity_start(activity_id="match", retries=3, **START)
        def kick_off() -> Any:
            return returned

        kick_off()

    assert execute(dag)["kick_off"] == "failed"
    assert sandbox.sandbox.requests == 0


def test_a_function_that_skips_skips_the_task(execute: Execute, sandbox: RunningSandbox) -> None:
    from airflow.providers.common.compat.sdk import AirflowSkipException
    from airflow.sdk import task

    with new_dag() as dag:

        @task.braze_live_activity_update(activity_id="match")
        def goal() -> dict[str, Any]:
            raise AirflowSkipException

        goal()

    assert execute(dag)["goal"] == "skipped"
    assert sandbox.sandbox.requests == 0


def test_a_decorated_end_leaves_at_its_moment_with_what_the_function_says_last(
    execute: Execute, sandbox: RunningSandbox
) -> None:
    from airflow.sdk import task

    calls: list[int] = []
    moment = datetime.now(UTC) + timedelta(seconds=12)
    with new_dag() as dag:

        @task.braze_live_activity_start(activity_id="match", **START)
        def kick_off() -> dict[str, Any]:
            return {"home": 0}

        @task.braze_live_activity_end(activity_id="match", end_time=moment.isoformat(), lead_time=1)
        def final_whistle() -> dict[str, Any]:
            calls.append(1)
            return {"home": len(calls)}

        kick_off() >> final_whistle()

    states = execute(dag)

    assert states["final_whistle"] == "success"
    assert {phone["status"] for phone in phones(sandbox)} == {"ended"}
    assert {phone["content_state"]["home"] for phone in phones(sandbox)} == {len(calls)}
    assert sandbox.sandbox.records[-1].received_at >= moment


def test_the_decorated_tasks_survive_serialisation(examples: Any) -> None:
    from airflow.sdk import task

    with new_dag() as dag:

        @task.braze_live_activity_update(activity_id="{{ task.op_kwargs['match'] }}")
        def goal(match: str) -> dict[str, Any]:
            return {}

        goal("derby")
        goal.expand(match=["a", "b"])

    copy = DagSerialization.deserialize_dag(DagSerialization.serialize_dag(dag))
    assert set(copy.task_dict) == {"goal", "goal__1"}

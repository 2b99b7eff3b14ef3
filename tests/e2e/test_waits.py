"""Ends and waits for a moment, where it takes Airflow's own scheduler, triggerer and workers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from airflow_provider_liveactivity.operators._xcom import ENDS_AT
from demo.airflow_api import AirflowApi
from demo.stack import Stack
from tests.support.e2e import (
    PATIENCE,
    alive,
    phones,
    start_run,
    start_through_braze,
    start_through_moengage,
)

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]


def task(airflow: AirflowApi, dag_id: str, run_id: str, task_id: str) -> dict[str, Any]:
    found: dict[str, Any] = airflow.call("GET", f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}")
    return found


@pytest.fixture(scope="module", autouse=True)
def runs(stack: Stack, airflow: AirflowApi, sends: None) -> Iterator[dict[str, str]]:
    """Runs that take a minute, started first of all: they wait while the other tests run."""
    start_through_moengage(stack, "used-up")
    fault = {"path": "/v1.0/live-activity/broadcast/update", "fault": "429", "reset_in": 45}
    stack.sandbox("POST", "/faults", json=fault)
    run_ids = {dag_id: start_run(stack, airflow, dag_id) for dag_id in ("decorated", "used_up")}
    yield run_ids
    for dag_id, run_id in run_ids.items():
        stack.wait_until(lambda: airflow.run_state(dag_id, run_id) in ("success", "failed"), dag_id, PATIENCE)  # noqa: B023


def test_a_decorated_end_gives_its_worker_back_until_its_moment(
    stack: Stack, airflow: AirflowApi, runs: dict[str, str]
) -> None:
    run_id = runs["decorated"]

    stack.wait_until(lambda: airflow.run_state("decorated", run_id) == "success", "the end", PATIENCE)

    expected = {"decorated-fan": ("ended", {"home": 2, "task": "final_whistle"})}
    assert phones(stack, f"decorated/{run_id}") == expected
    ended = airflow.xcom("decorated", run_id, "final_whistle")
    due = airflow.call("GET", f"/dags/decorated/dagRuns/{run_id}")["run_after"]
    waited = datetime.fromisoformat(ended["first_sent_at"]) - datetime.fromisoformat(due)
    assert waited.total_seconds() >= 60


def test_a_used_up_window_is_retried_at_its_reset(
    stack: Stack, airflow: AirflowApi, runs: dict[str, str]
) -> None:
    run_id = runs["used_up"]

    stack.wait_until(lambda: airflow.run_state("used_up", run_id) == "success", "a retry", PATIENCE)

    [task] = airflow.task_instances("used_up", run_id)
    refused, accepted = [
        datetime.fromisoformat(request["received_at"])
        for request in stack.sandbox("GET", "/requests", params={"activity_id": "used-up"})["requests"][-2:]
    ]
    assert task["try_number"] == 2
    assert (accepted - refused).total_seconds() >= 44  # the header names whole seconds


def test_a_wait_begins_without_a_worker(stack: Stack, airflow: AirflowApi, run: Callable[..., str]) -> None:
    far = (datetime.now(UTC) + timedelta(hours=6)).isoformat()
    run_id = run("waits_without_a_worker", moment=far)

    def state() -> Any:
        return task(airflow, "waits_without_a_worker", run_id, "wait")

    stack.wait_until(lambda: state()["state"] == "deferred", "the wait", PATIENCE)
    assert (state()["pid"], state()["hostname"]) == (None, "")


def test_a_wait_that_began_without_a_worker_ends_at_its_moment(
    stack: Stack, airflow: AirflowApi, run: Callable[..., str]
) -> None:
    moment = (datetime.now(UTC) + timedelta(seconds=10)).isoformat()
    run_id = run("waits_without_a_worker", moment=moment)

    def state() -> Any:
        return task(airflow, "waits_without_a_worker", run_id, "wait")

    stack.wait_until(lambda: state()["state"] == "success", "the end", PATIENCE)
    assert airflow.xcom("waits_without_a_worker", run_id, "wait") == moment
    assert datetime.fromisoformat(state()["end_date"]) >= datetime.fromisoformat(moment)


def test_an_end_that_a_person_cancels_while_it_is_held_ends_nothing_unless_it_is_told_to(
    stack: Stack, airflow: AirflowApi, run: Callable[..., str]
) -> None:
    run_id = run("held", moment=(datetime.now(UTC) + timedelta(hours=1)).isoformat())
    tasks = f"/dags/held/dagRuns/{run_id}/taskInstances"

    def held(task_id: str) -> bool:
        entries = airflow.call("GET", f"{tasks}/{task_id}/xcomEntries")["xcom_entries"]
        return ENDS_AT in [entry["key"] for entry in entries]

    for task_id, shown in (("let_go", ("running", {"home": 0})), ("ended_first", ("ended", {"home": 2}))):
        start_through_braze(f"{task_id}/{run_id}")
        stack.wait_until(partial(held, task_id), "the hold", PATIENCE)
        pid = task(airflow, "held", run_id, task_id)["pid"]
        airflow.call("PATCH", f"{tasks}/{task_id}", json={"new_state": "failed"})
        stack.wait_until(lambda pid=pid: not alive(pid), "its process", PATIENCE)  # type: ignore[misc]
        assert phones(stack, f"{task_id}/{run_id}") == {"braze-fan": shown}

"""Ends and waits for a moment, where it takes Airflow's own scheduler, triggerer and workers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from airflow_provider_liveactivity.operators.reports import ENDS_AT
from demo.airflow_api import AirflowApi
from demo.stack import Stack
from tests.e2e.tools import PATIENCE, alive, phones, start_through_braze

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]


def task(airflow: AirflowApi, dag_id: str, run_id: str, task_id: str) -> dict[str, Any]:
    found: dict[str, Any] = airflow.call("GET", f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}")
    return found


def test_a_decorated_end_gives_its_worker_back_until_its_moment(
    stack: Stack, airflow: AirflowApi, run: Callable[..., str]
) -> None:
    run_id = run("decorated")

    stack.wait_until(lambda: airflow.run_state("decorated", run_id) == "success", "the end", PATIENCE)

    expected = {"decorated-fan": ("ended", {"home": 2, "task": "final_whistle"})}
    assert phones(stack, f"decorated/{run_id}") == expected
    ended = airflow.xcom("decorated", run_id, "final_whistle")
    due = airflow.call("GET", f"/dags/decorated/dagRuns/{run_id}")["run_after"]
    waited = datetime.fromisoformat(ended["first_sent_at"]) - datetime.fromisoformat(due)
    assert waited.total_seconds() >= 60


def test_a_wait_begins_without_a_worker(stack: Stack, airflow: AirflowApi, run: Callable[..., str]) -> None:
    moment = (datetime.now(UTC) + timedelta(seconds=30)).isoformat()
    run_id = run("waits_without_a_worker", moment=moment)

    def state() -> Any:
        return task(airflow, "waits_without_a_worker", run_id, "wait")

    stack.wait_until(lambda: state()["state"] == "deferred", "the wait", PATIENCE)
    assert (state()["pid"], state()["hostname"]) == (None, "")
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

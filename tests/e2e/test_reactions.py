"""What needs Airflow's own scheduler and triggerer: deadlines, retries, DAGs that run for an asset."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from airflow_provider_liveactivity.hooks.braze import BrazeHook
from airflow_provider_liveactivity.hooks.moengage import MoEngageHook
from demo.airflow_api import AirflowApi
from demo.stack import Stack, connections

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]

PATIENCE = 240.0
ALERT = {"title": "Derby", "body": "Kick-off"}


@pytest.fixture
def run(stack: Stack, airflow: AirflowApi, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Start a DAG, and let the hooks of this process send where its tasks do."""
    for name, value in connections(stack.sandbox_url, stack.warehouse).items():
        monkeypatch.setenv(name, value)

    def run(dag_id: str, **conf: Any) -> str:
        stack.wait_until(lambda: dag_id in airflow.dag_ids(), dag_id, PATIENCE)
        airflow.unpause(dag_id)
        return airflow.trigger(dag_id, conf)

    return run


def start_through_braze(activity_id: str) -> None:
    BrazeHook().start_live_activity(
        activity_id=activity_id,
        activity_attributes_type="Match",
        activity_attributes={"home": "City"},
        content_state={"home": 0},
        notification={"alert": ALERT},
        external_user_ids=["braze-fan"],
    )


def start_through_moengage(stack: Stack, activity_id: str) -> None:
    stack.sandbox("PUT", f"/campaigns/{activity_id}", json={"users": ["moengage-fan"]})
    MoEngageHook().start_broadcast(
        broadcast_live_activity_id=activity_id,
        attribute_type="Match",
        attribute_info={"home": "City"},
        content_state={"home": 0},
        alert=ALERT,
    )


def phones(stack: Stack, activity_id: str) -> dict[str, Any]:
    found = stack.sandbox("GET", "/phones", params={"activity_id": activity_id})["phones"]
    return {phone["user"]: (phone["status"], phone["content_state"]) for phone in found}


def test_a_missed_deadline_reaches_the_phones_from_triggerer_and_executor(
    stack: Stack, airflow: AirflowApi, run: Callable[..., str]
) -> None:
    start_through_braze("late")
    start_through_moengage(stack, "late")
    run_id = run("late")
    told = {"note": "late: late"}
    expected = {"braze-fan": ("ended", told), "moengage-fan": ("running", told)}

    stack.wait_until(lambda: phones(stack, "late") == expected, "both alerts", PATIENCE)

    airflow.call("PATCH", f"/dags/late/dagRuns/{run_id}", json={"state": "failed"})


def test_a_used_up_window_is_retried_at_its_reset(
    stack: Stack, airflow: AirflowApi, run: Callable[..., str]
) -> None:
    start_through_moengage(stack, "used-up")
    fault = {"path": "/v1.0/live-activity/broadcast/update", "fault": "429", "reset_in": 45}
    stack.sandbox("POST", "/faults", json=fault)
    run_id = run("used_up")

    stack.wait_until(lambda: airflow.run_state("used_up", run_id) == "success", "a retry", PATIENCE)

    [task] = airflow.task_instances("used_up", run_id)
    refused, accepted = [
        datetime.fromisoformat(request["received_at"])
        for request in stack.sandbox("GET", "/requests", params={"activity_id": "used-up"})["requests"][-2:]
    ]
    assert task["try_number"] == 2
    assert (accepted - refused).total_seconds() >= 44  # the header names whole seconds


def test_another_dag_runs_when_an_activity_ends(
    stack: Stack, airflow: AirflowApi, run: Callable[..., str]
) -> None:
    stack.wait_until(lambda: "match_ended" in airflow.dag_ids(), "match_ended", PATIENCE)
    airflow.unpause("match_ended")
    stack.sandbox("PUT", "/segments/followers", json={"name": "Followers", "users": ["segment-fan"]})
    run_id = run("match_segment", segment_id="followers", seconds=0)

    # One run may bring the news of several ends, those of other tests too.
    def results() -> list[dict[str, Any]]:
        runs = airflow.call("GET", "/dags/match_ended/dagRuns")["dag_runs"]
        assert {one["run_type"] for one in runs} <= {"asset_triggered"}
        done = [one["dag_run_id"] for one in runs if one["state"] == "success"]
        return [one for ended in done for one in airflow.xcom("match_ended", ended, "results")]

    ours = {
        "activity_id": f"match/northside-southside/{run_id}",
        "result": {"home": 1, "away": 0, "phase": "Final score"},
        "accepted": 1,
    }
    stack.wait_until(lambda: ours in results(), "match_ended", PATIENCE)


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

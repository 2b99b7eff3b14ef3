"""Deadline Alerts and retries, which need Airflow's own scheduler and triggerer."""

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
def run(stack: Stack, airflow: AirflowApi, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    """Start a DAG, and let the hooks of this process send where its tasks do."""
    for name, value in connections(stack.sandbox_url, stack.warehouse).items():
        monkeypatch.setenv(name, value)

    def run(dag_id: str) -> str:
        stack.wait_until(lambda: dag_id in airflow.dag_ids(), dag_id, PATIENCE)
        airflow.unpause(dag_id)
        return airflow.trigger(dag_id)

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
    stack: Stack, airflow: AirflowApi, run: Callable[[str], str]
) -> None:
    start_through_braze("late")
    start_through_moengage(stack, "late")
    run_id = run("late")
    told = {"note": "late: late"}
    expected = {"braze-fan": ("ended", told), "moengage-fan": ("running", told)}

    stack.wait_until(lambda: phones(stack, "late") == expected, "both alerts", PATIENCE)

    airflow.call("PATCH", f"/dags/late/dagRuns/{run_id}", json={"state": "failed"})


def test_a_used_up_window_is_retried_at_its_reset(
    stack: Stack, airflow: AirflowApi, run: Callable[[str], str]
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

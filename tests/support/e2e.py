"""Helpers of the end-to-end tests: activities started without a DAG, phones, processes."""

from __future__ import annotations

import os
from typing import Any

import httpx

from airflow_provider_liveactivity.hooks.braze import BrazeHook
from airflow_provider_liveactivity.hooks.moengage import MoEngageHook
from demo.airflow_api import AirflowApi
from demo.stack import Stack

#: Seconds that something in Airflow may take on a busy machine.
PATIENCE = 240.0
#: The database of the DAG ``lives``, in the home of Airflow.
LIVES_DATABASE = "lives.duckdb"
ALERT = {"title": "Derby", "body": "Kick-off"}


def start_run(stack: Stack, airflow: AirflowApi, dag_id: str, **conf: Any) -> str:
    """Start a run of a DAG, once Airflow has read it, and return the id of the run."""
    stack.wait_until(lambda: dag_id in airflow.dag_ids(), dag_id, PATIENCE)
    airflow.unpause(dag_id)
    return airflow.trigger(dag_id, conf)


def reset_sandbox(stack: Stack) -> None:
    """Let the sandbox forget what earlier tests have sent."""
    httpx.post(f"{stack.sandbox_url}/sandbox/reset").raise_for_status()


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


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True

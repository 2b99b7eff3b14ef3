"""What a person touches in Airflow's UI, through the REST API behind it: the test button and the links."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

if TYPE_CHECKING:
    from demo.airflow_api import AirflowApi
    from demo.stack import Stack
    from tests.e2e.conftest import Played

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

LOG = "Braze Message Activity Log"


def links(airflow: AirflowApi, dag_id: str, run_id: str, task_id: str, map_index: int = -1) -> Any:
    path = f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/links"
    return airflow.call("GET", path, params={"map_index": map_index})["extra_links"]


def page(stack: Stack, activity_id: str) -> str:
    return f"{stack.sandbox_url}/activities/{quote(activity_id, safe='')}"


@pytest.mark.parametrize(
    ("fields", "good", "said"),
    [
        ({"password": "sandbox-braze-key"}, True, "accepts the key"),
        ({"password": "wr0ng-k3y"}, False, "the REST API key is wrong"),
        ({}, False, "REST API key, is missing"),
        (
            {"password": "k3y", "host": "rest.iad-02.braze.com", "extra": json.dumps({"instance": "US-01"})},
            False,
            "instance US-01 is rest.iad-01.braze.com",
        ),
    ],
)
def test_a_connection_that_is_not_saved_is_tested(
    stack: Stack, airflow: AirflowApi, fields: dict[str, str], good: bool, said: str
) -> None:
    body = {"connection_id": "mine", "conn_type": "braze", "host": stack.sandbox_url, **fields}
    answer = airflow.call("POST", "/connections/test", json=body)
    assert answer["status"] is good
    assert said in answer["message"]
    assert "k3y" not in answer["message"]


def test_the_keys_of_moengage_are_tested(stack: Stack, airflow: AirflowApi) -> None:
    body = {
        "connection_id": "mine",
        "conn_type": "moengage",
        "host": stack.sandbox_url,
        "login": "SANDBOX",
        "password": "sandbox-push-key",
        "extra": json.dumps({"campaign_api_key": "sandbox-campaign-key", "data_api_key": "wr0ng-k3y"}),
    }
    answer = airflow.call("POST", "/connections/test", json=body)
    assert answer["status"] is False
    assert "data_api_key: " in answer["message"]
    assert "accepts campaign_api_key. Not tested: the password (Push key)" in answer["message"]


@pytest.mark.parametrize("conn_type", ["braze", "moengage"])
def test_the_button_tests_a_saved_connection_whose_secrets_it_does_not_know(
    stack: Stack, airflow: AirflowApi, conn_type: str
) -> None:
    """The page sends what it shows: asterisks for secrets, empty texts for nothing, and 0 for no port."""
    host, port = stack.sandbox_url.removeprefix("http://").split(":")
    key = {"braze": "sandbox-braze-key", "moengage": "sandbox-push-key"}[conn_type]
    saved = {
        "connection_id": f"saved_{conn_type}",
        "conn_type": conn_type,
        "host": host,
        "port": int(port),
        "login": "SANDBOX",
        "password": key,
        "extra": json.dumps({"app_id": None, "campaign_api_key": "sandbox-campaign-key"}),
    }
    airflow.call("POST", "/connections", json=saved)
    shown = airflow.call("GET", f"/connections/saved_{conn_type}")
    assert key not in json.dumps(shown)
    body = {name: shown[name] or "" for name in (*saved, "description", "schema")}
    answer = airflow.call("POST", "/connections/test", json=body)
    assert answer["status"], answer["message"]


@pytest.mark.parametrize("conn_id", ["braze_default", "moengage_default"])
def test_a_connection_is_tested_from_the_command_line(stack: Stack, conn_id: str) -> None:
    command = [str(Path(sys.executable).with_name("airflow")), "connections", "test", conn_id]
    done = subprocess.run(command, env=stack.environment, capture_output=True, text=True, check=True)
    assert "Connection success!" in done.stdout
    assert "sandbox-" not in done.stdout + done.stderr


def test_the_zero_that_the_page_sends_for_no_port_does_no_harm(stack: Stack, airflow: AirflowApi) -> None:
    empty = {"description": "", "login": "", "schema": "", "extra": "{}", "port": 0}
    body = {"connection_id": "mine", "conn_type": "braze", "host": stack.sandbox_url, **empty}
    answer = airflow.call("POST", "/connections/test", json=body | {"password": "sandbox-braze-key"})
    assert answer["status"], answer["message"]


def test_a_mapped_task_links_to_its_own_activity(stack: Stack, airflow: AirflowApi, played: Played) -> None:
    [run] = [run for run in played.runs if run.dag_id == "flights"]
    for index in (0, 1):
        activity_id = airflow.xcom("flights", run.run_id, "flight.landed", index)["activity_id"]
        found = links(airflow, "flights", run.run_id, "flight.landed", index)
        assert found == {LOG: None, "Sandbox": page(stack, activity_id)}


def test_a_task_that_is_deferred_has_its_links(stack: Stack, airflow: AirflowApi) -> None:
    stack.wait_until(lambda: "deferred_end" in airflow.dag_ids(), "the DAG", 240)
    airflow.unpause("deferred_end")
    run_id = airflow.trigger("deferred_end")
    wanted = {LOG: None, "Sandbox": page(stack, f"match/{run_id}")}

    def deferred() -> bool:
        return [task["state"] for task in airflow.task_instances("deferred_end", run_id)] == ["deferred"]

    # Airflow stores the links once the state has been told, so one may be there without the other.
    stack.wait_until(lambda: links(airflow, "deferred_end", run_id, "end") == wanted, "the links", 240)
    assert deferred()

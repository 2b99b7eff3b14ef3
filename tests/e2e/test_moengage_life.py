"""A MoEngage broadcast on a real Airflow, from its campaign to its end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.support.e2e import PATIENCE

if TYPE_CHECKING:
    from demo.airflow_api import AirflowApi
    from demo.stack import Stack

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

DAG = "broadcast_life"


def test_a_campaign_carries_a_whole_life_that_waits_for_its_end_deferred(
    stack: Stack, airflow: AirflowApi
) -> None:
    stack.wait_until(lambda: airflow.dag_ids() >= {DAG}, "the DAG", 120)
    airflow.unpause(DAG)
    run_id = airflow.trigger(DAG)

    def state(task_id: str) -> Any:
        tasks = airflow.task_instances(DAG, run_id)
        return next((task["state"] for task in tasks if task["task_id"] == task_id), None)

    stack.wait_until(lambda: state("life.goal") == "success", "the update", PATIENCE)
    stack.wait_until(lambda: state("life.end_time") == "deferred", "the wait for the end", PATIENCE)
    # Do as if the time had come: a real moment would have to lie behind the update on the slowest machine.
    path = f"/dags/{DAG}/dagRuns/{run_id}/taskInstances/life.end_time"
    airflow.call("PATCH", path, json={"new_state": "success"})
    stack.wait_until(lambda: airflow.run_state(DAG, run_id) in ("success", "failed"), "the run", 300)
    assert airflow.run_state(DAG, run_id) == "success"

    campaign = airflow.xcom(DAG, run_id, "campaign")
    assert (campaign["accepted"], campaign["requests"]) == (1_200, 2)
    assert campaign["answer"] == {"campaign_id": campaign["campaign_id"]}
    assert "fan-" not in str(campaign)
    phones = stack.sandbox("GET", "/summary", params={"activity_id": f"life/{run_id}"})
    counts = ("started", "started_twice", "running", "ended", "stale_cards")
    assert [phones[name] for name in counts] == [1_200, 0, 0, 1_200, 0]

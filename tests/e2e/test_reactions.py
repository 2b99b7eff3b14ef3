"""What needs Airflow's own scheduler and triggerer: deadlines, DAGs that run for an asset."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from demo.airflow_api import AirflowApi
from demo.stack import Stack
from tests.support.e2e import PATIENCE, phones, start_through_braze, start_through_moengage

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]


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

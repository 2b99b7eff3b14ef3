"""A person sees what is on in Airflow's own navigation, changes it, and ends it."""

from __future__ import annotations

from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.browser import AirflowUi, marks
from tests.support.e2e import PATIENCE, phones, start_run

if TYPE_CHECKING:
    from demo.airflow_api import AirflowApi
    from demo.stack import Stack

pytestmark = marks

DAG_ID = "gated_match"
END_NOW, UPDATE_NOW = "live_activity_end_now", "live_activity_update_now"


class Match:
    """A match that is on: a run of the DAG, and its phone in the sandbox."""

    def __init__(self, stack: Stack, airflow: AirflowApi, folder: Path) -> None:
        self.stack, self.airflow = stack, airflow
        self.gate = folder / "goal"
        self.activity_id = f"board-{token_hex(3)}"  # short, since the page shortens long ids
        self.run_id = start_run(stack, airflow, DAG_ID, activity_id=self.activity_id, gate=str(self.gate))
        stack.wait_until(lambda: self.phone[0] == "running", "the start", 240)

    @property
    def phone(self) -> tuple[str, Any]:
        """Status and state of the card."""
        status, state = phones(self.stack, self.activity_id).get("board-fan", ("none", None))
        return status, state

    def task(self, task_id: str) -> dict[str, Any]:
        tasks = self.airflow.task_instances(DAG_ID, self.run_id)
        return next(task for task in tasks if task["task_id"] == f"live.{task_id}")

    def wait_for(self, task_id: str, *states: str) -> None:
        self.stack.wait_until(lambda: self.task(task_id)["state"] in states, f"{task_id} {states}", 240)


@pytest.fixture
def match(stack: Stack, airflow: AirflowApi, tmp_path: Path) -> Any:
    stack.wait_until(lambda: airflow.dag_ids() >= {END_NOW, UPDATE_NOW}, "the DAGs of the buttons", 240)
    match = Match(stack, airflow, tmp_path)
    yield match
    airflow.call("PATCH", f"/dags/{DAG_ID}/dagRuns/{match.run_id}", json={"state": "failed"})


def test_end_now_ends_a_running_match_for_good(ui: AirflowUi, match: Match, airflow: AirflowApi) -> None:
    ui.go("/plugin/live-activities")
    board = ui.page.frame_locator("iframe")
    tile = board.locator(".tile", has_text=match.activity_id)
    tile.get_by_role("button", name="End now").click()
    dialog = board.get_by_role("dialog")
    dialog.get_by_role("button", name="End now").click()
    dialog.get_by_text("Airflow has started it").wait_for()
    match.stack.wait_until(lambda: match.phone[0] == "ended", "the end", PATIENCE)
    dialog.get_by_role("button", name="Close").click()
    board.locator("#over tr", has_text=match.activity_id).wait_for()
    tile.wait_for(state="detached")

    events = airflow.call("GET", "/eventLogs", params={"dag_id": END_NOW, "event": "trigger_dag_run"})
    assert any(match.activity_id in str(event["extra"]) for event in events["event_logs"])

    # What the run does afterwards reaches no phone: its update is dropped, and its end is skipped.
    match.gate.touch()
    match.wait_for("goal", "success", "failed")
    assert airflow.xcom(DAG_ID, match.run_id, "live.goal")["dropped"] == 1
    path = f"/dags/{DAG_ID}/dagRuns/{match.run_id}/taskInstances/live.end_time"
    airflow.call("PATCH", path, json={"new_state": "success"})
    match.wait_for("end", "skipped", "success", "failed")
    assert match.task("end")["state"] == "skipped"
    assert match.phone == ("ended", {"home": 0, "away": 0})


def test_update_now_changes_the_card_and_the_run_goes_on(ui: AirflowUi, match: Match) -> None:
    ui.go(f"/dags/{DAG_ID}/runs/{match.run_id}/plugin/live-activities-of-run")
    board = ui.page.frame_locator("iframe")
    tile = board.locator(".tile", has_text=match.activity_id)
    tile.get_by_role("button", name="Update…").click()
    dialog = board.get_by_role("dialog")
    dialog.get_by_label("State").fill('{"home": 0, "away": 3}')
    dialog.get_by_role("button", name="Send the update").click()
    dialog.get_by_text("Airflow has started it").wait_for()
    match.stack.wait_until(lambda: match.phone[1] == {"home": 0, "away": 3}, "the update", PATIENCE)
    match.gate.touch()
    match.wait_for("goal", "success")
    assert match.phone == ("running", {"home": 1, "away": 0})

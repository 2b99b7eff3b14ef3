"""A person sees what is about to be sent, and decides."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.browser import AirflowUi, marks

if TYPE_CHECKING:
    from demo.airflow_api import AirflowApi
    from demo.stack import Stack

pytestmark = marks

DAG_ID = "approved_start"


STORM = {"airport": "EWR", "minutes": 10, "seconds": 0, "text": "Expect delays, and look here for news."}


class Question:
    """The question of one run, in the browser."""

    def __init__(self, ui: AirflowUi, stack: Stack, airflow: AirflowApi) -> None:
        self.ui, self.stack, self.airflow = ui, stack, airflow
        stack.wait_until(lambda: airflow.dag_ids() >= {DAG_ID}, "the DAG", 240)
        airflow.unpause(DAG_ID)
        self.run_id = airflow.trigger(DAG_ID, STORM)
        stack.wait_until(lambda: self.states().get("approval") == "awaiting_input", "the question", 300)

    def attempt(self) -> int:
        """Return how often the question was asked; 0 while it is being asked."""
        tasks = self.airflow.task_instances(DAG_ID, self.run_id)
        asked = [task["try_number"] for task in tasks if task["state"] == "awaiting_input"]
        return int(asked[0]) if asked else 0

    def show(self) -> None:
        self.ui.go(f"/dags/{DAG_ID}/runs/{self.run_id}/tasks/approval/required_actions")

    def states(self) -> dict[str, Any]:
        return {task["task_id"]: task["state"] for task in self.airflow.task_instances(DAG_ID, self.run_id)}

    def answer(self, button: str) -> dict[str, Any]:
        """
        Answer, and return the states of the tasks when the run is over.

        On a slow machine an answer can overtake the scheduler's note of the pause. Airflow then fails the
        attempt (apache/airflow#72716), and a retry asks again.
        """
        while not self.is_over():
            asked = self.attempt()
            self.show()
            self.ui.page.get_by_role("button", name=button, exact=True).click()
            self.stack.wait_until(partial(self.is_answered, asked), "the end of the run", 300)
        return self.states()

    def is_answered(self, attempt: int) -> bool:
        """Return whether the run is over, or asks once more."""
        return self.is_over() or self.attempt() > attempt

    def is_over(self) -> bool:
        return self.airflow.run_state(DAG_ID, self.run_id) in ("success", "failed")

    def phones(self) -> int:
        activity_id = f"storm/EWR/{self.run_id}"
        found = self.stack.sandbox("GET", "/summary", params={"activity_id": activity_id})
        return int(found["started"])


@pytest.fixture
def question(ui: AirflowUi, stack: Stack, airflow: AirflowApi, departures: None) -> Question:
    return Question(ui, stack, airflow)


def test_who_approves_sees_what_is_sent_then(question: Question, airflow: AirflowApi) -> None:
    from playwright.sync_api import expect

    report = airflow.xcom(DAG_ID, question.run_id, "rehearsal")
    question.show()
    page = question.ui.page
    expect(page.get_by_text(f"Tell {report['recipients']:,} people of the storm at EWR?")).to_be_visible()
    expect(page.get_by_role("row", name="Requests to Braze")).to_contain_text(f"{report['requests']:,}")
    expect(page.get_by_role("row", name="Takes about")).to_contain_text(" s")
    for text in ("Storm at EWR", STORM["text"], "Delays"):
        expect(page.get_by_role("blockquote")).to_contain_text(str(text))
    question.ui.picture("approval")
    with page.expect_popup() as opened:
        page.get_by_role("link", name="See the card").click()
    expect(opened.value.locator(".la-card")).to_contain_text(str(STORM["text"]))
    question.ui.picture("approval-card", opened.value.get_by_role("main"))
    opened.value.close()

    states = question.answer("Approve")

    assert set(states.values()) == {"success"}
    assert question.phones() == report["recipients"]


def test_a_no_sends_nothing(question: Question) -> None:
    states = question.answer("Reject")

    assert (states["start"], states["end"]) == ("skipped", "skipped")
    assert question.phones() == 0

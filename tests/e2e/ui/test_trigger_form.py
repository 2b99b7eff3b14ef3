"""Who fills in the form of ``ui_start_update_end`` gets what was asked for, or words on what is wrong."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.browser import AirflowUi, Form, marks

if TYPE_CHECKING:
    from demo.airflow_api import AirflowApi
    from demo.stack import Stack

pytestmark = marks

DAG_ID = "ui_start_update_end"
PEOPLE = "Who gets it: fill in one of three"
OVER = ("success", "failed")


@pytest.fixture
def form(ui: AirflowUi, stack: Stack, airflow: AirflowApi) -> Form:
    stack.wait_until(lambda: airflow.dag_ids() >= {DAG_ID}, "the DAG", 240)
    return ui.form(f"/dags/{DAG_ID}", "Trigger")


def trigger(form: Form) -> str:
    run_id = str(form.submit("Trigger", f"/dags/{DAG_ID}/dagRuns")["dag_run_id"])
    form.page.goto("about:blank")  # a page of Airflow's takes the time that the run needs
    return run_id


def states(airflow: AirflowApi, run_id: str) -> dict[str, Any]:
    return {task["task_id"]: task["state"] for task in airflow.task_instances(DAG_ID, run_id)}


def phones(stack: Stack, run_id: str) -> list[dict[str, Any]]:
    return list(stack.sandbox("GET", "/phones", params={"activity_id": f"match/{run_id}"})["phones"])


def test_a_form_with_gaps_cannot_be_sent(ui: AirflowUi, form: Form) -> None:
    from playwright.sync_api import expect

    send = form.button("Trigger")
    expect(send).to_be_disabled()
    form.fill("Home team", "Northside")
    expect(form.field("Away team").get_by_text("This field is required")).to_be_visible()
    form.fill("Away team", "Southside")
    expect(send).to_be_enabled()
    ui.picture("trigger-form", form.dialog)


def test_what_the_form_cannot_know_is_refused_in_words_before_anything_is_sent(
    ui: AirflowUi, form: Form, stack: Stack, airflow: AirflowApi
) -> None:
    from playwright.sync_api import expect

    form.fill("Home team", "Northside")
    form.fill("Away team", "Southside")
    form.switch("Only check")
    form.section("When")
    form.pick("Final whistle", datetime.now(UTC) - timedelta(days=1))
    run_id = trigger(form)

    stack.wait_until(lambda: airflow.run_state(DAG_ID, run_id) in OVER, "the run", 240)
    assert airflow.run_state(DAG_ID, run_id) == "failed"
    ui.go(f"/dags/{DAG_ID}/runs/{run_id}/tasks/check")
    for words in (
        "Kick-off, half-time and final whistle must come in this order.",
        "Fill in exactly one of Segment, List of people and Query.",
    ):
        expect(ui.page.get_by_text(words).first).to_be_visible()
    assert phones(stack, run_id) == []


def test_only_checking_tells_how_many_people_it_would_be(
    form: Form, stack: Stack, airflow: AirflowApi
) -> None:
    form.fill("Home team", "Northside")
    form.fill("Away team", "Southside")
    form.section(PEOPLE)
    form.fill("List of people", "ada\ngrace\nada")
    run_id = trigger(form)

    stack.wait_until(lambda: airflow.run_state(DAG_ID, run_id) in OVER, "the run", 240)
    assert airflow.run_state(DAG_ID, run_id) == "success"
    report = airflow.xcom(DAG_ID, run_id, "rehearsal")
    assert (report["recipients"], report["duplicates"], report["validate_only"]) == (2, 1, True)
    assert states(airflow, run_id)["match.start"] == "skipped"
    assert phones(stack, run_id) == []


def test_a_filled_form_starts_updates_and_ends_the_card_that_its_link_shows(
    ui: AirflowUi, form: Form, stack: Stack, airflow: AirflowApi
) -> None:
    from playwright.sync_api import expect

    stack.sandbox("PUT", "/segments/the-fans", json={"users": ["ada", "grace"]})
    form.fill("Home team", "Harbour")
    form.fill("Away team", "Uptown")
    form.choose("Competition", "Cup")
    form.switch("Only check")
    form.section("When")
    form.pick("Final whistle", datetime.now(UTC) + timedelta(hours=4))
    ui.picture("trigger-form-times", form.dialog)
    form.section("What the phones say")
    form.fill("At kick-off", "The cup final has begun")
    form.section(PEOPLE)
    form.fill("Segment", "the-fans")
    ui.picture("trigger-form-people", form.dialog)
    run_id = trigger(form)

    def waits(task_id: str) -> None:
        stack.wait_until(lambda: states(airflow, run_id).get(task_id) == "deferred", task_id, 300)

    def happens(task_id: str) -> None:
        """Do as if the time had come."""
        path = f"/dags/{DAG_ID}/dagRuns/{run_id}/taskInstances/{task_id}"
        airflow.call("PATCH", path, json={"new_state": "success"})

    waits("match.half_time")
    waits("match.end_time")
    assert {(phone["user"], phone["status"]) for phone in phones(stack, run_id)} == {
        ("ada", "running"),
        ("grace", "running"),
    }
    ui.go(f"/dags/{DAG_ID}/runs/{run_id}/tasks/match.start/details")
    expect(ui.page.get_by_role("link", name="Sandbox")).to_be_visible()
    ui.picture("link")
    with ui.page.expect_popup() as opened:
        ui.page.get_by_role("link", name="Sandbox").click()
    expect(opened.value.get_by_text("The cup final has begun").first).to_be_visible()
    opened.value.close()
    ui.page.goto("about:blank")

    happens("match.half_time")
    stack.wait_until(lambda: states(airflow, run_id).get("match.news") == "success", "the update", 300)
    assert {phone["content_state"]["phase"] for phone in phones(stack, run_id)} == {"Half-time"}
    happens("match.end_time")
    stack.wait_until(lambda: airflow.run_state(DAG_ID, run_id) in OVER, "the end", 300)
    assert airflow.run_state(DAG_ID, run_id) == "success"
    assert {(phone["status"], phone["updates"]) for phone in phones(stack, run_id)} == {("ended", 1)}

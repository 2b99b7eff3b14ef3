"""The DAG that asks a person first: it asks about what it will do, and does not more than it was allowed."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import duckdb

from airflow_provider_liveactivity.sandbox import RunningSandbox, views
from tests.support.airflow_versions import needs_response_timeout

if TYPE_CHECKING:
    from airflow.dag_processing.dagbag import DagBag

Run = Callable[..., str]


pytestmark = needs_response_timeout


def test_an_approved_start_reaches_the_passengers_of_the_next_departures(
    run: Run, sandbox: RunningSandbox, tmp_path: Path
) -> None:
    run("approved_start", done="approval", airport="LGA", minutes=120, seconds=0, text="Expect delays")

    shown = views.phones(sandbox.sandbox, limit=10_000)["phones"]
    with duckdb.connect(tmp_path / "warehouse.duckdb", read_only=True) as warehouse:
        passengers = warehouse.execute(
            "SELECT DISTINCT external_id FROM passengers JOIN flights USING (flight_key) WHERE origin = 'LGA'"
        ).fetchall()
    assert {phone["user"] for phone in shown} == {external_id for (external_id,) in passengers}
    assert {(phone["status"], phone["attributes"]["airport"], phone["cards"]) for phone in shown} == {
        ("ended", "LGA", 1)
    }
    assert shown[0]["alerts"][0] == {"title": "Storm at LGA", "body": "Expect delays"}


def test_without_passengers_nobody_is_asked(run: Run, sandbox: RunningSandbox, tmp_path: Path) -> None:
    with duckdb.connect(tmp_path / "warehouse.duckdb") as warehouse:
        warehouse.execute("DELETE FROM passengers")

    run("approved_start", state="failed", done="approval", airport="LGA", minutes=120, seconds=0)

    assert sandbox.sandbox.requests == 0


def test_the_question_tells_people_requests_duration_and_the_card(examples: DagBag) -> None:
    dag = examples.dags["approved_start"]
    report = {
        "recipients": 12_345,
        "requests": 247,
        "expected_seconds": 4.94,
        "expected_last_sent_at": "2026-07-22T18:30:04.940000+00:00",
        "content_state": {"status": "Delays", "text": "Stay in"},
    }
    context: dict[str, Any] = {
        "dag": dag,
        "params": {"airport": "JFK", "text": "Stay in"},
        "ti": SimpleNamespace(xcom_pull=lambda task_ids: report),
    }
    approval: Any = dag.get_task("approval")

    subject, question = (
        approval.render_template(text, context) for text in (approval.subject, approval.body)
    )

    assert subject == "Tell 12,345 people of the storm at JFK?"
    assert question.startswith("| | |\n|---|---|\n| People | 12,345 |\n| Requests to Braze | 247 |\n")
    assert "| Takes about | 5 s |" in question
    assert "| Over by, if you approve now | 2026-07-22 18:30:04 UTC |" in question
    assert "> **Storm at JFK**\n>\n> Stay in\n>\n> Delays\n" in question
    [fragment] = re.findall(r"\]\(/liveactivity/files/card\.html#([^)]*)\)", question)
    assert json.loads(unquote(fragment)) == {
        "attributes_type": "AirportAttributes",
        "attributes": {"airport": "JFK"},
        "content_state": report["content_state"],
        "alert": {"title": "Storm at JFK", "body": "Stay in"},
    }


def test_no_answer_is_a_no(examples: DagBag) -> None:
    approval: Any = examples.dags["approved_start"].get_task("approval")
    assert approval.defaults == ["Reject"]
    assert approval.response_timeout


def test_a_start_reaches_no_more_people_than_were_approved(examples: DagBag) -> None:
    start: Any = examples.dags["approved_start"].get_task("start")
    report = {"recipients": 12_345}
    context: dict[str, Any] = {"ti": SimpleNamespace(xcom_pull=lambda task_ids: report)}

    assert start.render_template(start.max_audience, context) == "12345"

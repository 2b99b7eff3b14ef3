"""A preview shows what a task would send, rendered as Airflow renders it, and sends nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from airflow_provider_liveactivity.errors import EmptyAudience, InvalidPayload
from airflow_provider_liveactivity.lifecycle import BrazeLiveActivity, MoEngageBroadcastLiveActivity
from airflow_provider_liveactivity.operators.braze import (
    BrazeStartLiveActivityOperator,
    BrazeUpdateLiveActivityOperator,
)
from airflow_provider_liveactivity.operators.moengage import MoEngageStartLiveActivityOperator
from airflow_provider_liveactivity.preview import NoPreview, Preview, facts, preview_task
from tests.support.airflow_db import new_dag, xcom
from tests.support.airflow_versions import needs_response_timeout
from tests.support.dag_runs import SteppedRun

if TYPE_CHECKING:
    from airflow.dag_processing.dagbag import DagBag

    from airflow_provider_liveactivity.sandbox import RunningSandbox

pytestmark = pytest.mark.usefixtures("database")

FANS = ["ada-l", "grace-h", "ada-l"]
SECRETS = ("sandbox-braze-key", "sandbox-push-key", "sandbox-inform-key", "ada-l", "grace-h")
CONTENT: dict[str, Any] = {
    "activity_id": "final",
    "activity_attributes_type": "MatchAttributes",
    "activity_attributes": {"home": "City"},
    "content_state": {"home": 0},
    "notification": {"alert": {"title": "City", "body": "Kick-off!"}},
    "stale_date": "PT30M",
    "external_user_ids": FANS,
}
BROADCAST: dict[str, Any] = {
    "broadcast_live_activity_id": "final",
    "attribute_type": "MatchAttributes",
    "attribute_info": {"home": "City"},
    "content_state": {"home": 0},
    "alert": {"title": "City", "body": "Kick-off!"},
    "end_alert": {"title": "City", "body": "Over"},
    "end_time": "PT1H",
}


@pytest.fixture(autouse=True)
def nothing_is_sent(sandbox: RunningSandbox) -> Iterator[None]:
    yield
    assert not list(sandbox.sandbox.records)


def preview(dag: Any, task_id: str, **arguments: Any) -> Preview:
    """Preview a task, and check that the preview shows no key and no id."""
    found = preview_task(dag, task_id, **arguments)
    for text in (repr(found), json.dumps(found.to_json()), found.to_html()):
        assert not any(secret in text for secret in SECRETS)
    return found


def test_a_start_shows_people_requests_duration_sizes_and_one_request() -> None:
    with new_dag() as dag:
        BrazeStartLiveActivityOperator(task_id="start", **CONTENT)
    found = preview(dag, "start")
    assert (found.vendor, found.verb, found.activity_id) == ("braze", "start", "final")
    assert (found.recipients, found.requests, found.duplicates) == (2, 1, 1)
    assert found.seconds is not None
    assert found.until is not None
    assert 100 < found.push_bytes < found.push_limit == 4096
    assert found.request_limit is None
    assert found.warnings == []
    assert found.body["external_user_ids"] == "<2 recipients>"
    assert found.body["content_state"] == {"home": 0}
    assert found.curl.startswith("curl --request POST http://127.0.0.1:")
    assert "Authorization: Bearer ***" in found.curl


def test_the_activity_is_what_the_card_shows() -> None:
    with new_dag() as dag:
        BrazeStartLiveActivityOperator(task_id="start", **CONTENT)
    activity = preview(dag, "start").activity
    assert activity["attributes_type"] == "MatchAttributes"
    assert activity["attributes"] == {"home": "City"}  # without the one that Braze adds
    assert activity["content_state"] == {"home": 0}
    assert activity["alert"] == {"title": "City", "body": "Kick-off!"}
    assert activity["status"] == "on"
    assert datetime.fromisoformat(activity["stale_date"]) > datetime.now(UTC)


def test_templates_are_rendered_with_the_conf_and_the_logical_date() -> None:
    from airflow.sdk import Param

    with new_dag(params={"team": Param("City", type="string")}) as dag:
        state = {"home": 0, "team": "{{ params.team }}", "day": "{{ ds }}"}
        BrazeStartLiveActivityOperator(task_id="start", **CONTENT | {"content_state": state})
    found = preview(dag, "start", conf={"team": "County"}, logical_date=datetime(2026, 7, 1, tzinfo=UTC))
    assert found.body["content_state"] == {"home": 0, "team": "County", "day": "2026-07-01"}
    with pytest.raises(NoPreview, match="team"):
        preview_task(dag, "start", conf={"team": 1})


@needs_response_timeout
def test_the_audience_is_counted_with_its_query(examples: DagBag) -> None:
    before_departure = datetime(2025, 7, 22, 11, 59, 30, tzinfo=UTC)
    dag = examples.dags["approved_start"]
    found = preview(dag, "rehearsal", conf={"airport": "EWR"}, logical_date=before_departure)
    assert found.recipients is not None
    assert found.recipients > 50
    assert found.requests == -(-found.recipients // 50)
    assert found.body["external_user_ids"] == "<50 recipients>"
    with pytest.raises(EmptyAudience):
        preview_task(dag, "rehearsal", logical_date=datetime(2030, 1, 1, tzinfo=UTC))


def test_an_update_and_an_end_of_a_lifecycle_show_the_attributes_of_its_start() -> None:
    with new_dag() as dag, BrazeLiveActivity("match", **CONTENT, end_time="PT1H") as live:
        live.update("goal", content_state={"home": 1}, stale_date="PT30M")
    goal = preview(dag, "match.goal")
    assert (goal.recipients, goal.audience) == (None, "every phone that shows the activity")
    assert (goal.activity["attributes"], goal.activity["content_state"]) == ({"home": "City"}, {"home": 1})
    end = preview(dag, "match.end")
    assert (end.verb, end.activity["status"]) == ("end", "ended")
    assert end.activity["content_state"] == {"home": 0}
    [warning] = end.warnings
    assert "the last state that was sent" in warning


def test_the_end_in_an_existing_run_shows_the_last_state_that_was_sent(sandbox: RunningSandbox) -> None:
    life = CONTENT | {"end_time": "2025-07-22T12:00:00+00:00", "on_past_end_time": "send"}
    with new_dag() as dag, BrazeLiveActivity("match", **life) as live:
        goal = live.update("goal", content_state={"home": 1})
    goal >> live.end
    run = SteppedRun(dag)
    run.advance(until="match.goal")
    sandbox.sandbox.reset()
    end = preview(dag, "match.end", run_id=run.run.run_id)
    assert end.activity["content_state"] == {"home": 1}
    assert end.warnings == []


def test_a_broadcast_shows_the_limit_of_the_request() -> None:
    with new_dag() as dag, MoEngageBroadcastLiveActivity("match", **BROADCAST):
        pass
    found = preview(dag, "match.start")
    assert (found.recipients, found.requests, found.request_limit) == (None, 1, 5120)
    assert found.audience == "the audience of the campaign, whose number only the vendor knows"
    assert found.activity["attributes"] == {"home": "City"}
    assert "Authorization: Basic ***" in found.curl


def test_activities_of_single_users_have_a_request_for_each() -> None:
    with new_dag() as dag:
        MoEngageStartLiveActivityOperator(
            task_id="start",
            activity_id="order",
            alert_id="alert",
            content_state={"phase": "On its way"},
            external_user_ids={"ada-l": "token-1", "grace-h": "token-2"},
        )
    found = preview(dag, "start")
    assert (found.recipients, found.requests) == (2, 2)
    assert found.body["user_id"] == "***"
    assert "token-" not in json.dumps(found.to_json())


def test_the_segment_of_a_start_has_a_number_that_only_the_vendor_knows() -> None:
    with new_dag() as dag:
        segment = CONTENT | {"external_user_ids": None, "segment_id": "fans"}
        BrazeStartLiveActivityOperator(task_id="start", **segment)
    found = preview(dag, "start")
    assert found.recipients is None
    assert found.audience == "the recipients of a segment, whose number only the vendor knows"
    assert found.seconds is None


def test_a_mapped_task_shows_one_of_its_instances() -> None:
    with new_dag() as dag:
        BrazeUpdateLiveActivityOperator.partial(task_id="goal", activity_id="final").expand(
            content_state=[{"home": 1}, {"home": 2}]
        )
    assert preview(dag, "goal").body["content_state"] == {"home": 1}
    assert preview(dag, "goal", map_index=1).body["content_state"] == {"home": 2}


def test_the_function_of_a_decorated_task_is_called() -> None:
    import airflow.sdk

    task: Any = airflow.sdk.task

    def goal(ds: str) -> dict[str, Any]:
        return {"home": 1, "day": ds}

    with new_dag() as dag:
        task.braze_live_activity_update(activity_id="final")(goal)()
    found = preview(dag, "goal", logical_date=datetime(2026, 7, 1, tzinfo=UTC))
    assert found.body["content_state"] == {"home": 1, "day": "2026-07-01"}


def test_bad_input_is_the_error_that_the_task_would_raise() -> None:
    with new_dag() as dag:
        large = CONTENT | {"content_state": {"text": "{{ 'x' * 5000 }}"}}
        BrazeStartLiveActivityOperator(task_id="start", **large)
    with pytest.raises(InvalidPayload, match="4,096"):
        preview_task(dag, "start")


def test_a_template_that_needs_another_task_asks_for_a_run() -> None:
    with new_dag() as dag:
        state = {"home": "{{ ti.xcom_pull(task_ids='score')['home'] }}"}
        BrazeUpdateLiveActivityOperator(task_id="goal", activity_id="final", content_state=state)
    with pytest.raises(NoPreview, match="XCom of another task, name a run"):
        preview_task(dag, "goal")


def test_what_has_no_preview_says_why(examples: DagBag) -> None:
    with pytest.raises(NoPreview, match="Its tasks that send are: kick_off, goal, result"):
        preview_task(examples.dags["match_segment"], "nothing")
    with pytest.raises(NoPreview, match="one activity have a preview"):
        preview_task(examples.dags["deliveries"], "sync")
    with pytest.raises(NoPreview, match="has no run 'monday'"):
        preview_task(examples.dags["match_segment"], "goal", run_id="monday")
    with pytest.raises(NoPreview, match="either these or run_id"):
        preview_task(examples.dags["match_segment"], "goal", run_id="monday", conf={})


def test_a_task_can_preview_another_task_of_its_run(
    execute: Callable[[Any], dict[str, str]], sandbox: RunningSandbox
) -> None:
    from airflow.sdk import task

    with new_dag() as dag:

        @task
        def look(dag: Any = None) -> int | None:
            return preview_task(dag, "start").recipients

        BrazeStartLiveActivityOperator(task_id="start", **CONTENT, trigger_rule="all_failed") << look()
    assert execute(dag)["look"] == "success"
    assert xcom(dag, "look") == 2


def test_a_quota_that_allows_nothing_is_a_warning_and_no_number() -> None:
    with new_dag() as dag:
        none = CONTENT | {"quota_reserve": 1, "on_too_slow": "warn"}
        BrazeStartLiveActivityOperator(task_id="start", **none)
    found = preview(dag, "start")
    assert found.seconds is None
    assert "never ends" in found.warnings[-1]
    assert "Duration" not in dict(facts(found))


DAG_FILE = """
from airflow.sdk import DAG
from airflow_provider_liveactivity.operators.braze import BrazeUpdateLiveActivityOperator

with DAG("command_line", schedule=None):
    state = {"home": "{{ dag_run.conf['home'] }}", "note": None}
    BrazeUpdateLiveActivityOperator(task_id="goal", activity_id="final", content_state=state)
"""


def test_the_command_reads_the_dag_file_and_prints_nothing_but_json(tmp_path: Path) -> None:
    (tmp_path / "command_line.py").write_text(DAG_FILE)
    page = tmp_path / "preview.html"
    words = ["preview", "command_line", "goal", "--bundle-name", "dags-folder", "--json", "--html", str(page)]
    done = subprocess.run(
        [sys.executable, "-m", "airflow_provider_liveactivity", *words, "--conf", '{"home": "1"}'],
        check=True,
        capture_output=True,
        text=True,
        env=os.environ | {"AIRFLOW__CORE__DAGS_FOLDER": str(tmp_path)},
    )
    assert json.loads(done.stdout)["body"]["content_state"] == {"home": "1", "note": None}
    assert "la-card" in page.read_text()

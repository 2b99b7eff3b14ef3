"""
What comes from another task, an event, a form or a query reaches the phones as it is.

Each canary is text that Airflow would render, or read from a file, if it stood in the DAG file.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from sqlalchemy import select

from airflow_provider_liveactivity.notifications.braze import BrazeLiveActivityNotifier
from airflow_provider_liveactivity.operators.braze import (
    BrazeStartLiveActivityOperator,
    BrazeUpdateLiveActivityOperator,
)
from airflow_provider_liveactivity.sensors.end_time import LiveActivityEndTimeSensor
from airflow_provider_liveactivity.sql_handlers import rows_as_dicts
from tests.support.airflow_db import new_dag
from tests.support.airflow_versions import needs_state_store
from tests.support.template_bench import TemplateBench

if TYPE_CHECKING:
    from airflow.dag_processing.dagbag import DagBag
    from airflow.sdk import DAG

    from airflow_provider_liveactivity.sandbox import RunningSandbox

    Execute = Callable[[DAG], dict[str, str]]

KEY = "sandbox-braze-key"
FILE = "evil.sql"
STOLEN = "SELECT 'stolen' AS external_id"
CANARY: dict[str, Any] = {
    "key": "{{ conn.braze_default.password }}",
    "sum": "{{ 'can' ~ 'ary' }}",
    "file": FILE,
    "raw": "{% raw %}",
    "comment": "{# gone #}",
    "include": "{% include 'evil.sql' %}",
    "line": "a line\n",
    "nested": [{"key": "{{ conn.braze_default.password }}", "file": FILE}],
}
ROW: dict[str, Any] = {
    "activity_id": "match/{{ 'can' ~ 'ary' }}",
    "content_state": CANARY,
    "notification": {"alert": {"title": CANARY["key"], "body": FILE}},
}
TEMPLATE, RENDERED = "={{ 6 * 7 }}", "=42"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Where templates are looked for: among them one that no data may reach."""
    (tmp_path / FILE).write_text(STOLEN)
    monkeypatch.setenv("AIRFLOW_CONN_PEOPLE", json.dumps({"conn_type": "sqlite", "host": ":memory:"}))
    return str(tmp_path)


@pytest.fixture(autouse=True)
def nothing_rendered(sandbox: RunningSandbox, capsys: pytest.CaptureFixture[str]) -> Iterator[None]:
    """No key, no result of a canary and no file in any request or log line."""
    yield
    output = json.dumps([record.content for record in sandbox.sandbox.records]) + "".join(capsys.readouterr())
    assert KEY not in output
    assert "canary" not in output
    assert "stolen" not in output


def bodies(sandbox: RunningSandbox) -> list[dict[str, Any]]:
    return [record.content for record in sandbox.sandbox.records]


def report(dag: DAG, task_id: str) -> Any:
    """What the first of the mapped tasks has returned."""
    from airflow.models.xcom import XComModel
    from airflow.utils.session import create_session

    with create_session() as session:
        query = select(XComModel).where(
            XComModel.dag_id == dag.dag_id, XComModel.task_id == task_id, XComModel.key == "return_value"
        )
        return XComModel.deserialize_value(session.scalars(query).one())


def rendered_fields(dag: DAG, task_id: str) -> list[dict[str, Any]]:
    """What the UI shows as rendered templates, for each map index."""
    from airflow.models.renderedtifields import RenderedTaskInstanceFields
    from airflow.utils.session import create_session

    with create_session() as session:
        rows = session.scalars(
            select(RenderedTaskInstanceFields)
            .where(
                RenderedTaskInstanceFields.dag_id == dag.dag_id, RenderedTaskInstanceFields.task_id == task_id
            )
            .order_by(RenderedTaskInstanceFields.map_index)
        ).all()
        return [dict(row.rendered_fields) for row in rows]


def source(value: Any, task_id: str = "source") -> Any:
    """Make a task that returns a value; its output is what other tasks get."""
    from airflow.sdk import task

    @task(task_id=task_id)
    def give() -> Any:
        return value

    return give()


def phones(sandbox: RunningSandbox, activity_id: str) -> list[dict[str, Any]]:
    answer = httpx.get(f"{sandbox.url}/sandbox/phones", params={"activity_id": activity_id})
    return list(answer.json()["phones"])


def test_rows_reach_the_phones_as_they_are(execute: Execute, sandbox: RunningSandbox, folder: str) -> None:
    rows = [{**ROW, "external_user_ids": [f"ada {CANARY['key']}"]}, {**ROW, "activity_id": FILE, "sql": FILE}]
    with new_dag(template_searchpath=[folder]) as dag:
        BrazeStartLiveActivityOperator.partial(
            task_id="start",
            activity_attributes_type="Match",
            activity_attributes={"literal": TEMPLATE, "data": source(CANARY, "attributes")},
            sql_conn_id="people",
            map_index_template="{{ task.activity_id }}",
        ).expand_kwargs(source(rows))

    done = execute(dag)

    assert (done["start[0]"], done["start[1]"]) == ("success", "failed")  # the other's query is no SQL
    [phone] = phones(sandbox, ROW["activity_id"])
    assert phone["user"] == f"ada {CANARY['key']}"
    assert phone["content_state"] == CANARY
    assert phone["attributes"] == {"literal": RENDERED, "data": CANARY}
    assert phone["alerts"] == [ROW["notification"]["alert"]]
    assert report(dag, "start")["content_state"] == CANARY
    first, second = rendered_fields(dag, "start")
    assert first["content_state"] == second["content_state"] == CANARY
    assert (first["external_user_ids"], second["sql"]) == ("<1 recipients>", FILE)


def test_a_query_of_the_warehouse_is_data(execute: Execute, sandbox: RunningSandbox, folder: str) -> None:
    from airflow.providers.common.sql.operators.sql import SQLExecuteQueryOperator

    with new_dag(template_searchpath=[folder]) as dag:
        query = SQLExecuteQueryOperator(
            task_id="query",
            conn_id="people",
            sql="SELECT ? AS activity_id, ? AS content_state",
            parameters=[source(CANARY["key"], "id"), source(json.dumps(CANARY), "state")],
            handler=rows_as_dicts,
        )
        BrazeUpdateLiveActivityOperator.partial(task_id="update").expand_kwargs(query.output)

    assert execute(dag)["update[0]"] == "success"

    [body] = bodies(sandbox)
    assert (body["activity_id"], body["content_state"]) == (CANARY["key"], CANARY)


def test_what_a_decorated_function_gets_and_returns_is_data(
    execute: Execute, sandbox: RunningSandbox, folder: str
) -> None:
    from airflow.sdk import task

    with new_dag(template_searchpath=[folder]) as dag:

        @task.braze_live_activity_update(activity_id="{{ task.op_kwargs['match'] }}")
        def goal(match: str, state: Any, literal: str) -> dict[str, Any]:
            return {"state": state, "literal": literal, "made": f"{state['sum']}!"}

        row = {"match": CANARY["sum"], "state": CANARY}
        goal.partial(literal=TEMPLATE).expand_kwargs(source([row]))

    assert execute(dag)["goal[0]"] == "success"

    [body] = bodies(sandbox)
    made = {"state": CANARY, "literal": RENDERED, "made": f"{CANARY['sum']}!"}
    assert (body["activity_id"], body["content_state"]) == (CANARY["sum"], made)
    assert report(dag, "goal")["content_state"] == made
    [fields] = rendered_fields(dag, "goal")
    assert (fields["content_state"], fields["op_kwargs"]["state"]) == (made, CANARY)


def test_a_row_names_no_template(execute: Execute, sandbox: RunningSandbox, folder: str) -> None:
    row = {"activity_id": "match", "map_index_template": CANARY["key"]}
    with new_dag(template_searchpath=[folder]) as dag:
        BrazeUpdateLiveActivityOperator.partial(task_id="update", content_state={}).expand_kwargs(
            source([row])
        )

    assert execute(dag)["update[0]"] == "failed"
    assert bodies(sandbox) == []


class Shout(BrazeUpdateLiveActivityOperator):
    """An operator of a user, whose constructor makes text of a value."""

    def __init__(self, *, text: str, **kwargs: Any) -> None:
        super().__init__(content_state={"text": f"{text}!"}, **kwargs)


def test_text_that_cannot_be_told_from_a_template_is_refused_for_good(
    execute: Execute, sandbox: RunningSandbox, folder: str
) -> None:
    with new_dag(template_searchpath=[folder]) as dag:
        Shout.partial(task_id="shout", activity_id="match", retries=3).expand_kwargs(
            source([{"text": CANARY["key"]}])
        )

    assert execute(dag)["shout[0]"] == "failed"
    assert bodies(sandbox) == []


def test_a_notifier_renders_its_templates_once_for_each_call(
    execute: Execute, sandbox: RunningSandbox, folder: str
) -> None:
    from airflow.sdk import task

    with new_dag(template_searchpath=[folder], params={"text": CANARY["key"]}) as dag:
        data = source(CANARY)
        news = BrazeLiveActivityNotifier(
            activity_id="match",
            content_state={"form": "{{ params.text }}", "task": "{{ ti.map_index }}", "data": data},
        )

        @task(on_execute_callback=news, on_success_callback=news)
        def work(text: str) -> None:
            """Do nothing."""

        data >> work.expand(text=["first", "second"])

    execute(dag)

    sent = [body["content_state"] for body in bodies(sandbox)]
    assert [state["form"] for state in sent] == [CANARY["key"]] * 4
    assert sorted(state["task"] for state in sent) == ["0", "0", "1", "1"]
    assert [state["data"] for state in sent] == [CANARY] * 4


def test_a_sensor_queries_with_data(execute: Execute, sandbox: RunningSandbox, folder: str) -> None:
    query = "SELECT CASE ? WHEN ? THEN '2025-07-22T12:00:00+00:00' END"
    parameters = [CANARY["key"], "{{ conn.braze_default" + ".password }}"]
    with new_dag(template_searchpath=[folder]) as dag:
        LiveActivityEndTimeSensor.partial(task_id="row", sql_conn_id="people").expand_kwargs(
            source([{"sql": query, "parameters": parameters}, {"sql": FILE}])
        )
        LiveActivityEndTimeSensor(
            task_id="file", sql_conn_id="people", sql=source(FILE, "name"), retries=0, timeout=1
        )

    done = execute(dag)

    assert (done["row[0]"], done["row[1]"], done["file"]) == ("success", "failed", "failed")
    assert rendered_fields(dag, "row")[0]["parameters"] == parameters


@needs_state_store  # both examples need it
@pytest.mark.parametrize("name", ["score_card", "score_queue"])
def test_an_event_or_a_message_is_data(
    examples: DagBag, sandbox: RunningSandbox, tmp_path: Path, name: str
) -> None:
    dag = examples.dags[name]
    event = {"match": CANARY["key"], "minute": 7, "home": CANARY["key"], "away": FILE}
    extra = event if name == "score_card" else {"payload": {"data": json.dumps(event)}}
    newest: Any = dag.get_task("newest")
    scores = newest.python_callable.__globals__["SCORES"]
    rows = newest.python_callable(triggering_asset_events={scores: [SimpleNamespace(extra=extra)]})

    bench = TemplateBench(tmp_path, dag=dag)
    bench.xcoms["newest"] = rows
    update = bench.render(dag.get_task("update"), 0)

    assert update.activity_id == f"match/{CANARY['key']}"
    assert update.content_state == {"home": CANARY["key"], "away": FILE, "phase": "Minute 7"}
    assert update.sequence == 7

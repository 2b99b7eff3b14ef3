"""Only what stands in the DAG file is a template, in every operator and however a value comes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException
from airflow.sdk import BaseOperator, task_group
from airflow.sdk.execution_time.task_runner import _serialize_rendered_fields

from airflow_provider_liveactivity.decorators.braze import update_task
from airflow_provider_liveactivity.lifecycle import BrazeLiveActivity
from airflow_provider_liveactivity.operators._redacted_fields import Redacted
from airflow_provider_liveactivity.operators.braze import (
    BrazeStartLiveActivityOperator,
    BrazeUpdateLiveActivityOperator,
)
from airflow_provider_liveactivity.operators.moengage import (
    MoEngageCreateBroadcastCampaignOperator,
    MoEngageEndLiveActivityOperator,
    MoEngageStartLiveActivityOperator,
    MoEngageUpdateLiveActivityOperator,
)
from airflow_provider_liveactivity.operators.overdue import EndOverdueLiveActivitiesOperator
from airflow_provider_liveactivity.sensors.end_time import LiveActivityEndTimeSensor
from tests.support.template_bench import FILE, KEY, TemplateBench
from tests.support.vendor_adapters import ADAPTERS

CLASSES: list[type[BaseOperator]] = [
    *(operator for adapter in ADAPTERS for operator in adapter.operators.values()),
    MoEngageCreateBroadcastCampaignOperator,
    MoEngageStartLiveActivityOperator,
    MoEngageUpdateLiveActivityOperator,
    MoEngageEndLiveActivityOperator,
    EndOverdueLiveActivitiesOperator,
    LiveActivityEndTimeSensor,
]
CANARY: dict[str, Any] = {
    "key": "{{ conn.braze_default.password }}",
    "sum": "{{ 7 * 7 }}",
    "file": FILE,
    "raw": "{% raw %}",
    "comment": "{# gone #}",
    "include": "{% include 'evil.sql' %}",
    "line": "a line\n",
    "nested": [{"key": "{{ conn.braze_default.password }}", "file": FILE}, ("{{ 7 * 7 }}",)],
}
TEMPLATE, RENDERED = "={{ 6 * 7 }}", "=42"
Update = BrazeUpdateLiveActivityOperator

native = pytest.mark.parametrize("native", [False, True], ids=["text", "native"])


@pytest.fixture
def bench(tmp_path: Path) -> TemplateBench:
    return TemplateBench(tmp_path)


def fields_of(operator: Any) -> dict[str, Any]:
    """Return what the operator would send, field by field."""
    return {name: Redacted.reveal(getattr(operator, name)) for name in operator.template_fields}


_SCHEMAS = ("content_state_schema", "attributes_schema")  # another task gives the schema itself


@native
@pytest.mark.parametrize("operator", CLASSES, ids=lambda operator: operator.__name__)
def test_no_field_of_a_row_is_rendered(tmp_path: Path, operator: type[BaseOperator], native: bool) -> None:
    bench = TemplateBench(tmp_path, native=native)
    for value in (CANARY, *(text for text in CANARY.values() if isinstance(text, str))):
        row = dict.fromkeys(set(operator.template_fields) - {*_SCHEMAS}, value)
        with bench.dag:
            name = f"task_{len(bench.xcoms)}"
            mapped = operator.partial(task_id=name).expand_kwargs(bench.source([row]))

        rendered = bench.render(mapped, 0)

        assert {name: value for name, value in fields_of(rendered).items() if name in row} == row
        assert KEY not in json.dumps(_serialize_rendered_fields(rendered))


Way = Callable[[TemplateBench], Any]


def both(bench: TemplateBench) -> dict[str, Any]:
    """A content state of the DAG file that holds data."""
    return {"literal": TEMPLATE, "data": [bench.source(CANARY), {"deep": bench.source(CANARY["key"])}]}


BOTH = {"literal": RENDERED, "data": [CANARY, {"deep": CANARY["key"]}]}
PARTIAL: dict[str, Any] = {"task_id": "update", "activity_id": TEMPLATE}


@pytest.mark.parametrize(
    ("way", "expected"),
    [
        (lambda b: Update(**PARTIAL, content_state=b.source(CANARY)), CANARY),
        (lambda b: Update(**PARTIAL, content_state=both(b)), BOTH),
        (lambda b: Update.partial(**PARTIAL).expand(content_state=b.source([CANARY])), CANARY),
        (lambda b: Update.partial(**PARTIAL).expand(content_state=[both(b)]), BOTH),
        (lambda b: Update.partial(**PARTIAL).expand(content_state=[b.source(CANARY)]), CANARY),
        (lambda b: Update.partial(**PARTIAL).expand_kwargs(b.source([{"content_state": CANARY}])), CANARY),
        (
            lambda b: Update.partial(**PARTIAL).expand_kwargs(
                b.source([CANARY]).map(lambda state: {"content_state": state})
            ),
            CANARY,
        ),
        (lambda b: Update.partial(**PARTIAL).expand_kwargs([b.source({"content_state": CANARY})]), CANARY),
        (lambda b: Update.partial(**PARTIAL).expand_kwargs([{"content_state": both(b)}]), BOTH),
        (lambda b: Update.partial(**PARTIAL).expand_kwargs([{"content_state": b.source(CANARY)}]), CANARY),
        (
            lambda b: Update.partial(**PARTIAL, content_state=both(b)).expand_kwargs(
                b.source([{"app_id": CANARY["sum"]}])
            ),
            BOTH,
        ),
        (
            lambda b: Update.partial(**PARTIAL, content_state=both(b)).expand(
                app_id=b.source([CANARY["sum"]])
            ),
            BOTH,
        ),
    ],
    ids=[
        "output",
        "output in an object",
        "expand",
        "expand a literal that holds an output",
        "expand a list of outputs",
        "expand_kwargs",
        "expand_kwargs of a map",
        "expand_kwargs of a list of rows",
        "expand_kwargs of a literal that holds an output",
        "expand_kwargs of a literal that is an output",
        "partial, beside expand_kwargs",
        "partial, beside expand",
    ],
)
def test_templates_are_rendered_and_data_is_not(bench: TemplateBench, way: Way, expected: Any) -> None:
    with bench.dag:
        made = way(bench)

    rendered = bench.render(made, 0 if made.is_mapped else -1)

    assert rendered.content_state == expected
    assert rendered.activity_id == RENDERED
    assert _serialize_rendered_fields(rendered)["content_state"] == json.loads(json.dumps(expected))


def test_arguments_of_a_mapped_task_group_are_data(bench: TemplateBench) -> None:
    with bench.dag:

        @task_group
        def match(state: Any, text: str) -> None:
            Update(
                task_id="update", activity_id=text, content_state={"literal": TEMPLATE, "data": [state, text]}
            )

        match.expand_kwargs(bench.source([{"state": CANARY, "text": CANARY["key"]}]))

    rendered = bench.render(bench.dag.get_task("match.update"), 0)

    assert rendered.content_state == {"literal": RENDERED, "data": [CANARY, CANARY["key"]]}
    assert rendered.activity_id == CANARY["key"]


def test_a_lifecycle_takes_data(bench: TemplateBench) -> None:
    with bench.dag:
        moment = bench.source(CANARY["sum"])

        @task_group
        def match(state: Any, text: str) -> None:
            with BrazeLiveActivity(
                "life",
                activity_id=text,
                activity_attributes_type="Match",
                activity_attributes={"data": state},
                content_state={"literal": TEMPLATE, "data": state},
                notification={"alert": {"title": text, "body": TEMPLATE}},
                end_content_state=state,
                end_time=moment,
                segment_id=text,
            ) as life:
                life.update("news", content_state={"news": state})

        match.expand_kwargs(bench.source([{"state": CANARY, "text": CANARY["key"]}]))

    start, news, end, sensor = (
        bench.render(bench.dag.get_task(f"match.life.{name}"), 0)
        for name in ("start", "news", "end_early", "end_time")
    )

    assert {task.activity_id for task in (start, news, end)} == {start.segment_id} == {CANARY["key"]}
    assert start.activity_attributes == {"data": CANARY}
    assert start.content_state == {"literal": RENDERED, "data": CANARY}
    assert start.notification == {"alert": {"title": CANARY["key"], "body": RENDERED}}
    assert (news.content_state, end.content_state) == ({"news": CANARY}, CANARY)
    assert sensor.end_time == start.end_time == CANARY["sum"]


def test_a_template_inserts_data_once(bench: TemplateBench) -> None:
    with bench.dag:
        update = Update.partial(
            task_id="update",
            content_state={"text": "{{ params.text }}", "task": "{{ task.activity_id }}"},
        ).expand_kwargs(bench.source([{"activity_id": CANARY["key"]}]))

        query = BrazeStartLiveActivityOperator(
            task_id="query", **ADAPTERS[0].fields["start"], content_state={}, sql="{{ params.text }}"
        )

    rendered = bench.render(update, 0, text=CANARY["sum"])

    assert rendered.content_state == {"text": CANARY["sum"], "task": CANARY["key"]}
    assert bench.render(query, text=FILE).sql == FILE


@native
def test_arguments_of_a_decorated_function_are_data(tmp_path: Path, native: bool) -> None:
    bench = TemplateBench(tmp_path, native=native)
    with bench.dag:

        @update_task(activity_id="={{ task.op_kwargs['text'] }}")
        def goal(text: str, state: Any, literal: Any) -> Any:
            return {}

        def made(way: Callable[[], Any]) -> Any:
            return bench.render(way(), 0)

        literal, row = {"literal": [TEMPLATE]}, {"text": CANARY["key"], "state": CANARY}
        ways: list[Callable[[], Any]] = [
            lambda: goal.partial(literal=literal).expand_kwargs(bench.source([row])),
            lambda: goal.partial(literal=literal, text=bench.source(row["text"])).expand(
                state=bench.source([CANARY])
            ),
            lambda: goal.partial(state=bench.source(CANARY)).expand_kwargs(
                [{"literal": literal, "text": bench.source(row["text"])}]
            ),
            lambda: goal.partial(state=bench.source(CANARY), text=bench.source(row["text"])).expand(
                literal=[literal]
            ),
        ]
        for way in ways:
            rendered = made(way)
            assert rendered.op_kwargs == {**row, "literal": {"literal": [RENDERED]}}
            assert rendered.activity_id == f"={CANARY['key']}"

        @update_task(activity_id="match")
        def plain(text: str, state: Any, literal: Any) -> Any:
            return {}

        alone = plain(bench.source(row["text"]), bench.source(CANARY), literal=literal)
        rendered = bench.render(alone)
        assert list(rendered.op_args) == list(row.values())
        assert rendered.op_kwargs == {"literal": {"literal": [RENDERED]}}


class TakesApart(Update):
    """An operator of a user, whose constructor takes a row apart."""

    def __init__(self, *, row: Any, **kwargs: Any) -> None:
        super().__init__(content_state={"text": row["text"], "list": list(row["list"])}, **kwargs)


class MakesText(Update):
    """An operator of a user, whose constructor makes text of a value."""

    def __init__(self, *, text: str, **kwargs: Any) -> None:
        super().__init__(content_state={"text": f"{text}!", "literal": TEMPLATE}, **kwargs)


def test_a_constructor_may_take_data_apart(bench: TemplateBench) -> None:
    row = {"text": CANARY["key"], "list": [FILE, CANARY["sum"]]}
    with bench.dag:
        mapped = TakesApart.partial(**PARTIAL).expand_kwargs(bench.source([{"row": row}]))

    assert bench.render(mapped, 0).content_state == row


def test_what_a_constructor_makes_of_harmless_data_may_be_a_template(bench: TemplateBench) -> None:
    with bench.dag:
        mapped = MakesText.partial(**PARTIAL).expand_kwargs(bench.source([{"text": "Goal {x}"}]))

    assert bench.render(mapped, 0).content_state == {"text": "Goal {x}!", "literal": RENDERED}


@pytest.mark.parametrize("text", [CANARY["key"], CANARY["raw"], CANARY["comment"]])
def test_what_a_constructor_makes_of_harmful_data_is_refused(bench: TemplateBench, text: str) -> None:
    with bench.dag:
        mapped = MakesText.partial(**PARTIAL).expand_kwargs(bench.source([{"text": text}]))

    with pytest.raises(
        AirflowFailException,
        match=r"^Nothing was sent: MakesText .* cannot distinguish values from templates\.",
    ):
        bench.render(mapped, 0)


def test_default_args_stand_in_the_dag_file_and_those_of_a_row_do_not(tmp_path: Path) -> None:
    bench = TemplateBench(tmp_path, default_args={"app_id": TEMPLATE})
    row = {"default_args": {"content_state": CANARY, "stale_date": CANARY["key"]}}
    with bench.dag:
        mapped = Update.partial(**PARTIAL).expand_kwargs(bench.source([row]))

    rendered = bench.render(mapped, 0)

    assert rendered.app_id == RENDERED
    assert (rendered.content_state, rendered.stale_date) == (CANARY, CANARY["key"])


@pytest.mark.parametrize(
    "break_it",
    [
        lambda operator, mapped: operator.__dict__.pop("_mapped_arguments"),
        lambda operator, mapped: delattr(mapped, "partial_kwargs"),
        lambda operator, mapped: delattr(mapped, "expand_input"),
        lambda operator, mapped: setattr(mapped, "__class__", type("Iterated", (type(mapped),), {})),
    ],
    ids=["not marked as mapped", "no partial_kwargs", "no expand_input", "another kind of mapping"],
)
def test_an_airflow_that_maps_otherwise_is_refused(
    bench: TemplateBench, break_it: Callable[[Any, Any], None]
) -> None:
    with bench.dag:
        mapped = Update.partial(**PARTIAL).expand_kwargs(bench.source([{"content_state": CANARY}]))
    operator = mapped.unmap({"content_state": CANARY})
    break_it(operator, mapped)

    with pytest.raises(AirflowFailException, match=r"^Nothing was sent: this version of Airflow maps tasks"):
        operator.render_template_fields({}, bench.dag.get_template_env())


SCHEMA = {"type": "object", "required": ["home"]}


@pytest.mark.parametrize("given", [SCHEMA, json.dumps(SCHEMA)])
def test_a_schema_of_another_task_is_the_schema_itself(bench: TemplateBench, given: Any) -> None:
    with bench.dag:
        mapped = Update.partial(**PARTIAL, content_state={}).expand_kwargs(
            bench.source([{"content_state_schema": given}])
        )
        alone = Update(
            task_id="alone", activity_id="x", content_state={}, content_state_schema=bench.source(given)
        )

    assert bench.render(mapped, 0).content_state_schema == SCHEMA
    assert bench.render(alone).content_state_schema == SCHEMA


def test_a_path_of_a_schema_stands_in_the_dag_file_and_comes_from_nowhere_else(
    bench: TemplateBench, tmp_path: Path
) -> None:
    path = tmp_path / "schema.json"
    path.write_text(json.dumps(SCHEMA))
    with bench.dag:
        literal: dict[str, Any] = {"activity_id": "x", "content_state": {}}
        written = Update(task_id="written", **literal, content_state_schema=str(path))
        form = Update(task_id="form", **literal, content_state_schema="{{ params.path }}")
        output = Update(task_id="output", **literal, content_state_schema=bench.source(str(path)))
        row = Update.partial(task_id="row", **literal).expand_kwargs(
            bench.source([{"content_state_schema": str(path)}])
        )

    assert bench.render(written).content_state_schema == str(path)
    for made, map_index in ((form, -1), (output, -1), (row, 0)):
        with pytest.raises(AirflowFailException, match=r"^content_state_schema .* never read from a file\.$"):
            bench.render(made, map_index, path=str(path))

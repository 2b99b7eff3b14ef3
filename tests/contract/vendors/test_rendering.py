"""Template fields: which arguments are templated, and that rendered fields show no external id."""

from __future__ import annotations

import inspect
import json
import re
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk import DAG, BaseOperator
from airflow.sdk.execution_time.task_runner import _serialize_rendered_fields

from airflow_provider_liveactivity.errors import InvalidPayload
from airflow_provider_liveactivity.operators import moengage
from airflow_provider_liveactivity.operators._base import LiveActivityOperator
from airflow_provider_liveactivity.operators._redacted_fields import Redacted
from airflow_provider_liveactivity.sandbox import RunningSandbox
from airflow_provider_liveactivity.sensors.end_time import LiveActivityEndTimeSensor
from tests.support.final_errors import final_error
from tests.support.task_context import context
from tests.support.vendor_adapters import ADAPTERS, BRAZE, USERS, Adapter

CLASSES: list[type[BaseOperator]] = [
    *(operator for adapter in ADAPTERS for operator in adapter.operators.values()),
    LiveActivityEndTimeSensor,
]
#: What shapes the DAG cannot come from a template.
NOT_TEMPLATED = {
    "update_task_ids",
    "end_task_ids",
    "end_required",
    "start_from_trigger",
    "start_task_id",
    "deferrable",
}
ALIASES = [{"alias_name": "ada-login", "alias_label": "login"}]

each_class = pytest.mark.parametrize("operator", CLASSES, ids=lambda operator: operator.__name__)


def own_arguments(operator: type[BaseOperator]) -> set[str]:
    """Arguments of a class and of its bases in this package."""
    ours = [base for base in operator.__mro__ if base.__module__.startswith("airflow_provider_liveactivity")]
    names = {name for base in ours for name in inspect.signature(base).parameters}
    # Before Airflow 3.3 its operators have no retry_policy.
    return names - {"kwargs", "retry_policy"} - set(inspect.signature(BaseOperator).parameters)


@each_class
def test_everything_is_templated_that_does_not_shape_the_dag(operator: type[BaseOperator]) -> None:
    assert own_arguments(operator) - NOT_TEMPLATED == set(operator.template_fields)
    assert len(set(operator.template_fields)) == len(operator.template_fields)


@each_class
def test_the_docs_say_templated_of_what_is(operator: type[BaseOperator]) -> None:
    described: dict[str, str] = {}
    for base in operator.__mro__:
        if base.__module__.startswith("airflow_provider_liveactivity"):
            params = re.findall(r":param (\w+):(.*?)(?=\n\s*:param |\Z)", base.__doc__ or "", re.DOTALL)
            described = dict(params) | described
    assert described.keys() == own_arguments(operator)
    templated = {name for name, words in described.items() if "(templated" in words}
    assert templated == set(operator.template_fields)


@pytest.mark.parametrize(
    "operator",
    [
        *CLASSES,
        *(
            getattr(moengage, name)
            for name in moengage.__all__
            if "Broadcast" not in name or "Create" in name
        ),
    ],
    ids=lambda operator: operator.__name__,
)
def test_the_docs_say_each_default(operator: type[BaseOperator]) -> None:
    words: dict[str, str] = {}
    defaults: dict[str, Any] = {}
    for base in operator.__mro__:
        if base.__module__.startswith("airflow_provider_liveactivity"):
            params = re.findall(r":param (\w+):(.*?)(?=\n\s*:param |\Z)", base.__doc__ or "", re.DOTALL)
            words = dict(params) | words
            parameters = inspect.signature(base).parameters
            defaults = {name: parameter.default for name, parameter in parameters.items()} | defaults
    defaults = {
        name: value
        for name, value in defaults.items()
        if name in words and isinstance(value, str | float | int)
    }
    # The sensor follows a setting of Airflow.
    defaults = {
        name: value
        for name, value in defaults.items()
        if (operator, name) != (LiveActivityEndTimeSensor, "deferrable")
    }
    assert [
        name for name in defaults if "default" not in words[name] or f"{defaults[name]}" not in words[name]
    ] == []


@each_class
def test_no_template_field_has_a_name_that_airflow_keeps_to_itself(operator: type[BaseOperator]) -> None:
    kept = set(inspect.signature(BaseOperator).parameters) - {"email"}
    assert kept.isdisjoint(operator.template_fields)


@each_class
def test_every_renderer_is_for_a_template_field(operator: type[BaseOperator]) -> None:
    assert operator.template_fields_renderers.keys() <= set(operator.template_fields)
    assert set(operator.template_fields_renderers.values()) <= {"json", "sql"}


@pytest.mark.parametrize("verb", ["start", "update", "end"])
def test_every_template_field_is_an_attribute_with_the_value_as_given(adapter: Adapter, verb: str) -> None:
    operator = adapter.operator(verb)
    given = adapter.fields[verb]
    for name in operator.template_fields:
        assert getattr(operator, name) is given.get(name, getattr(operator, name))


@pytest.mark.parametrize("verb", ["start", "update", "end"])
def test_nothing_is_checked_before_it_is_rendered(adapter: Adapter, verb: str) -> None:
    templates = dict.fromkeys(adapter.operators[verb].template_fields, "{{ params.x }}")
    operator = adapter.operator(verb, **templates)
    assert all(getattr(operator, name) == "{{ params.x }}" for name in operator.template_fields)


def rendered(operator: BaseOperator, **params: Any) -> dict[str, Any]:
    """What Airflow would store and show of the fields of a task."""
    operator.render_template_fields(context() | {"params": params})
    fields: dict[str, Any] = _serialize_rendered_fields(operator)
    return fields


@pytest.mark.parametrize(
    ("people", "shown"),
    [
        ({"external_user_ids": USERS, "user_aliases": ALIASES}, ("<2 recipients>", "<1 recipients>")),
        ({"external_user_ids": json.dumps(USERS)}, ("<recipients>", None)),
        ({"external_user_ids": "{{ params.users | tojson }}"}, ("<recipients>", None)),
        (
            {"external_user_ids": ["{{ params.users[0] }}"], "user_aliases": "{{ params.users }}"},
            ("<1 recipients>", "<recipients>"),
        ),
    ],
)
def test_rendered_fields_show_no_external_id(people: dict[str, Any], shown: tuple[Any, Any]) -> None:
    fields = rendered(BRAZE.operator("start", **{"external_user_ids": None, **people}), users=USERS)
    assert (fields["external_user_ids"], fields["user_aliases"]) == shown
    assert not any(name in json.dumps(fields) for name in [*USERS, "ada-login"])


def test_rendered_fields_of_a_mapped_task_show_no_external_id(sandbox: RunningSandbox) -> None:
    fields = {"content_state": {}, **BRAZE.fields["start"]}
    del fields["external_user_ids"]
    with DAG("matches", schedule=None, start_date=datetime(2026, 1, 1, tzinfo=UTC)):
        mapped = BRAZE.operators["start"].partial(task_id="start", **fields).expand(external_user_ids=[USERS])
    operator = mapped.unmap({"external_user_ids": USERS})
    shown = rendered(operator)
    assert shown["external_user_ids"] == "<2 recipients>"
    assert not any(name in json.dumps(shown) for name in USERS)
    assert isinstance(operator, LiveActivityOperator)
    assert operator.execute(context())["accepted"] == 2


def test_a_hidden_list_is_still_the_one_that_is_sent(sandbox: RunningSandbox) -> None:
    operator = BRAZE.operator("start")
    rendered(operator)
    operator.execute(context())
    assert sandbox.sandbox.records[-1].content["external_user_ids"] == USERS


def test_a_list_that_is_rendered_twice_stays_hidden_once() -> None:
    operator = BRAZE.operator("start")
    rendered(operator)
    assert rendered(operator)["external_user_ids"] == "<2 recipients>"
    assert Redacted.reveal(vars(operator)["external_user_ids"]) == USERS


def test_a_value_with_template_fields_of_its_own_does_not_hide_ours_too_early() -> None:
    class Box:
        template_fields = ("inner",)
        inner = "{{ params.users[0] }}"

    operator = BRAZE.operator("start", activity_attributes=Box(), external_user_ids=["{{ params.users[0] }}"])
    rendered(operator, users=USERS)
    assert Redacted.reveal(vars(operator)["external_user_ids"]) == USERS[:1]


def test_a_list_shows_no_external_id_in_repr_or_str() -> None:
    people = Redacted(USERS)
    assert f"{people} {people!r}" == "<2 recipients> <2 recipients>"


def test_only_a_sql_file_is_read_from_a_file() -> None:
    assert list(BRAZE.operators["start"].template_ext) == [".sql"]
    assert {ext for operator in CLASSES for ext in operator.template_ext} == {".sql"}


@pytest.mark.parametrize(("dry", "requests"), [(True, 0), ("false", 1)])
def test_a_form_may_set_a_switch(
    sandbox: RunningSandbox, adapter: Adapter, dry: bool | str, requests: int
) -> None:
    operator = adapter.operator("start", validate_only="{{ params.dry }}")
    operator.render_template_fields(context() | {"params": {"dry": dry}})
    assert operator.execute(context())["validate_only"] is (requests == 0)
    assert sandbox.sandbox.requests == requests


def test_a_switch_that_renders_to_something_else_is_an_error(
    sandbox: RunningSandbox, adapter: Adapter
) -> None:
    operator = adapter.operator("start", validate_only="{{ params.dry }}")
    operator.render_template_fields(context() | {"params": {"dry": "perhaps"}})
    assert "validate_only must be True or False" in str(final_error(operator, context()))
    assert sandbox.sandbox.requests == 0


@pytest.mark.parametrize("end_time", ["PT{{ params.minutes }}M", timedelta(minutes=105)])
@pytest.mark.parametrize("verb", ["start", "end"])
def test_a_duration_as_end_time_counts_from_the_dag_run(adapter: Adapter, verb: str, end_time: Any) -> None:
    if "end_time" not in adapter.operators[verb].template_fields:
        pytest.skip("single users have no end time")
    operator = adapter.operator(verb, end_time=end_time)
    operator.render_template_fields(in_a_run({"minutes": 105}))
    assert operator.end_time == "2026-07-22T20:15:00+00:00"


def test_a_duration_as_end_time_of_the_sensor_counts_from_the_dag_run() -> None:
    sensor = LiveActivityEndTimeSensor(task_id="over", end_time="PT105M", start_from_trigger=True)
    assert not sensor.start_from_trigger  # the trigger does not know the DAG run
    sensor.render_template_fields(in_a_run({}))
    assert sensor.end_time == "2026-07-22T20:15:00+00:00"


def test_a_duration_of_months_as_end_time_is_an_error() -> None:
    sensor = LiveActivityEndTimeSensor(task_id="over", end_time="P{{ params.months }}M")
    with pytest.raises(InvalidPayload, match="end_time has years or months"):
        sensor.render_template_fields(in_a_run({"months": 1}))


def in_a_run(params: dict[str, Any]) -> Any:
    """Return the context of a task in a DAG run."""
    run = SimpleNamespace(run_after=datetime(2026, 7, 22, 18, 30, tzinfo=UTC))
    return context() | {"dag_run": run, "params": params}

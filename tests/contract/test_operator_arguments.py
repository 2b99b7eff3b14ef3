"""The arguments of operators, sensors, lifecycles and notifiers: complete, forwarded, and checked."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk import DAG, BaseOperator, BaseSensorOperator, task
from pydantic import BaseModel

from airflow_provider_liveactivity import _airflow_arguments as airflow_types
from airflow_provider_liveactivity._airflow_internals import AIRFLOW_V_3_3_PLUS
from airflow_provider_liveactivity.errors import InvalidPayload
from airflow_provider_liveactivity.hooks.braze import BrazeHook
from airflow_provider_liveactivity.hooks.moengage import MoEngageHook
from airflow_provider_liveactivity.lifecycle import BrazeLiveActivity, MoEngageBroadcastLiveActivity
from airflow_provider_liveactivity.lifecycle import _types as lifecycle_types
from airflow_provider_liveactivity.notifications.braze import BrazeLiveActivityNotifier
from airflow_provider_liveactivity.notifications.moengage import MoEngageBroadcastNotifier
from airflow_provider_liveactivity.operators import _types as types
from airflow_provider_liveactivity.operators import braze, moengage
from airflow_provider_liveactivity.sensors.end_time import LiveActivityEndTimeSensor
from tests.support.airflow_versions import OperatorSerialization
from tests.support.template_bench import TemplateBench
from tests.support.vendor_adapters import BRAZE

#: Arguments of Airflow 3.3 that an earlier one does not have.
NEW_IN_3_3 = {"retry_policy", "never_fail", "render_template_as_native_obj", "allow_nested_operators"}
#: Arguments that an operator needs itself, in place of its hook.
NOT_FOR_THE_HOOK = {
    "deferrable",
    "end_alert",
    "end_on_kill",
    "end_required",
    "end_task_ids",
    "end_time",
    "end_time_parameters",
    "end_time_sql",
    "end_time_sql_conn_id",
    "end_timezone",
    "lead_time",
    "on_empty_audience",
    "on_lifetime_exceeded",
    "on_past_end_time",
    "sequence",
    "update_task_ids",
    "braze_conn_id",
    "moengage_conn_id",
}
LIFE: dict[str, Any] = {
    "activity_id": "match",
    "activity_attributes_type": "MatchAttributes",
    "activity_attributes": {},
    "content_state": {},
    "notification": {},
    "segment_id": "fans",
    "end_time": "{{ params.end }}",
}


def own(kind: type) -> set[str]:
    """Arguments that a class names itself."""
    constructor = inspect.getattr_static(kind, "__init__")
    return {
        name
        for name, parameter in inspect.signature(constructor).parameters.items()
        if parameter.kind is parameter.KEYWORD_ONLY
    }


@pytest.mark.parametrize(
    ("operator", "arguments"),
    [
        (BaseOperator, airflow_types.BaseOperatorArguments),
        (BaseSensorOperator, airflow_types.BaseSensorArguments),
    ],
)
def test_the_type_of_airflows_arguments_fits_the_installed_airflow(operator: type, arguments: Any) -> None:
    known = own(operator) | own(BaseOperator)
    assert known - arguments.__annotations__.keys() == set()
    missing = arguments.__annotations__.keys() - known
    assert missing <= (set() if AIRFLOW_V_3_3_PLUS else NEW_IN_3_3)


@pytest.mark.parametrize(
    ("operator", "arguments"),
    [
        (braze.BrazeStartLiveActivityOperator, types.BrazeStart),
        (braze.BrazeUpdateLiveActivityOperator, types.BrazeUpdate),
        (braze.BrazeEndLiveActivityOperator, types.BrazeEnd),
        (moengage.MoEngageStartBroadcastLiveActivityOperator, types.BroadcastStart),
        (moengage.MoEngageUpdateBroadcastLiveActivityOperator, types.BroadcastUpdate),
        (moengage.MoEngageEndBroadcastLiveActivityOperator, types.BroadcastEnd),
    ],
)
def test_the_type_of_a_decorators_arguments_has_all_of_the_operators(operator: type, arguments: Any) -> None:
    names = arguments.__annotations__.keys() - airflow_types.TaskArguments.__annotations__.keys()
    assert names == own(operator) - {"content_state"}


@pytest.mark.parametrize(
    ("lifecycle", "options"),
    [
        (BrazeLiveActivity, lifecycle_types.BrazeLifecycleOptions),
        (MoEngageBroadcastLiveActivity, lifecycle_types.LifecycleOptions),
    ],
)
def test_a_lifecycle_has_the_arguments_of_its_start(lifecycle: Any, options: Any) -> None:
    given = own(lifecycle) | options.__annotations__.keys()
    assert own(lifecycle.start_operator) - given == {"end_required"} - given | (
        {"instance_id"} if lifecycle is MoEngageBroadcastLiveActivity else set()
    )


@pytest.mark.parametrize(
    ("operator", "method"),
    [
        (braze.BrazeStartLiveActivityOperator, BrazeHook.start_live_activity),
        (braze.BrazeUpdateLiveActivityOperator, BrazeHook.update_live_activity),
        (braze.BrazeEndLiveActivityOperator, BrazeHook.end_live_activity),
        (moengage.MoEngageCreateBroadcastCampaignOperator, MoEngageHook.create_broadcast_campaign),
        (moengage.MoEngageStartBroadcastLiveActivityOperator, MoEngageHook.start_broadcast),
        (moengage.MoEngageUpdateBroadcastLiveActivityOperator, MoEngageHook.update_broadcast),
        (moengage.MoEngageEndBroadcastLiveActivityOperator, MoEngageHook.end_broadcast),
        (moengage.MoEngageStartLiveActivityOperator, MoEngageHook.start_live_activity),
        (moengage.MoEngageUpdateLiveActivityOperator, MoEngageHook.update_live_activity),
        (moengage.MoEngageEndLiveActivityOperator, MoEngageHook.end_live_activity),
    ],
)
def test_every_argument_goes_to_the_hook_or_is_the_operators_own(operator: type, method: Any) -> None:
    forwarded = inspect.signature(method).parameters.keys()
    assert own(operator) - forwarded <= NOT_FOR_THE_HOOK
    assert NOT_FOR_THE_HOOK.isdisjoint(forwarded - {"end_time"})


def misspelt_decorator() -> Any:
    @task.braze_live_activity_update(activity_id="match", end_tasks=[])
    def goal() -> dict[str, Any]:
        return {}

    return goal()


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: BRAZE.operator("end", end_tim="x"), "no argument 'end_tim'. Did you mean 'end_time'?"),
        (lambda: BRAZE.operator("start", activityid="x"), "'activityid'. Did you mean 'activity_id'?"),
        (lambda: BRAZE.operator("start", retires=3), "'retires'. Did you mean 'retries'?"),
        (lambda: BRAZE.operator("start", weather=3), "no argument 'weather'."),
        (
            lambda: BrazeLiveActivity("live", **LIFE | {"lead_tim": 3}),
            "'lead_tim'. Did you mean 'lead_time'?",
        ),
        (
            lambda: LiveActivityEndTimeSensor(task_id="w", end_tim="x"),  # type: ignore[call-arg]
            "'end_tim'. Did you mean 'end_time'?",
        ),
        (
            lambda: BrazeLiveActivityNotifier(activity_id="m", content_stat={}),  # type: ignore[call-arg]
            "'content_stat'. Did you mean 'content_state'?",
        ),
        (
            lambda: braze.BrazeUpdateLiveActivityOperator.partial(task_id="u", activityid="x"),
            "'activityid'. Did you mean 'activity_id'?",
        ),
        (misspelt_decorator, "'end_tasks'. Did you mean 'end_task_ids'?"),
    ],
)
def test_a_misspelt_argument_is_refused_with_the_one_that_was_meant(make: Any, words: str) -> None:
    with pytest.raises(TypeError) as error:
        make()
    assert words in str(error.value)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: BRAZE.operator("start", segment_id="fans"), "external_user_ids and segment_id are given"),
        (lambda: BRAZE.operator("start", external_user_ids=None), "none is given"),
        (lambda: BRAZE.operator("update", stale_date="2026-07-22T18:30:00"), "stale_date has no UTC offset"),
        (lambda: BRAZE.operator("start", on_unknown="retry"), "on_unknown must be"),
        (lambda: BrazeLiveActivity("live", **LIFE | {"on_failure": "later"}), "on_failure must be"),
        (
            lambda: BrazeLiveActivity("live", **LIFE, dismissal_date=datetime(2026, 7, 22)),  # noqa: DTZ001
            "dismissal_date has no UTC offset",
        ),
        (lambda: LiveActivityEndTimeSensor(task_id="w"), "exactly one end is needed: end_time or sql; none"),
        (
            lambda: MoEngageBroadcastNotifier(
                broadcast_live_activity_id="m",
                content_state={},
                alert={},
                verb="start",  # type: ignore[arg-type]
            ),
            "verb must be 'update' or 'end'",
        ),
    ],
)
def test_a_literal_mistake_is_an_import_error(make: Any, words: str) -> None:
    with pytest.raises(InvalidPayload) as error:
        make()
    assert words in str(error.value)


def test_templates_outputs_and_mapped_values_are_not_checked() -> None:
    with DAG("a_dag", schedule=None):
        output: Any = task(task_id="read")(lambda: "fans")()
        fields = {**BRAZE.fields["start"], "content_state": {}, "external_user_ids": None}
        start = braze.BrazeStartLiveActivityOperator
        start(task_id="templates", **fields, segment_id="{{ params.s }}", sql="{{ params.q }}")
        start(task_id="outputs", **fields, segment_id=output, on_unknown=output, end_time=output)
        mapped = start.partial(task_id="mapped", **fields).expand(segment_id=["fans"], on_unknown=["retry"])
    operator: Any = mapped.operator_class(
        **mapped.partial_kwargs | {"task_id": "mapped", "segment_id": "fans", "on_unknown": "retry"},
        _airflow_from_mapped=True,
    )
    assert operator.on_unknown == "retry"  # refused when the task runs


class Score(BaseModel):
    """A content state as a pydantic model."""

    home: int
    away: str | None = None


@dataclass
class Team:
    """A static attribute as a dataclass."""

    name: str
    colors: list[str]


def test_models_and_dataclasses_become_dicts_that_airflow_renders_and_shows(tmp_path: Path) -> None:
    bench = TemplateBench(tmp_path)
    with bench.dag:
        start = BRAZE.operator(
            "start",
            content_state=Score(home=1, away="{{ 1 + 1 }}"),
            activity_attributes={"home": Team("{{ 'Chiefs' }}", ["red"]), "away": "Bills"},
        )
    fields = OperatorSerialization.serialize_operator(start)
    assert fields["content_state"] == {"home": 1, "away": "{{ 1 + 1 }}"}
    rendered: Any = bench.render(start)
    assert rendered.content_state == {"home": 1, "away": "2"}
    assert rendered.activity_attributes == {
        "home": {"name": "Chiefs", "colors": ["red"]},
        "away": "Bills",
    }


def test_a_model_that_is_no_json_is_refused_by_the_name_of_its_argument() -> None:
    with pytest.raises(InvalidPayload, match=r"content_state holds nan at 'colors\[0\]'"):
        BRAZE.operator("update", content_state=Team("Chiefs", [float("nan")]))  # type: ignore[list-item]


def test_a_subclass_may_take_arguments_of_its_own() -> None:
    class TeamUpdate(braze.BrazeUpdateLiveActivityOperator):
        def __init__(self, **kwargs: Any) -> None:
            super().__init__(activity_id=f"match-{kwargs.pop('team')}", **kwargs)

    operator: Any = TeamUpdate(task_id="u", team="chiefs", content_state={})
    assert operator.activity_id == "match-chiefs"
    assert operator.template_fields == braze.BrazeUpdateLiveActivityOperator.template_fields

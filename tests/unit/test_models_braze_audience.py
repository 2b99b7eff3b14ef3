"""The connected audience: every comparison with values that fit and values that do not."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from airflow_provider_liveactivity.errors import InvalidPayload
from airflow_provider_liveactivity.models.braze import StartLiveActivity
from airflow_provider_liveactivity.models.braze_audience import Comparison
from tests.support.scripted_vendor import START

DATE = "2026-07-22T18:30:00+0000"
NO_TEXT: list[Any] = [None, 5, True, ["a"], {"a": 1}]
NO_TEXTS: list[Any] = [None, 5, True, [], [1], ["a", None], {"a": 1}]
NO_NUMBER: list[Any] = [None, "5", True, [5]]
NO_DATE: list[Any] = [None, 5, "tomorrow", "2026-07-22", [DATE]]
NO_SCALAR: list[Any] = [None, ["a"], {"a": 1}]
NO_SCALARS: list[Any] = [None, [], [None], {"a": 1}]

VALUES: dict[str, tuple[list[Any], list[Any]]] = {
    "equals": (["blue", 5, 0, 1.5, False], NO_SCALAR),
    "not_equal": (["blue", 5, 0, 1.5, False], NO_SCALAR),
    "does_not_equal": ([True, False], NO_SCALAR),
    "matches_regex": (["^a.*"], NO_TEXT),
    "does_not_match_regex": (["^a.*"], NO_TEXT),
    "exists": ([None, "", 0, True], []),
    "does_not_exist": ([None, "x"], []),
    "is_any_of": (["red", ["red", "blue"]], NO_TEXTS),
    "is_none_of": (["red", ["red", "blue"]], NO_TEXTS),
    "includes_value": (["pizza", 5, ["pizza", "pasta"], [1]], NO_SCALARS),
    "does_not_include_value": (["pizza", 5, ["pizza", "pasta"]], NO_SCALARS),
    "greater_than": ([5, 0, -1.5], NO_NUMBER),
    "greater_than_or_equal_to": ([5], NO_NUMBER),
    "less_than": ([5], NO_NUMBER),
    "less_than_or_equal_to": ([5], NO_NUMBER),
    "less_than_x_days_ago": ([2], NO_NUMBER),
    "greater_than_x_days_ago": ([2], NO_NUMBER),
    "less_than_x_days_in_the_future": ([2], NO_NUMBER),
    "greater_than_x_days_in_the_future": ([2], NO_NUMBER),
    "after": ([DATE, "2020-08-07T00:00:00+02:00", "2026-07-22T18:30:00", "20260722T183000Z"], NO_DATE),
    "before": ([DATE], NO_DATE),
}


def sent(audience: Any) -> Any:
    return StartLiveActivity.build(**START, custom_audience=audience).to_json()["custom_audience"]


def attribute(comparison: str, value: Any) -> dict[str, Any]:
    fields = {"custom_attribute_name": "a", "comparison": comparison}
    return {"custom_attribute": fields if value is None else {**fields, "value": value}}


def test_every_comparison_is_tried_here() -> None:
    assert VALUES.keys() == set(get_args(Comparison))


@pytest.mark.parametrize(
    ("comparison", "value"), [(name, value) for name, (good, _) in VALUES.items() for value in good]
)
def test_a_comparison_takes_what_fits_it_and_sends_it_unchanged(comparison: str, value: Any) -> None:
    assert sent(attribute(comparison, value)) == attribute(comparison, value)


@pytest.mark.parametrize(
    ("comparison", "value"), [(name, value) for name, (_, bad) in VALUES.items() for value in bad]
)
def test_a_comparison_refuses_what_does_not_fit_it(comparison: str, value: Any) -> None:
    with pytest.raises(InvalidPayload, match=r"^custom_audience\.custom_attribute "):
        sent(attribute(comparison, value))


@pytest.mark.parametrize(
    ("audience", "advice"),
    [
        (attribute("like", "x"), r"custom_attribute\.comparison: input should be 'equals', "),
        ({"custom_attribute": {"comparison": "exists"}}, "custom_attribute_name is required"),
        ({"custom_attribute": {**attribute("exists", None)["custom_attribute"], "x": 1}}, "x is not a field"),
        ({"push_subscription_status": {"comparison": "equals", "value": "opted_in"}}, "'is' or 'is_not'"),
        ({"push_subscription_status": {"comparison": "is", "value": "yes"}}, "'opted_in', 'subscribed'"),
        ({"email_subscription_status": {"comparison": "is"}}, "value is required"),
        ({"last_used_app": {"comparison": "on", "value": DATE}}, "'after' or 'before'"),
        ({"last_used_app": {"comparison": "after", "value": "2026-07-22"}}, "is not an ISO-8601 date-time"),
        ({"segment": "x"}, "exactly one key: AND, OR, custom_attribute"),
        ({}, "exactly one key"),
        ({**attribute("exists", None), "OR": []}, "exactly one key"),
        ({"AND": []}, "AND: .*at least 1 item"),
        ({"OR": attribute("exists", None)}, "OR: .*valid list"),
        (
            {"AND": [{"OR": [{"custom_attribute": {}}]}]},
            r"AND\.0\.OR\.0\.custom_attribute\.comparison is required",
        ),
        ([attribute("exists", None)], "must be an object .*, not list"),
        (attribute("equals", float("nan")), "JSON cannot represent"),
    ],
)
def test_what_the_grammar_does_not_know_is_refused_by_its_place(audience: Any, advice: str) -> None:
    with pytest.raises(InvalidPayload, match=f"^custom_audience.*{advice}"):
        sent(audience)


def test_a_refused_value_does_not_show() -> None:
    with pytest.raises(InvalidPayload) as refused:
        sent(attribute("greater_than", "hunter2"))
    assert "hunter2" not in str(refused.value)


def test_the_last_use_of_the_app_goes_out_in_brazes_form() -> None:
    audience = {"last_used_app": {"comparison": "before", "value": "2026-07-22T20:30:00+02:00"}}
    assert sent(audience) == {"last_used_app": {"comparison": "before", "value": DATE}}


def test_the_last_use_of_the_app_without_an_offset_goes_out_as_given() -> None:
    audience = {"last_used_app": {"comparison": "after", "value": "2026-07-22T18:30:00"}}
    assert sent(audience) == audience

"""Literal mistakes are found while Airflow parses the DAG file; other values are not known yet."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from airflow_provider_liveactivity._arguments import check_literals, check_one_of, parse, parse_arguments
from airflow_provider_liveactivity.errors import InvalidPayload

NAIVE = datetime(2026, 7, 22, 18, 30)  # noqa: DTZ001
AUDIENCES = (("external_user_ids", "user_aliases"), ("segment_id",), ("sql",))


class Output:
    """Stands for an XComArg, as far as it is looked at."""

    def resolve(self) -> None: ...


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"on_unknown": "retry"}, "on_unknown must be 'skip', 'resend' or 'fail', not 'retry'."),
        ({"on_failure": "end_later"}, "on_failure must be 'end_now' or 'end_on_time', not 'end_later'."),
        ({"validate_only": "yes"}, 'validate_only must be True or False, or the text "true" or "false"'),
        ({"validate_only": 1}, "validate_only must be True or False"),
        ({"max_audience": "many"}, "max_audience must be a whole number, such as 10000, not 'many'."),
        ({"max_audience": ""}, "max_audience must be a whole number"),
        ({"quota_reserve": "nan"}, "quota_reserve must be a number, not 'nan'."),
        ({"lead_time": "soon"}, "lead_time must be"),
        ({"lead_time": timedelta(seconds=-1)}, "lead_time must not be negative"),
        ({"recheck_interval": "P1M"}, "recheck_interval"),
        ({"dismissal_date": NAIVE}, "dismissal_date has no UTC offset; add one, such as"),
        ({"stale_date": "2026-07-22T18:30:00"}, "stale_date has no UTC offset"),
        ({"stale_date": "tomorrow"}, "stale_date is not an ISO-8601 date-time"),
        ({"end_time": "P1M"}, "end_time has years or months"),
        ({"end_time": NAIVE, "end_timezone": None}, "or set end_timezone to its time zone."),
    ],
)
def test_a_wrong_literal_is_refused(arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidPayload) as error:
        check_literals(arguments)
    assert words in str(error.value)


@pytest.mark.parametrize("value", ["{{ params.value }}", "{% if x %}y{% endif %}", Output(), None])
@pytest.mark.parametrize("name", ["on_unknown", "validate_only", "max_audience", "lead_time", "end_time"])
def test_what_has_no_value_yet_is_not_checked(name: str, value: Any) -> None:
    check_literals({name: value})


@pytest.mark.parametrize(
    "arguments",
    [
        {"stale_date": "PT30M", "dismissal_date": timedelta(hours=1)},
        {"stale_date": datetime(2026, 7, 22, tzinfo=UTC), "dismissal_date": "1795305600"},
        {"end_time": NAIVE, "end_timezone": "Europe/London"},
        {"end_time": "", "lead_time": 20, "recheck_interval": "None", "max_requests_per_second": ""},
        {"validate_only": "True", "max_audience": "10", "quota_reserve": "0.5", "on_unknown": "fail"},
    ],
)
def test_a_good_literal_passes(arguments: dict[str, Any]) -> None:
    check_literals(arguments)


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({}, "none is given"),
        ({"segment_id": "", "sql": None}, "none is given"),
        ({"segment_id": "fans", "sql": "SELECT 1"}, "segment_id and sql are given"),
        ({"user_aliases": [], "sql": "SELECT 1"}, "user_aliases and sql are given"),
    ],
)
def test_exactly_one_audience_is_needed(given: dict[str, Any], found: str) -> None:
    with pytest.raises(InvalidPayload) as error:
        check_one_of(given, *AUDIENCES, what="audience")
    assert str(error.value) == (
        f"exactly one audience is needed: external_user_ids and/or user_aliases, segment_id or sql; {found}."
    )


@pytest.mark.parametrize("other", ["{{ params.sql }}", Output()])
def test_of_two_audiences_one_may_turn_out_blank(other: Any) -> None:
    check_one_of({"segment_id": "fans", "sql": other}, *AUDIENCES, what="audience")
    check_one_of({"sql": other}, *AUDIENCES, what="audience")


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("validate_only", "True", True),
        ("validate_only", " false ", False),
        ("max_workers", "8", 8),
        ("max_requests_per_second", "0.5", 0.5),
        ("max_requests_per_second", "None", None),
        ("lead_time", "PT1M", timedelta(minutes=1)),
        ("lead_time", "30", timedelta(seconds=30)),
        ("recheck_interval", "", None),
    ],
)
def test_what_a_template_renders_becomes_a_value(name: str, text: str, value: Any) -> None:
    assert parse(name, text) == value
    operator = SimpleNamespace(**{name: text})
    parse_arguments(operator)
    assert getattr(operator, name) == value

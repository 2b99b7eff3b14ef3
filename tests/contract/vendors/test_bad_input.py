"""Bad input ends the task for good, in words that help, before anything is sent."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowSkipException

from airflow_provider_liveactivity.errors import (
    EmptyAudience,
    InvalidConnection,
    InvalidPayload,
    PayloadTooLarge,
)
from airflow_provider_liveactivity.sandbox import RunningSandbox
from tests.support.bad_input import SECRET, refused
from tests.support.task_context import context
from tests.support.vendor_adapters import BRAZE, USERS, VERBS, Adapter

NAIVE = datetime(2026, 7, 22, 18, 30)  # noqa: DTZ001
FILTER = {"push_subscription_status": {"comparison": "is", "value": "opted_in"}}
UNKNOWN = {"custom_attribute": {"custom_attribute_name": "a", "comparison": "like", "value": "x"}}

each_verb = pytest.mark.parametrize("verb", VERBS)


@each_verb
@pytest.mark.parametrize(
    ("state", "advice"),
    [
        ({"a": float("nan")}, "holds nan at 'a'"),
        ({"a": {SECRET}}, "holds set at 'a', which is not JSON"),
        ({1: SECRET, "a": SECRET}, "not text"),
        ({("a", "b"): SECRET}, "not text"),
        ({"a": NAIVE}, "holds a datetime at 'a'"),
        (f'{{"a": {SECRET}}}', "is text that is not JSON"),
        (f"{{'a': '{SECRET}'}}", "is text that is not JSON"),
        (f'["{SECRET}"]', "must be an object"),
        ("", "is text that is not JSON"),
        (None, "is required"),
        ({"a": "\ud800"}, "lone surrogate"),
    ],
)
def test_a_content_state_that_is_no_json(
    sandbox: RunningSandbox, adapter: Adapter, verb: str, state: Any, advice: str
) -> None:
    error = refused(sandbox, adapter, verb, content_state=state)
    assert isinstance(error, InvalidPayload)
    assert advice in str(error)


@each_verb
@pytest.mark.parametrize("value", [NAIVE, NAIVE.isoformat(), "tomorrow", 1_795_305_600_000])
def test_a_date_that_is_no_moment(sandbox: RunningSandbox, adapter: Adapter, verb: str, value: Any) -> None:
    name = "stale_date" if (adapter.vendor, verb) == ("braze", "start") else "dismissal_date"
    error = refused(sandbox, adapter, verb, **{name: value})
    assert isinstance(error, InvalidPayload)
    assert name in str(error)


@each_verb
def test_an_empty_activity_id(sandbox: RunningSandbox, adapter: Adapter, verb: str) -> None:
    error = refused(sandbox, adapter, verb, **{adapter.id_name: ""})
    assert f"{adapter.id_name}: string should have at least 1 character" in str(error)


@each_verb
def test_an_unknown_field_of_the_alert(sandbox: RunningSandbox, adapter: Adapter, verb: str) -> None:
    alert = {"title": SECRET, "body": SECRET, "metrics": SECRET}
    value = alert if adapter.vendor == "moengage" else {"alert": alert}
    error = refused(sandbox, adapter, verb, **{adapter.alert_name: value})
    assert "alert.metrics is not a field" in str(error)


def test_a_braze_start_takes_no_dismissal_date() -> None:
    with pytest.raises(TypeError, match="dismissal_date"):
        BRAZE.operator("start", dismissal_date="2026-07-22T20:00:00Z")


@each_verb
def test_an_argument_that_does_not_exist(adapter: Adapter, verb: str) -> None:
    with pytest.raises(TypeError, match="contentstate"):
        adapter.operator(verb, contentstate={})


@each_verb
def test_a_state_larger_than_a_phone_shows(sandbox: RunningSandbox, adapter: Adapter, verb: str) -> None:
    error = refused(sandbox, adapter, verb, content_state={"a": SECRET * 1000})
    assert isinstance(error, PayloadTooLarge)


@each_verb
def test_a_state_that_breaks_the_schema(sandbox: RunningSandbox, adapter: Adapter, verb: str) -> None:
    schema = {"properties": {"home": {"type": "integer"}}}
    error = refused(sandbox, adapter, verb, content_state={"home": SECRET}, content_state_schema=schema)
    assert "content_state.home must be integer, not string" in str(error)


@pytest.mark.parametrize(
    ("audience", "advice"),
    [
        ({}, "custom_audience or sql; none is given"),
        ({"segment_id": "fans", "external_user_ids": USERS}, "exactly one audience is needed"),
        ({"segment_id": "fans", "custom_audience": FILTER}, "segment_id and custom_audience are given"),
        (
            {"external_user_ids": USERS, "sql": "SELECT 1", "sql_conn_id": "x"},
            "exactly one audience is needed",
        ),
        ({"segment_id": "fans", "external_user_ids": []}, "exactly one audience is needed"),
        (
            {"segment_id": "fans", "sql": "SELECT 1", "sql_conn_id": "people"},
            "exactly one audience is needed",
        ),
        ({"sql": "SELECT 1"}, "sql needs sql_conn_id"),
        ({"sql": "SELECT 1 WHERE 1 = 0", "sql_conn_id": "people"}, "the audience is empty"),
        ({"sql": "SELECT ?", "sql_conn_id": "people", "parameters": "5"}, "parameters must be a list"),
        ({"sql": "SELECT ?", "sql_conn_id": "people", "parameters": "[5"}, "parameters must be a list"),
        ({"external_user_ids": []}, "the audience is empty"),
        ({"external_user_ids": ["", None]}, "the audience is empty: all 2 ids are null or blank"),
        ({"external_user_ids": [1.5]}, "float"),
        ({"external_user_ids": SECRET}, "external_user_ids"),
        ({"user_aliases": [{"alias_name": SECRET}]}, "alias"),
        ({"custom_audience": UNKNOWN}, "comparison: input should be 'equals'"),
        ({"custom_audience": [FILTER]}, "must be an object"),
        ({"external_user_ids": USERS, "max_audience": 1}, "max_audience allows 1"),
        ({"external_user_ids": USERS, "max_audience": "1"}, "max_audience allows 1"),
        ({"external_user_ids": USERS, "max_audience": "many"}, "max_audience must be a whole number"),
        ({"external_user_ids": "", "segment_id": "", "sql": ""}, "exactly one audience is needed"),
        ({"external_user_ids": "", "sql": "", "sql_conn_id": "x"}, "none is given"),
    ],
)
def test_a_braze_start_without_exactly_one_audience(
    sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch, audience: dict[str, Any], advice: str
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_PEOPLE", "sqlite://")
    error = refused(sandbox, BRAZE, "start", **{"external_user_ids": None, **audience})
    assert isinstance(error, InvalidPayload)
    assert advice in str(error)


@pytest.mark.parametrize(
    ("sql_conn_id", "advice"),
    [
        ("nobody_made_it", "sql_conn_id 'nobody_made_it': The conn_id `nobody_made_it` isn't defined"),
        ("of_no_type", "sql_conn_id 'of_no_type': Unknown hook type"),
        ("moengage_default", "sql_conn_id 'moengage_default' gives a MoEngageHook, not a SQL database"),
    ],
)
def test_a_connection_that_leads_to_no_database(
    sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch, sql_conn_id: str, advice: str
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_OF_NO_TYPE", '{"conn_type": "nosuch"}')
    query = {"external_user_ids": None, "sql": "SELECT 1", "sql_conn_id": sql_conn_id}
    error = refused(sandbox, BRAZE, "start", **query)
    assert isinstance(error, InvalidConnection)
    assert advice in str(error)


@pytest.mark.parametrize(
    ("arguments", "advice"),
    [
        ({"max_workers": "eight"}, "max_workers must be a whole number"),
        ({"max_workers": 0}, "max_workers must be a whole number"),
        ({"max_requests_per_second": float("inf")}, "max_requests_per_second must be a number above 0"),
        ({"max_requests_per_second": "five"}, "max_requests_per_second must be a number"),
        ({"quota_reserve": "some"}, "quota_reserve must be a number"),
        ({"on_unknown": "hope"}, "on_unknown must be 'skip', 'resend' or 'fail', not 'hope'"),
        ({"on_empty_audience": "skpi"}, "on_empty_audience must be 'fail' or 'skip'"),
        ({"on_lifetime_exceeded": "wrn", "end_time": "2099-01-01T00:00:00Z"}, "on_lifetime_exceeded must be"),
    ],
)
def test_an_unknown_choice(sandbox: RunningSandbox, arguments: dict[str, Any], advice: str) -> None:
    error = refused(sandbox, BRAZE, "start", **arguments)
    assert isinstance(error, InvalidPayload)
    assert advice in str(error)


@pytest.mark.parametrize("lead", ["soon", -20, None])
def test_a_lead_that_is_no_duration(sandbox: RunningSandbox, adapter: Adapter, lead: Any) -> None:
    error = refused(sandbox, adapter, "end", lead_time=lead, end_time="2099-01-01T00:00:00Z")
    assert isinstance(error, InvalidPayload)
    assert str(error).startswith("lead_time must ")


def test_an_empty_audience_can_be_allowed(sandbox: RunningSandbox) -> None:
    operator = BRAZE.operator("start", external_user_ids=[], on_empty_audience="skip")
    with pytest.raises(AirflowSkipException, match="the audience is empty") as skipped:
        operator.execute(context())
    assert isinstance(skipped.value.__cause__, EmptyAudience)
    assert sandbox.sandbox.requests == 0

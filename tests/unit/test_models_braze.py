"""Braze's start, update and end: what is refused before anything is sent, and in which words."""

from __future__ import annotations

import warnings
from datetime import timedelta
from typing import Any

import pytest

from airflow_provider_liveactivity.errors import InvalidPayload, PayloadTooLarge
from airflow_provider_liveactivity.models.braze import StartContent, StartLiveActivity, UpdateLiveActivity
from tests.unit.exchange import NOW, START, UPDATE

IDS = [f"user-{number}" for number in range(51)]
ALIAS = {"alias_name": "ada", "alias_label": "login"}
FILTER = {"push_subscription_status": {"comparison": "is", "value": "opted_in"}}
FRAME = len('{"a":""}')


def start(**fields: Any) -> dict[str, Any]:
    return StartLiveActivity.build(now=NOW, **{**START, "segment_id": "s", **fields}).to_json()


def update(**fields: Any) -> dict[str, Any]:
    return UpdateLiveActivity.build(now=NOW, **{**UPDATE, **fields}).to_json()


@pytest.mark.parametrize(
    ("audience", "advice"),
    [
        ({}, "exactly one audience is needed, 0 given"),
        ({"segment_id": "s", "external_user_ids": ["a"]}, "exactly one audience is needed, 2 given"),
        ({"segment_id": "s", "user_aliases": [ALIAS]}, "exactly one audience is needed, 2 given"),
        ({"segment_id": "s", "custom_audience": FILTER}, "exactly one audience is needed, 2 given"),
        ({"custom_audience": FILTER, "external_user_ids": ["a"]}, "exactly one audience is needed, 2 given"),
        ({"segment_id": "s", "external_user_ids": []}, "exactly one audience is needed, 2 given"),
        ({"external_user_ids": []}, "hold nobody"),
        ({"external_user_ids": [], "user_aliases": []}, "hold nobody"),
        ({"external_user_ids": IDS}, "hold 51 people; a request takes 50"),
        ({"external_user_ids": IDS[:50], "user_aliases": [ALIAS]}, "hold 51 people; a request takes 50"),
        ({"external_user_ids": ["a", ""]}, r"external_user_ids\.1: .* at least 1 character"),
        ({"external_user_ids": ["a", 5]}, r"external_user_ids\.1: .* valid string"),
        ({"user_aliases": [{"alias_name": "a"}]}, r"user_aliases\.0\.alias_label is required"),
        ({"segment_id": ""}, "segment_id: .* at least 1 character"),
    ],
)
def test_a_start_needs_exactly_one_audience(audience: dict[str, Any], advice: str) -> None:
    with pytest.raises(InvalidPayload, match=advice):
        StartLiveActivity.build(**START, **audience)


@pytest.mark.parametrize(
    "audience",
    [
        {"external_user_ids": IDS[:50]},
        {"external_user_ids": IDS[:49], "user_aliases": [ALIAS]},
        {"user_aliases": [ALIAS]},
        {"segment_id": "s"},
        {"custom_audience": FILTER},
        {"custom_audience": '{"push_subscription_status": {"comparison": "is", "value": "opted_in"}}'},
    ],
)
def test_one_audience_of_any_kind_is_enough(audience: dict[str, Any]) -> None:
    sent = StartLiveActivity.build(**START, **audience).to_json()
    assert sent.keys() == {*START, *audience}


def test_who_gets_it_does_not_show_in_the_repr_of_a_request() -> None:
    body = StartLiveActivity.build(**START, external_user_ids=["ada@example.com"], user_aliases=[ALIAS])
    assert "ada" not in repr(body) + str(body)


@pytest.mark.parametrize(
    ("fields", "advice"),
    [
        (
            {"dismissal_date": "2026-07-22T20:00:00Z"},
            "dismissal_date is not a field of a start; give it to the call",
        ),
        ({"end_activity": False}, "end_activity is not a field of this request"),
        ({"activity_id": ""}, "activity_id: .* at least 1 character"),
        ({"activity_id": " "}, "activity_id must be text .* not blank"),
        ({"activity_id": "a\nb"}, "activity_id must be text .* without line breaks"),
        ({"activity_id": 7}, "activity_id: .* valid string"),
        ({"activity_id": "\ud800"}, "activity_id: "),
        ({"content_state": None}, "content_state is required"),
        ({"activity_attributes": "[]"}, "activity_attributes must be an object"),
        ({"notification": None}, "notification is required"),
        ({"notification": {"alert": "Kick-off"}}, "notification.alert needs a title and a body on a start"),
        (
            {"notification": {"alert": {"body": "b"}}},
            "notification.alert needs a title and a body on a start",
        ),
        ({"notification": {"content-available": True}}, "notification.alert needs a title and a body"),
        ({"stale_date": "2026-07-22T20:00:00"}, "stale_date has no UTC offset"),
    ],
)
def test_a_start_without_what_it_needs_is_refused(fields: dict[str, Any], advice: str) -> None:
    with pytest.raises(InvalidPayload, match=advice):
        start(**fields)


@pytest.mark.parametrize(
    ("notification", "advice"),
    [
        ({}, "needs an alert, unless content-available"),
        ({"alert": {"title": "t"}}, "alert needs a body"),
        ({"alert": ""}, r"notification\.alert: .* at least 1 character"),
        ({"alert": {"body": "b", "subtitle": "s"}}, r"notification\.alert\.subtitle is not a field"),
        ({"apple_push": {"alert": "x"}}, "apple_push is not a field"),
        ({"alert": "x", "content_available": True}, "content_available is not a field"),
        ({"alert": "x", "relevance_score": -0.1}, "relevance_score: .* greater than or equal to 0"),
        ({"alert": "x", "relevance_score": 1.1}, "relevance_score: .* less than or equal to 1"),
        ({"alert": "x", "apns_priority": 0}, "apns_priority: "),
        ({"alert": "x", "apns_priority": 11}, "apns_priority: "),
        ({"alert": "x", "interruption_level": "loud"}, "interruption_level: .*'passive', 'active'"),
        ({"alert": "x", "extra": {"aps": 1}}, "extra may not have the key aps"),
        ({"alert": "x", "extra": {"ab": 1, "aps": 1}}, "extra may not have the key ab or aps"),
        ({"alert": "x", "expiry": "tomorrow"}, "expiry is not an ISO-8601"),
        ("alert", "notification is text that is not JSON"),
    ],
)
def test_a_notification_that_braze_would_refuse_is_refused_here(notification: Any, advice: str) -> None:
    with pytest.raises(InvalidPayload, match=advice):
        update(notification=notification)


@pytest.mark.parametrize(
    "notification",
    [
        {"alert": "Goal!"},
        {"content-available": True},
        {"alert": "x", "relevance_score": 0.0, "apns_priority": 1, "badge": 0, "mutable_content": False},
        {"alert": {"body": "b", "title_loc_key": "k", "title_loc_args": ["a"], "sound": "goal.wav"}},
        {
            "alert": "x",
            "buttons": [{"identifier": "b"}],
            "extra": {"k": "v"},
            "interruption_level": "passive",
        },
    ],
)
def test_a_notification_is_sent_as_given_zeros_and_falses_included(notification: dict[str, Any]) -> None:
    assert update(notification=notification)["notification"] == notification


@pytest.mark.parametrize("end", [False, True])
def test_a_dismissal_before_now_is_allowed_it_means_at_once(end: bool) -> None:
    sent = update(dismissal_date=timedelta(hours=-1), end_activity=end)
    assert (sent["dismissal_date"], sent["end_activity"]) == ("2026-07-22T11:00:00+0000", end)


@pytest.mark.parametrize("field", ["stale_date", "dismissal_date"])
def test_a_distance_in_time_counts_from_the_moment_of_sending(field: str) -> None:
    assert update(**{field: timedelta(minutes=90)})[field] == "2026-07-22T13:30:00+0000"


def test_an_end_needs_its_content_state() -> None:
    with pytest.raises(InvalidPayload, match="content_state is required"):
        update(end_activity=True, content_state=None)


def test_attributes_and_state_may_have_4096_bytes_together() -> None:
    attributes, state = {"a": "x" * (2096 - FRAME)}, {"a": "x" * (2000 - FRAME)}
    start(activity_attributes=attributes, content_state=state)
    with pytest.raises(PayloadTooLarge, match=r"have 4097 bytes; .* above 4096"):
        start(activity_attributes=attributes, content_state={"a": state["a"] + "x"})
    content = {**START, "activity_attributes": attributes, "content_state": {"a": state["a"] + "x"}}
    with pytest.raises(PayloadTooLarge):
        StartContent.build(**content)


def test_a_size_is_counted_in_bytes_as_sent_not_in_characters() -> None:
    update(content_state={"a": "é" * ((4096 - FRAME) // 2)})
    with pytest.raises(PayloadTooLarge, match="content_state has 4098 bytes"):
        update(content_state={"a": "é" * ((4096 - FRAME) // 2 + 1)})


def test_an_activity_id_that_the_sdk_may_refuse_is_warned_about() -> None:
    with pytest.warns(UserWarning, match="activity_id has 256 bytes or more"):
        update(activity_id="é" * 128)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        update(activity_id="x" * 255)

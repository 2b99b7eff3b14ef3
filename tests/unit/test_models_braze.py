"""Braze's start, update and end: what is refused before anything is sent, and in which words."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from airflow_provider_liveactivity.errors import InvalidPayload, PayloadTooLarge
from airflow_provider_liveactivity.models.braze import StartContent, StartLiveActivity, UpdateLiveActivity
from airflow_provider_liveactivity.models.common import encode
from tests.support.clock import NOW
from tests.support.scripted_vendor import START, UPDATE

IDS = [f"user-{number}" for number in range(51)]
ALIAS = {"alias_name": "ada", "alias_label": "login"}
FILTER = {"push_subscription_status": {"comparison": "is", "value": "opted_in"}}


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
        ({"external_user_ids": []}, "are empty"),
        ({"external_user_ids": [], "user_aliases": []}, "are empty"),
        ({"external_user_ids": IDS}, "have 51 recipients; a request accepts 50"),
        (
            {"external_user_ids": IDS[:50], "user_aliases": [ALIAS]},
            "have 51 recipients; a request accepts 50",
        ),
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


def test_the_repr_of_a_request_shows_no_recipient() -> None:
    body = StartLiveActivity.build(**START, external_user_ids=["ada@example.com"], user_aliases=[ALIAS])
    assert "ada" not in repr(body) + str(body)


@pytest.mark.parametrize(
    ("fields", "advice"),
    [
        (
            {"dismissal_date": "2026-07-22T20:00:00Z"},
            "dismissal_date is not a field of a start; pass it to the end",
        ),
        ({"end_activity": False}, "end_activity is not a field of this request"),
        ({"activity_id": ""}, "activity_id: .* at least 1 character"),
        ({"activity_id": " "}, "activity_id must be text .* not blank"),
        ({"activity_id": "a\nb"}, "activity_id must be text .* no line breaks"),
        ({"activity_id": 7}, "activity_id: .* valid string"),
        ({"activity_id": "\ud800"}, "activity_id: "),
        ({"content_state": None}, "content_state is required"),
        ({"activity_attributes": "[]"}, "activity_attributes must be an object"),
        ({"notification": None}, "notification is required"),
        ({"notification": {"alert": "Kick-off"}}, "notification.alert of a start needs a title and a body"),
        (
            {"notification": {"alert": {"body": "b"}}},
            "notification.alert of a start needs a title and a body",
        ),
        (
            {"notification": {"content-available": True}},
            "notification.alert of a start needs a title and a body",
        ),
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
        ({"alert": "x", "badge": "1"}, "badge: .*valid integer"),
        ({"alert": "x", "badge": True}, "badge: .*valid integer"),
        ({"alert": "x", "badge": 1.0}, "badge: .*valid integer"),
        ({"alert": "x", "apns_priority": "5"}, "apns_priority: .*valid integer"),
        ({"alert": "x", "relevance_score": "0.5"}, "relevance_score: .*valid number"),
        ({"alert": "x", "relevance_score": True}, "relevance_score: .*valid number"),
        ({"content-available": 1}, "content-available: .*valid boolean"),
        ({"content-available": "true"}, "content-available: .*valid boolean"),
        ({"alert": "x", "asset_url": "https://a.example/a.png"}, "asset_url needs asset_file_type"),
        ({"alert": "x", "asset_url": "u", "asset_file_type": "webp"}, "asset_file_type: .*'png'"),
        ({"alert": "x", "buttons": [{"action": "CLOSE"}]}, r"buttons\.0\.action_id is required"),
        ({"alert": "x", "buttons": [{"action_id": "b", "action": "CALL"}]}, r"buttons\.0\.action: "),
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
            "buttons": [{"action_id": "ab_pb_yes", "action": "URI", "uri": "https://a.example"}],
            "asset_url": "https://a.example/a.png",
            "asset_file_type": "png",
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


def push_of(body: dict[str, Any]) -> dict[str, Any]:
    """The smallest push that Braze can make of a start, as Apple's pages have it."""
    return {
        "aps": {
            "timestamp": 1_700_000_000,
            "event": "start",
            "content-state": body["content_state"],
            "attributes-type": body["activity_attributes_type"],
            "attributes": {**body["activity_attributes"], "brazeActivityId": body["activity_id"]},
            "alert": body["notification"]["alert"],
        }
    }


def test_the_push_of_a_start_may_have_4096_bytes() -> None:
    room = 4096 - len(encode(push_of(start(content_state={"a": ""}))))
    fits = start(content_state={"a": "x" * room})
    assert len(encode(push_of(fits))) == 4096
    too_large = {"content_state": {"a": "x" * (room + 1)}}
    with pytest.raises(
        PayloadTooLarge, match=r"push of this start has at least 4,097 bytes; Apple takes 4,096"
    ):
        start(**too_large)
    with pytest.raises(PayloadTooLarge):
        StartContent.build(now=NOW, **{**START, **too_large})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("activity_id", "match-12"),
        ("activity_attributes_type", "MatchAttribute2s"),
        ("activity_attributes", {"home": "Chiefs!"}),
        ("notification", {"alert": {"title": "Kick-off!", "body": "It has started"}}),
        ("stale_date", timedelta(hours=1)),
    ],
)
def test_each_part_of_a_start_counts(field: str, value: Any) -> None:
    room = 4096 - len(encode(push_of(start(content_state={"a": ""}))))
    with pytest.raises(PayloadTooLarge):
        start(content_state={"a": "x" * room}, **{field: value})


@pytest.mark.parametrize("end", [False, True])
def test_the_push_of_an_update_or_an_end_may_have_4096_bytes(end: bool) -> None:
    event = "end" if end else "update"
    alert = {"title": "Goal!", "body": "1 - 0"}
    aps = {"timestamp": 1_700_000_000, "event": event, "content-state": {"a": ""}, "alert": alert}
    room = (4096 - len(encode({"aps": aps}))) // 2
    fields = {"end_activity": end, "notification": {"alert": alert}}
    update(content_state={"a": "é" * room}, **fields)  # counted in bytes, as sent
    with pytest.raises(PayloadTooLarge, match=f"push of this {event} has at least 4,09[78] bytes"):
        update(content_state={"a": "é" * (room + 1)}, **fields)
    update(content_state={"a": "é" * (room + 1)}, end_activity=end)


@pytest.mark.parametrize(
    "activity_id", ["match\u00a01", "family-\U0001f468\u200d\U0001f469\u200d\U0001f467", "é" * 128]
)
def test_an_activity_id_that_an_app_may_have_chosen_is_sent_as_it_is(activity_id: str) -> None:
    assert update(activity_id=activity_id)["activity_id"] == activity_id


@pytest.mark.parametrize("activity_id", ["a\u2028b", "a\x00b", "a\x7fb", "a\x85b", "\u00a0"])
def test_an_activity_id_with_a_line_break_or_control_character_is_refused(activity_id: str) -> None:
    with pytest.raises(InvalidPayload, match="activity_id must be text that is not blank"):
        update(activity_id=activity_id)


def test_an_activity_id_that_no_update_reaches_is_refused() -> None:
    with pytest.raises(InvalidPayload, match="activity_id has 258 bytes; Braze's SDK takes 256"):
        update(activity_id="é" * 129)


@pytest.mark.parametrize("part", ["alias_name", "alias_label"])
def test_an_alias_has_236_bytes_and_is_not_blank(part: str) -> None:
    StartLiveActivity.build(**START, user_aliases=[{**ALIAS, part: "é" * 118}])
    with pytest.raises(InvalidPayload, match=rf"user_aliases\.0\.{part} has 238 bytes; Braze takes 236"):
        StartLiveActivity.build(**START, user_aliases=[{**ALIAS, part: "é" * 119}])
    with pytest.raises(InvalidPayload, match=rf"user_aliases\.0\.{part} must not be blank"):
        StartLiveActivity.build(**START, user_aliases=[{**ALIAS, part: " "}])


def warnings_of(**fields: Any) -> list[str]:
    body = UpdateLiveActivity.build(now=NOW, **{**UPDATE, "stale_date": timedelta(hours=1), **fields})
    return body.warnings()


def test_a_payload_that_shows_everywhere_has_no_warnings() -> None:
    assert warnings_of() == []
    assert warnings_of(notification={"alert": {"body": "b", "sound": "goal.wav"}}) == []
    assert warnings_of(end_activity=True, stale_date=None) == []


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"content_state": {"a": None}}, "null at content_state.a:"),
        ({"content_state": {"a": [{"b": None}]}}, r"null at content_state.a\[0\].b:"),
        ({"content_state": dict.fromkeys("abcde")}, "content_state.c and 2 more:"),
        ({"notification": {"alert": "x", "sound": "goal.wav"}}, "notification.sound"),
        ({"stale_date": None}, "no stale_date"),
    ],
)
def test_what_may_not_show_is_warned_about(fields: dict[str, Any], words: str) -> None:
    (warning,) = warnings_of(**fields)
    assert re.search(words, warning)

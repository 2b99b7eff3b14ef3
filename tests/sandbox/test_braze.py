"""What Braze's documents say is right and wrong, each over real HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_liveactivity.sandbox import RunningSandbox
from tests.support.clock import Clock
from tests.support.sandbox_clients import WITHOUT, Api, BrazeClient

UPDATE = "/messages/live_activity/update"
START = "/messages/live_activity/start"


def test_start_is_answered_with_201_success_a_request_id_and_the_rate_limit(braze: BrazeClient) -> None:
    answer = braze.start()
    assert (answer.status_code, answer.json()) == (201, {"message": "success"})
    assert answer.headers["X-Request-Id"]
    assert answer.headers["X-RateLimit-Limit"] == "250000"
    assert answer.headers["X-RateLimit-Remaining"] == "249999"
    assert answer.headers["X-RateLimit-Reset"] == "1795352400"  # 13:00, the next clock hour


@pytest.mark.parametrize(
    "changes",
    [
        {"stale_date": "2026-11-22T16:55:49+0000"},
        {"stale_date": "2026-11-22T16:55:49Z"},
        {"stale_date": "2026-11-22T16:55:49+00:00"},
        {"stale_date": "2026-11-22T17:55:49+0100"},
        {"stale_date": "2026-11-22T16:55:49.000+0000"},
        {"stale_date": "2026-11-22T16:55:49"},
        {"activity_id": "x" * 257},
        {"external_user_ids": WITHOUT, "user_aliases": [{"alias_name": "a", "alias_label": "l"}]},
        {"external_user_ids": ["u"] * 49, "user_aliases": [{"alias_name": "a", "alias_label": "l"}]},
        {
            "external_user_ids": WITHOUT,
            "custom_audience": {"push_subscription_status": {"comparison": "is", "value": "opted_in"}},
        },
        {
            "external_user_ids": WITHOUT,
            "custom_audience": {
                "AND": [
                    {
                        "custom_attribute": {
                            "custom_attribute_name": "eye_color",
                            "comparison": "equals",
                            "value": "blue",
                        }
                    },
                    {"OR": [{"last_used_app": {"comparison": "after", "value": "2019-07-22T13:17:55+0000"}}]},
                ]
            },
        },
        {"notification.alert.sound": "ding.caf"},
        {"activity_attributes": {}, "content_state": {}},
    ],
)
def test_a_documented_start_is_accepted(braze: BrazeClient, changes: dict[str, Any]) -> None:
    answer = braze.start(changes)
    assert answer.status_code == 201, answer.text


@pytest.mark.parametrize(
    "missing", ["app_id", "activity_id", "activity_attributes_type", "activity_attributes"]
)
def test_start_names_a_missing_field(braze: BrazeClient, missing: str) -> None:
    answer = braze.start({missing: WITHOUT})
    assert (answer.status_code, answer.json()["errors"]) == (400, [f"{missing}: Field required"])


@pytest.mark.parametrize(
    "changes",
    [
        {"dismissal_date": "2026-11-22T16:55:49+0000"},
        {"audience": {}},
        {"campaign_id": "c"},
        {"stale_date": "2026-13-22T16:55:49+0000"},
        {"stale_date": 1795352400},
        {"stale_date": None},
        {"app_id": "another-app"},
        {"activity_id": ""},
        {"content_state": "{}"},
        {"content_state": [1]},
        {"activity_attributes": None},
        {"notification": WITHOUT},
        {"notification": {"content-available": True}},
        {"notification.alert": "only text"},
        {"notification.alert.body": WITHOUT},
        {"notification.alert.title": WITHOUT},
        {"notification.alert": {"title_loc_key": "key", "body": "Gate C12"}},
        {"notification.alert.subtitle": "Apple has it, Braze does not"},
        {"notification.interruption_level": "urgent"},
        {"notification.relevance_score": 1.5},
        {"notification.apns_priority": 11},
        {"notification.extra": "text"},
        {"notification.extra": {"aps": {}}},
        {"external_user_ids": "ada"},
        {"external_user_ids": [1]},
        {"external_user_ids": [""]},
        {"user_aliases": ["ada"]},
        {"user_aliases": [{"alias_name": "ada"}]},
        {"segment_id": "also-a-segment"},
        {"external_user_ids": WITHOUT, "segment_id": "unknown"},
        {"external_user_ids": WITHOUT, "segment_id": "s", "custom_audience": {"AND": []}},
        {"external_user_ids": WITHOUT, "custom_audience": []},
        {"external_user_ids": WITHOUT, "custom_audience": {}},
        {"external_user_ids": WITHOUT, "custom_audience": {"AND": []}},
        {
            "external_user_ids": WITHOUT,
            "custom_audience": {"push_subscription_status": {"comparison": "equals", "value": "opted_in"}},
        },
    ],
)
def test_an_invalid_start_is_refused_and_reaches_no_user(
    braze: BrazeClient, running: RunningSandbox, changes: dict[str, Any]
) -> None:
    answer = braze.start(changes)
    assert (answer.status_code, answer.json()["message"]) == (400, "Bad Request"), answer.text
    assert not running.sandbox.activities


@pytest.mark.parametrize("audience", [{"external_user_ids": WITHOUT}, {"external_user_ids": []}])
def test_a_start_without_recipients_says_so(braze: BrazeClient, audience: dict[str, Any]) -> None:
    answer = braze.start(audience)
    assert (answer.status_code, answer.json()) == (400, {"message": "No Recipients"})


def test_ids_and_aliases_share_the_cap_of_fifty(braze: BrazeClient) -> None:
    alias = {"alias_name": "a", "alias_label": "l"}
    answer = braze.start({"external_user_ids": [f"u{n}" for n in range(50)], "user_aliases": [alias]})
    expected = {"message": "The max number of external_ids and aliases per request was exceeded"}
    assert (answer.status_code, answer.json()) == (400, expected)


def test_a_notification_above_1912_bytes_is_refused(braze: BrazeClient) -> None:
    answer = braze.start({"notification.alert.body": "x" * 1912})
    assert (answer.status_code, answer.json()) == (400, {"message": "Apple Push Length Exceeded"})


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'{"a": 1} // comment', b"{'a': 1}", b"\xff", b'{"a": NaN}']
)
def test_what_is_no_json_object_gets_the_error_envelope_of_live_activities(
    braze: BrazeClient, body: bytes
) -> None:
    answer = braze.post(START, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert answer.json()["error"].startswith("\nProblem:\n  message body does not match declared format")


@pytest.mark.parametrize(
    "changes",
    [
        {"end_activity": True, "dismissal_date": "2026-11-22T12:00:00+0000"},
        {"end_activity": False, "stale_date": "2026-11-22T16:55:49+0000"},
        {"notification": {"alert": {"title": "Off", "body": "we go"}}},
        {"notification": {"alert": "only text"}},
        {"notification": {"content-available": True}},
        {"activity_id": "started-in-the-app"},
    ],
)
def test_a_documented_update_is_accepted(braze: BrazeClient, changes: dict[str, Any]) -> None:
    answer = braze.update(changes)
    assert (answer.status_code, answer.json()) == (201, {"message": "success"})


@pytest.mark.parametrize(
    "changes",
    [
        {"external_user_ids": ["ada"]},
        {"activity_attributes": {}},
        {"push_token": "t"},
        {"content_state": WITHOUT, "end_activity": True},
        {"app_id": WITHOUT},
        {"end_activity": "true"},
        {"end_activity": 1},
        {"dismissal_date": "tomorrow"},
        {"notification": {}},
        {"notification": {"alert": {"title": "no body"}}},
        {"notification": {"apple_push": {"alert": "wrapped"}}},
    ],
)
def test_an_update_that_the_documents_do_not_allow_is_refused(
    braze: BrazeClient, changes: dict[str, Any]
) -> None:
    answer = braze.update(changes)
    assert (answer.status_code, answer.json()["message"]) == (400, "Bad Request"), answer.text


def test_a_number_that_is_none_is_refused(braze: BrazeClient) -> None:
    body = b'{"app_id": "sandbox-app", "activity_id": "a", "content_state": {"n": 1e999}}'
    answer = braze.post(UPDATE, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400


def test_401_repeats_the_key_and_leaves_the_rate_limit_headers_empty(braze: BrazeClient) -> None:
    answer = braze.start(headers={"Authorization": "Bearer not-the-key"})
    assert (answer.status_code, answer.json()) == (401, {"message": "Invalid API key: not-the-key"})
    assert [answer.headers[f"X-RateLimit-{name}"] for name in ("Limit", "Remaining", "Reset")] == ["", "", ""]


@pytest.mark.parametrize("authorization", ["", "sandbox-braze-key", "Basic sandbox-braze-key", "Bearer"])
def test_a_malformed_authorization_is_a_401(braze: BrazeClient, authorization: str) -> None:
    assert braze.start(headers={"Authorization": authorization}).status_code == 401


def test_the_scheme_may_be_spelt_in_any_case(braze: BrazeClient) -> None:
    assert braze.start(headers={"Authorization": "bearer sandbox-braze-key"}).status_code == 201


def test_a_key_without_the_permission_is_denied(braze: BrazeClient, running: RunningSandbox) -> None:
    running.sandbox.change_settings(braze_permissions=["messages.live_activity.start"])
    assert braze.start().status_code == 201
    denied = braze.update()
    assert (denied.status_code, denied.json()) == (403, {"message": "Access Denied"})


def test_a_wrong_url_is_a_404_and_a_trailing_slash_a_403(braze: BrazeClient) -> None:
    wrong = braze.post("/messages/live_activity/stop", json={})
    assert (wrong.status_code, wrong.json()) == (404, {"message": "Invalid URL"})
    assert braze.get(START).status_code == 404
    slash = braze.post(START + "/", json={})
    assert (slash.status_code, slash.json()) == (403, {"message": "Access Denied"})


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_another_content_type_is_a_415(braze: BrazeClient, content_type: str) -> None:
    answer = braze.post(UPDATE, content=b"{}", headers={"Content-Type": content_type})
    assert answer.status_code == 415


def test_a_charset_in_the_content_type_does_no_harm(braze: BrazeClient) -> None:
    assert braze.start(headers={"Content-Type": "application/json; charset=utf-8"}).status_code == 201


def test_a_body_above_four_megabytes_is_a_413(braze: BrazeClient) -> None:
    assert braze.update({"content_state": {"text": "x" * 4 * 1024 * 1024}}).status_code == 413


def test_the_bucket_is_used_up_until_the_clock_hour(
    braze: BrazeClient, running: RunningSandbox, clock: Clock
) -> None:
    running.sandbox.change_settings(braze_limit=2)
    answers = [braze.start(), braze.get("/segments/list")]  # one bucket for both
    assert [answer.headers["X-RateLimit-Remaining"] for answer in answers] == ["1", "0"]
    refused = braze.start()
    assert (refused.status_code, refused.headers["X-RateLimit-Remaining"]) == (429, "0")
    clock.advance(minutes=29, seconds=59)
    assert braze.start().status_code == 429
    clock.advance(seconds=1)
    assert braze.start().status_code == 201


def test_the_limit_can_be_switched_off(braze: BrazeClient, running: RunningSandbox) -> None:
    running.sandbox.change_settings(braze_limit=0, braze_limit_on=False)
    assert braze.start().status_code == 201


def test_segments_come_in_pages_of_a_hundred_oldest_first(braze: BrazeClient, api: Api, clock: Clock) -> None:
    for number in range(101):
        api.put(f"/segments/s{number}", json={"name": f"Segment {number}", "users": ["ada"]})
        clock.advance(seconds=1)
    first, second = (braze.get("/segments/list", params={"page": page}).json() for page in (0, 1))
    assert [len(page["segments"]) for page in (first, second)] == [100, 1]
    expected = {"id": "s0", "name": "Segment 0", "analytics_tracking_enabled": True, "tags": []}
    assert first["segments"][0] == expected
    assert braze.get("/segments/list", params={"page": 2}).json() == {"segments": [], "message": "success"}
    newest = braze.get("/segments/list", params={"sort_direction": "desc"}).json()["segments"][0]
    assert newest["id"] == "s100"
    assert braze.get("/segments/list", params={"page": "x"}).status_code == 400


def test_details_of_a_segment(braze: BrazeClient, api: Api) -> None:
    api.put("/segments/fans", json={"name": "Match fans", "users": ["ada"]})
    answer = braze.get("/segments/details", params={"segment_id": "fans"})
    assert (answer.status_code, answer.json()["name"]) == (200, "Match fans")
    assert braze.get("/segments/details", params={"segment_id": "none"}).status_code == 400

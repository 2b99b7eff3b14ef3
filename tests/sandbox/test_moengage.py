"""MoEngage's catalogue of errors and limits, each over real HTTP."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from airflow_provider_liveactivity.sandbox import RunningSandbox
from tests.support.clock import Clock
from tests.support.sandbox_clients import START_TIME, WITHOUT, Api, MoEngageClient

VERBS = ["start", "update", "end"]
NOW = int(START_TIME.timestamp())


def error(answer: httpx.Response) -> tuple[int, str, str]:
    found = answer.json()["error"]
    return answer.status_code, found["code"], found["message"]


def details(answer: httpx.Response) -> list[tuple[str, str, str]]:
    assert error(answer) == (400, "PayloadError", "Mandatory fields are missing or invalid")
    return [(each["code"], each["target"], each["message"]) for each in answer.json()["error"]["details"]]


def forbidden(message: str) -> tuple[int, str, str]:
    return 403, "OperationNotAllowed", message


def test_a_lifecycle_is_answered_with_200_and_the_instance_id(moengage: MoEngageClient) -> None:
    for verb in VERBS:
        answer = moengage.call(verb, {"instance_id": f"i-{verb}"})
        assert answer.status_code == 200
        assert answer.json() == {"data": {"instance_id": f"i-{verb}", "message": "success"}}


def test_an_instance_id_is_made_up_when_there_is_none(moengage: MoEngageClient) -> None:
    instance_id = moengage.call("start").json()["data"]["instance_id"]
    assert instance_id.startswith(f"{NOW}000-")


@pytest.mark.parametrize("verb", VERBS)
def test_unknown_keys_are_extra_forbidden(moengage: MoEngageClient, verb: str) -> None:
    moengage.call("start")
    answer = moengage.call(verb, {"ios.alert.metrics": 1})
    assert details(answer) == [("extra_forbidden", "ios.alert.metrics", "Extra inputs are not permitted")]


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize(
    "field", ["broadcast_live_activity_id", "ios", "ios.content_state", "ios.alert", "ios.alert.title"]
)
def test_mandatory_fields_are_named_when_missing(moengage: MoEngageClient, verb: str, field: str) -> None:
    assert details(moengage.call(verb, {field: WITHOUT})) == [("missing", field, "Field required")]


@pytest.mark.parametrize(
    ("verb", "changes", "code", "target"),
    [
        ("start", {"ios.stale_date": NOW + 60}, "extra_forbidden", "ios.stale_date"),
        ("update", {"ios.attribute_type": "T"}, "extra_forbidden", "ios.attribute_type"),
        ("end", {"ios.attribute_info": {}}, "extra_forbidden", "ios.attribute_info"),
        ("update", {"audience": []}, "extra_forbidden", "audience"),
        ("start", {"ios.attribute_type": WITHOUT}, "missing", "ios.attribute_type"),
        ("start", {"ios.attribute_info": "{}"}, "dict_type", "ios.attribute_info"),
        ("update", {"ios.content_state": []}, "dict_type", "ios.content_state"),
        ("update", {"ios.alert.body": 1}, "string_type", "ios.alert.body"),
        ("update", {"ios.alert.title": 1}, "string_type", "ios.alert.title"),
        ("update", {"instance_id": 7}, "string_type", "instance_id"),
        ("update", {"broadcast_live_activity_id": ""}, "string_too_short", "broadcast_live_activity_id"),
        ("update", {"ios.stale_date": None}, "null", "ios"),
        *(
            (verb, {f"ios.{field}": value}, "int_type", f"ios.{field}")
            for verb, field in [
                ("start", "dismissal_date"),
                ("update", "stale_date"),
                ("end", "dismissal_date"),
            ]
            for value in (True, 1.5, float(NOW), str(NOW), "2026-11-22T16:55:49+0000", NOW * 1000, -1)
        ),
    ],
)
def test_what_the_schema_does_not_allow_is_a_payload_error(
    moengage: MoEngageClient, verb: str, changes: dict[str, Any], code: str, target: str
) -> None:
    assert details(moengage.call(verb, changes))[0][:2] == (code, target)


def test_the_body_of_an_alert_may_be_an_object(moengage: MoEngageClient) -> None:
    assert moengage.call("start", {"ios.alert.body": {"key": "value"}}).status_code == 200


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"a": Infinity}'])
def test_what_is_no_json_object_is_a_payload_error(moengage: MoEngageClient, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    assert details(moengage.post("/v1.0/live-activity/broadcast/start", content=body, headers=headers))


def test_another_content_type_is_a_payload_error(moengage: MoEngageClient) -> None:
    answer = moengage.call("start", headers={"Content-Type": "text/plain"})
    assert details(answer)[0][1] == "Content-Type"


def test_the_activity_header_is_required_on_update_and_end_and_must_agree(
    moengage: MoEngageClient, running: RunningSandbox
) -> None:
    del moengage.headers["X-Broadcast-Live-Activity-Id"]
    assert moengage.call("start").status_code == 200
    missing = ("missing", "X-Broadcast-Live-Activity-Id", "Field required")
    assert details(moengage.call("update")) == details(moengage.call("end")) == [missing]
    running.sandbox.change_settings(moengage_activity_header=False)
    assert moengage.call("update").status_code == 200
    other = moengage.call("end", headers={"X-Broadcast-Live-Activity-Id": "match-8"})
    assert details(other)[0][:2] == ("value_error", "X-Broadcast-Live-Activity-Id")


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize(
    ("auth", "app_key", "message"),
    [
        (None, "SANDBOX", "Authorization header or X-MOE-APPKEY is missing"),
        (("SANDBOX", "sandbox-push-key"), None, "Authorization header or X-MOE-APPKEY is missing"),
        (("SANDBOX", "sandbox-push-key"), "OTHER", "Invalid App Key"),
        (("OTHER", "sandbox-push-key"), "SANDBOX", "Invalid App Key"),
        (("SANDBOX", "sandbox-campaign-key"), "SANDBOX", "Invalid Data Key"),
    ],
)
def test_the_401_catalogue(
    running: RunningSandbox, verb: str, auth: tuple[str, str] | None, app_key: str | None, message: str
) -> None:
    headers = {"X-MOE-APPKEY": app_key} if app_key else {}
    url = f"{running.url}/v1.0/live-activity/broadcast/{verb}"
    assert error(httpx.post(url, auth=auth, headers=headers, json={})) == (401, "AuthError", message)


def test_basic_credentials_that_are_no_base64_are_a_401(moengage: MoEngageClient) -> None:
    answer = moengage.call("start", auth=None, headers={"Authorization": "Basic !"})
    assert error(answer) == (401, "AuthError", "Invalid App Key")


@pytest.mark.parametrize("verb", VERBS)
def test_the_403_catalogue_of_all_three(moengage: MoEngageClient, running: RunningSandbox, verb: str) -> None:
    moengage.call("start", {"instance_id": "once"})
    duplicate = moengage.call(verb, {"instance_id": "once"})
    assert error(duplicate) == forbidden("Duplicate Request, please use different instance_id")
    running.sandbox.change_settings(moengage_p8=False)
    no_p8 = moengage.call(verb)
    assert error(no_p8) == forbidden("Only IOS token auth is allowed, please upload .p8 file")
    running.sandbox.campaigns.clear()
    assert error(moengage.call(verb)) == forbidden("Campaign not found for match-7")
    running.sandbox.change_settings(moengage_enabled=False)
    assert moengage.call(verb).status_code == 403


def test_an_instance_id_is_free_again_when_its_request_was_refused(moengage: MoEngageClient) -> None:
    assert moengage.call("update", {"instance_id": "a"}).status_code == 403
    assert moengage.call("start", {"instance_id": "a"}).status_code == 200


@pytest.mark.parametrize("verb", ["update", "end"])
def test_there_is_no_action_before_the_start_nor_after_the_end(moengage: MoEngageClient, verb: str) -> None:
    assert error(moengage.call(verb)) == forbidden("Invalid Action")
    moengage.call("start")
    moengage.call("end")
    assert error(moengage.call(verb)) == forbidden("Invalid Action")


def test_a_dismissal_date_that_was_set_and_has_passed_forbids_update_and_end(
    moengage: MoEngageClient, clock: Clock
) -> None:
    moengage.call("start", {"ios.dismissal_date": NOW + 60})
    assert moengage.call("update").status_code == 200
    clock.advance(seconds=60)
    for verb in ("update", "end"):
        assert error(moengage.call(verb)) == forbidden("Dismissal date is already passed")


@pytest.mark.parametrize("verb", ["update", "end"])
def test_a_past_dismissal_date_acts_at_once_unless_the_setting_refuses_it(
    moengage: MoEngageClient, running: RunningSandbox, api: Api, verb: str
) -> None:
    moengage.call("start")
    past = {"ios.dismissal_date": NOW - 1}
    running.sandbox.change_settings(moengage_past_dismissal=True)
    assert error(moengage.call(verb, past)) == forbidden("Dismissal date is already passed")
    running.sandbox.change_settings(moengage_past_dismissal=False)
    assert moengage.call(verb, past).status_code == 200
    assert api.phone("ada", "match-7")["status"] == "dismissed"


def test_instances_are_limited(moengage: MoEngageClient, running: RunningSandbox) -> None:
    running.sandbox.change_settings(moengage_max_instances=1)
    moengage.call("start")
    assert error(moengage.call("start")) == forbidden("Max Instances Limit Reached")


@pytest.mark.parametrize("verb", VERBS)
def test_a_payload_above_5120_bytes_is_a_413(moengage: MoEngageClient, verb: str) -> None:
    too_large = moengage.call(verb, {"ios.content_state": {"text": "x" * 5120}})
    message = "Payload size exceeded for IOS. Max size is 5120 bytes"
    assert error(too_large) == (413, "PayloadSizeError", message)


def test_five_starts_a_minute_in_the_workspace(
    moengage: MoEngageClient, running: RunningSandbox, clock: Clock
) -> None:
    answers = []
    for number in range(6):
        running.sandbox.put_campaign(f"m{number}", ["ada"])
        changes = {"broadcast_live_activity_id": f"m{number}"}
        headers = {"X-Broadcast-Live-Activity-Id": f"m{number}"}
        answers.append(moengage.call("start", changes, headers=headers))
        clock.advance(seconds=1)
    assert [answer.status_code for answer in answers] == [200] * 5 + [429]
    assert answers[-1].json() == []
    names = ("x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset")
    assert [answers[-1].headers[name] for name in names] == ["5", "0", str(NOW + 60)]
    clock.advance(seconds=54)  # the first start is a minute old
    assert moengage.call("start").status_code == 200
    assert moengage.call("start").status_code == 429


def test_five_updates_and_ends_a_minute_for_one_activity(moengage: MoEngageClient, clock: Clock) -> None:
    moengage.call("start")
    statuses = [moengage.call("update").status_code for _ in range(6)]
    assert statuses == [200] * 5 + [429]
    assert moengage.call("end").status_code == 429
    clock.advance(seconds=60)
    assert moengage.call("end").status_code == 200


def test_updates_and_ends_a_minute_in_the_workspace(
    moengage: MoEngageClient, running: RunningSandbox
) -> None:
    running.sandbox.change_settings(moengage_pushes_per_minute=1)
    moengage.call("start")
    first = moengage.call("update")
    assert (first.headers["x-ratelimit-limit"], first.headers["x-ratelimit-remaining"]) == ("1", "0")
    assert moengage.call("end").status_code == 429


def test_the_limits_can_be_switched_off(moengage: MoEngageClient, running: RunningSandbox) -> None:
    running.sandbox.change_settings(moengage_limits_on=False)
    moengage.call("start")
    assert {moengage.call("update").status_code for _ in range(20)} == {200}


def test_other_paths_do_not_exist(moengage: MoEngageClient) -> None:
    assert moengage.get("/v1.0/live-activity/broadcast/start").status_code == 404
    assert moengage.post("/v1.0/live-activity/broadcast/stop", json={}).status_code == 404

"""Responses of MoEngage: the error that each one becomes, and its advice."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_liveactivity.errors import (
    AuthenticationFailed,
    InvalidPayload,
    LiveActivityError,
    PayloadTooLarge,
    PermissionDenied,
)
from airflow_provider_liveactivity.models.moengage import EndBroadcast, StartBroadcast, UpdateBroadcast, flat
from airflow_provider_liveactivity.vendors.base import Request, RetrySafety
from tests.support.scripted_vendor import (
    BROADCAST,
    BROADCAST_REQUEST,
    DUPLICATE,
    KEY,
    MOENGAGE,
    PUSH,
    PUSH_REQUEST,
    Reply,
    ScriptedVendor,
)


def envelope(message: str, **more: Any) -> dict[str, Any]:
    return {"error": {"code": "Some", "message": message, **more}}


DETAIL = {
    "code": "extra_forbidden",
    "target": "ios.alert.metrics",
    "message": "Extra inputs are not permitted",
}


@pytest.mark.parametrize(
    ("status", "body", "kind", "advice"),
    [
        (
            400,
            envelope("Mandatory fields are missing", details=[DETAIL]),
            InvalidPayload,
            "(ios.alert.metrics: Extra",
        ),
        (
            400,
            envelope("Mandatory fields are missing", details=DETAIL),
            InvalidPayload,
            "(ios.alert.metrics: Extra",
        ),
        (400, envelope("Mandatory fields are missing"), InvalidPayload, "does not accept the request."),
        (400, "what?", InvalidPayload, "does not accept the request."),
        (401, envelope("Invalid App Key"), AuthenticationFailed, "login is the workspace ID"),
        (401, envelope("Invalid Data Key"), AuthenticationFailed, "the key of the Push tile (whatever"),
        (
            401,
            {"status": "fail", "error": {"message": "x", "type": "y"}},
            AuthenticationFailed,
            "data center",
        ),
        (403, envelope("Campaign not found for match-1"), InvalidPayload, "BROADCAST_LIVE_ACTIVITY"),
        (
            403,
            envelope("Only IOS token auth is allowed, please upload .p8 file"),
            PermissionDenied,
            "upload it in the dashboard",
        ),
        (403, DUPLICATE, InvalidPayload, "leave instance_id out"),
        (403, envelope("Max Instances Limit Reached"), PermissionDenied, "limit of instances"),
        (403, envelope("Invalid Action"), InvalidPayload, "not started, or has already ended"),
        (403, envelope("Dismissal date is already passed"), InvalidPayload, "dismissal date is in the past"),
        (403, envelope("Something new"), PermissionDenied, "may not be enabled for the workspace"),
        (403, "", PermissionDenied, "may not be enabled for the workspace"),
        (401, "", AuthenticationFailed, "IP allow-list"),
        (403, "", PermissionDenied, "IP allow-list"),
        (404, "", InvalidPayload, "data center and host"),
        (
            413,
            envelope("Payload size exceeded for IOS. Max size is 5120 bytes"),
            PayloadTooLarge,
            "5,120 bytes",
        ),
        (415, "", LiveActivityError, "does not document"),
    ],
)
def test_every_documented_refusal_says_what_to_change(
    status: int, body: Any, kind: type[LiveActivityError], advice: str
) -> None:
    error = ScriptedVendor(Reply(status, body)).error(PUSH_REQUEST)
    assert type(error) is kind
    assert advice in error.message
    assert error.message.endswith(".")
    assert not error.retryable
    assert (error.vendor, error.endpoint, error.status) == (
        "moengage",
        "/v1.0/live-activity/broadcast/update",
        status,
    )


@pytest.mark.parametrize(("request_", "names"), [(BROADCAST_REQUEST, True), (PUSH_REQUEST, False)])
def test_what_to_shorten_is_what_the_request_has(request_: Request, names: bool) -> None:
    error = ScriptedVendor(Reply(413, "")).error(request_)
    assert isinstance(error, PayloadTooLarge)
    assert ("attribute_info, content_state or alert" in error.message) is names


@pytest.mark.parametrize(
    "body", [{"error": "plain"}, {"error": None}, [], "", "<html>", {"error": {"message": None}}]
)
@pytest.mark.parametrize("status", [400, 401, 403])
def test_an_envelope_of_another_form_is_still_an_error_with_advice(status: int, body: Any) -> None:
    assert ScriptedVendor(Reply(status, body)).error(PUSH_REQUEST).message


def test_the_instance_id_is_what_makes_a_start_repeatable() -> None:
    named = MOENGAGE.start(StartBroadcast.build(**flat(**BROADCAST, instance_id="i")))
    nameless = MOENGAGE.start(StartBroadcast.build(**flat(**BROADCAST)))
    assert (named.retry_safety, nameless.retry_safety) == (
        RetrySafety.IDEMPOTENT_WITH_KEY,
        RetrySafety.NOT_IDEMPOTENT,
    )


def test_an_update_and_an_end_may_be_repeated_without_an_instance_id() -> None:
    update = MOENGAGE.update(UpdateBroadcast.build(**flat(**PUSH)))
    end = MOENGAGE.end(EndBroadcast.build(**flat(**PUSH)))
    assert update.retry_safety is end.retry_safety is RetrySafety.IDEMPOTENT


def test_update_and_end_name_the_activity_in_a_header_and_a_start_does_not() -> None:
    end = MOENGAGE.end(EndBroadcast.build(**flat(**PUSH)))
    name = "X-Broadcast-Live-Activity-Id"
    assert (PUSH_REQUEST.headers[name], end.headers[name]) == ("match-1", "match-1")
    assert name not in BROADCAST_REQUEST.headers


def test_the_encoded_key_is_a_secret_too() -> None:
    basic = PUSH_REQUEST.headers["Authorization"].removeprefix("Basic ")
    assert set(MOENGAGE.secrets()) == {KEY, basic}

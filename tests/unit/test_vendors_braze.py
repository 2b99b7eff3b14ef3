"""Responses of Braze: the error that each one becomes, and its advice."""

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
from airflow_provider_liveactivity.models.braze import StartContent, StartLiveActivity, UpdateLiveActivity
from airflow_provider_liveactivity.vendors.base import Request, RetrySafety
from tests.support.scripted_vendor import (
    BRAZE,
    START,
    START_REQUEST,
    UPDATE,
    UPDATE_REQUEST,
    Reply,
    ScriptedVendor,
)

SEGMENTS_REQUEST = BRAZE.segments(3)
NOT_JSON = "\nProblem:\n  message body does not match\n  declared format\nResolution:\n  …"


@pytest.mark.parametrize(
    ("request_", "permission"),
    [
        (START_REQUEST, "messages.live_activity.start"),
        (UPDATE_REQUEST, "messages.live_activity.update"),
        (SEGMENTS_REQUEST, "segments.list"),
    ],
)
@pytest.mark.parametrize(("status", "kind"), [(401, AuthenticationFailed), (403, PermissionDenied)])
def test_the_error_of_a_refused_key_names_the_permission_it_needs(
    request_: Request, permission: str, status: int, kind: type[LiveActivityError]
) -> None:
    error = ScriptedVendor(Reply(status, {"message": "Access Denied"})).error(request_)
    assert type(error) is kind
    assert f"the permission {permission}" in error.message


@pytest.mark.parametrize(
    ("status", "body", "kind", "advice"),
    [
        (400, {"message": "Bad Request"}, InvalidPayload, "the response says why"),
        (400, {"message": "No Recipients"}, InvalidPayload, "the request had no recipients"),
        (400, {"error": NOT_JSON}, InvalidPayload, "could not read the JSON"),
        (
            400,
            {"message": "Error while parsing request body. Please check your syntax."},
            InvalidPayload,
            "no proxy or gateway changes it",
        ),
        (401, {"message": "Invalid API key"}, AuthenticationFailed, "IP allow-list"),
        (403, {"message": "Access Denied"}, PermissionDenied, "IP allow-list"),
        (400, {"message": "No message to send"}, InvalidPayload, "had no content"),
        (400, {"message": "Apple Push Length Exceeded"}, InvalidPayload, "1,912 bytes"),
        (
            400,
            {"message": "Invalid Extra Push Payload"},
            InvalidPayload,
            "notification.extra must be an object",
        ),
        (
            400,
            {"message": "The max number of external_ids and aliases per request was exceeded"},
            InvalidPayload,
            "more than 50 recipients",
        ),
        (
            400,
            {"message": "Bad", "errors": [{"id": "x", "message": "y"}]},
            InvalidPayload,
            "the response says",
        ),
        (400, ["what?"], InvalidPayload, "the response says why"),
        (400, "what?", InvalidPayload, "the response says why"),
        (
            401,
            {"message": "Unauthorized"},
            AuthenticationFailed,
            "its host is the workspace's own REST endpoint",
        ),
        (403, {"message": "Forbidden"}, PermissionDenied, "create a new key"),
        (404, {"message": "Invalid URL"}, InvalidPayload, "host is a REST endpoint"),
        (413, "", PayloadTooLarge, "4 MB"),
        (415, {"message": "Unsupported Media Type"}, InvalidPayload, "JSON content type"),
        (418, {}, LiveActivityError, "does not document"),
    ],
)
def test_every_documented_refusal_says_what_to_change(
    status: int, body: Any, kind: type[LiveActivityError], advice: str
) -> None:
    error = ScriptedVendor(Reply(status, body, {"X-Request-Id": "req-1"})).error(START_REQUEST)
    assert type(error) is kind
    assert advice in error.message
    assert error.message.endswith(".")
    assert not error.retryable
    assert (error.vendor, error.endpoint, error.status, error.request_id) == (
        "braze",
        "/messages/live_activity/start",
        status,
        "req-1",
    )


def test_the_vendors_own_words_come_with_the_error_but_not_all_of_them() -> None:
    error = ScriptedVendor(Reply(400, {"message": "Bad Request " + "x" * 5000})).error(START_REQUEST)
    assert ": {" in str(error)
    assert "Bad Request" in str(error)
    assert len(error.body_excerpt or "") == 300


@pytest.mark.parametrize(
    ("made", "verb", "retry_safety", "people"),
    [
        (START_REQUEST, "start", RetrySafety.NOT_IDEMPOTENT, 2),
        (
            BRAZE.start(StartLiveActivity.build(**START, segment_id="s")),
            "start",
            RetrySafety.NOT_IDEMPOTENT,
            1,
        ),
        (
            BRAZE.starts(StartContent.build(**START)).request(["a"], [("n", "l")]),
            "start",
            RetrySafety.NOT_IDEMPOTENT,
            2,
        ),
        (UPDATE_REQUEST, "update", RetrySafety.IDEMPOTENT, 1),
        (
            BRAZE.update(UpdateLiveActivity.build(**UPDATE, end_activity=True)),
            "end",
            RetrySafety.IDEMPOTENT,
            1,
        ),
        (SEGMENTS_REQUEST, "segments", RetrySafety.IDEMPOTENT, 1),
    ],
)
def test_only_a_start_may_never_be_sent_twice(
    made: Request, verb: str, retry_safety: RetrySafety, people: int
) -> None:
    assert (made.verb, made.retry_safety, made.recipients) == (verb, retry_safety, people)


def test_segments_are_read_page_by_page() -> None:
    vendor = ScriptedVendor(Reply(200, {"segments": []}))
    vendor.send(SEGMENTS_REQUEST)
    (wire,) = vendor.requests
    assert (wire.method, wire.url.path, wire.url.params["page"], wire.content) == (
        "GET",
        "/segments/list",
        "3",
        b"",
    )


def test_a_request_shows_neither_its_headers_nor_its_people() -> None:
    assert "k3y" not in repr(START_REQUEST)
    assert "ada" not in repr(START_REQUEST)

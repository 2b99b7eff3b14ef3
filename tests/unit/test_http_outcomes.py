"""The outcome of a request, and whether it is sent again, for each kind of request and event."""

from __future__ import annotations

from collections.abc import Mapping

import httpx
import pytest

from airflow_provider_liveactivity.errors import (
    InvalidConnection,
    InvalidPayload,
    LiveActivityError,
    OutcomeUnknown,
    VendorUnavailable,
)
from airflow_provider_liveactivity.vendors.base import Request
from tests.support.scripted_vendor import (
    BROADCAST_REQUEST,
    DUPLICATE,
    PUSH_REQUEST,
    START_REQUEST,
    UPDATE_REQUEST,
    Reply,
    ScriptedVendor,
)

OK = Reply(201, {"message": "success"})
PAGE = "<html><body>Sign in</body></html>"
HTML = {"Content-Type": "text/html; charset=utf-8"}

NOT_SENT = {
    "refused": httpx.ConnectError("refused"),
    "no such host": httpx.ConnectError("[Errno -2] Name or service not known"),
    "connect time-out": httpx.ConnectTimeout("t"),
    "pool time-out": httpx.PoolTimeout("t"),
    "proxy refuses": httpx.ProxyError("407"),
    "502": Reply(502),
    "502 of a proxy": Reply(502, PAGE, HTML),
}
UNKNOWN = {
    "reset while reading": httpx.ReadError("reset"),
    "reset while writing": httpx.WriteError("reset"),
    "read time-out": httpx.ReadTimeout("t"),
    "write time-out": httpx.WriteTimeout("t"),
    "dropped": httpx.RemoteProtocolError("Server disconnected without sending a response."),
    "garbage": httpx.RemoteProtocolError("illegal status line"),
    "500": Reply(500),
    "503": Reply(503),
    "504": Reply(504),
    "599": Reply(599),
    "503 of a proxy": Reply(503, PAGE, HTML),
    "200 of a proxy": Reply(200, PAGE, HTML),
}
REJECTED = {str(status): Reply(status) for status in (400, 401, 403, 404, 413, 415, 418)}

ALL = {
    "Braze start": START_REQUEST,
    "Braze update": UPDATE_REQUEST,
    "MoEngage start": BROADCAST_REQUEST,
    "MoEngage update": PUSH_REQUEST,
}
IDEMPOTENT = {name: request for name, request in ALL.items() if name != "Braze start"}
Event = Reply | httpx.TransportError


def cases(things: Mapping[str, object], name: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(name, list(things.values()), ids=list(things))


@cases(ALL, "request_")
@pytest.mark.parametrize("status", [200, 201, 202])
def test_any_2xx_is_accepted(request_: Request, status: int) -> None:
    vendor = ScriptedVendor(Reply(status, {"message": "queued"}))
    sent = vendor.send(request_)
    assert (sent.attempts, sent.accepted().status, sent.sent_at) == (1, status, vendor.clock())


@cases(ALL, "request_")
@cases(NOT_SENT, "event")
def test_a_request_that_was_not_sent_is_sent_again(request_: Request, event: Event) -> None:
    vendor = ScriptedVendor(event, event, OK)
    assert vendor.send(request_).attempts == len(vendor.requests) == 3


@cases(IDEMPOTENT, "request_")
@cases(UNKNOWN, "event")
def test_an_idempotent_request_with_unknown_outcome_is_sent_again(request_: Request, event: Event) -> None:
    vendor = ScriptedVendor(event, event, OK)
    assert vendor.send(request_).attempts == len(vendor.requests) == 3


@cases(UNKNOWN, "event")
def test_a_start_without_a_key_and_with_unknown_outcome_is_not_sent_again(event: Event) -> None:
    vendor = ScriptedVendor(event, OK)
    error = vendor.error(START_REQUEST)
    assert isinstance(error, OutcomeUnknown)
    assert (len(vendor.requests), vendor.clock.slept) == (1, [])


def test_an_unknown_outcome_after_safe_attempts_still_ends_a_start() -> None:
    vendor = ScriptedVendor(Reply(502), httpx.ReadTimeout("t"), OK)
    assert isinstance(vendor.error(START_REQUEST), OutcomeUnknown)
    assert len(vendor.requests) == 2


@cases(ALL, "request_")
@cases(REJECTED, "event")
def test_a_rejection_is_final(request_: Request, event: Reply) -> None:
    vendor = ScriptedVendor(event, OK)
    error = vendor.error(request_)
    assert not error.retryable
    assert (error.status, len(vendor.requests)) == (event.status, 1)
    assert vendor.clock.slept == []


@cases(ALL, "request_")
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(request_: Request, status: int) -> None:
    vendor = ScriptedVendor(Reply(status, PAGE, {"Location": "https://evil.example.com/", **HTML}))
    error = vendor.error(request_)
    assert isinstance(error, InvalidConnection)
    assert "redirect, which is not followed" in error.message
    assert [request.url.host for request in vendor.requests] == ["vendor.test"]


@cases({"MoEngage start": BROADCAST_REQUEST, "MoEngage update": PUSH_REQUEST}, "request_")
@cases(UNKNOWN, "event")
def test_a_duplicate_after_an_unknown_outcome_means_accepted(request_: Request, event: Event) -> None:
    vendor = ScriptedVendor(event, Reply(403, DUPLICATE))
    assert vendor.send(request_).attempts == 2


@cases({"MoEngage start": BROADCAST_REQUEST, "MoEngage update": PUSH_REQUEST}, "request_")
def test_an_unknown_outcome_is_remembered_over_safe_attempts(request_: Request) -> None:
    vendor = ScriptedVendor(httpx.ReadTimeout("t"), Reply(502), Reply(429), Reply(403, DUPLICATE))
    assert vendor.send(request_).attempts == 4


@cases(NOT_SENT, "event")
def test_a_duplicate_without_an_unknown_outcome_is_an_error(event: Event) -> None:
    error = ScriptedVendor(event, Reply(403, DUPLICATE)).error(BROADCAST_REQUEST)
    assert isinstance(error, InvalidPayload)
    assert "instance_id was used before" in error.message


def test_a_duplicate_of_an_earlier_process_means_accepted() -> None:
    assert (
        ScriptedVendor(Reply(403, DUPLICATE)).send(BROADCAST_REQUEST, possibly_sent_before=True).attempts == 1
    )


def test_another_403_after_an_unknown_outcome_does_not_mean_accepted() -> None:
    error = ScriptedVendor(Reply(503), Reply(403, {"error": {"message": "Invalid Action"}})).error(
        PUSH_REQUEST
    )
    assert isinstance(error, InvalidPayload)


@pytest.mark.parametrize(
    ("event", "kind", "words"),
    [
        (NOT_SENT["refused"], VendorUnavailable, "refuses connections or cannot be reached"),
        (NOT_SENT["502"], VendorUnavailable, "did not reach the vendor's servers"),
        (UNKNOWN["read time-out"], OutcomeUnknown, "did not answer within 30 seconds (read_timeout)"),
        (UNKNOWN["200 of a proxy"], OutcomeUnknown, "or a proxy, sent no usable response"),
    ],
)
def test_after_the_last_attempt_the_error_says_what_happened(
    event: Event, kind: type[LiveActivityError], words: str
) -> None:
    result = ScriptedVendor(event).result(UPDATE_REQUEST)
    error = result.error
    assert type(error) is kind
    assert words in error.message
    assert error.retryable
    assert (error.vendor, error.endpoint, result.attempts) == ("braze", "/messages/live_activity/update", 6)


@pytest.mark.parametrize(
    ("body", "warning"),
    [
        ({"message": "success"}, ""),
        ({"message": "success", "errors": []}, ""),
        ({"message": "success", "errors": ["no device for bob-7"]}, '["no device for ***"]'),
        ({"message": "success", "errors": [{"id": "minor"}]}, '[{"id": "minor"}]'),
        ('"errors" in no JSON', ""),
    ],
)
def test_a_minor_error_becomes_a_warning_without_external_ids(
    body: dict[str, object] | str, warning: str
) -> None:
    assert ScriptedVendor(Reply(201, body)).send(START_REQUEST).warning == warning

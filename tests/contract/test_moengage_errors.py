"""Every error on MoEngage's pages, by endpoint: the exception, its advice, whether Airflow retries."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import pytest

from airflow_provider_liveactivity.errors import (
    AuthenticationFailed,
    InvalidPayload,
    LiveActivityError,
    OutcomeUnknown,
    PayloadTooLarge,
    PermissionDenied,
    RateLimited,
    RecipientRejected,
    cause_of,
)
from airflow_provider_liveactivity.hooks._base import LiveActivityHook
from airflow_provider_liveactivity.operators import moengage as operators
from tests.support.moengage_error_server import (
    CREATE,
    LIVE,
    SEARCH,
    SEGMENTS,
    SEND,
    Pages,
    campaign,
    inform,
    live,
    segment,
    serving,
)
from tests.support.moengage_tasks import RETRY_AT_ONCE, Task, connect

VERBS = ("start", "update", "end")
each_verb = pytest.mark.parametrize("verb", VERBS)
MANY = [f"person-{number}" for number in range(1_001)]


class Case(NamedTuple):
    """An answer, and what becomes of it: an exception, a part of its text, and how the attempt ends."""

    status: int
    body: Any
    error: type[LiveActivityError]
    advice: str
    ended: str = "failed"


def each(cases: list[Case]) -> pytest.MarkDecorator:
    ids = [f"{case.status} {str(case.body)[:60]}" for case in cases]
    return pytest.mark.parametrize("case", cases, ids=ids)


@pytest.fixture
def pages(monkeypatch: pytest.MonkeyPatch) -> Iterator[Pages]:
    # What is tried again is tried at once, and three times in all.
    monkeypatch.setattr(LiveActivityHook, "default_retry", RETRY_AT_ONCE)
    with serving(Pages()) as pages:
        connect(monkeypatch, pages.url)
        yield pages


def broadcast(verb: str, **changes: Any) -> Task:
    kind = getattr(operators, f"MoEngage{verb.title()}BroadcastLiveActivityOperator")
    arguments: dict[str, Any] = {
        "broadcast_live_activity_id": "match-7",
        "content_state": {"home": 1},
        "alert": {"title": "Goal!", "body": "1 - 0"},
    }
    if verb == "start":
        arguments |= {"attribute_type": "MatchAttributes", "attribute_info": {}}
    return Task(kind(task_id=verb, **arguments, **changes))


def create(**audience: Any) -> Task:
    arguments: dict[str, Any] = {
        "name": "Match",
        "broadcast_live_activity_id": "match-7",
        "created_by": "ada@example.com",
        **(audience or {"all_users": True}),
    }
    return Task(operators.MoEngageCreateBroadcastCampaignOperator(task_id="create", **arguments))


def alert(verb: str) -> Task:
    kind = getattr(operators, f"MoEngage{verb.title()}LiveActivityOperator")
    return Task(
        kind(task_id=verb, activity_id="order", alert_id="a", content_state={}, external_user_ids=["person"])
    )


def check(task: Task, case: Case) -> None:
    before, outcome = datetime.now(UTC), task.run()
    if case.error is RateLimited:  # no page names the end of its window: a minute, once in an attempt
        assert outcome.ended == "deferred"
        assert outcome.until is not None
        assert before <= outcome.until - timedelta(minutes=1) <= datetime.now(UTC)
        task.operator.resumed = True
        outcome = task.run()
    assert outcome.ended == case.ended
    # Where a part may have been sent, the error says so, and names what stopped it.
    found = cause_of(outcome.cause)
    assert type(found) is case.error
    assert case.advice in str(outcome.error)
    assert "person" not in str(outcome.error)


METRICS = {
    "code": "extra_forbidden",
    "target": "ios.alert.metrics",
    "message": "Extra inputs are not permitted",
}
ALL_THREE: list[Case] = [
    Case(400, live("PayloadError", "Mandatory fields are missing or invalid", details=[METRICS]),
     InvalidPayload, "(ios.alert.metrics: Extra inputs are not permitted)"),
    Case(400, live("PayloadError", "Mandatory fields are missing or invalid", details=METRICS),
     InvalidPayload, "(ios.alert.metrics: Extra inputs are not permitted)"),
    Case(401, live("AuthError", "Invalid App Key"), AuthenticationFailed, "the workspace ID"),
    Case(401, live("AuthError", "Invalid Data Key"), AuthenticationFailed, "the key of the Push tile"),
    Case(401, live("AuthError", "Authorization header or X-MOE-APPKEY is missing"),
     AuthenticationFailed, "X-MOE-APPKEY is missing"),
    Case(403, live("OperationNotAllowed", "Campaign not found for match-7"),
     InvalidPayload, "BROADCAST_LIVE_ACTIVITY"),
    Case(403, live("OperationNotAllowed", "Only IOS token auth is allowed, please upload .p8 file"),
     PermissionDenied, "upload it in the dashboard"),
    Case(403, live("OperationNotAllowed", "Duplicate Request, please use different instance_id"),
     InvalidPayload, "leave instance_id out"),
    Case(403, live("OperationNotAllowed", "Max Instances Limit Reached"),
     PermissionDenied, "end some, or create another campaign"),
    Case(403, live("Forbidden", "as the oldest page has it: in prose alone"),
     PermissionDenied, "Live Activities may not be enabled"),
    Case(403, None, PermissionDenied, "Live Activities may not be enabled"),
    Case(409, live("Conflict", "only in the table for all of MoEngage"),
     LiveActivityError, "only in the table for all of MoEngage"),
    Case(413, live("PayloadSizeError", "Payload size exceeded for IOS. Max size is 5120 bytes"),
     PayloadTooLarge, "content_state or alert"),
    Case(429, [], RateLimited, "requests continue in its next quota window", "retry"),
    Case(429, None, RateLimited, "requests continue in its next quota window", "retry"),
    Case(500, live("ServerError", "Internal Server Error, something went wrong"),
     OutcomeUnknown, "sent no usable response", "retry"),
]  # fmt: skip


@each_verb
@each(ALL_THREE)
def test_refusals_of_all_three_broadcast_calls(pages: Pages, verb: str, case: Case) -> None:
    pages.answers[f"POST {LIVE}{verb}"] = case.status, case.body
    check(broadcast(verb), case)
    assert pages.asked.total() == {RateLimited: 6, OutcomeUnknown: 3}.get(case.error, 1)


@pytest.mark.parametrize("verb", ["update", "end"])
@each([
    Case(403, live("OperationNotAllowed", "Invalid Action"),
     InvalidPayload, "not started, or has already ended"),
    Case(403, live("OperationNotAllowed", "Dismissal date is already passed"),
     InvalidPayload, "send a later date, or none"),
])  # fmt: skip
def test_refusals_of_update_and_end(pages: Pages, verb: str, case: Case) -> None:
    pages.answers[f"POST {LIVE}{verb}"] = case.status, case.body
    check(broadcast(verb), case)


MANDATORY = {"target": "request_id", "message": "request_id key is mandatory field"}
SECRET = {
    "code": "InvalidValue",
    "target": "APP_SECRET_KEY",
    "message": "Invalid APP_SECRET_KEY is provided.",
}
NESTED = {**SECRET, "message": [SECRET]}
BREACHED = {"target": "rate_limit", "message": "Rate limiting breached"}
CAMPAIGNS: list[Case] = [
    Case(400, campaign("400 Bad Request", "request_id key is mandatory field", MANDATORY),
     InvalidPayload, "(request_id: request_id key is mandatory field)"),
    Case(401, campaign("401 Authentication error", "Authentication required", NESTED),
     AuthenticationFailed, "campaign_api_key"),
    Case(403, None, PermissionDenied, "whether this API is enabled"),
    Case(429, campaign("429 conflict", "rate_limit", BREACHED),
     RateLimited, "requests continue in its next quota window", "retry"),
    Case(500, campaign("500 Internal Server Error", "Something went wrong. Please contact Moengage team"),
     OutcomeUnknown, "sent no usable response", "retry"),
]  # fmt: skip


@each(CAMPAIGNS)
def test_refusals_of_a_campaign(pages: Pages, case: Case) -> None:
    pages.answers |= {f"POST {CREATE}": (case.status, case.body), f"POST {SEARCH}": (200, [])}
    check(create(), case)


@each(CAMPAIGNS)
def test_refusals_of_the_search_that_precedes_a_second_attempt(pages: Pages, case: Case) -> None:
    pages.answers[f"POST {SEARCH}"] = case.status, case.body
    task = create()
    task.try_number = 2
    check(task, case)
    assert not pages.asked[f"POST {CREATE}"]


SEGMENTS_BOTH: list[Case] = [
    Case(400, segment("Request Error", "MoEngage Client not found. Please check values for headers"),
     InvalidPayload, "is the workspace ID"),
    Case(401, segment("Authentication required", "APP_SECRET key mismatch. Please login to the dashboard"),
     AuthenticationFailed, "the key of the Data tile"),
    Case(401, segment("Authentication required", "Invalid APP_KEY used in Authentication Header"),
     AuthenticationFailed, "data_api_key"),
    Case(429, segment("Too Many Requests", "API rate limit breached. Current limit: 50/1 mins"),
     RateLimited, "requests continue in its next quota window", "retry"),
    Case(500, segment("Internal Server Error", "An unexpected error was encountered"),
     OutcomeUnknown, "sent no usable response", "retry"),
]  # fmt: skip


@each([
    *SEGMENTS_BOTH,
    Case(400, segment("Invalid request", "Invalid request format."), InvalidPayload, "request format"),
    Case(413, segment("Query length limit exceeded", "The query is too large to execute."),
     PayloadTooLarge, "file segment"),
    Case(429, segment("Too Many Requests", "Total active segments limit breached.", limit=1_000),
     RateLimited, "archive some", "retry"),
])  # fmt: skip
def test_refusals_of_a_segment(pages: Pages, case: Case) -> None:
    pages.answers |= {f"POST {SEGMENTS}": (case.status, case.body), f"POST {SEARCH}": (200, [])}
    check(create(external_user_ids=MANY), case)
    assert not pages.asked[f"POST {CREATE}"]


TAKEN = segment("Resource not created", "Another custom-segment already exists with the same name: x.")


@each(SEGMENTS_BOTH)
def test_refusals_of_the_list_of_segments(pages: Pages, case: Case) -> None:
    pages.answers |= {f"POST {SEGMENTS}": (409, TAKEN), f"GET {SEGMENTS}": (case.status, case.body)}
    pages.answers[f"POST {SEARCH}"] = 200, []
    check(create(external_user_ids=MANY), case)
    assert not pages.asked[f"POST {CREATE}"]


def test_a_segment_that_exists_and_is_not_listed_fails_for_good(pages: Pages) -> None:
    pages.answers |= {f"POST {SEGMENTS}": (409, TAKEN), f"GET {SEGMENTS}": (200, {"data": []})}
    check(create(external_user_ids=MANY), Case(409, TAKEN, LiveActivityError, "does not list it"))


def test_a_segment_with_the_same_filters_is_taken(pages: Pages) -> None:
    same = segment("Resource not created", "already exists", existing_cs_name="x", existing_cs_id="s-1")
    pages.answers |= {f"POST {SEGMENTS}": (409, same), f"POST {CREATE}": (201, {"campaign_id": "camp_1"})}
    report = create(external_user_ids=MANY).run().report
    assert report is not None
    assert (report["segment_id"], report["campaign_id"]) == ("s-1", "camp_1")


INFORM: list[Case] = [
    Case(400, inform(120002, "BAD_REQUEST", "Invalid Alert ID"), InvalidPayload, "check alert_id"),
    Case(400, inform(120003, "BAD_REQUEST", "Missing Transaction ID"),
     InvalidPayload, "a missing transaction_id"),
    Case(400, inform(120004, "BAD_REQUEST", "Transaction ID too long"), InvalidPayload, "too long"),
    Case(400, inform(120006, "BAD_REQUEST", "Invalid payload"), InvalidPayload, "the alert's template"),
    Case(400, inform(120007, "BAD_REQUEST", "Attribute length"), InvalidPayload, "more than 1,500"),
    Case(400, inform(120012, "BAD_REQUEST", "Invalid Recipient"),
     RecipientRejected, "as the second column of sql"),
    Case(401, inform(120001, "UNAUTHORIZED", "Invalid App Key or Basic Auth"),
     AuthenticationFailed, "the key of the Inform tile"),
    Case(429, inform(140110, "Rate Limit", "Too many requests"),
     RateLimited, "requests continue in its next quota window", "retry"),
]  # fmt: skip


@each_verb
@each(INFORM)
def test_refusals_of_an_alert(pages: Pages, verb: str, case: Case) -> None:
    pages.answers[f"POST {SEND}"] = case.status, case.body
    check(alert(verb), case)


ERROR = inform(140109, "Internal Server Error", "Unexpected error occurred")


@pytest.mark.parametrize("verb", ["update", "end"])
def test_a_server_error_of_an_alert_is_retried_unless_it_starts(pages: Pages, verb: str) -> None:
    pages.answers[f"POST {SEND}"] = 500, ERROR
    check(alert(verb), Case(500, ERROR, OutcomeUnknown, "sent no usable response", "retry"))
    assert pages.asked.total() == 3


def test_a_server_error_of_a_starting_alert_is_counted_as_unknown_and_not_retried(pages: Pages) -> None:
    pages.answers[f"POST {SEND}"] = 500, ERROR
    outcome = alert("start").run()
    assert outcome.ended == "success"
    assert outcome.report is not None
    assert (outcome.report["accepted"], outcome.report["unknown"], pages.asked.total()) == (0, 1, 1)


DUPLICATE = inform(120105, "DUPLICATE_REQUEST_RECEIVED", "Duplicate Transaction ID")


def test_a_duplicate_of_a_starting_alert_means_that_the_user_has_the_activity(pages: Pages) -> None:
    pages.answers[f"POST {SEND}"] = 409, DUPLICATE
    report = alert("start").run().report
    assert report is not None
    assert report["accepted"] == 1


@pytest.mark.parametrize("verb", ["update", "end"])
def test_a_duplicate_of_another_alert_defers_for_five_minutes(pages: Pages, verb: str) -> None:
    pages.answers[f"POST {SEND}"] = 409, DUPLICATE
    before = datetime.now(UTC)
    outcome = alert(verb).run()
    assert outcome.ended == "deferred"
    assert outcome.until is not None
    assert before + timedelta(minutes=5) <= outcome.until <= datetime.now(UTC) + timedelta(minutes=5)

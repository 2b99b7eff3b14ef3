"""Requests for alerts, their transaction ids, and the meaning of each documented response."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_liveactivity.errors import (
    AuthenticationFailed,
    InvalidPayload,
    LiveActivityError,
    QuotaExhausted,
    RecipientRejected,
)
from airflow_provider_liveactivity.hooks.moengage import MoEngageHook
from airflow_provider_liveactivity.http.redaction import redact
from airflow_provider_liveactivity.models.moengage_inform import LaType, UserActivity
from airflow_provider_liveactivity.vendors.base import Response, RetrySafety
from airflow_provider_liveactivity.vendors.moengage_campaign import user_ids
from airflow_provider_liveactivity.vendors.moengage_inform import Inform

GOLDEN = Path(__file__).parents[1] / "golden" / "moengage_apis"
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
DISMISSAL = datetime.fromtimestamp(1795309200, UTC)


def golden(name: str) -> Any:
    return json.loads((GOLDEN / f"inform_{name}.json").read_text())["body"]


def vendor(la_type: LaType = "start", key: str = "inform-key") -> Inform:
    return Inform("ws", key, la_type, clock=lambda: NOW)


def activity(**changes: Any) -> UserActivity:
    fields: dict[str, Any] = {
        "la_type": "start",
        "activity_id": "order",
        "alert_id": "696737255def18872642f9d2",
        "content_state": {"delivery_status": "Out for delivery", "eta_minutes": 12},
    }
    return UserActivity.build(now=NOW, **fields | changes)


def refusal(
    la_type: LaType, status: int, code: Any, message: str = "", inform: Inform | None = None
) -> LiveActivityError:
    inform = inform or vendor(la_type)
    request = inform.alerts(activity(la_type=la_type))("ada", None)
    body = {"message": message, "err_code": "X", "status_code": code}
    return inform.to_error(request, Response(status, {}, json.dumps(body)))


def test_a_start_is_written_as_the_page_has_it() -> None:
    content = activity(
        alert_reference_name="Live Activity Only Test",
        attribute_info={"order_id": "ORD_554433"},
        stale_date=datetime.fromtimestamp(1795299000, UTC),
        dismissal_date=DISMISSAL,
    )
    request = vendor().alerts(content)("USER_ID", "<push-token>")
    assert (request.method, request.path, request.recipients) == ("POST", "/v1.0/alerts/send", 1)
    body, expected = json.loads(request.body), golden("start")
    expected["transaction_id"] = vendor().transaction_id("order", "USER_ID")
    assert body == expected
    assert request.headers["MOE-APPKEY"] == "ws"
    assert "X-MOE-APPKEY" not in request.headers
    assert request.retry_safety is RetrySafety.NOT_IDEMPOTENT


def test_an_update_is_written_as_the_page_has_it() -> None:
    content = activity(
        la_type="update",
        content_state={"status": "Ready for pickup", "etaMinutes": 0},
        dismissal_date=DISMISSAL,
    )
    request = vendor("update").alerts(content)("USER_12345", "<push-token>")
    expected = golden("update") | {"transaction_id": vendor().transaction_id("order", "USER_12345")}
    assert json.loads(request.body) == expected
    assert request.retry_safety is RetrySafety.IDEMPOTENT


def test_without_a_push_token_there_is_no_recipient() -> None:
    body = json.loads(vendor().alerts(activity())("ada", None).body)
    assert "recipient" not in body["payloads"]["PUSH"]


def test_a_transaction_id_is_the_same_for_all_verbs_and_short() -> None:
    ids = {vendor(la_type).transaction_id("order", "ada") for la_type in ("start", "update", "end")}
    assert len(ids) == 1
    assert len(ids.pop()) == 40
    longest = vendor().transaction_id("a" * 1000, "ü" * 1000)
    assert len(longest) == 40


def test_a_transaction_id_differs_by_user_activity_and_key() -> None:
    others = {
        vendor().transaction_id("order", "ada"),
        vendor().transaction_id("order", "bob"),
        vendor().transaction_id("other", "ada"),
        vendor().transaction_id("ordera", "da"),  # nothing runs together
        vendor(key="another").transaction_id("order", "ada"),
    }
    assert len(others) == 5


def test_a_transaction_id_cannot_be_found_by_trying_all_users() -> None:
    transaction_id = vendor().transaction_id("order", "ada")
    for guess in ("ada", "orderada", "order\0ada", "live activity\0order\0ada"):
        for kind in ("sha256", "sha1", "md5", "blake2b"):
            assert not hashlib.new(kind, guess.encode()).hexdigest().startswith(transaction_id[:16])


@pytest.mark.parametrize(
    ("status", "code", "error", "words"),
    [
        (400, 120002, InvalidPayload, "alert_id"),
        (400, 120003, InvalidPayload, "transaction_id"),
        (400, 120004, InvalidPayload, "too long"),
        (400, 120006, InvalidPayload, "template"),
        (400, 120007, InvalidPayload, "1,500"),
        (400, 120012, RecipientRejected, "second column"),
        (400, 129999, InvalidPayload, "what it said"),
        (401, 120001, AuthenticationFailed, "Inform tile"),
    ],
)
@pytest.mark.parametrize("la_type", ["start", "update", "end"])
def test_each_documented_error_says_what_to_change(
    la_type: LaType, status: int, code: int, error: type[LiveActivityError], words: str
) -> None:
    found = refusal(la_type, status, code, "what it said")
    assert type(found) is error
    assert words in str(found)
    assert not found.retryable


@pytest.mark.parametrize(
    ("code", "kind", "words"),
    [
        ("120012", RecipientRejected, "second column"),
        ("120007", InvalidPayload, "1,500"),
        (" 120002 ", InvalidPayload, "not a test alert"),
        ("E-7", InvalidPayload, "does not accept the request"),
        (None, InvalidPayload, "does not accept the request"),
        ([120012], InvalidPayload, "does not accept the request"),
        ({"code": 120012}, InvalidPayload, "does not accept the request"),
    ],
)
def test_the_number_of_an_error_may_be_text_or_anything(
    code: Any, kind: type[LiveActivityError], words: str
) -> None:
    found = refusal("start", 400, code)
    assert type(found) is kind
    assert words in found.message


@pytest.mark.parametrize(
    ("host", "words"),
    [
        ("https://sandbox-api-01.moengage.com", "accepts only the alert_id of a test alert"),
        ("https://api-01.moengage.com", "that it is not a test alert"),
    ],
)
def test_on_moengage_s_sandbox_host_an_unknown_alert_means_the_opposite(
    monkeypatch: pytest.MonkeyPatch, host: str, words: str
) -> None:
    connection = {"conn_type": "moengage", "host": host, "login": "ws", "extra": {"inform_api_key": "k3y"}}
    monkeypatch.setenv("AIRFLOW_CONN_MOENGAGE_DEFAULT", json.dumps(connection))
    account = MoEngageHook().workspace_for(partial(Inform, la_type="start"), "inform_api_key")
    assert isinstance(account.vendor, Inform)
    assert words in refusal("start", 400, "120002", inform=account.vendor).message


@pytest.mark.parametrize("la_type", ["update", "end"])
def test_a_duplicate_of_an_update_is_over_in_five_minutes(la_type: LaType) -> None:
    found = refusal(la_type, 409, 120105)
    assert isinstance(found, QuotaExhausted)  # a RateLimited would be tried again in place
    assert found.reset_at == NOW + timedelta(minutes=5)


def test_only_a_duplicate_start_means_that_it_was_accepted() -> None:
    duplicate = Response(409, {}, "{}")
    assert vendor("start").is_duplicate(duplicate)
    assert not vendor("update").is_duplicate(duplicate)
    assert not vendor("end").is_duplicate(duplicate)


@pytest.mark.parametrize("la_type", ["update", "end"])
def test_static_attributes_belong_to_the_start(la_type: LaType) -> None:
    with pytest.raises(InvalidPayload, match="attribute_info"):
        activity(la_type=la_type, attribute_info={"order": 1})


@pytest.mark.parametrize(("characters", "fits"), [(1_500, True), (1_501, False)])
def test_attributes_have_a_length(characters: int, fits: bool) -> None:
    state = {"nested": {"text": "x" * characters}}
    if fits:
        activity(content_state=state)
    else:
        with pytest.raises(InvalidPayload, match=r"nested\.text"):
            activity(content_state=state)


def test_a_dismissal_date_must_lie_ahead() -> None:
    activity(dismissal_date=timedelta(seconds=1))
    with pytest.raises(InvalidPayload, match="in the past"):
        activity(dismissal_date=timedelta(0))


def test_an_answer_that_repeats_people_is_redacted() -> None:
    ids = vendor().alerts(activity())("ada-1", "token-2").ids
    text = redact('{"message": "no device of ada-1 for token-2"}', (), ids)
    assert text == '{"message": "no device of *** for ***"}'
    filters = {"filters": [{"name": "uid", "value": ["ada-1", "bob-2"]}]}
    campaign = {"segmentation_details": {"included_filters": filters}}
    assert redact("unknown: bob-2", (), user_ids(campaign)) == "unknown: ***"

"""Single users: a request each, none twice, five minutes apart, and every documented error."""

from __future__ import annotations

import base64
import json
import logging
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from airflow_provider_liveactivity.errors import (
    AuthenticationFailed,
    InvalidConnection,
    InvalidPayload,
    LiveActivityError,
    OutcomeUnknown,
    PayloadTooLarge,
    RateLimited,
    RecipientRejected,
    VendorUnavailable,
    cause_of,
)
from airflow_provider_liveactivity.hooks._moengage_users import MAX_PER_SECOND
from airflow_provider_liveactivity.hooks.moengage import MoEngageHook
from airflow_provider_liveactivity.operators._redacted_fields import Redacted
from airflow_provider_liveactivity.operators.moengage import (
    MoEngageEndLiveActivityOperator,
    MoEngageStartLiveActivityOperator,
    MoEngageUpdateLiveActivityOperator,
)
from airflow_provider_liveactivity.sandbox import RunningSandbox
from tests.support.airflow_versions import needs_state_store
from tests.support.moengage_tasks import Task, connect, hook, requests, running

__all__ = ["hook", "running"]

SEND = "/v1.0/alerts/send"
ORDER: dict[str, Any] = {
    "activity_id": "order-1042",
    "alert_id": "696737255def18872642f9d2",
    "content_state": {"status": "On its way", "eta": 12},
}
PEOPLE = ["ada", "bob", "eve"]
VERBS: dict[str, Any] = {
    "start": MoEngageStartLiveActivityOperator,
    "update": MoEngageUpdateLiveActivityOperator,
    "end": MoEngageEndLiveActivityOperator,
}


def task(verb: str, **changes: Any) -> Task:
    arguments = {**ORDER, "external_user_ids": PEOPLE, "max_workers": 2, **changes}
    return Task(VERBS[verb](task_id=verb, **arguments))


def phones(running: RunningSandbox) -> dict[str, dict[str, Any]]:
    found = httpx.get(f"{running.url}/sandbox/phones").json()["phones"]
    return {phone["user"]: phone for phone in found}


def five_minutes_later(running: RunningSandbox) -> None:
    now = running.sandbox.now
    running.sandbox.now = lambda: now() + timedelta(minutes=5)


def test_a_life_of_an_activity_for_each_user(running: RunningSandbox) -> None:
    outcome = task("start", attribute_info={"order": "1042"}).run()
    assert outcome.ended == "success", outcome.error
    assert outcome.report is not None
    counts = ("requests", "recipients", "accepted", "rejected", "unknown")
    assert [outcome.report[name] for name in counts] == [3, 3, 3, 0, 0]
    assert {phone["attributes"]["order"] for phone in phones(running).values()} == {"1042"}
    five_minutes_later(running)
    assert task("update", content_state={"status": "Here", "eta": 0}).run().ended == "success"
    five_minutes_later(running)
    assert task("end", content_state={"status": "Delivered", "eta": 0}).run().ended == "success"
    shown = phones(running)
    assert set(shown) == set(PEOPLE)
    assert {phone["status"] for phone in shown.values()} == {"ended"}
    assert {phone["updates"] for phone in shown.values()} == {1}
    assert {phone["content_state"]["status"] for phone in shown.values()} == {"Delivered"}


def test_the_dates_are_epoch_seconds(running: RunningSandbox) -> None:
    task("start", stale_date=timedelta(hours=1), dismissal_date="2099-01-01T00:00:00+01:00").run()
    attributes = requests(running)[0]["payloads"]["PUSH"]["personalized_attributes"]
    assert attributes["dismissal_date"] == "4070905200"
    assert attributes["stale_date"].isdecimal()
    assert {phone["stale_date"] is not None for phone in phones(running).values()} == {True}


def test_the_inform_key_goes_out_without_an_x_and_no_other_key_will_do(
    running: RunningSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(monkeypatch, running.url, password="")
    assert task("start").run().ended == "success"
    names = {name for record in running.sandbox.records for name, _ in record.headers}
    assert "moe-appkey" in names
    assert "x-moe-appkey" not in names
    connect(monkeypatch, running.url, extra={"inform_api_key": None})
    outcome = task("start").run()
    assert outcome.ended == "failed"
    assert isinstance(outcome.cause, InvalidConnection)
    assert "inform_api_key" in str(outcome.error)


def test_people_and_push_tokens_come_from_a_query(
    running: RunningSandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    running.sandbox.change_settings(moengage_recipient_required=True)
    database = tmp_path / "warehouse.db"
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("CREATE TABLE orders (customer TEXT, token TEXT)")
        connection.executemany(
            "INSERT INTO orders VALUES (?, ?)", [("ada", "t1"), ("bob", "t2"), ("bob", "t2")]
        )
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", json.dumps({"conn_type": "sqlite", "host": str(database)}))
    query = {"external_user_ids": None, "sql_conn_id": "warehouse"}
    outcome = task("start", sql="SELECT customer, token FROM orders", **query).run()
    assert outcome.ended == "success", outcome.error
    sent = {body["user_id"]: body["payloads"]["PUSH"]["recipient"] for body in requests(running)}
    assert sent == {"ada": "t1", "bob": "t2"}
    running.sandbox.reset()
    outcome = task("start", sql="SELECT customer FROM orders", **query).run()
    assert outcome.ended == "failed"
    assert isinstance(outcome.cause, RecipientRejected)


# Long enough not to stand in the encrypted checkpoint by chance.
TOKENS = {"ada-lovelace": "push-token-1", "bob-the-fan": "push-token-2"}


@pytest.mark.parametrize("given", [TOKENS, json.dumps(TOKENS)])
def test_push_tokens_may_come_with_a_list_of_users(running: RunningSandbox, given: Any) -> None:
    running.sandbox.change_settings(moengage_recipient_required=True)
    start = task("start", external_user_ids=given)
    start.operator.external_user_ids = Redacted.hide(given)
    outcome = start.run()
    assert outcome.ended == "success", outcome.error
    sent = {body["user_id"]: body["payloads"]["PUSH"]["recipient"] for body in requests(running)}
    assert sent == TOKENS
    shown = json.dumps(outcome.report) + json.dumps(start.store) + str(start.operator.external_user_ids)
    assert not any(secret in shown for secret in (*TOKENS, *TOKENS.values()))


@pytest.mark.parametrize("verb", ["update", "end"])
def test_what_comes_within_five_minutes_of_the_start_defers_and_then_arrives(
    running: RunningSandbox, verb: str
) -> None:
    task("start").run()
    change = task(verb, content_state={"status": "Soon", "eta": 3})
    outcome = change.run()
    assert outcome.ended == "deferred"
    assert outcome.until is not None
    assert 295 < (outcome.until - running.sandbox.now()).total_seconds() <= 300
    five_minutes_later(running)
    outcome = change.run()  # the same attempt goes on
    assert outcome.ended == "success", outcome.error
    assert outcome.report is not None
    assert outcome.report["accepted"] == 3
    assert {phone["content_state"]["eta"] for phone in phones(running).values()} == {3}


def test_where_moengage_counts_start_and_update_apart_nothing_waits(running: RunningSandbox) -> None:
    running.sandbox.change_settings(moengage_duplicates_by_type=True)
    assert task("start").run().ended == task("update").run().ended == task("end").run().ended == "success"


def test_a_second_start_is_no_second_card_and_counts_as_accepted(running: RunningSandbox) -> None:
    task("start").run()
    again = task("start")
    again.run_id = "another"
    outcome = again.run()
    assert outcome.ended == "success", outcome.error
    assert outcome.report is not None
    assert outcome.report["accepted"] == 3
    assert {phone["cards"] for phone in phones(running).values()} == {1}


@pytest.mark.parametrize("fault", ["drop_after", "500_after"])
def test_a_start_that_was_never_answered_is_skipped_and_counted(running: RunningSandbox, fault: str) -> None:
    running.sandbox.add_fault(fault, path=SEND, skip=1)
    outcome = task("start").run()
    assert outcome.ended == "success", outcome.error
    assert outcome.report is not None
    assert (outcome.report["accepted"], outcome.report["unknown"], outcome.report["requests"]) == (2, 1, 3)


def test_a_start_that_may_be_resent_within_five_minutes_makes_no_second_card(running: RunningSandbox) -> None:
    running.sandbox.add_fault("drop_after", path=SEND, skip=1)
    start = task("start", on_unknown="resend", max_workers=1)
    outcome = start.run()
    if outcome.ended == "retry":  # whether the same attempt resends is the engine's choice
        outcome = start.retry()
    assert outcome.ended == "success", outcome.error
    assert requests(running)[1] == requests(running)[2]
    assert {phone["cards"] for phone in phones(running).values()} == {1}
    assert set(phones(running)) == set(PEOPLE)


@needs_state_store
def test_a_retry_sends_to_no_recipient_twice(running: RunningSandbox) -> None:
    running.sandbox.add_fault("502", path=SEND, skip=2, times=None)
    start = task("start", max_workers=1)
    assert start.run().ended == "retry"
    running.sandbox.faults.clear()
    outcome = start.retry()
    assert outcome.ended == "success"
    assert outcome.report is not None
    assert outcome.report["accepted"] == 3
    carried_out = [record.content["user_id"] for record in running.sandbox.records if record.carried_out]
    assert carried_out == PEOPLE


def test_one_rejected_recipient_does_not_stop_the_others(running: RunningSandbox) -> None:
    running.sandbox.change_settings(moengage_invalid_recipients=["ada"])
    outcome = task("start").run()
    assert outcome.ended == "success", outcome.error
    assert outcome.report is not None
    assert (outcome.report["accepted"], outcome.report["rejected"]) == (2, 1)
    assert set(phones(running)) == {"bob", "eve"}


@needs_state_store
def test_bad_recipients_before_a_deferral_are_in_the_report_of_its_end(running: RunningSandbox) -> None:
    users = [f"user-{number:02}" for number in range(20)]
    running.sandbox.change_settings(moengage_invalid_recipients=[users[1], users[4], users[6]])
    running.sandbox.add_fault("429", path=SEND, skip=12, times=None, reset_in=3_000)
    start = task("start", external_user_ids=users, max_workers=1)
    assert start.run().ended == "deferred"
    running.sandbox.faults.clear()
    outcome = start.run()  # the same attempt goes on
    assert outcome.ended == "success", outcome.error
    assert outcome.report is not None
    counts = {name: outcome.report[name] for name in ("recipients", "accepted", "rejected", "unknown")}
    assert counts == {"recipients": 20, "accepted": 17, "rejected": 3, "unknown": 0}
    assert len(phones(running)) == 17


def test_ten_bad_recipients_in_a_row_stop_the_send(running: RunningSandbox) -> None:
    running.sandbox.change_settings(moengage_recipient_required=True)
    outcome = task("start", external_user_ids=[f"u{number}" for number in range(100)]).run()
    assert outcome.ended == "failed"
    assert isinstance(outcome.cause, RecipientRejected)
    assert "second column" in str(outcome.error)
    assert len(running.sandbox.records) <= 12


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize(
    ("settings", "changes", "error", "advice"),
    [
        ({"moengage_alerts": ["other"]}, {}, InvalidPayload, "alert_id"),
        ({"moengage_inform_key": "changed"}, {}, AuthenticationFailed, "Inform tile"),
        ({"moengage_workspace": "OTHER"}, {}, AuthenticationFailed, "workspace ID"),
    ],
    ids=["120002", "120001 key", "120001 workspace"],
)
def test_an_error_that_concerns_all_recipients_stops_after_one_request(
    running: RunningSandbox,
    verb: str,
    settings: dict[str, Any],
    changes: dict[str, Any],
    error: type[LiveActivityError],
    advice: str,
) -> None:
    running.sandbox.change_settings(**settings)
    outcome = task(verb, **changes).run()
    assert outcome.ended == "failed"
    assert isinstance(outcome.cause, error)
    assert advice in str(outcome.error)
    assert len(running.sandbox.records) == 1


@pytest.mark.parametrize(
    ("fault", "verb", "error", "ended"),
    [
        ("502", "start", VendorUnavailable, "retry"),
        ("500", "update", OutcomeUnknown, "retry"),
        ("500", "end", OutcomeUnknown, "retry"),
        ("html", "end", OutcomeUnknown, "retry"),
    ],
)
def test_failures_that_last(
    running: RunningSandbox, fault: str, verb: str, error: type[LiveActivityError], ended: str
) -> None:
    running.sandbox.add_fault(fault, path=SEND, times=None, reset_in=None)
    outcome = task(verb).run()
    assert outcome.ended == ended, outcome.error
    if outcome.error is not None:
        # Where a part may have been sent, the error says so, and names what stopped it.
        assert isinstance(cause_of(outcome.cause), error)


def test_an_update_is_repeated_after_a_500(running: RunningSandbox) -> None:
    running.sandbox.add_fault("500", path=SEND, times=2)
    outcome = task("update", external_user_ids=["ada"]).run()
    assert outcome.ended == "success"
    assert outcome.report is not None
    assert (outcome.report["accepted"], outcome.report["requests"], outcome.report["retries"]) == (1, 3, 2)


@pytest.mark.parametrize(
    ("verb", "changes", "error", "words"),
    [
        ("start", {"alert_id": None}, InvalidPayload, "alert_id or alert_reference_name is required"),
        ("start", {"activity_id": ""}, InvalidPayload, "activity_id"),
        ("start", {"external_user_ids": []}, InvalidPayload, "empty"),
        ("start", {"external_user_ids": {"ada": 7}}, InvalidPayload, "push tokens as text"),
        ("start", {"external_user_ids": "{'ada'"}, InvalidPayload, "not JSON"),
        ("start", {"max_audience": 2}, InvalidPayload, "max_audience"),
        ("start", {"content_state": "{'a': 1}"}, InvalidPayload, "not JSON"),
        ("start", {"content_state": {"text": "x" * 1501}}, InvalidPayload, "1,500"),
        ("start", {"personalized_attributes": {"name": "x" * 1501}}, InvalidPayload, "1,500"),
        ("start", {"content_state": {str(n): "x" * 1000 for n in range(5)}}, PayloadTooLarge, "4,096"),
        ("end", {"dismissal_date": timedelta(seconds=-1)}, InvalidPayload, "dismissal_date is in the past"),
        ("update", {"content_state_schema": {"required": ["goals"]}}, InvalidPayload, "goals"),
    ],
)
def test_bad_input_is_refused_before_anything_is_sent(
    running: RunningSandbox, verb: str, changes: dict[str, Any], error: type[LiveActivityError], words: str
) -> None:
    outcome = task(verb, **changes).run()
    assert outcome.ended == "failed"
    assert isinstance(outcome.cause, error)
    assert words in str(outcome.error)
    assert not running.sandbox.records


def test_the_alert_may_be_named_and_given_values(running: RunningSandbox) -> None:
    task(
        "start",
        alert_id=None,
        alert_reference_name="Live Activity Only Test",
        personalized_attributes='{"firstname": "Ada"}',
    ).run()
    body = requests(running)[0]
    assert body["alert_reference_name"] == "Live Activity Only Test"
    assert "alert_id" not in body
    assert body["payloads"]["PUSH"]["personalized_attributes"] == {"firstname": "Ada"}


def test_no_minute_has_more_requests_than_inform_takes() -> None:
    for verb in VERBS:
        assert task(verb).operator.max_requests_per_second * 60 <= 10_000
    assert MAX_PER_SECOND * 60 <= 10_000  # what a hook keeps to


def test_transaction_ids_are_stable_short_and_tell_nothing(running: RunningSandbox) -> None:
    task("start").run()
    five_minutes_later(running)
    task("end").run()
    ids: dict[str, set[str]] = {}
    for body in requests(running):
        ids.setdefault(body["user_id"], set()).add(body["transaction_id"])
    assert all(len(found) == 1 for found in ids.values())
    every = [one for found in ids.values() for one in found]
    assert len(set(every)) == len(PEOPLE)
    assert all(len(one) <= 50 for one in every)


def test_recipients_and_keys_show_nowhere(running: RunningSandbox, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    people = ["very-secret-person", "another-secret-person"]
    start = task("start", external_user_ids=people)
    start.operator.external_user_ids = Redacted.hide(start.operator.external_user_ids)
    running.sandbox.change_settings(moengage_invalid_recipients=["very-secret-person"])
    outcome = start.run()
    running.sandbox.change_settings(moengage_alerts=["other"])
    failed = task("update", external_user_ids=people).run()
    shown = json.dumps(outcome.report) + caplog.text + json.dumps(start.store) + str(failed.error)
    basic = base64.b64encode(b"SANDBOX:sandbox-inform-key").decode()
    for secret in (*people, "sandbox-inform-key", basic):
        assert secret not in shown


def test_a_hook_in_a_loop_says_when_the_five_minutes_are_over(
    running: RunningSandbox, hook: MoEngageHook
) -> None:
    hook.start_live_activity(**ORDER, external_user_ids=["ada"])
    with pytest.raises(RateLimited) as raised:
        hook.update_live_activity(**ORDER, external_user_ids=["ada"])
    assert raised.value.reset_at is not None


def test_validate_only_reads_all_recipients_and_sends_nothing(running: RunningSandbox) -> None:
    report = task("start", validate_only=True).run().report
    assert report is not None
    assert (report["recipients"], report["requests"], report["accepted"]) == (3, 3, 0)
    assert not running.sandbox.records

"""Campaigns: every audience, every documented error, and no second campaign whatever happens."""

from __future__ import annotations

import json
import logging
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from airflow.sdk.execution_time.task_runner import _serialize_rendered_fields
from cryptography.fernet import Fernet

from airflow_provider_liveactivity.errors import (
    AuthenticationFailed,
    InvalidConnection,
    InvalidPayload,
    LiveActivityError,
    OutcomeUnknown,
    PayloadTooLarge,
    RateLimited,
    VendorUnavailable,
)
from airflow_provider_liveactivity.hooks.moengage import MoEngageHook
from airflow_provider_liveactivity.models.moengage_campaign import by_ids
from airflow_provider_liveactivity.operators._redacted_fields import Redacted
from airflow_provider_liveactivity.operators.moengage import MoEngageCreateBroadcastCampaignOperator
from airflow_provider_liveactivity.operators.moengage._idempotency import STATE_KEY
from airflow_provider_liveactivity.sandbox import RunningSandbox
from tests.support.airflow_versions import needs_state_store
from tests.support.clock import Clock
from tests.support.moengage_tasks import Task, clock, connect, hook, hook_on, requests, running

__all__ = ["clock", "hook", "running"]

CREATE = "/core-services/v1/campaigns"
SEARCH = "/core-services/v1/campaigns/search"
SEGMENTS = "/v3/custom-segments"
MATCH: dict[str, Any] = {
    "name": "Chiefs v Bills",
    "broadcast_live_activity_id": "match-7",
    "created_by": "data.eng@example.com",
}


def create(**audience: Any) -> Task:
    return Task(MoEngageCreateBroadcastCampaignOperator(task_id="create", **MATCH, **audience))


@pytest.mark.parametrize(
    ("audience", "users"),
    [
        ({"segment_id": "fans"}, ["ada", "bob"]),
        ({"all_users": True}, ["ada", "bob"]),
        ({"external_user_ids": ["eve", "eve", None, 7]}, ["eve", "7"]),
        ({"external_user_ids": '["eve"]'}, ["eve"]),
        ({"filters": [{"filter_type": "custom_segments", "id": "fans"}]}, ["ada", "bob"]),
        (
            {
                "filters": json.dumps(
                    {
                        "filter_operator": "or",
                        "filters": [
                            {"filter_type": "custom_segments", "id": "fans"},
                            {
                                "filter_type": "user_attributes",
                                "data_type": "string",
                                "name": "uid",
                                "operator": "in",
                                "value": ["eve"],
                            },
                        ],
                    }
                )
            },
            ["ada", "bob", "eve"],
        ),
    ],
    ids=["segment", "all users", "ids", "ids as text", "list of filters", "filters as text"],
)
def test_a_campaign_is_for_the_audience_that_was_named(
    running: RunningSandbox, audience: dict[str, Any], users: list[str]
) -> None:
    running.sandbox.put_segment("fans", "Fans", ["ada", "bob"])
    outcome = create(**audience).run()
    assert outcome.ended == "success", outcome.error
    assert running.sandbox.campaigns == {"match-7": users}
    assert outcome.report is not None
    assert outcome.report["campaign_id"] == outcome.report["answer"]["campaign_id"]
    assert outcome.report["campaign_id"] in running.sandbox.moengage_campaigns
    assert outcome.report["accepted"] == outcome.report["recipients"] >= 1
    json.dumps(outcome.report)


def test_the_channel_id_is_found_where_the_answer_has_one(
    running: RunningSandbox, hook: MoEngageHook
) -> None:
    assert hook.create_broadcast_campaign(**MATCH, all_users=True)["channel_id"] is None
    running.sandbox.change_settings(moengage_channel_id=True)
    report = hook.create_broadcast_campaign(**MATCH, all_users=True)
    assert report["channel_id"] == report["answer"]["channel_id"]


def test_a_campaign_goes_out_with_the_campaign_key_and_without_an_x(running: RunningSandbox) -> None:
    create(all_users=True).run()
    (record,) = running.sandbox.records
    names = {name for name, _ in record.headers}
    assert "moe-appkey" in names
    assert "x-moe-appkey" not in names
    connect_without_key = {"extra": {"campaign_api_key": "sandbox-push-key"}}
    with pytest.MonkeyPatch.context() as patch:
        connect(patch, running.url, **connect_without_key)
        outcome = create(all_users=True).run()
    assert outcome.ended == "failed"
    assert isinstance(outcome.cause, AuthenticationFailed)
    assert "campaign_api_key" in str(outcome.error)


@pytest.mark.parametrize(
    ("change", "field"), [({"extra": {"campaign_api_key": ""}}, "campaign_api_key"), ({"login": ""}, "login")]
)
def test_a_missing_key_is_named_before_anything_is_sent(
    running: RunningSandbox, monkeypatch: pytest.MonkeyPatch, change: dict[str, Any], field: str
) -> None:
    connect(monkeypatch, running.url, **change)
    outcome = create(all_users=True).run()
    assert outcome.ended == "failed"
    assert isinstance(outcome.cause, InvalidConnection)
    assert field in str(outcome.error)
    assert not running.sandbox.records


def test_the_push_key_is_not_needed_for_a_campaign(
    running: RunningSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(monkeypatch, running.url, password="")
    assert create(all_users=True).run().ended == "success"


def test_many_ids_become_a_segment_with_the_data_key(running: RunningSandbox) -> None:
    ids = [f"user-{number}" for number in range(1_001)]
    outcome = create(external_user_ids=ids).run()
    assert outcome.ended == "success", outcome.error
    assert outcome.report is not None
    segment = running.sandbox.segments[outcome.report["segment_id"]]
    assert segment.users == running.sandbox.campaigns["match-7"] == sorted(ids)
    assert outcome.report["recipients"] == outcome.report["accepted"] == 1_001
    assert outcome.report["requests"] == 2


@pytest.mark.parametrize("same_name", [True, False], ids=["same name", "same filters"])
def test_a_segment_of_the_same_people_is_used_again(running: RunningSandbox, same_name: bool) -> None:
    ids = [f"user-{number}" for number in range(1_001)]
    first = create(external_user_ids=ids).run().report
    assert first is not None
    if not same_name:
        running.sandbox.segments[first["segment_id"]].name = "another"
    second = create(external_user_ids=ids[::-1])
    second.run_id = "another"
    report = second.run().report
    assert report is not None
    assert report["segment_id"] == first["segment_id"]
    assert len(running.sandbox.segments) == 1


def test_more_ids_than_a_filter_holds_fail_with_the_way_out(running: RunningSandbox) -> None:
    running.sandbox.change_settings(moengage_filter_ids=1_000)
    outcome = create(external_user_ids=[f"user-{number}" for number in range(1_001)]).run()
    assert outcome.ended == "failed"
    assert isinstance(outcome.cause, PayloadTooLarge)
    assert "file segment" in str(outcome.error)
    assert "user-" not in str(outcome.error)
    assert not running.sandbox.campaigns
    before = len(running.sandbox.records)
    outcome = create(external_user_ids=[str(number) for number in range(65_537)]).run()
    assert isinstance(outcome.cause, PayloadTooLarge)
    assert len(running.sandbox.records) == before


@pytest.mark.parametrize(
    ("settings", "extra", "error", "advice", "ended"),
    [
        ({}, {"data_api_key": "wrong-data-key"}, AuthenticationFailed, "Data tile", "failed"),
        ({}, {"data_api_key": None}, InvalidConnection, "data_api_key", "failed"),
    ],
)
def test_the_errors_of_the_segment_api(
    running: RunningSandbox,
    monkeypatch: pytest.MonkeyPatch,
    settings: dict[str, Any],
    extra: dict[str, Any],
    error: type[LiveActivityError],
    advice: str,
    ended: str,
) -> None:
    running.sandbox.change_settings(**settings)
    connect(monkeypatch, running.url, extra=extra)
    outcome = create(external_user_ids=[str(number) for number in range(1_001)]).run()
    assert outcome.ended == ended
    assert isinstance(outcome.cause, error)
    assert advice in str(outcome.error)
    assert not running.sandbox.campaigns


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"external_user_ids": []}, "empty"),
        ({"external_user_ids": ["a", "b"], "max_audience": 1}, "max_audience"),
        ({"filters": []}, "included_filters"),
        ({"filters": [{"filter_type": "guess"}]}, "filter_type"),
        ({"filters": [{"filter_type": "user_attributes", "name": "uid"}]}, "data_type"),
        ({"filters": "not json"}, "JSON"),
        ({"all_users": True, "created_by": "nobody"}, "created_by"),
        ({"all_users": True, "name": ""}, "name"),
        ({"all_users": True, "broadcast_live_activity_id": ""}, "broadcast_live_activity_id"),
    ],
)
def test_a_bad_campaign_is_refused_before_anything_is_sent(
    running: RunningSandbox, arguments: dict[str, Any], error: str
) -> None:
    task = Task(MoEngageCreateBroadcastCampaignOperator(task_id="create", **{**MATCH, **arguments}))
    outcome = task.run()
    assert outcome.ended == "failed"
    assert isinstance(outcome.cause, InvalidPayload)
    assert error in str(outcome.error)
    assert not running.sandbox.records


@pytest.mark.parametrize("fault", ["500_after", "drop_after", "503_after"])
def test_a_creation_that_was_never_answered_is_found_and_not_repeated(
    running: RunningSandbox, fault: str
) -> None:
    running.sandbox.add_fault(fault, path=CREATE)
    outcome = create(all_users=True).run()
    assert outcome.ended == "success", outcome.error
    assert outcome.report is not None
    (campaign_id,) = running.sandbox.moengage_campaigns
    assert outcome.report["campaign_id"] == campaign_id
    first, second = requests(running, CREATE)
    assert first == second


def test_a_worker_that_dies_after_the_creation_leaves_one_campaign(running: RunningSandbox) -> None:
    running.sandbox.add_fault("drop_after", path=CREATE)
    running.sandbox.add_fault("502", path=CREATE, times=None)  # from here on nothing gets through
    task = create(all_users=True)
    assert task.run().ended == "retry"
    running.sandbox.faults.clear()
    outcome = task.retry()
    assert outcome.ended == "success", outcome.error
    assert outcome.report is not None
    assert [outcome.report["campaign_id"]] == list(running.sandbox.moengage_campaigns)


@pytest.mark.parametrize("others", [0, 20])
def test_a_second_attempt_finds_its_campaign_among_those_of_earlier_runs(
    running: RunningSandbox, others: int
) -> None:
    running.sandbox.change_settings(moengage_limits_on=False)
    for number in range(others):
        changes = {**MATCH, "broadcast_live_activity_id": f"match-{100 + number}"}
        Task(
            MoEngageCreateBroadcastCampaignOperator(task_id="create", all_users=True, **changes),
            run_id=f"run-{number}",
        ).run()
    running.sandbox.add_fault("drop_after", path=CREATE)
    running.sandbox.add_fault("502", path=CREATE, times=None)
    task = create(all_users=True)
    assert task.run().ended == "retry"
    running.sandbox.faults.clear()
    report = task.retry().report
    assert report is not None
    assert len(running.sandbox.moengage_campaigns) == others + 1
    assert report["campaign_id"] == list(running.sandbox.moengage_campaigns)[-1]


def test_a_campaign_that_has_expired_is_not_taken_for_ones_own(
    running: RunningSandbox, hook: MoEngageHook
) -> None:
    create(all_users=True).run()
    push: dict[str, Any] = {"content_state": {}, "alert": {"title": "t", "body": "b"}}
    hook.start_broadcast(broadcast_live_activity_id="match-7", attribute_type="T", attribute_info={}, **push)
    hook.end_broadcast(broadcast_live_activity_id="match-7", **push)
    running.sandbox.add_fault("502", path=CREATE, times=3)
    tomorrow = create(all_users=True)
    tomorrow.run_id = "tomorrow"
    assert tomorrow.run().ended == "retry"
    assert tomorrow.retry().ended == "success"
    assert len(running.sandbox.moengage_campaigns) == 2


def test_where_airflow_keeps_nothing_a_cleared_task_takes_the_campaign_that_is_there(
    running: RunningSandbox,
) -> None:
    task = create(all_users=True)
    task.store = None
    first, second = task.run().report, task.clear().report
    assert first is not None
    assert second is not None
    assert first["campaign_id"] == second["campaign_id"]


@needs_state_store
def test_a_task_that_is_cleared_after_success_creates_another_campaign(running: RunningSandbox) -> None:
    task = create(all_users=True)
    assert task.run().ended == task.clear().ended == "success"
    assert len(running.sandbox.moengage_campaigns) == 2
    ids = {body["request_id"] for body in requests(running, CREATE)}
    assert len(ids) == 2


@needs_state_store
def test_what_is_kept_gives_back_the_users_of_a_filter_only_to_the_fernet_key(
    running: RunningSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hash without a key could be compared with the hashes of all known ids."""
    hashes: set[str] = set()
    for key in (Fernet.generate_key() for _ in range(2)):
        monkeypatch.setenv("AIRFLOW__CORE__FERNET_KEY", key.decode())
        running.sandbox.moengage_campaigns.clear()
        task = create(filters=by_ids(["eve"])["included_filters"])
        assert task.run().ended == "success"
        assert task.store is not None
        state: Any = task.store.get(STATE_KEY)
        assert requests(running, CREATE)[-1]["request_id"] == state["key"]
        hashes |= {state["content"], state["key"]}
    assert len(hashes) == 4


def test_each_iteration_of_a_loop_creates_a_campaign(running: RunningSandbox) -> None:
    for index in range(2):
        iteration = create(all_users=True)
        iteration.region = {"region_id": UUID(int=1), "region_index": index}
        assert iteration.run().ended == "success"
    ids = {body["request_id"] for body in requests(running, CREATE)}
    assert len(ids) == len(running.sandbox.moengage_campaigns) == 2


def test_a_request_id_of_ones_own_that_was_used_before_fails_with_advice(running: RunningSandbox) -> None:
    running.sandbox.change_settings(moengage_campaigns_per_minute=50)
    create(all_users=True, request_id="mine").run()
    other = create(all_users=True, request_id="mine")
    other.run_id = "another"
    outcome = other.run()
    assert outcome.ended == "failed"
    assert "request_id" in str(outcome.error)


def test_the_sixth_campaign_of_a_minute_defers_until_there_is_room(running: RunningSandbox) -> None:
    running.sandbox.change_settings(moengage_campaigns_per_minute=1, moengage_campaigns_per_hour=1)
    create(all_users=True).run()
    other = create(all_users=True)
    other.run_id = "another"
    outcome = other.run()
    assert outcome.ended == "deferred"
    assert outcome.until is not None
    assert 3_000 < (outcome.until - running.sandbox.now()).total_seconds() <= 3_602


def test_a_loop_keeps_to_five_campaigns_a_minute_twenty_five_an_hour_a_hundred_a_day(
    running: RunningSandbox, clock: Clock
) -> None:
    hook, start, opens = hook_on(clock), clock.moment, []
    for _ in range(4):
        for _ in range(25):
            hook.create_broadcast_campaign(**MATCH, all_users=True)
        with pytest.raises(RateLimited) as limited:  # nothing waits longer than a minute in place
            hook.create_broadcast_campaign(**MATCH, all_users=True)
        assert limited.value.reset_at is not None
        opens.append(limited.value.reset_at - start)
        clock.advance(seconds=(limited.value.reset_at - clock()).total_seconds())
    assert {record.status for record in running.sandbox.records} == {201}
    assert clock.slept == [60] * 16
    assert opens == [*(timedelta(hours=hours) for hours in (1, 2, 3)), timedelta(days=1)]


@pytest.mark.parametrize(
    ("fault", "reset_in", "error", "ended"),
    [
        ("502", None, VendorUnavailable, "retry"),
        ("500", None, OutcomeUnknown, "retry"),
        ("html", None, OutcomeUnknown, "retry"),
    ],
)
def test_failures_that_last_are_left_to_airflows_retries(
    running: RunningSandbox, fault: str, reset_in: float | None, error: type[LiveActivityError], ended: str
) -> None:
    running.sandbox.add_fault(fault, path=CREATE, times=None, reset_in=reset_in)
    outcome = create(all_users=True).run()
    assert outcome.ended == ended
    assert isinstance(outcome.cause, error)
    assert len(running.sandbox.records) == 3


def test_an_unknown_segment_is_reported_by_the_vendor_and_not_retried(running: RunningSandbox) -> None:
    outcome = create(segment_id="nobody-made-it").run()
    assert outcome.ended == "failed"
    assert isinstance(outcome.cause, InvalidPayload)
    assert outcome.cause.status == 400
    assert "segment not found" in str(outcome.error)


def test_validate_only_sends_nothing(running: RunningSandbox) -> None:
    report = create(external_user_ids=["ada", "bob"], validate_only=True).run().report
    assert report is not None
    assert (report["recipients"], report["accepted"], report["campaign_id"]) == (2, 0, None)
    assert not running.sandbox.records


def test_external_ids_and_keys_show_nowhere(
    running: RunningSandbox, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    task = create(external_user_ids=["very-secret-person"])
    task.operator.external_user_ids = Redacted.hide(task.operator.external_user_ids)
    report = task.run().report
    running.sandbox.segments.clear()
    running.sandbox.change_settings(moengage_campaigns_per_minute=0)
    shown = json.dumps(report) + caplog.text + json.dumps(task.store)
    for secret in ("very-secret-person", "sandbox-campaign-key"):
        assert secret not in shown


@pytest.mark.parametrize("as_text", [False, True])
def test_ids_in_filters_do_not_show_among_the_rendered_fields(running: RunningSandbox, as_text: bool) -> None:
    filters = [
        {"filter_type": "custom_segments", "id": "fans"},
        by_ids(["ada", "eve"])["included_filters"][0],
    ]
    task = create(filters=json.dumps(filters) if as_text else filters)
    task.operator.render_template_fields({})
    shown = _serialize_rendered_fields(task.operator)["filters"]
    assert isinstance(shown, list)
    assert [one.get("value") for one in shown if isinstance(one, dict)] == [None, "<2 recipients>"]
    running.sandbox.put_segment("fans", "Fans", ["ada", "bob"])
    assert task.run().ended == "success"
    sent = requests(running, CREATE)[-1]["segmentation_details"]["included_filters"]["filters"]
    assert sent[1]["value"] == ["ada", "eve"]


def test_filters_that_are_no_json_show_nothing(running: RunningSandbox) -> None:
    task = create(filters='[{"name": "uid", "value": "ada"')
    task.operator.render_template_fields({})
    assert "ada" not in json.dumps(_serialize_rendered_fields(task.operator))

"""Broadcasts: documented errors in Airflow's terms, the instance_id over attempts, and the rate limits."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from airflow_provider_liveactivity.delivery.rolling_limit import RateLimit
from airflow_provider_liveactivity.errors import (
    AuthenticationFailed,
    InvalidPayload,
    LiveActivityError,
    PayloadTooLarge,
    PermissionDenied,
    RateLimited,
)
from airflow_provider_liveactivity.hooks import _moengage_broadcasts
from airflow_provider_liveactivity.hooks.moengage import MoEngageHook
from airflow_provider_liveactivity.operators.moengage import (
    MoEngageEndBroadcastLiveActivityOperator,
    MoEngageStartBroadcastLiveActivityOperator,
    MoEngageUpdateBroadcastLiveActivityOperator,
)
from airflow_provider_liveactivity.sandbox import RunningSandbox
from airflow_provider_liveactivity.sandbox import moengage as endpoint
from airflow_provider_liveactivity.sandbox.checks import Problem, Refused
from tests.support.airflow_versions import needs_state_store
from tests.support.clock import Clock
from tests.support.moengage_tasks import Task, clock, connect, hook_on, requests, running

__all__ = ["clock", "running"]

PATHS = {verb: f"/v1.0/live-activity/broadcast/{verb}" for verb in ("start", "update", "end")}
PUSH: dict[str, Any] = {
    "broadcast_live_activity_id": "match-7",
    "content_state": {"home": 1, "away": 0},
    "alert": {"title": "Goal!", "body": "1 - 0"},
}
START = {**PUSH, "attribute_type": "MatchAttributes", "attribute_info": {"home": "Chiefs"}}


@pytest.fixture(autouse=True)
def campaign(running: RunningSandbox) -> None:
    running.sandbox.put_campaign("match-7", ["ada"])


def task(verb: str, **changes: Any) -> Task:
    operators: dict[str, Any] = {
        "start": MoEngageStartBroadcastLiveActivityOperator,
        "update": MoEngageUpdateBroadcastLiveActivityOperator,
        "end": MoEngageEndBroadcastLiveActivityOperator,
    }
    return Task(operators[verb](task_id=verb, **{**(START if verb == "start" else PUSH), **changes}))


def instance_ids(running: RunningSandbox, verb: str) -> list[str]:
    return [body["instance_id"] for body in requests(running, PATHS[verb])]


@pytest.mark.parametrize("verb", PATHS)
@pytest.mark.parametrize(
    ("settings", "error", "advice"),
    [
        ({"moengage_push_key": "changed"}, AuthenticationFailed, "Push tile"),
        ({"moengage_workspace": "OTHER"}, AuthenticationFailed, "workspace ID"),
        ({"moengage_p8": False}, PermissionDenied, ".p8"),
        ({"moengage_enabled": False}, PermissionDenied, "enabled"),
    ],
)
def test_what_is_wrong_with_the_workspace_fails_for_good(
    running: RunningSandbox, verb: str, settings: dict[str, Any], error: type[LiveActivityError], advice: str
) -> None:
    task("start").run()
    running.sandbox.change_settings(**settings)
    outcome = task(verb, content_state={"home": 2, "away": 0}).run()
    assert outcome.ended == "failed"
    assert isinstance(outcome.cause, error)
    assert advice in str(outcome.error)


@pytest.mark.parametrize("verb", PATHS)
def test_an_unknown_campaign_fails_for_good_and_says_how_to_make_one(
    running: RunningSandbox, verb: str
) -> None:
    running.sandbox.campaigns.clear()
    outcome = task(verb).run()
    assert outcome.ended == "failed"
    assert isinstance(outcome.cause, InvalidPayload)
    assert "BROADCAST_LIVE_ACTIVITY" in str(outcome.error)


@pytest.mark.parametrize("verb", PATHS)
def test_an_instance_id_of_ones_own_that_was_used_before_fails_for_good(
    running: RunningSandbox, verb: str
) -> None:
    task("start", instance_id="mine").run()
    outcome = task(verb, instance_id="mine").run()
    assert outcome.ended == "failed"
    assert isinstance(outcome.cause, InvalidPayload)
    assert "instance_id" in str(outcome.error)


def test_too_many_instances_fail_for_good(running: RunningSandbox) -> None:
    running.sandbox.change_settings(moengage_max_instances=1)
    task("start").run()
    outcome = task("start", content_state={}).run()
    assert outcome.ended == "failed"
    assert isinstance(outcome.cause, PermissionDenied)
    assert "limit of instances" in str(outcome.error)


@pytest.mark.parametrize("verb", ["update", "end"])
def test_an_invalid_action_and_a_dismissal_that_is_over_fail_for_good(
    running: RunningSandbox, verb: str
) -> None:
    outcome = task(verb).run()
    assert outcome.ended == "failed"
    assert "not started" in str(outcome.error)
    task("start").run()
    running.sandbox.change_settings(moengage_past_dismissal=True)  # the strict reading of the 403's words
    outcome = task(verb, dismissal_date=timedelta(minutes=-1)).run()
    assert outcome.ended == "failed"
    assert "dismissal date" in str(outcome.error)


@pytest.mark.parametrize("verb", ["update", "end"])
def test_a_past_dismissal_date_ends_the_activity_at_once(running: RunningSandbox, verb: str) -> None:
    task("start").run()
    assert task(verb, dismissal_date=1_700_000_000).run().ended == "success"
    (phone,) = httpx.get(f"{running.url}/sandbox/phones", params={"limit": 1}).json()["phones"]
    assert phone["status"] == "dismissed"


@pytest.mark.parametrize("verb", PATHS)
def test_a_request_that_is_too_large_is_not_sent(running: RunningSandbox, verb: str) -> None:
    outcome = task(verb, content_state={"text": "x" * 5_100}).run()
    assert outcome.ended == "failed"
    assert isinstance(outcome.cause, PayloadTooLarge)
    assert not running.sandbox.records


@pytest.mark.parametrize("verb", PATHS)
def test_a_400_names_the_field_and_fails_for_good(
    running: RunningSandbox, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    def refuse(*_: Any) -> None:
        problem = Problem("extra_forbidden", "ios.alert.metrics", "Extra inputs are not permitted")
        raise Refused([problem])

    monkeypatch.setattr(endpoint, "parse", refuse)
    outcome = task(verb).run()
    assert outcome.ended == "failed"
    assert isinstance(outcome.cause, InvalidPayload)
    assert "ios.alert.metrics: Extra inputs are not permitted" in str(outcome.error)


@pytest.mark.parametrize("verb", PATHS)
@pytest.mark.parametrize("fault", ["drop_after", "500_after", "503_after", "504_after"])
def test_a_broadcast_that_was_never_answered_is_sent_again_with_its_id_and_accepted(
    running: RunningSandbox, verb: str, fault: str
) -> None:
    if verb != "start":
        task("start").run()
    running.sandbox.add_fault(fault, path=PATHS[verb])
    outcome = task(verb).run()
    assert outcome.ended == "success", outcome.error
    first, second = instance_ids(running, verb)
    assert first == second
    activity = running.sandbox.activities["moengage", "match-7"]
    assert len(activity.starts) == 1
    assert len(activity.pushes) == (verb != "start")


def test_a_worker_that_dies_keeps_its_instance_id(running: RunningSandbox) -> None:
    running.sandbox.add_fault("drop_after", path=PATHS["start"])
    running.sandbox.add_fault("502", times=None)
    start = task("start")
    assert start.run().ended == "retry"
    running.sandbox.faults.clear()
    assert start.retry().ended == "success"
    assert len(set(instance_ids(running, "start"))) == 1
    assert len(running.sandbox.activities["moengage", "match-7"].starts) == 1


@needs_state_store
def test_a_cleared_failure_keeps_its_instance_id_where_airflow_keeps_state(running: RunningSandbox) -> None:
    running.sandbox.add_fault("drop_after", path=PATHS["start"])
    running.sandbox.add_fault("502", times=None)
    start = task("start")
    start.run()
    running.sandbox.faults.clear()
    assert start.clear().ended == "success"
    assert len(set(instance_ids(running, "start"))) == 1
    assert len(running.sandbox.activities["moengage", "match-7"].starts) == 1


@pytest.mark.parametrize("durable", [True, False])
def test_a_cleared_success_is_sent_again_with_a_new_instance_id(
    running: RunningSandbox, durable: bool
) -> None:
    start = task("start")
    if not durable:
        start.store = None
    assert start.run().ended == start.clear().ended == "success"
    assert len(set(instance_ids(running, "start"))) == 2


def test_a_worker_that_dies_between_the_answer_and_its_success_sends_nothing_twice(
    running: RunningSandbox,
) -> None:
    start = task("start")
    assert start.run().ended == start.retry().ended == "success"
    assert len(running.sandbox.activities["moengage", "match-7"].starts) == 1


def test_other_content_is_another_instance(running: RunningSandbox) -> None:
    task("start").run()
    task("update").run()
    task("update", content_state={"home": 2, "away": 0}).run()
    assert len(set(instance_ids(running, "update"))) == 2
    assert len(running.sandbox.instance_ids) == 3


@needs_state_store
def test_a_429_of_the_vendor_is_waited_for_elsewhere_coalesced_or_fatal(running: RunningSandbox) -> None:
    task("start").run()
    running.sandbox.add_fault("429", path=PATHS["update"], times=None, reset_in=50)
    failed = task("update", on_rate_limit="fail").run()
    assert failed.ended == "failed"
    assert task("update", on_rate_limit="wait").run().ended == "deferred"
    update = task("update", on_rate_limit="coalesce")
    outcome = update.run()
    assert outcome.ended == "deferred"
    assert outcome.until is not None
    assert 45 < (outcome.until - datetime.now(UTC)).total_seconds() < 52
    running.sandbox.faults.clear()
    # The task resumes in the next window, and its templates are rendered anew.
    update.operator.content_state = {"home": 3, "away": 0}
    outcome = update.run()
    assert outcome.ended == "success"
    assert outcome.report is not None
    assert outcome.report["coalesced"] == 1
    (push,) = running.sandbox.activities["moengage", "match-7"].pushes
    assert push.content_state == {"home": 3, "away": 0}


@pytest.mark.parametrize(
    ("on_rate_limit", "ended"), [("wait", "deferred"), ("coalesce", "deferred"), ("fail", "failed")]
)
def test_a_429_that_names_no_reset_counts_as_over_in_a_minute(
    running: RunningSandbox, on_rate_limit: str, ended: str
) -> None:
    task("start").run()
    running.sandbox.add_fault("429", path=PATHS["update"], times=None, reset_in=None)
    update = task("update", on_rate_limit=on_rate_limit)
    outcome = update.run()
    assert outcome.ended == ended
    if outcome.until is not None:
        assert 0 < (outcome.until - datetime.now(UTC)).total_seconds() <= 60
        update.operator.resumed = True
        assert update.run().ended == "retry"  # no task goes round for ever


@pytest.fixture
def hook(clock: Clock) -> MoEngageHook:
    hook = hook_on(clock)
    hook.start_broadcast(**START)
    clock.advance(minutes=1)
    return hook


def scores(number: int) -> Iterator[dict[str, Any]]:
    for home in range(1, number + 1):
        yield {**PUSH, "content_state": {"home": home, "away": 0}}


def test_a_loop_waits_for_the_rate_limit_and_gets_no_429(
    running: RunningSandbox, hook: MoEngageHook, clock: Clock
) -> None:
    reports = [hook.update_broadcast(**score) for score in scores(12)]
    assert len(clock.slept) == 2
    assert all(59 < seconds <= 60 for seconds in clock.slept)
    assert {record.status for record in running.sandbox.records} == {200}
    assert sum(report["waited_seconds"] for report in reports) == pytest.approx(sum(clock.slept), abs=0.01)


def test_a_loop_that_coalesces_waits_for_nothing_and_ends_with_the_latest_state(
    running: RunningSandbox, hook: MoEngageHook, clock: Clock
) -> None:
    with hook:
        reports = [hook.update_broadcast(**score, on_rate_limit="coalesce") for score in scores(12)]
        assert clock.slept == []
        reports.append(hook.end_broadcast(**{**PUSH, "content_state": {"home": 12, "away": 0}}))
    assert {record.status for record in running.sandbox.records} == {200}
    assert [report["requests"] for report in reports] == [1] * 5 + [0] * 7 + [1]
    assert [report["coalesced"] for report in reports] == [0] * 12 + [7]
    # Nothing gets lost on the way: each call was sent, or replaced by one that was.
    assert sum(report["requests"] + report["coalesced"] for report in reports) == len(reports)


def test_a_coalesced_update_is_sent_when_the_block_ends(
    running: RunningSandbox, hook: MoEngageHook, clock: Clock
) -> None:
    with hook:
        for score in scores(8):
            hook.update_broadcast(**score, on_rate_limit="coalesce")
    assert len(clock.slept) == 1
    pushes = running.sandbox.activities["moengage", "match-7"].pushes
    assert [push.content_state["home"] for push in pushes] == [1, 2, 3, 4, 5, 8]


def test_with_on_rate_limit_fail_a_loop_fails(hook: MoEngageHook, clock: Clock) -> None:
    for score in scores(5):
        hook.update_broadcast(**score, on_rate_limit="fail")
    with pytest.raises(RateLimited) as raised:
        hook.update_broadcast(**PUSH, on_rate_limit="fail")
    assert raised.value.reset_at == clock.moment + timedelta(minutes=1)


def test_coalescing_respects_the_vendors_429(
    running: RunningSandbox, hook: MoEngageHook, clock: Clock
) -> None:
    clock.moment = datetime.now(UTC)
    running.sandbox.add_fault("429", path=PATHS["update"], times=1, reset_in=40)
    with hook:
        held = hook.update_broadcast(**PUSH, on_rate_limit="coalesce")
        assert held["accepted"] == 0
    assert len(clock.slept) == 1
    assert 30 < clock.slept[0] < 42
    assert len(running.sandbox.activities["moengage", "match-7"].pushes) == 1


def test_coalescing_needs_an_end_at_which_the_last_state_is_sent(hook: MoEngageHook) -> None:
    with pytest.raises(InvalidPayload, match="with statement"):
        hook.update_broadcast(**PUSH, on_rate_limit="coalesce")
    with pytest.raises(InvalidPayload, match="on_rate_limit"):
        hook.update_broadcast(**PUSH, on_rate_limit="sometimes")  # type: ignore[arg-type]


def test_five_starts_a_minute_are_paced_for_the_whole_workspace(
    running: RunningSandbox, hook: MoEngageHook, clock: Clock
) -> None:
    for number in range(6):
        running.sandbox.put_campaign(f"match-{number}", ["ada"])
        hook.start_broadcast(**{**START, "broadcast_live_activity_id": f"match-{number}"})
    assert len(clock.slept) == 1


def test_updates_and_ends_of_all_activities_are_paced_together(
    running: RunningSandbox, hook: MoEngageHook, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert RateLimit("updates and ends", 500, 60) == _moengage_broadcasts.PUSHES
    monkeypatch.setattr(_moengage_broadcasts, "PUSHES", RateLimit("updates and ends", 3, 60))
    running.sandbox.put_campaign("match-8", ["ada"])
    hook.start_broadcast(**{**START, "broadcast_live_activity_id": "match-8"})
    for activity_id in ("match-7", "match-8"):
        hook.update_broadcast(**{**PUSH, "broadcast_live_activity_id": activity_id})
        hook.end_broadcast(**{**PUSH, "broadcast_live_activity_id": activity_id})
    assert clock.slept == [60]


def test_the_headers_are_those_of_the_live_activity_pages(running: RunningSandbox) -> None:
    for verb in PATHS:
        task(verb).run()
    for record in running.sandbox.records:
        headers = dict(record.headers)
        assert "x-moe-appkey" in headers
        assert "moe-appkey" not in headers
        expected = None if record.path == PATHS["start"] else "match-7"
        assert headers.get("x-broadcast-live-activity-id") == expected


def test_the_other_keys_are_not_taken_for_broadcasts(
    running: RunningSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(monkeypatch, running.url, password="sandbox-inform-key")
    assert task("start").run().ended == "failed"


def test_reports_are_plain_json(running: RunningSandbox) -> None:
    json.dumps(task("start").run().report)

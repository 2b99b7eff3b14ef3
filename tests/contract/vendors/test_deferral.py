"""An exhausted quota: the task defers until the reset and then resumes."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException, TaskDeferred
from airflow.providers.standard.triggers.temporal import DateTimeTrigger

from airflow_provider_liveactivity.delivery import rate_limit
from airflow_provider_liveactivity.errors import PartiallySent, QuotaExhausted, RateLimited
from airflow_provider_liveactivity.hooks.braze import BrazeHook
from airflow_provider_liveactivity.sandbox import RunningSandbox
from tests.support.airflow_versions import deserialize, serialize
from tests.support.task_context import context, new_store
from tests.support.vendor_adapters import BRAZE, KEYS, USERS, VERBS, Adapter

#: The longest wait for a vendor's reset, and the one for a reset in 3,000 seconds.
WINDOWS = {"braze": timedelta(hours=1), "moengage": timedelta(minutes=1)}
WAITS = {"braze": 3000, "moengage": 60}

each_verb = pytest.mark.parametrize("verb", VERBS)


def started(adapter: Adapter, verb: str) -> None:
    if verb != "start":
        adapter.operator("start").execute(context())


def deferral(adapter: Adapter, verb: str, running: Any, **changes: Any) -> TaskDeferred:
    if running["task_state_store"] is None and (adapter, verb) == (BRAZE, "start"):
        pytest.skip("Airflow before 3.3 has no task state store: the start waits in its worker slot.")
    with pytest.raises(TaskDeferred) as deferred:
        adapter.operator(verb, **changes).execute(running)
    return deferred.value


@each_verb
def test_a_far_reset_defers_until_then(sandbox: RunningSandbox, adapter: Adapter, verb: str) -> None:
    started(adapter, verb)
    sandbox.sandbox.add_fault("429", reset_in=3000, times=None)
    deferred = deferral(adapter, verb, context())
    assert type(deferred.trigger) is DateTimeTrigger
    assert deferred.method_name == "resume_after_wait"
    seconds = deferred.trigger.moment.timestamp() - datetime.now(UTC).timestamp()
    assert abs(seconds - WAITS[adapter.vendor]) < 30


@each_verb
def test_a_reset_in_the_far_future_defers_until_the_end_of_the_vendor_s_window(
    sandbox: RunningSandbox, adapter: Adapter, verb: str
) -> None:
    started(adapter, verb)
    sandbox.sandbox.add_fault("429", reset_in=8_000_000_000, times=None)  # in the year 2280
    before = datetime.now(UTC)
    deferred = deferral(adapter, verb, context())
    assert before < deferred.trigger.moment <= datetime.now(UTC) + WINDOWS[adapter.vendor]


@each_verb
def test_a_task_waits_no_longer_than_any_phone_shows_the_activity(
    sandbox: RunningSandbox, adapter: Adapter, verb: str
) -> None:
    started(adapter, verb)
    sandbox.sandbox.add_fault("429", reset_in=3000, times=None)
    first = datetime.now(UTC) - timedelta(hours=7)
    deferral(adapter, verb, context(start_date=first))
    with pytest.raises(AirflowFailException, match="after that, no phone shows the activity") as failed:
        adapter.operator(verb).execute(context(start_date=first - timedelta(hours=1)))
    assert isinstance(failed.value.__context__, RateLimited)


def test_a_start_whose_end_has_no_offset_defers_like_any_other(
    sandbox: RunningSandbox, adapter: Adapter
) -> None:
    sandbox.sandbox.add_fault("429", reset_in=3000, times=None)
    end = (datetime.now(UTC) + timedelta(hours=2)).strftime("%Y-%m-%d %H:%M:%S")
    deferral(adapter, "start", context(), end_time=end, end_timezone="UTC")


def test_an_end_waits_until_its_activity_has_ended_by_itself(
    sandbox: RunningSandbox, adapter: Adapter
) -> None:
    started(adapter, "end")
    sandbox.sandbox.add_fault("429", reset_in=3000, times=None)
    ended, first = datetime.now(UTC) - timedelta(hours=7), datetime.now(UTC) - timedelta(hours=20)
    deferral(adapter, "end", context(start_date=first), end_time=ended)
    with pytest.raises(AirflowFailException, match="after that, no phone shows the activity"):
        adapter.operator("end", end_time=ended - timedelta(hours=1)).execute(context(start_date=first))


@each_verb
def test_what_the_triggerer_gets_is_a_moment_and_no_more(
    sandbox: RunningSandbox, adapter: Adapter, verb: str
) -> None:
    started(adapter, verb)
    sandbox.sandbox.add_fault("429", reset_in=3000)
    deferred = deferral(adapter, verb, context())
    path, arguments = deferred.trigger.serialize()
    text = json.dumps(serialize({"trigger": arguments, "kwargs": deferred.kwargs, "path": path}))
    assert not any(word in text for word in [*KEYS, *USERS, "match-1", "Kick-off"])
    assert set(arguments) == {"moment", "end_from_trigger"}
    restored: Any = deserialize(json.loads(json.dumps(serialize(arguments))))
    assert DateTimeTrigger(**restored).moment == deferred.trigger.moment


@each_verb
def test_after_the_window_it_is_sent_once(sandbox: RunningSandbox, adapter: Adapter, verb: str) -> None:
    started(adapter, verb)
    sandbox.sandbox.add_fault("429", reset_in=3000)
    running = context()
    deferred = deferral(adapter, verb, running)
    method = getattr(adapter.operator(verb), deferred.method_name)
    report = method(running, event=datetime.now(UTC), **deferred.kwargs or {})
    assert (report["verb"], report["accepted"]) == (verb, report["recipients"])
    assert [record.carried_out for record in sandbox.sandbox.records][-2:] == [False, True]


@each_verb
@pytest.mark.parametrize("reset_in", [-3600.0, -1.0, None])
def test_a_reset_that_is_over_does_not_defer_for_ever(
    sandbox: RunningSandbox,
    adapter: Adapter,
    verb: str,
    reset_in: float | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rate_limit, "_MIN_BLOCK_SECONDS", 0.0)  # it would cost a second for each try
    sandbox.sandbox.add_fault("429", reset_in=reset_in, times=None)
    operator = adapter.operator(verb)
    operator.resumed = reset_in is None  # MoEngage's windows are of a minute: once, a task waits for the next
    with pytest.raises(RateLimited):
        operator.execute(context())
    assert sandbox.sandbox.requests == 6


def test_a_large_send_resumes_where_it_stopped(sandbox: RunningSandbox) -> None:
    store, ids = new_store(), [f"user-{number}" for number in range(130)]
    sandbox.sandbox.add_fault("429", skip=1, times=None, reset_in=3000)
    running = context(store)
    deferral(BRAZE, "start", running, external_user_ids=ids)
    sandbox.sandbox.faults.clear()
    report = BRAZE.operator("start", external_user_ids=ids).resume_after_wait(running)
    assert (report["accepted"], report["recipients"], report["unknown"]) == (130, 130, 0)
    activity = sandbox.sandbox.activities["braze", "match-1"]
    assert (activity.started, activity.started_twice) == (130, 0)


def test_the_checkpoint_names_no_recipient(sandbox: RunningSandbox) -> None:
    store, ids = new_store(), [f"person-{number}@example.com" for number in range(130)]
    sandbox.sandbox.add_fault("429", skip=1, times=None, reset_in=3000)
    deferral(BRAZE, "start", context(store), external_user_ids=ids)
    assert store
    assert "example.com" not in json.dumps(store)


def test_a_hook_waits_in_place_for_max_wait_at_most(sandbox: RunningSandbox) -> None:
    start = {**BRAZE.fields["start"], "content_state": {}, "external_user_ids": [str(n) for n in range(130)]}
    sandbox.sandbox.add_fault("429", skip=1, reset_in=1)
    with pytest.raises(PartiallySent) as stopped:
        BrazeHook().start_live_activity(**start, max_wait=0)
    assert isinstance(stopped.value.stopped_by, QuotaExhausted)
    sandbox.sandbox.add_fault("429", skip=1, reset_in=1)
    report = BrazeHook().start_live_activity(**start, max_wait=math.inf)
    assert report["accepted"] == 130
    assert report["waited_seconds"] > 0


def test_without_a_store_a_half_sent_start_does_not_retry(sandbox: RunningSandbox) -> None:
    sandbox.sandbox.add_fault("502", skip=1, times=None)
    running = context() | {"task_state_store": None}  # Airflow before 3.3
    ids = [f"user-{number}" for number in range(130)]
    with pytest.raises(AirflowFailException, match="would send some requests again") as failed:
        BRAZE.operator("start", external_user_ids=ids).execute(running)
    assert isinstance(failed.value.__context__, PartiallySent)

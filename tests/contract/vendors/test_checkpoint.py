"""A long start in its task: checkpoint, progress, time-out, kill."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException, AirflowTaskTimeout

from airflow_provider_liveactivity._stored_names import PROGRESS_KEY
from airflow_provider_liveactivity.delivery import progress
from airflow_provider_liveactivity.delivery.checkpoint import CHECKPOINT_KEY
from airflow_provider_liveactivity.delivery.sender import Sender
from airflow_provider_liveactivity.errors import InvalidPayload, PartiallySent, VendorUnavailable
from airflow_provider_liveactivity.hooks.braze import BrazeHook
from airflow_provider_liveactivity.sandbox import RunningSandbox
from tests.support.airflow_versions import needs_state_store
from tests.support.task_context import context, new_store
from tests.support.vendor_adapters import BRAZE, STATES, USERS

IDS = [f"user-{number}" for number in range(1_000)]
BEFORE_3_3 = {"task_state_store": None}


@pytest.fixture
def times_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """The execution_timeout comes as soon as a recipient was reached."""
    note, struck = Sender._collect, list[int]()

    def strike(send: Sender) -> None:
        note(send)
        if send.counts.accepted and not struck:
            struck.append(1)
            raise AirflowTaskTimeout("Timeout")

    monkeypatch.setattr(Sender, "_collect", strike)


def start(**changes: Any) -> Any:
    return BRAZE.operator("start", external_user_ids=IDS, **changes)


def test_the_state_of_the_task_shows_how_far_it_is(
    sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(progress, "_REPORT_SECONDS", 0.05)
    store = new_store()
    with caplog.at_level(logging.INFO):
        start(max_requests_per_second=100).execute(context(store))
    shown = store[PROGRESS_KEY]
    assert (shown["sent"], shown["total"], shown["percent"], shown["unknown"]) == (1_000, 1_000, 100, 0)
    assert shown["quota_left"] == 250_000 - 20
    assert "1,000 of 1,000 sent, 100 %" in caplog.text


def test_before_airflow_3_3_the_log_says_what_a_retry_would_do(
    sandbox: RunningSandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    assert start().execute(context() | BEFORE_3_3)["accepted"] == 1_000
    assert capsys.readouterr().out.count("Before Airflow 3.3 a retry cannot resume a send") == 1


def test_before_airflow_3_3_a_time_out_in_the_middle_of_a_start_is_final(
    sandbox: RunningSandbox, times_out: None
) -> None:
    with pytest.raises(AirflowFailException, match="would send some requests again") as failed:
        start(max_requests_per_second=1_000, max_workers=1).execute(context() | BEFORE_3_3)
    assert isinstance(failed.value.__cause__, AirflowTaskTimeout)


def test_before_airflow_3_3_a_start_that_reached_no_recipient_may_retry(sandbox: RunningSandbox) -> None:
    sandbox.sandbox.add_fault("502", times=None)
    with pytest.raises(VendorUnavailable):
        start().execute(context() | BEFORE_3_3)


@needs_state_store
def test_before_airflow_3_3_a_long_wait_holds_the_worker_rather_than_forget_what_was_sent(
    sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    monkeypatch.setattr(BRAZE.operators["start"], "hook", Recorder(waits), raising=True)
    start().execute(context() | BEFORE_3_3)
    start().execute(context())
    assert waits == [float("inf"), 45.0]


class Recorder:
    """Stands for the hook, and notes how long a send may wait in place."""

    sent_to = None

    def __init__(self, waits: list[float]) -> None:
        self._waits = waits

    def start_live_activity(self, *, max_wait: float = 45.0, **_: Any) -> dict[str, Any]:
        self._waits.append(max_wait)
        names = ("vendor", "verb", "activity_id", "validate_only")
        return dict.fromkeys(
            ("accepted", "recipients", "rejected", "unknown", "requests"), 0
        ) | dict.fromkeys(names, "")


def test_before_airflow_3_3_a_retry_after_a_dead_worker_sends_from_the_beginning(
    sandbox: RunningSandbox,
) -> None:
    start().execute(context() | BEFORE_3_3)  # and then the worker dies before it can say so
    report = start().execute(context(try_number=2) | BEFORE_3_3)
    assert report["accepted"] == 1_000
    assert sandbox.sandbox.activities["braze", "match-1"].started_twice == 1_000


def test_from_airflow_3_3_on_a_time_out_is_a_retry_that_goes_on(
    sandbox: RunningSandbox, times_out: None
) -> None:
    store = new_store()
    with pytest.raises(AirflowTaskTimeout):
        start(max_workers=1).execute(context(store))
    [state] = [value for key, value in store.items() if key.startswith(CHECKPOINT_KEY)]
    assert not state["finished"]
    report = start().execute(context(store, try_number=2))
    assert (report["accepted"], report["unknown"]) == (1_000, 0)
    assert sandbox.sandbox.activities["braze", "match-1"].started_twice == 0


def start_with_hook(running: Any, **changes: Any) -> Any:
    arguments = {"content_state": STATES["start"], **BRAZE.fields["start"], **changes}
    return BrazeHook().start_live_activity(**arguments, context=running)


@needs_state_store
def test_a_task_that_starts_several_activities_keeps_the_state_of_each(sandbox: RunningSandbox) -> None:
    store, matches = new_store(), ("match-1", "match-2")
    first = context(store)
    for match in matches:
        start_with_hook(first, activity_id=match)
    sent = sandbox.sandbox.requests
    again = context(store, try_number=2)
    reports = [start_with_hook(again, activity_id=match) for match in matches]
    assert [report["accepted"] for report in reports] == [2, 2]
    assert sandbox.sandbox.requests == sent


def test_before_airflow_3_3_a_hook_with_a_context_warns_and_its_partial_start_is_not_retried(
    sandbox: RunningSandbox, caplog: pytest.LogCaptureFixture
) -> None:
    sandbox.sandbox.add_fault("502", skip=1, times=None)
    with caplog.at_level(logging.WARNING), pytest.raises(PartiallySent) as failed:
        start_with_hook(context() | BEFORE_3_3, external_user_ids=IDS)
    assert isinstance(failed.value, AirflowFailException)
    assert "If the call fails after it has sent a part, the task does not retry" in caplog.text


@needs_state_store
def test_a_finished_start_of_a_task_that_failed_later_is_not_sent_again_when_the_task_is_cleared(
    sandbox: RunningSandbox,
) -> None:
    store = new_store()
    start_with_hook(context(store))  # and then the task fails, and a person clears it
    assert start_with_hook(context(store, try_number=4, max_tries=5))["accepted"] == len(USERS)
    assert sandbox.sandbox.activities["braze", "match-1"].started_twice == 0
    start_with_hook(context(store, try_number=4, max_tries=5), resend_after_clear=True)
    assert sandbox.sandbox.activities["braze", "match-1"].started_twice == len(USERS)


@needs_state_store
def test_a_task_that_starts_one_activity_twice_is_refused_before_the_second_start(
    sandbox: RunningSandbox,
) -> None:
    running = context(new_store())
    start_with_hook(running)
    with pytest.raises(InvalidPayload, match="a task may start an activity once"):
        start_with_hook(running, external_user_ids=["zoë-z"])
    assert sandbox.sandbox.activities["braze", "match-1"].cards.keys() == set(USERS)


def test_a_kill_before_the_send_is_obeyed(sandbox: RunningSandbox) -> None:
    operator = start()
    operator.hook.stop()
    with pytest.raises(VendorUnavailable, match="asked to stop"):
        operator.execute(context())
    assert not sandbox.sandbox.records


def test_another_workspace_is_another_send(
    sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    store = new_store()
    start().execute(context(store))
    monkeypatch.setenv("AIRFLOW_CONN_BRAZE_DEFAULT", BRAZE.connection("http://127.0.0.1:9"))
    with caplog.at_level(logging.INFO), pytest.raises(VendorUnavailable):
        start().execute(context(store, try_number=2))
    assert "New send: " in caplog.text


def test_relative_dates_do_not_make_a_retry_another_send(sandbox: RunningSandbox) -> None:
    store = new_store()
    sandbox.sandbox.add_fault("502", skip=5, times=None)
    with pytest.raises(PartiallySent):
        start(stale_date=timedelta(hours=1)).execute(context(store))
    sandbox.sandbox.faults.clear()
    report = start(stale_date=timedelta(hours=1)).execute(context(store, max_tries=5))
    assert (report["accepted"], report["unknown"]) == (1_000, 0)
    assert sandbox.sandbox.activities["braze", "match-1"].started_twice == 0

"""Whose record of an activity stays when starts and ends of the same activity overlap."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from airflow.providers.common.compat.sdk import AirflowFailException, AirflowSkipException, TaskDeferred

from airflow_provider_liveactivity.errors import LiveActivityError
from airflow_provider_liveactivity.operators import _records
from airflow_provider_liveactivity.sandbox import RunningSandbox
from tests.support.task_context import context, new_store
from tests.support.variables import Variables
from tests.support.vendor_adapters import BRAZE, Adapter

CROWD = [f"fan-{number}" for number in range(120)]  # three requests
END = (datetime.now(UTC) + timedelta(hours=1)).isoformat()


def test_an_attempt_that_reached_no_one_leaves_the_record_of_a_start_beside_it(
    sandbox: RunningSandbox, adapter: Adapter, variables: Variables, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two mapped starts of one activity: the second begins while the first gets no connection."""
    first = adapter.operator("start", end_time=END)
    send = type(first).send

    def send_beside(operator: Any, running: Any) -> Any:
        monkeypatch.setattr(type(first), "send", send)
        adapter.operator("start", end_time=END).execute(context(map_index=1))
        sandbox.sandbox.add_fault("502", times=None)
        return send(operator, running)

    monkeypatch.setattr(type(first), "send", send_beside)
    with pytest.raises((LiveActivityError, AirflowFailException)):
        first.execute(context(map_index=0))

    assert len(variables.records) == 1


def test_an_end_leaves_the_record_of_a_start_that_comes_meanwhile(
    sandbox: RunningSandbox, adapter: Adapter, variables: Variables, monkeypatch: pytest.MonkeyPatch
) -> None:
    adapter.operator("start", end_time=END).execute(context())
    [old] = variables.records
    ending = adapter.operator("end")
    end = type(ending).end  # type: ignore[attr-defined]

    def end_and_start(operator: Any, running: Any, *, validate_only: bool, **arguments: Any) -> Any:
        report = end(operator, running, validate_only=validate_only, **arguments)
        if not validate_only:
            adapter.operator("start", end_time=END).execute(context(run_id="the next one"))
        return report

    monkeypatch.setattr(type(ending), "end", end_and_start)
    ending.execute(context())

    [new] = variables.records
    assert new["start_id"] != old["start_id"]


def test_an_end_that_waits_beside_the_start_deletes_the_record_of_that_start(
    sandbox: RunningSandbox, variables: Variables, monkeypatch: pytest.MonkeyPatch
) -> None:
    ending = BRAZE.operator("end", end_time=datetime.now(UTC) + timedelta(seconds=1))
    end = type(ending).end  # type: ignore[attr-defined]

    def start_and_end(operator: Any, running: Any, *, validate_only: bool, **arguments: Any) -> Any:
        if validate_only:  # before the wait
            BRAZE.operator("start", end_time=END).execute(context(task_id="start"))
        return end(operator, running, validate_only=validate_only, **arguments)

    monkeypatch.setattr(type(ending), "end", start_and_end)
    assert ending.execute(context())["accepted"] == 1
    assert not variables


def test_a_retry_whose_audience_is_empty_by_now_fails_in_place_of_skipping(
    sandbox: RunningSandbox, variables: Variables
) -> None:
    """A skipped start has no end: Airflow runs no teardown of a setup that was skipped."""
    arguments: dict[str, Any] = {"end_time": END, "on_empty_audience": "skip", "max_workers": 1}
    sandbox.sandbox.add_fault("502", skip=1, times=None)
    people = [f"fan-{number}" for number in range(120)]
    with pytest.raises((LiveActivityError, AirflowFailException)):
        BRAZE.operator("start", external_user_ids=people, **arguments).execute(context())
    [record] = variables.records

    with pytest.raises(AirflowFailException, match="earlier attempt may have started the activity"):
        BRAZE.operator("start", external_user_ids=[], **arguments).execute(context(try_number=2))

    assert variables.records == [record]


def test_a_first_attempt_whose_audience_is_empty_is_skipped(
    sandbox: RunningSandbox, variables: Variables
) -> None:
    with pytest.raises(AirflowSkipException):
        BRAZE.operator("start", external_user_ids=[], end_time=END, on_empty_audience="skip").execute(
            context()
        )
    assert not variables


def run_start_and_end_it_meanwhile(monkeypatch: pytest.MonkeyPatch, running: Any, end: Any) -> Any:
    """Run a start to a crowd; call ``end`` after the last request has left, and before the start knows."""
    start = BRAZE.operator("start", external_user_ids=CROWD, end_time=END, max_workers=1)
    send = type(start).send

    def send_and_end(operator: Any, running: Any) -> Any:
        try:
            return send(operator, running)
        finally:
            end()

    monkeypatch.setattr(type(start), "send", send_and_end)
    return start.execute(running)


def test_an_activity_that_another_task_ends_during_its_start_stays_on_no_phone(
    sandbox: RunningSandbox, variables: Variables, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = run_start_and_end_it_meanwhile(monkeypatch, context(), variables.clear)

    assert report["accepted"] == len(CROWD)
    assert running_cards(sandbox) == 0
    assert not variables


def test_an_end_whose_request_left_before_the_last_of_the_start_ends_the_activity_on_all_phones(
    sandbox: RunningSandbox, variables: Variables, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The end deletes the record a moment after the start has looked for it."""

    ending = BRAZE.operator("end")
    end_now = type(ending).end  # type: ignore[attr-defined]

    def end_before(operator: Any, running: Any, **arguments: Any) -> Any:
        return end_now(operator, running, **arguments | {"validate_only": True})  # reaches no phone

    def end() -> None:
        with monkeypatch.context() as patch:
            patch.setattr(_records, "delete", lambda record: None)
            patch.setattr(type(ending), "end", end_before)
            ending.execute(context(task_id="end", run_id="end now"))

    run_start_and_end_it_meanwhile(monkeypatch, context(), end)

    assert running_cards(sandbox) == 0
    assert not variables


def test_a_start_that_another_task_ends_does_not_defer_to_go_on(
    sandbox: RunningSandbox, variables: Variables, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox.sandbox.add_fault("429", reset_in=3000, skip=1)

    with pytest.raises(AirflowFailException, match="Another task ended the activity"):
        run_start_and_end_it_meanwhile(monkeypatch, context(), variables.clear)

    assert running_cards(sandbox) == 0
    assert not variables


def test_a_start_whose_second_end_fails_leaves_a_record_that_is_due(
    sandbox: RunningSandbox, variables: Variables, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox.sandbox.add_fault("502", skip=3, times=None)

    with pytest.raises(AirflowFailException, match="could not be ended again"):
        run_start_and_end_it_meanwhile(monkeypatch, context(), variables.clear)

    [record] = variables.records
    assert record["end_time"] <= datetime.now(UTC).isoformat()


def test_a_start_that_is_ended_while_it_waits_for_quota_does_not_go_on(
    sandbox: RunningSandbox, variables: Variables
) -> None:
    running = context(new_store(), task_id="start_it")
    start: dict[str, Any] = {"external_user_ids": CROWD, "end_time": END, "max_workers": 1}
    sandbox.sandbox.add_fault("429", reset_in=3000, skip=1)
    with pytest.raises(TaskDeferred):
        BRAZE.operator("start", **start).execute(running)
    BRAZE.operator("end").execute(context(task_id="end", run_id="end now"))

    again = BRAZE.operator("start", **start)
    with pytest.raises(AirflowFailException, match="while its start waited"):
        again.resume_after_wait(running | {"task": again})

    assert running_cards(sandbox) == 0
    assert not variables


def running_cards(sandbox: RunningSandbox) -> int:
    phones = httpx.get(f"{sandbox.url}/sandbox/phones", params={"limit": 1000}).json()["phones"]
    assert phones
    return sum(phone["status"] == "running" for phone in phones)

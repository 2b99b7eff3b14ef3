"""Whose record of an activity stays when starts and ends of the same activity overlap."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException, AirflowSkipException

from airflow_provider_liveactivity.errors import LiveActivityError
from airflow_provider_liveactivity.sandbox import RunningSandbox
from tests.support.task_context import context
from tests.support.variables import Variables
from tests.support.vendor_adapters import BRAZE, Adapter

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

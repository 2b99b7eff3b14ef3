"""Content that a phone may not show is sent, with one warning per send."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

import pytest

from airflow_provider_liveactivity.hooks.braze import BrazeHook
from airflow_provider_liveactivity.sandbox import RunningSandbox
from tests.support.task_context import context
from tests.support.vendor_adapters import BRAZE, VERBS, Adapter

NULL = {"home": 1, "winner": None}
LATER = timedelta(hours=1)


class Log:
    """What was logged, wherever this version of Airflow writes it."""

    def __init__(self, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]) -> None:
        self._caplog, self._capsys = caplog, capsys

    def lines(self, words: str) -> list[str]:
        """Return the lines that hold some words, and forget the lines so far."""
        printed = self._capsys.readouterr().out.splitlines()
        lines = [*printed, *(record.getMessage() for record in self._caplog.records)]
        self._caplog.clear()
        return [line for line in lines if words in line]


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]) -> Log:
    caplog.set_level(logging.WARNING)
    return Log(caplog, capsys)


@pytest.mark.parametrize("verb", VERBS)
def test_a_null_in_the_state_is_named_once(
    sandbox: RunningSandbox, adapter: Adapter, verb: str, log: Log
) -> None:
    if verb != "start":
        adapter.operator("start", content_state={"home": 0}).execute(context(task_id="kick_off"))
    adapter.operator(verb, content_state=NULL).execute(context())
    (warning,) = log.lines("null at")
    assert "null at content_state.winner: " in warning
    assert f"({verb} of match-1)" in warning
    assert adapter.state_of(sandbox.sandbox.records[-1].content) == NULL


def test_a_null_in_the_attributes_is_named(sandbox: RunningSandbox, adapter: Adapter, log: Log) -> None:
    name = "activity_attributes" if adapter is BRAZE else "attribute_info"
    adapter.operator("start", content_state={"home": 0}, **{name: {"stadium": None}}).execute(context())
    (warning,) = log.lines("null at")
    assert f"null at {name}.stadium: " in warning


def test_many_batches_have_one_warning(sandbox: RunningSandbox, log: Log) -> None:
    fields: dict[str, Any] = {
        **BRAZE.fields["start"],
        "notification": {"sound": "goal.wav", "alert": {"title": "Kick-off", "body": "It has started"}},
        "external_user_ids": [f"anja-{number}" for number in range(120)],
    }
    BrazeHook().start_live_activity(**fields, content_state=NULL, max_workers=2)
    assert sandbox.sandbox.requests == 3
    warnings = log.lines("(start of match-1)")
    assert len(warnings) == 3
    for words in ("null at content_state.winner", "no stale_date", "notification.sound"):
        assert len([line for line in warnings if words in line]) == 1


def test_what_shows_everywhere_has_no_warning(sandbox: RunningSandbox, log: Log) -> None:
    hook = BrazeHook()
    fields: dict[str, Any] = {"content_state": {"home": 1}, "stale_date": LATER}
    hook.start_live_activity(**BRAZE.fields["start"], **fields)
    hook.update_live_activity(**BRAZE.fields["update"], **fields)
    hook.end_live_activity(**BRAZE.fields["end"], content_state={"home": 1})
    assert log.lines("of match-1)") == []


def test_each_send_of_a_hook_logs_its_own_warning(sandbox: RunningSandbox, log: Log) -> None:
    hook = BrazeHook()
    for _ in range(2):
        hook.update_live_activity(**BRAZE.fields["update"], content_state=NULL, stale_date=LATER)
    assert len(log.lines("null at")) == 2


def test_a_dry_run_warns_and_the_send_after_it_does_not_repeat_that(
    sandbox: RunningSandbox, log: Log
) -> None:
    hook = BrazeHook()
    fields: dict[str, Any] = {**BRAZE.fields["update"], "content_state": NULL, "stale_date": LATER}
    hook.update_live_activity(**fields, validate_only=True)
    assert len(log.lines("null at")) == 1
    hook.update_live_activity(**fields)
    assert log.lines("null at") == []

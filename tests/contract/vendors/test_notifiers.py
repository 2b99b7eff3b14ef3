"""Notifiers in callbacks and in the triggerer: what they send, and what a failure logs."""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from airflow_provider_liveactivity._airflow_internals import AIRFLOW_V_3_3_PLUS
from airflow_provider_liveactivity.errors import AuthenticationFailed, InvalidPayload
from airflow_provider_liveactivity.notifications._base import LiveActivityNotifier
from airflow_provider_liveactivity.notifications.braze import BrazeLiveActivityNotifier
from airflow_provider_liveactivity.notifications.moengage import MoEngageBroadcastNotifier
from airflow_provider_liveactivity.sandbox import RunningSandbox
from tests.support.airflow_versions import needs_alert_context
from tests.support.task_context import context
from tests.support.variables import Variables
from tests.support.vendor_adapters import STATES, Adapter

NOTIFIERS: dict[str, Callable[..., LiveActivityNotifier]] = {
    "braze": BrazeLiveActivityNotifier,
    "moengage": MoEngageBroadcastNotifier,
}
VERBS = ("update", "end")
each_verb = pytest.mark.parametrize("verb", VERBS)


def notifier(adapter: Adapter, verb: str, /, **changes: Any) -> LiveActivityNotifier:
    arguments = {"content_state": STATES[verb], **adapter.fields[verb], **changes}
    return NOTIFIERS[adapter.vendor](**{"verb": verb, **arguments})


def callback(adapter: Adapter, verb: str, **changes: Any) -> None:
    """Run it as Airflow does for a task."""
    notifier(adapter, verb, **changes)({"params": {"home": 7}})


def deadline(adapter: Adapter, verb: str, **changes: Any) -> None:
    """Run it as the triggerer does for a Deadline Alert."""

    async def run() -> None:
        await notifier(adapter, verb, context={"params": {"home": 7}}, **changes)

    asyncio.run(run())


each_way = pytest.mark.parametrize("notify", [callback, deadline])


@pytest.fixture
def started(sandbox: RunningSandbox, adapter: Adapter) -> RunningSandbox:
    adapter.operator("start").execute(context())
    return sandbox


def last(sandbox: RunningSandbox) -> Any:
    return sandbox.sandbox.records[-1]


@each_verb
def test_it_does_not_change_the_record_of_the_activity(
    sandbox: RunningSandbox, adapter: Adapter, verb: str, variables: Variables
) -> None:
    end = datetime.now(UTC) + timedelta(hours=1)
    adapter.operator("start", end_time=end).execute(context())
    before = variables.records
    callback(adapter, verb)
    assert last(sandbox).status < 300
    assert variables.records == before != []


@each_verb
@each_way
def test_it_sends_what_the_operator_of_the_verb_sends(
    started: RunningSandbox, adapter: Adapter, verb: str, notify: Callable[..., None]
) -> None:
    notify(adapter, verb)
    by_notifier = last(started)
    adapter.operator("start").execute(context(run_id="another"))
    adapter.operator(verb).execute(context(run_id="another"))
    assert by_notifier.carried_out
    assert by_notifier.path == adapter.paths[verb]
    # MoEngage's key of a request is another one for every request.
    assert by_notifier.content | {"instance_id": ""} == last(started).content | {"instance_id": ""}


@each_way
def test_its_fields_are_templates(
    started: RunningSandbox, adapter: Adapter, notify: Callable[..., None]
) -> None:
    notify(adapter, "update", content_state='{"home": {{ params.home }}}')
    assert adapter.state_of(last(started).content) == {"home": 7}


@each_way
def test_a_failure_says_what_is_wrong_and_shows_no_key(
    started: RunningSandbox,
    adapter: Adapter,
    notify: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    connection = adapter.connection(started.url, password="wr0ng-k3y")
    monkeypatch.setenv(f"AIRFLOW_CONN_{adapter.vendor.upper()}_DEFAULT", connection)
    with caplog.at_level(logging.DEBUG), pytest.raises(AuthenticationFailed) as failed:
        notify(adapter, "end")
    assert "check that the connection's" in str(failed.value)
    output = [*traceback.format_exception(failed.value), caplog.text, *capfd.readouterr()]
    assert "wr0ng-k3y" not in "\n".join(output)


@each_way
def test_bad_input_leaves_nothing(
    sandbox: RunningSandbox, adapter: Adapter, notify: Callable[..., None]
) -> None:
    with pytest.raises(InvalidPayload, match="content_state"):
        notify(adapter, "update", content_state="{")
    assert sandbox.sandbox.requests == 0


def test_another_verb_is_refused_when_the_dag_is_parsed(adapter: Adapter) -> None:
    with pytest.raises(ValueError, match="verb must be 'update' or 'end'"):
        notifier(adapter, "end", verb="start")


def test_the_triggerer_is_not_held_while_the_vendor_takes_its_time(
    started: RunningSandbox, adapter: Adapter
) -> None:
    started.sandbox.add_fault("502")  # so that there is a wait between two tries, too

    async def run() -> int:
        turns = 0
        sending = asyncio.ensure_future(notifier(adapter, "update").async_notify(SimpleNamespace()))  # type: ignore[arg-type]
        while not sending.done():
            turns += 1
            await asyncio.sleep(0)
        await sending
        return turns

    assert asyncio.run(run()) > 1


@needs_alert_context
def test_a_deadline_alert_can_give_it_its_context() -> None:
    if TYPE_CHECKING or AIRFLOW_V_3_3_PLUS:
        from airflow.sdk._shared.module_loading import accepts_context
    else:
        from airflow.models.callback import _accepts_context as accepts_context

    assert all(accepts_context(kind) for kind in (BrazeLiveActivityNotifier, MoEngageBroadcastNotifier))

"""No key and no external id in a task's log, error or XCom."""

from __future__ import annotations

import logging
import traceback

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException, TaskDeferred

from airflow_provider_liveactivity.errors import LiveActivityError
from airflow_provider_liveactivity.sandbox import RunningSandbox
from airflow_provider_liveactivity.sandbox.faults import FAULTS
from tests.support.task_context import context
from tests.support.vendor_adapters import BRAZE, KEYS, VERBS, Adapter

USERS = ["ada@example.com", "bob-4711"]
ALIASES = [{"alias_name": "ada-login", "alias_label": "login"}]
SECRETS = [*KEYS, *USERS, "ada-login"]


def output_of(
    adapter: Adapter,
    verb: str,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    **changes: object,
) -> str:
    """Execute, and return all that can be read afterwards."""
    people = (
        {"external_user_ids": USERS, "user_aliases": ALIASES} if (adapter, verb) == (BRAZE, "start") else {}
    )
    said = []
    with caplog.at_level(logging.DEBUG):
        try:
            said.append(repr(adapter.operator(verb, **people, **changes).execute(context())))
        except (LiveActivityError, AirflowFailException, TaskDeferred) as error:
            said.extend(traceback.format_exception(error))
    return "\n".join([*said, *(record.getMessage() for record in caplog.records), *capfd.readouterr()])


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("fault", [None, *(fault for fault in FAULTS if not fault.startswith("hang"))])
def test_responses_of_the_vendor_reveal_nothing(
    sandbox: RunningSandbox,
    adapter: Adapter,
    verb: str,
    fault: str | None,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    if fault:
        sandbox.sandbox.add_fault(fault, times=None, reset_in=None)
    text = output_of(adapter, verb, caplog, capfd)
    assert sandbox.sandbox.requests
    assert f"{adapter.vendor} {verb}: " in text or f"{adapter.vendor} {adapter.paths[verb]}" in text
    assert [secret for secret in SECRETS if secret in text] == []


@pytest.mark.parametrize("verb", VERBS)
def test_a_refused_key_reveals_nothing(
    sandbox: RunningSandbox,
    adapter: Adapter,
    verb: str,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    connection = adapter.connection(sandbox.url, password="wr0ng-k3y")
    monkeypatch.setenv(f"AIRFLOW_CONN_{adapter.vendor.upper()}_DEFAULT", connection)
    text = output_of(adapter, verb, caplog, capfd)
    assert "answered 401" in text
    assert [secret for secret in [*SECRETS, "wr0ng-k3y"] if secret in text] == []


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("state", [{"pin": {"hunter2"}}, "{'pin': 'hunter2'}", {"pin": "hunter2" * 1000}])
def test_refused_content_reveals_nothing(
    sandbox: RunningSandbox,
    adapter: Adapter,
    verb: str,
    state: object,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    text = output_of(adapter, verb, caplog, capfd, content_state=state)
    assert sandbox.sandbox.requests == 0
    assert [secret for secret in [*SECRETS, "hunter2"] if secret in text] == []

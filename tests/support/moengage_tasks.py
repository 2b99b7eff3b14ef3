"""Tasks of MoEngage operators against the sandbox over HTTP, without a database of Airflow."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException, TaskDeferred

from airflow_provider_liveactivity._airflow_internals import AIRFLOW_V_3_3_PLUS
from airflow_provider_liveactivity.delivery.rolling_limit import RollingLimiter
from airflow_provider_liveactivity.errors import LiveActivityError
from airflow_provider_liveactivity.hooks._base import LiveActivityHook
from airflow_provider_liveactivity.hooks.moengage import MoEngageHook
from airflow_provider_liveactivity.http.retries import RetryConfig
from airflow_provider_liveactivity.sandbox import RunningSandbox, running_sandbox
from tests.support.clock import Clock
from tests.support.final_errors import is_final
from tests.support.state_store import StateStore
from tests.support.task_context import TaskInstance

#: What is sent again is sent at once, and three times in all.
RETRY_AT_ONCE = RetryConfig(3, first_wait=0.01, max_wait=0.02)
KEYS = {
    "campaign_api_key": "sandbox-campaign-key",
    "data_api_key": "sandbox-data-key",
    "inform_api_key": "sandbox-inform-key",
}


@dataclass
class Outcome:
    """How a task's attempt ended, in Airflow's terms."""

    ended: str  # success, failed (for good), retry or deferred
    report: dict[str, Any] | None = None
    error: BaseException | None = None
    until: datetime | None = None

    @property
    def cause(self) -> LiveActivityError:
        error = self.error
        while error is not None and not isinstance(error, LiveActivityError):
            error = error.__context__
        assert error is not None
        return error


@dataclass
class Task:
    """One task instance over its attempts."""

    operator: Any
    run_id: str = "run"
    try_number: int = 1
    max_tries: int = 2
    region: dict[str, Any] = field(default_factory=dict)  # from Airflow 3.4 on
    store: StateStore | None = field(default_factory=lambda: StateStore() if AIRFLOW_V_3_3_PLUS else None)

    def run(self) -> Outcome:
        ti = TaskInstance(
            run_id=self.run_id,
            task_id=self.operator.task_id,
            try_number=self.try_number,
            max_tries=self.max_tries,
            **self.region,
        )
        context = {"ti": ti, "task_state_store": self.store}
        self.operator.__dict__.pop("hook", None)  # each attempt is a process of its own
        try:
            return Outcome("success", self.operator.execute(context))
        except AirflowFailException as error:
            return Outcome("failed", error=error)
        except TaskDeferred as deferred:
            return Outcome("deferred", until=deferred.trigger.moment)
        except LiveActivityError as error:
            return Outcome("failed" if is_final(self.operator, error) else "retry", error=error)

    def retry(self) -> Outcome:
        self.try_number += 1
        return self.run()

    def clear(self) -> Outcome:
        self.max_tries += self.try_number
        return self.retry()


def connect(monkeypatch: pytest.MonkeyPatch, url: str, **changes: Any) -> None:
    connection = {
        "conn_type": "moengage",
        "host": url,
        "login": "SANDBOX",
        "password": "sandbox-push-key",
        "extra": {**KEYS, "read_timeout": 2},
    }
    connection["extra"] |= changes.pop("extra", {})
    monkeypatch.setenv("AIRFLOW_CONN_MOENGAGE_DEFAULT", json.dumps(connection | changes))


@pytest.fixture
def running(monkeypatch: pytest.MonkeyPatch) -> Iterator[RunningSandbox]:
    # Nothing here waits for the sake of waiting: what is repeated is repeated at once, and not for long.
    monkeypatch.setattr(LiveActivityHook, "default_retry", RETRY_AT_ONCE)
    with running_sandbox() as running:
        connect(monkeypatch, running.url)
        yield running


@pytest.fixture
def hook(running: RunningSandbox) -> MoEngageHook:
    return MoEngageHook()


@pytest.fixture
def clock(running: RunningSandbox) -> Clock:
    """The clock of the sandbox, which a test can give to a hook as well."""
    clock = Clock(datetime.now(UTC))
    running.sandbox.now = clock
    return clock


def hook_on(clock: Clock) -> MoEngageHook:
    """Return a hook whose rate limits run on a clock."""
    hook = MoEngageHook()
    hook.rates = RollingLimiter(clock=clock, monotonic=clock.monotonic, sleep=clock.sleep)
    return hook


def requests(running: RunningSandbox, path: str | None = None) -> list[Any]:
    """The bodies that the sandbox got."""
    records = running.sandbox.records
    return [record.content for record in records if path is None or record.path == path]

"""Callbacks of tasks that update or end a Live Activity, in Airflow's own hands."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from airflow_provider_liveactivity.hooks.braze import BrazeHook
from airflow_provider_liveactivity.hooks.moengage import MoEngageHook
from airflow_provider_liveactivity.notifications.braze import BrazeLiveActivityNotifier
from airflow_provider_liveactivity.notifications.moengage import MoEngageBroadcastNotifier
from tests.support.airflow_db import new_dag

if TYPE_CHECKING:
    from airflow.sdk import DAG

    from airflow_provider_liveactivity.sandbox import RunningSandbox

STATE = '{"task": "{{ ti.task_id }}", "try": {{ ti.try_number }}}'
ALERT = {"title": "Match", "body": "News"}


def braze(**changes: Any) -> BrazeLiveActivityNotifier:
    return BrazeLiveActivityNotifier(activity_id="{{ dag.dag_id }}", content_state=STATE, **changes)


def moengage(**changes: Any) -> MoEngageBroadcastNotifier:
    return MoEngageBroadcastNotifier(
        broadcast_live_activity_id="{{ dag.dag_id }}", content_state=STATE, alert=ALERT, **changes
    )


def start(vendor: str, name: str, sandbox: RunningSandbox) -> None:
    if vendor == "braze":
        BrazeHook().start_live_activity(
            activity_id=name,
            activity_attributes_type="Match",
            activity_attributes={"home": "City"},
            content_state={"home": 0},
            notification={"alert": ALERT},
            external_user_ids=["ada"],
        )
    else:
        sandbox.sandbox.put_campaign(name, ["ada"])
        MoEngageHook().start_broadcast(
            broadcast_live_activity_id=name,
            attribute_type="Match",
            attribute_info={"home": "City"},
            content_state={"home": 0},
            alert=ALERT,
        )


@pytest.mark.parametrize("notifier", [braze, moengage])
@pytest.mark.parametrize(
    ("when", "failures", "verb", "shown"),
    [
        ("on_success_callback", 0, "update", {"task": "work", "try": 1}),
        ("on_retry_callback", 1, "update", {"task": "work", "try": 1}),
        ("on_failure_callback", 2, "end", {"task": "work", "try": 2}),
    ],
)
def test_a_callback_reaches_the_phone(
    execute: Callable[[DAG], dict[str, str]],
    sandbox: RunningSandbox,
    notifier: Callable[..., Any],
    when: str,
    failures: int,
    verb: str,
    shown: dict[str, Any],
) -> None:
    from airflow.sdk import task

    with new_dag() as dag:

        @task(retries=1, retry_delay=0, **{when: notifier(verb=verb)})
        def work(ti: Any = None) -> None:
            if ti.try_number <= failures:
                raise ValueError("as ordered")

        work()
    start(notifier.__name__, dag.dag_id, sandbox)

    states = execute(dag)

    assert states["work"] == ("failed" if failures == 2 else "success")
    [phone] = phones(sandbox, dag.dag_id)
    assert phone["content_state"] == shown
    assert phone["status"] == ("ended" if verb == "end" else "running")


def phones(sandbox: RunningSandbox, activity_id: str) -> list[dict[str, Any]]:
    answer = httpx.get(f"{sandbox.url}/sandbox/phones", params={"activity_id": activity_id})
    return list(answer.json()["phones"])


def test_a_callback_that_fails_says_why_and_changes_nothing(
    execute: Callable[[DAG], dict[str, str]],
    sandbox: RunningSandbox,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    from airflow.sdk import task

    monkeypatch.setenv(
        "AIRFLOW_CONN_BRAZE_DEFAULT",
        f"braze://:wr0ng-k3y@{sandbox.url.removeprefix('http://')}/?app_id=sandbox-app",
    )
    with new_dag() as dag:

        @task(on_success_callback=braze())
        def work() -> None:
            pass

        work()

    states = execute(dag)

    assert (states["work"], states[""]) == ("success", "success")
    output = "".join(capfd.readouterr())
    assert "check that the connection's password" in output
    assert "wr0ng-k3y" not in output

"""Each way to send checks state and attributes against the app's Swift file before the first request."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import DAG

from airflow_provider_liveactivity.decorators import braze, moengage
from airflow_provider_liveactivity.errors import InvalidPayload
from airflow_provider_liveactivity.hooks.braze import BrazeHook
from airflow_provider_liveactivity.hooks.moengage import MoEngageHook
from airflow_provider_liveactivity.lifecycle import BrazeLiveActivity, MoEngageBroadcastLiveActivity
from airflow_provider_liveactivity.notifications.braze import BrazeLiveActivityNotifier
from airflow_provider_liveactivity.notifications.moengage import MoEngageBroadcastNotifier
from airflow_provider_liveactivity.operators.moengage import (
    MoEngageEndLiveActivityOperator,
    MoEngageStartLiveActivityOperator,
    MoEngageUpdateLiveActivityOperator,
)
from airflow_provider_liveactivity.sandbox import RunningSandbox
from airflow_provider_liveactivity.sync.report import SyncReport
from tests.support.bad_input import SECRET
from tests.support.final_errors import final_error
from tests.support.task_context import context
from tests.support.vendor_adapters import BRAZE, MOENGAGE, VERBS, Adapter

SWIFT = """
struct MatchAttributes: ActivityAttributes {
    struct ContentState: Codable, Hashable { var home: Int; var note: String? }
    let home: String
    let stadium: Stadium?
    struct Stadium: Codable { let seats: Int }
}
"""
GOOD = {"home": 1}
BAD = {"home": SECRET}
BAD_ATTRIBUTES = {"home": "Chiefs", "stadium": {"seats": SECRET}}
WRONG_STATE = r"content_state\.home must be integer \(Int\), not string"
WRONG_ATTRIBUTES = r"(activity_attributes|attribute_info)\.stadium\.seats must be integer \(Int\), not string"

Attempt = Callable[..., Any]


@pytest.fixture
def schemas(tmp_path: Path) -> dict[str, Any]:
    """The arguments of a start that name the Swift file."""
    path = tmp_path / "Match.swift"
    path.write_text(SWIFT)
    return {"content_state_schema": str(path), "attributes_schema": path}


def operators(adapter: Adapter, verb: str) -> Attempt:
    return lambda **changes: final_error(adapter.operator(verb, **changes), context())


def of_users(verb: str) -> Attempt:
    kinds: dict[str, Any] = {
        "start": MoEngageStartLiveActivityOperator,
        "update": MoEngageUpdateLiveActivityOperator,
        "end": MoEngageEndLiveActivityOperator,
    }
    fields = {"activity_id": "order-1", "alert_id": "alert", "external_user_ids": ["anja"]}
    return lambda **changes: final_error(kinds[verb](task_id=verb, **fields, **changes), context())


def decorated(adapter: Adapter, verb: str) -> Attempt:
    kinds: dict[str, Any] = {
        "start": {"braze": braze.DecoratedStart, "moengage": moengage.DecoratedStart},
        "update": {"braze": braze.DecoratedUpdate, "moengage": moengage.DecoratedUpdate},
        "end": {"braze": braze.DecoratedEnd, "moengage": moengage.DecoratedEnd},
    }

    def attempt(content_state: Any, **changes: Any) -> Any:
        fields = {**adapter.fields[verb], **changes}
        kind = kinds[verb][adapter.vendor]
        return final_error(kind(task_id=verb, python_callable=lambda: content_state, **fields), context())

    return attempt


def hook(call: Callable[..., Any], fields: dict[str, Any]) -> Attempt:
    def attempt(**changes: Any) -> Any:
        with pytest.raises(InvalidPayload) as refused:
            call(**{**fields, **changes})
        return refused.value

    return attempt


def users_call(verb: str) -> Attempt:
    call = getattr(MoEngageHook(), f"{verb}_live_activity")
    return hook(call, {"activity_id": "order-1", "alert_id": "alert", "external_user_ids": ["anja"]})


def hook_call(adapter: Adapter, verb: str) -> Attempt:
    instance: Any = BrazeHook() if adapter is BRAZE else MoEngageHook()
    name = f"{verb}_live_activity" if adapter is BRAZE else f"{verb}_broadcast"
    return hook(getattr(instance, name), adapter.fields[verb])


#: What makes and carries out a call with a verb, and returns its error.
def notifier(adapter: Adapter, verb: str) -> Attempt:
    kind: Any = BrazeLiveActivityNotifier if adapter is BRAZE else MoEngageBroadcastNotifier
    return hook(lambda **fields: kind(verb=verb, **fields)({}), adapter.fields[verb])


WAYS: dict[str, Callable[[str], Attempt]] = {
    "Braze operator": lambda verb: operators(BRAZE, verb),
    "broadcast operator": lambda verb: operators(MOENGAGE, verb),
    "users' operator": of_users,
    "Braze decorator": lambda verb: decorated(BRAZE, verb),
    "broadcast decorator": lambda verb: decorated(MOENGAGE, verb),
    "Braze hook": lambda verb: hook_call(BRAZE, verb),
    "broadcast hook": lambda verb: hook_call(MOENGAGE, verb),
    "users' hook": users_call,
}
NOTIFIERS = {
    "Braze notifier": lambda verb: notifier(BRAZE, verb),
    "broadcast notifier": lambda verb: notifier(MOENGAGE, verb),
}
each_way = pytest.mark.parametrize("way", WAYS)


def assert_names(error: BaseException, place: str) -> None:
    assert re.search(place, str(error)), error
    assert SECRET not in str(error)


@each_way
@pytest.mark.parametrize("verb", VERBS)
def test_a_state_that_the_app_does_not_decode_is_not_sent(
    sandbox: RunningSandbox, schemas: dict[str, Any], way: str, verb: str
) -> None:
    error = WAYS[way](verb)(content_state=BAD, content_state_schema=schemas["content_state_schema"])
    assert_names(error, WRONG_STATE)
    assert sandbox.sandbox.requests == 0


@pytest.mark.parametrize("way", NOTIFIERS)
@pytest.mark.parametrize("verb", ["update", "end"])
def test_a_notifier_does_not_send_a_state_that_the_app_does_not_decode(
    sandbox: RunningSandbox, schemas: dict[str, Any], way: str, verb: str
) -> None:
    schema = schemas["content_state_schema"]
    assert_names(NOTIFIERS[way](verb)(content_state=BAD, content_state_schema=schema), WRONG_STATE)
    assert sandbox.sandbox.requests == 0


@each_way
def test_attributes_that_the_app_does_not_decode_are_not_sent(
    sandbox: RunningSandbox, schemas: dict[str, Any], way: str
) -> None:
    name = "activity_attributes" if way.startswith("Braze") else "attribute_info"
    error = WAYS[way]("start")(content_state=GOOD, **{name: BAD_ATTRIBUTES}, **schemas)
    assert_names(error, WRONG_ATTRIBUTES)
    assert sandbox.sandbox.requests == 0


@pytest.mark.parametrize("verb", VERBS)
def test_what_the_app_decodes_is_sent(
    sandbox: RunningSandbox, adapter: Adapter, schemas: dict[str, Any], verb: str
) -> None:
    given = schemas if verb == "start" else {"content_state_schema": schemas["content_state_schema"]}
    adapter.operator("start", content_state=GOOD).execute(context(task_id="kick_off"))
    adapter.operator(verb, content_state={"home": 2, "note": None}, **given).execute(context())
    assert adapter.state_of(sandbox.sandbox.records[-1].content)["home"] == 2


@pytest.mark.parametrize("kind", [BrazeLiveActivity, MoEngageBroadcastLiveActivity])
def test_a_lifecycle_passes_the_schemas_to_its_tasks(schemas: dict[str, Any], kind: Any) -> None:
    adapter = BRAZE if kind is BrazeLiveActivity else MOENGAGE
    alerts = {} if adapter is BRAZE else {"end_alert": adapter.fields["start"]["alert"]}
    update = {} if adapter is BRAZE else {"alert": adapter.fields["start"]["alert"]}
    with DAG("match", schedule=None):
        fields = {**adapter.fields["start"], **alerts, **schemas}
        with kind("live", content_state=GOOD, end_time="PT1H", **fields) as live:
            goal = live.update("goal", content_state=GOOD, **update)
    assert live.start.attributes_schema == schemas["attributes_schema"]
    for task in (live.start, goal, live.end, live.end_early):
        assert task.content_state_schema == schemas["content_state_schema"]


@pytest.fixture
def state_table(sandbox: RunningSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    database = {"conn_type": "sqlite", "host": str(tmp_path / "state.db")}
    monkeypatch.setenv("AIRFLOW_CONN_STATE", json.dumps(database))
    moengage = MOENGAGE.connection(sandbox.url, extra={"inform_api_key": "sandbox-inform-key"})
    monkeypatch.setenv("AIRFLOW_CONN_MOENGAGE_DEFAULT", moengage)


def sync(adapter: Adapter, *rows: dict[str, Any], **changes: Any) -> SyncReport:
    """Run one pass; the rows have good attributes unless they say otherwise."""
    name = "activity_attributes" if adapter is BRAZE else "attribute_info"
    given = [{"external_user_id": "anja", name: {"home": "Chiefs"}, **row} for row in rows]
    if adapter is MOENGAGE:
        return MoEngageHook().sync_live_activities(
            rows=given, state_conn_id="state", alert_id="alert", **changes
        )
    fields = {name: BRAZE.fields["start"][name] for name in ("activity_attributes_type", "notification")}
    return BrazeHook().sync_live_activities(rows=given, state_conn_id="state", **fields, **changes)


@pytest.mark.usefixtures("state_table")
def test_a_sync_starts_only_what_the_app_decodes(
    sandbox: RunningSandbox, adapter: Adapter, schemas: dict[str, Any]
) -> None:
    name = "activity_attributes" if adapter is BRAZE else "attribute_info"
    report = sync(
        adapter,
        {"activity_id": "order-1", "content_state": BAD},
        {"activity_id": "order-2", "content_state": GOOD, name: BAD_ATTRIBUTES},
        {"activity_id": "order-3", "content_state": GOOD},
        **schemas,
    )
    assert (report["started"], report["bad_rows"], sandbox.sandbox.requests) == (1, 2, 1)
    first, second = (problem["reason"] for problem in report["problems"])
    assert re.search(WRONG_STATE, first)
    assert re.search(WRONG_ATTRIBUTES, second)
    assert SECRET not in json.dumps(report)


@pytest.mark.usefixtures("state_table")
def test_a_sync_updates_and_ends_with_states_that_the_app_decodes(
    sandbox: RunningSandbox, schemas: dict[str, Any]
) -> None:
    order = {"activity_id": "order-1", "content_state": GOOD}
    sync(BRAZE, order, **schemas)
    report = sync(BRAZE, {**order, "content_state": BAD}, **schemas)
    assert (report["updated"], report["bad_rows"]) == (0, 1)
    # The activity still ends, with the last state that it showed.
    report = sync(BRAZE, {**order, "content_state": BAD, "ended": True}, **schemas)
    assert (report["ended"], report["bad_rows"]) == (1, 1)
    assert BRAZE.state_of(sandbox.sandbox.records[-1].content) == GOOD


@pytest.mark.usefixtures("state_table")
@pytest.mark.parametrize("name", ["content_state_schema", "attributes_schema"])
def test_a_sync_refuses_a_bad_schema_before_it_reads_rows(
    sandbox: RunningSandbox, adapter: Adapter, name: str
) -> None:
    with pytest.raises(InvalidPayload, match=f"^{name} is not a readable JSON Schema"):
        sync(adapter, {"no column": "of a sync"}, **{name: {"type": "intger"}})
    assert sandbox.sandbox.requests == 0

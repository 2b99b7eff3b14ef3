"""The hooks by themselves, as a plain @task uses them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest

from airflow_provider_liveactivity.errors import InvalidConnection, InvalidPayload, PermissionDenied
from airflow_provider_liveactivity.hooks.braze import BrazeHook
from airflow_provider_liveactivity.hooks.moengage import MoEngageHook
from airflow_provider_liveactivity.sandbox import RunningSandbox
from tests.support.vendor_adapters import BRAZE, MOENGAGE, STATES, VERBS, Adapter

CALLS: dict[str, dict[str, Callable[..., Any]]] = {
    "braze": {
        "start": BrazeHook.start_live_activity,
        "update": BrazeHook.update_live_activity,
        "end": BrazeHook.end_live_activity,
    },
    "moengage": {
        "start": MoEngageHook.start_broadcast,
        "update": MoEngageHook.update_broadcast,
        "end": MoEngageHook.end_broadcast,
    },
}
HOOKS: dict[str, type[BrazeHook | MoEngageHook]] = {"braze": BrazeHook, "moengage": MoEngageHook}


def live(adapter: Adapter) -> list[Any]:
    """Start, update and end through one hook, and return the reports."""
    hook = HOOKS[adapter.vendor]()
    calls = CALLS[adapter.vendor]
    return [calls[verb](hook, content_state=STATES[verb], **adapter.fields[verb]) for verb in VERBS]


def test_one_hook_starts_updates_and_ends_an_activity(sandbox: RunningSandbox, adapter: Adapter) -> None:
    assert [(report["verb"], report["unknown"]) for report in live(adapter)] == [(verb, 0) for verb in VERBS]
    assert sandbox.sandbox.activities["braze" if adapter is BRAZE else "moengage", "match-1"].ended


def test_a_hook_works_inside_a_running_event_loop(sandbox: RunningSandbox, adapter: Adapter) -> None:
    async def task() -> list[Any]:
        return live(adapter)

    assert len(asyncio.run(task())) == 3


def test_segments_can_be_read_inside_a_running_event_loop(sandbox: RunningSandbox) -> None:
    async def task() -> list[dict[str, Any]]:
        return list(BrazeHook().segments())

    assert [segment["id"] for segment in asyncio.run(task())] == ["fans"]


@pytest.mark.parametrize("verb", VERBS)
def test_the_same_call_twice_is_two_pushes(sandbox: RunningSandbox, adapter: Adapter, verb: str) -> None:
    hook, call = HOOKS[adapter.vendor](), CALLS[adapter.vendor][verb]
    if verb != "start":
        CALLS[adapter.vendor]["start"](hook, content_state={}, **adapter.fields["start"])
    if verb != "end":  # MoEngage refuses a second end, and says why
        call(hook, content_state={}, **adapter.fields[verb])
    call(hook, content_state={}, **adapter.fields[verb])
    assert all(200 <= (record.status or 0) < 300 for record in sandbox.sandbox.records)


def test_a_given_instance_id_is_used_once(sandbox: RunningSandbox) -> None:
    hook = MoEngageHook()
    fields: Any = {"content_state": {}, "instance_id": "kick-off", **MOENGAGE.fields["start"]}
    hook.start_broadcast(**fields)
    with pytest.raises(InvalidPayload, match="this instance_id was used before"):
        hook.start_broadcast(**fields)
    assert hook.start_broadcast(**fields, possibly_sent_before=True)["accepted"] == 1


@pytest.mark.parametrize("count", [0, 1, 99, 100, 101, 250])
def test_segments_come_from_all_pages(sandbox: RunningSandbox, count: int) -> None:
    sandbox.sandbox.segments.clear()
    names = [f"Segment {number}" for number in range(count)]
    for name in names:
        sandbox.sandbox.put_segment(name, name, [])
    assert [segment["name"] for segment in BrazeHook().segments()] == names
    assert sandbox.sandbox.requests == count // 100 + 1


def test_segments_are_read_no_further_than_needed(sandbox: RunningSandbox) -> None:
    for number in range(250):
        sandbox.sandbox.put_segment(str(number), str(number), [])
    next(BrazeHook().segments())
    assert sandbox.sandbox.requests == 1


def test_segments_without_the_permission_say_so(sandbox: RunningSandbox) -> None:
    sandbox.sandbox.change_settings(braze_permissions=[])
    with pytest.raises(PermissionDenied, match=r"the permission segments\.list"):
        list(BrazeHook().segments())


def test_a_read_may_be_repeated(sandbox: RunningSandbox) -> None:
    sandbox.sandbox.add_fault("503", times=2)
    assert len(list(BrazeHook().segments())) == 1


@pytest.mark.parametrize(
    ("data_center", "host", "url"),
    [
        ("01", "", "https://api-01.moengage.com"),
        ("06", None, "https://api-06.moengage.com"),
        ("101", "", "https://api-101.moengage.com"),
        (101, "", "https://api-101.moengage.com"),
        (None, "api-101.moengage.com", "https://api-101.moengage.com"),
        ("02", "api-02.moengage.com", "https://api-02.moengage.com"),
        ("02", "http://127.0.0.1:8390", "http://127.0.0.1:8390"),
        (None, "sandbox-api-01.moengage.com", "https://sandbox-api-01.moengage.com"),
        ("01", "sandbox-api-01.moengage.com", "https://sandbox-api-01.moengage.com"),
    ],
)
def test_a_data_center_names_the_host(
    monkeypatch: pytest.MonkeyPatch, data_center: Any, host: str | None, url: str
) -> None:
    extra = {"data_center": data_center}
    monkeypatch.setenv("AIRFLOW_CONN_M", MOENGAGE.connection(host or "", extra=extra))
    assert MoEngageHook("m").workspace.base_url == url


@pytest.mark.parametrize(
    ("instance", "host", "url"),
    [
        ("US-01", "", "https://rest.iad-01.braze.com"),
        ("EU-02", None, "https://rest.fra-02.braze.eu"),
        ("KR-01", " ", "https://rest.kr-01.braze.com"),
        ("US-10", "https://rest.us-10.braze.com/", "https://rest.us-10.braze.com"),
        (None, "rest.us-11.braze.com", "https://rest.us-11.braze.com"),
        ("US-10", "http://127.0.0.1:8390", "http://127.0.0.1:8390"),
    ],
)
def test_an_instance_names_the_host(
    monkeypatch: pytest.MonkeyPatch, instance: str | None, host: str | None, url: str
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_B", BRAZE.connection(host or "", extra={"instance": instance}))
    assert BrazeHook("b").workspace.base_url == url


@pytest.mark.parametrize(
    ("adapter", "host", "extra"),
    [
        (BRAZE, "rest.iad-02.braze.com", {"instance": "US-01"}),
        (MOENGAGE, "api-02.moengage.com", {"data_center": "01"}),
    ],
)
def test_a_host_and_a_choice_that_contradict_each_other(
    monkeypatch: pytest.MonkeyPatch, adapter: Adapter, host: str, extra: dict[str, str]
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_X", adapter.connection(host, extra=extra))
    [(field, choice)] = extra.items()
    with pytest.raises(InvalidConnection, match=f"host is {host}, but {field} {choice} is .*-01"):
        _ = HOOKS[adapter.vendor]("x").workspace


def test_brazes_host_needs_no_scheme_and_gets_https(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_B", BRAZE.connection("rest.fra-01.braze.eu"))
    assert BrazeHook("b").workspace.base_url == "https://rest.fra-01.braze.eu"


def test_time_outs_and_proxy_come_from_the_connection(
    adapter: Adapter, monkeypatch: pytest.MonkeyPatch
) -> None:
    extra = {"connect_timeout": 3, "read_timeout": 4, "proxy": "http://p:3128"}
    monkeypatch.setenv("AIRFLOW_CONN_X", adapter.connection("http://127.0.0.1:1", extra=extra))
    account = HOOKS[adapter.vendor]("x").workspace
    assert (account.timeouts.connect, account.timeouts.read, account.proxy) == (3, 4, "http://p:3128")


def test_a_connection_is_read_when_it_is_first_needed() -> None:
    for hook in HOOKS.values():
        assert hook("nowhere").conn_type in HOOKS


def test_airflow_hides_the_key_in_logs_even_in_its_encoded_form(
    adapter: Adapter, monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow.sdk._shared.secrets_masker import redact

    key = f"fresh-{adapter.vendor}-k3y"
    monkeypatch.setenv("AIRFLOW_CONN_X", adapter.connection("http://127.0.0.1:1", password=key))
    secrets = HOOKS[adapter.vendor]("x").workspace.vendor.secrets()
    assert key in secrets
    assert [redact(f"a {secret} b") for secret in secrets] == ["a *** b"] * len(secrets)


def test_the_apps_id_comes_from_the_call_before_the_connection(sandbox: RunningSandbox) -> None:
    fields: Any = {"content_state": {}, **BRAZE.fields["update"]}
    BrazeHook().update_live_activity(**fields)
    with pytest.raises(InvalidPayload):
        BrazeHook().update_live_activity(**fields, app_id="other")
    assert [record.content["app_id"] for record in sandbox.sandbox.records] == ["sandbox-app", "other"]


def test_an_error_names_the_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_MY_BRAZE", json.dumps({"conn_type": "braze"}))
    with pytest.raises(InvalidConnection, match="'my_braze'"):
        _ = BrazeHook("my_braze").workspace

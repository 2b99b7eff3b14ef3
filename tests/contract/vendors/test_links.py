"""Links from a task: to the dashboard of the workspace's own instance, or to the sandbox's page."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from airflow.sdk import DAG

from airflow_provider_liveactivity.operators._base import LiveActivityOperator
from airflow_provider_liveactivity.operators.moengage import (
    MoEngageCreateBroadcastCampaignOperator,
    MoEngageEndLiveActivityOperator,
)
from airflow_provider_liveactivity.sandbox import RunningSandbox
from tests.support.task_context import context
from tests.support.vendor_adapters import ADAPTERS, BRAZE, KEYS, MOENGAGE, USERS, VERBS, Adapter

BRAZE_LOG, MOENGAGE_CAMPAIGNS, SANDBOX = "Braze Message Activity Log", "MoEngage campaigns", "Sandbox"
LOG = "/app_settings/developer_console/activitylog/"


def links(operator: Any, **params: Any) -> dict[str, str]:
    """What a new process, which has only rendered the fields, would push after a leg of the task."""
    operator.render_template_fields(context() | {"params": params})
    ti: Any = context()["ti"]
    return {link.name: link.get_link(operator, ti_key=ti) for link in operator.operator_extra_links}


@pytest.mark.parametrize("verb", VERBS)
def test_against_the_sandbox_a_link_leads_to_the_page_of_the_activity(
    sandbox: RunningSandbox, adapter: Adapter, verb: str
) -> None:
    operator = adapter.operator(verb, **{adapter.id_name: "match/{{ params.n }} ü"})
    found = links(operator, n=7)
    assert found[SANDBOX] == f"{sandbox.url}/activities/match%2F7%20%C3%BC"
    assert list(found) == [SANDBOX]


def test_the_page_behind_the_link_exists(sandbox: RunningSandbox) -> None:
    import httpx

    assert "text/html" in httpx.get(links(BRAZE.operator("update"))[SANDBOX]).headers["content-type"]


@pytest.mark.parametrize(
    ("host", "extra", "dashboard"),
    [
        ("rest.iad-03.braze.com", {}, "dashboard-03.braze.com"),
        ("https://rest.fra-01.braze.eu", {}, "dashboard-01.braze.eu"),
        ("", {"instance": "JP-01"}, "dashboard.jp-01.braze.com"),
        ("proxy.example.com", {"instance": "US-10", "allow_any_host": True}, "dashboard.us-10.braze.com"),
        ("proxy.example.com", {"allow_any_host": True}, "dashboard.braze.com"),
        ("rest.us-77.braze.com", {}, "dashboard.braze.com"),
    ],
)
def test_braze_s_link_leads_to_the_log_of_the_instance(
    monkeypatch: pytest.MonkeyPatch, host: str, extra: dict[str, Any], dashboard: str
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_BRAZE_DEFAULT", BRAZE.connection(host, extra=extra))
    assert links(BRAZE.operator("end")) == {BRAZE_LOG: f"https://{dashboard}{LOG}"}


@pytest.mark.parametrize(
    ("host", "extra", "dashboard"),
    [
        ("", {"data_center": "101"}, "dashboard-101.moengage.com"),
        ("api-03.moengage.com", {}, "dashboard-03.moengage.com"),
        ("sandbox-api-04.moengage.com", {}, "dashboard-04.moengage.com"),
        ("proxy.example.com", {"data_center": "02", "allow_any_host": True}, "dashboard-02.moengage.com"),
        ("proxy.example.com", {"allow_any_host": True}, None),
    ],
)
def test_moengage_s_link_leads_to_the_dashboard_of_the_data_center(
    monkeypatch: pytest.MonkeyPatch, host: str, extra: dict[str, Any], dashboard: str | None
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_MOENGAGE_DEFAULT", MOENGAGE.connection(host, extra=extra))
    expected = {MOENGAGE_CAMPAIGNS: f"https://{dashboard}/v4/#/campaigns/all"} if dashboard else {}
    assert links(MOENGAGE.operator("end")) == expected


def test_a_link_needs_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(
        "AIRFLOW_CONN_MOENGAGE_DEFAULT",
        MOENGAGE.connection("", password=None, extra={"data_center": "01", "campaign_api_key": "c"}),
    )
    operator = MoEngageCreateBroadcastCampaignOperator(
        task_id="c", name="n", broadcast_live_activity_id="b", created_by="x@example.com", all_users=True
    )
    assert links(operator)[MOENGAGE_CAMPAIGNS].startswith("https://dashboard-01.moengage.com/")


def test_the_link_of_a_task_for_single_users_leads_to_all_phones(sandbox: RunningSandbox) -> None:
    operator = MoEngageEndLiveActivityOperator(
        task_id="e", activity_id="order", alert_id="a", content_state={}, external_user_ids=USERS
    )
    assert links(operator)[SANDBOX] == f"{sandbox.url}/"


def test_a_mapped_task_has_the_link_of_its_own_activity(sandbox: RunningSandbox, adapter: Adapter) -> None:
    fields = {"content_state": {}, **adapter.fields["update"]}
    del fields[adapter.id_name]
    with DAG("matches", schedule=None, start_date=datetime(2026, 1, 1, tzinfo=UTC)):
        mapped = (
            adapter.operators["update"]
            .partial(task_id="update", **fields)
            .expand(**{adapter.id_name: ["match-1", "match-2"]})
        )
    # What the API server knows of a mapped task: the names of its links, and where their addresses lie.
    names = {link.name for link in mapped.operator_extra_links}
    found = links(mapped.unmap({adapter.id_name: "match-2"}))
    assert found.keys() < names
    assert found[SANDBOX] == f"{sandbox.url}/activities/match-2"


@pytest.mark.parametrize("connection", [None, {"password": "x", "host": ""}])
def test_where_the_connection_is_no_good_there_is_no_link_and_no_noise(
    adapter: Adapter, monkeypatch: pytest.MonkeyPatch, connection: dict[str, Any] | None
) -> None:
    name = f"AIRFLOW_CONN_{adapter.vendor.upper()}_DEFAULT"
    if connection is None:
        monkeypatch.delenv(name, raising=False)
    else:
        monkeypatch.setenv(name, json.dumps({"conn_type": adapter.vendor, **connection}))
    assert links(adapter.operator("end")) == {}


@pytest.mark.parametrize("verb", VERBS)
def test_no_link_holds_a_key_or_a_person(sandbox: RunningSandbox, adapter: Adapter, verb: str) -> None:
    found = json.dumps(links(adapter.operator(verb)))
    assert not any(secret in found for secret in (*KEYS, *USERS))


def test_every_operator_has_links_with_names_and_places_of_their_own() -> None:
    for adapter in ADAPTERS:
        for operator in adapter.operators.values():
            assert issubclass(operator, LiveActivityOperator)
            found = list(operator.operator_extra_links)
            assert len({link.name for link in found}) == len({link.xcom_key for link in found}) == 2

"""Audiences that nobody registered: refused, or invented."""

from __future__ import annotations

import base64
from typing import Any

import httpx

from airflow_provider_liveactivity.sandbox import RunningSandbox
from tests.support.sandbox_clients import WITHOUT, Api, BrazeClient, MoEngageClient

SEGMENT = {"external_user_ids": WITHOUT, "segment_id": "fans"}


def test_a_strict_sandbox_refuses_an_unknown_segment_and_campaign(running: RunningSandbox) -> None:
    with BrazeClient(running.url) as braze, MoEngageClient(running.url) as moengage:
        assert braze.start(SEGMENT).status_code == 400
        assert moengage.call("start").status_code == 403


def test_an_unknown_audience_gets_users_where_they_may_be_invented(
    running: RunningSandbox, braze: BrazeClient, api: Api
) -> None:
    running.sandbox.change_settings(invented_users=3)
    assert braze.start(SEGMENT).status_code == 201
    assert [phone["user"] for phone in api.read("/phones")["phones"]] == ["fans-003", "fans-002", "fans-001"]
    with MoEngageClient(running.url) as moengage:
        assert moengage.call("start").status_code == 200
    assert api.read("/activities", activity_id="match-7")["activities"][0]["phones"] == 3


def test_invented_users_stay_the_same(running: RunningSandbox, braze: BrazeClient, api: Api) -> None:
    running.sandbox.change_settings(invented_users=2)
    braze.start(SEGMENT)
    braze.start({**SEGMENT, "activity_id": "second"})
    assert api.read("/phones")["total"] == 4
    assert len(running.sandbox.known_users) == 2


def test_a_registered_audience_is_never_replaced(
    running: RunningSandbox, braze: BrazeClient, api: Api
) -> None:
    running.sandbox.change_settings(invented_users=5)
    api.put("/segments/fans", json={"users": ["ada"]})
    braze.start(SEGMENT)
    assert api.read("/phones")["total"] == 1


def test_a_custom_audience_reaches_somebody_without_preparation(
    running: RunningSandbox, braze: BrazeClient, api: Api
) -> None:
    running.sandbox.change_settings(invented_users=4)
    filters: dict[str, Any] = {
        "AND": [{"custom_attribute": {"custom_attribute_name": "team", "comparison": "exists"}}]
    }
    answer = braze.start({"external_user_ids": WITHOUT, "custom_audience": filters})
    assert answer.status_code == 201, answer.text
    assert api.read("/phones")["total"] == 4


def test_the_printed_keys_of_moengage_are_accepted(running: RunningSandbox) -> None:
    key = base64.b64encode(b"SANDBOX:sandbox-campaign-key").decode()
    headers = {"Authorization": f"Basic {key}", "MOE-APPKEY": "SANDBOX"}
    search = {"request_id": "1", "page": 1, "limit": 10}
    answer = httpx.post(f"{running.url}/core-services/v1/campaigns/search", json=search, headers=headers)
    assert answer.status_code == 200, answer.text

"""MoEngage's campaign and segment endpoints: keys, limits and error shapes, each over real HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from airflow_provider_liveactivity.sandbox import RunningSandbox
from tests.support.clock import Clock
from tests.support.sandbox_clients import LOCAL, WITHOUT, MoEngageClient, changed

CAMPAIGN: dict[str, Any] = {
    "request_id": "r-1",
    "channel": "PUSH",
    "campaign_delivery_type": "BROADCAST_LIVE_ACTIVITY",
    "created_by": "ada@example.com",
    "basic_details": {
        "name": "Match",
        "platforms": ["IOS"],
        "broadcast_live_activity_id": "match-7",
        "platform_specific_details": {"ios": {"send_to_all_eligible_device": True}},
    },
    "campaign_content": {"content": {"push": {}}},
    "segmentation_details": {"is_all_user_campaign": True},
    "scheduling_details": {"delivery_type": "ASAP"},
    "delivery_controls": {},
    "advanced": {},
}
UID = {"filter_type": "user_attributes", "data_type": "string", "name": "uid", "operator": "in"}
CREATE = "/core-services/v1/campaigns"
SEGMENTS = "/v3/custom-segments"


def among(*users: str) -> dict[str, Any]:
    return {"filter_operator": "and", "filters": [{**UID, "value": list(users)}]}


class Client(httpx.Client):
    def __init__(self, url: str, key: str) -> None:
        headers = {"MOE-APPKEY": "SANDBOX"}
        super().__init__(base_url=url, auth=("SANDBOX", key), headers=headers, timeout=5, **LOCAL)

    def create(self, changes: dict[str, Any] | None = None, **request: Any) -> httpx.Response:
        return self.post(CREATE, json=changed(CAMPAIGN, changes or {}), **request)

    def segment(self, name: str, *users: str) -> httpx.Response:
        return self.post(SEGMENTS, json={"name": name, "included_filters": among(*users)})


@pytest.fixture
def campaigns(running: RunningSandbox) -> Iterator[Client]:
    with Client(running.url, "sandbox-campaign-key") as client:
        yield client


@pytest.fixture
def segments(running: RunningSandbox) -> Iterator[Client]:
    with Client(running.url, "sandbox-data-key") as client:
        yield client


def test_a_campaign_is_created_and_can_be_found(campaigns: Client, running: RunningSandbox) -> None:
    answer = campaigns.create({"segmentation_details": {"included_filters": among("ada", "bob")}})
    assert answer.status_code == 201
    assert list(answer.json()) == ["campaign_id"]
    assert running.sandbox.campaigns == {"match-7": ["ada", "bob"]}
    search = {"request_id": "s", "limit": 15, "page": 1, "campaign_fields": {"name": "Match"}}
    (found,) = campaigns.post(f"{CREATE}/search", json=search).json()
    assert found["campaign_id"] == answer.json()["campaign_id"]
    assert found["basic_details"]["broadcast_live_activity_id"] == "match-7"
    search["campaign_fields"] = {"name": "Other"}
    assert campaigns.post(f"{CREATE}/search", json=search).json() == []


@pytest.mark.parametrize(
    "rest",
    [
        {"data_type": "double", "operator": "between", "value": 18, "value1": 30},
        {
            "data_type": "string",
            "operator": "containsInTheFollowing",
            "value": ["a", "b"],
            "project_name": "p",
        },
        {"data_type": "string", "operator": "exists"},
    ],
)
def test_filters_of_the_schema_are_taken(campaigns: Client, rest: dict[str, Any]) -> None:
    one = {"filter_type": "user_attributes", "name": "city", **rest}
    filters = {"included_filters": {"filter_operator": "and", "filters": [one]}}
    assert campaigns.create({"segmentation_details": filters}).status_code == 201


def test_a_campaign_expires_with_its_activity(campaigns: Client, running: RunningSandbox) -> None:
    campaigns.create()
    search = {"request_id": "s", "limit": 15, "page": 1}
    assert campaigns.post(f"{CREATE}/search", json=search).json()[0]["status"] == "Active"
    with MoEngageClient(running.url) as moengage:
        assert moengage.call("start").status_code == moengage.call("end").status_code == 200
    assert campaigns.post(f"{CREATE}/search", json=search).json()[0]["status"] == "Expired"


@pytest.mark.parametrize(
    ("changes", "target"),
    [
        *((({name: WITHOUT}), name) for name in CAMPAIGN),
        ({"guess": 1}, "guess"),
        ({"campaign_delivery_type": "ONE_TIME"}, "campaign_delivery_type"),
        ({"created_by": "nobody"}, "created_by"),
        ({"basic_details.broadcast_live_activity_id": WITHOUT}, "basic_details.broadcast_live_activity_id"),
        ({"basic_details.platforms": []}, "basic_details.platforms"),
        (
            {"basic_details.platform_specific_details": {"ios": {}}},
            "basic_details.platform_specific_details.ios",
        ),
        ({"segmentation_details": {}}, "segmentation_details"),
        ({"scheduling_details": {}}, "scheduling_details.delivery_type"),
    ],
)
def test_what_the_schema_does_not_allow_is_a_400(
    campaigns: Client, running: RunningSandbox, changes: dict[str, Any], target: str
) -> None:
    answer = campaigns.create(changes)
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert error["code"] == "400 Bad Request"
    assert error["details"][0]["target"] == error["target"] == target
    assert not running.sandbox.moengage_campaigns


@pytest.mark.parametrize(
    ("auth", "headers"),
    [
        (("SANDBOX", "sandbox-push-key"), {"MOE-APPKEY": "SANDBOX"}),
        (("OTHER", "sandbox-campaign-key"), {"MOE-APPKEY": "SANDBOX"}),
        (("SANDBOX", "sandbox-campaign-key"), {"MOE-APPKEY": "OTHER"}),
        (("SANDBOX", "sandbox-campaign-key"), {"X-MOE-APPKEY": "SANDBOX"}),
        (None, {"MOE-APPKEY": "SANDBOX"}),
    ],
)
def test_only_the_campaign_key_and_the_header_without_an_x_are_taken(
    running: RunningSandbox, auth: tuple[str, str] | None, headers: dict[str, str]
) -> None:
    answer = httpx.post(f"{running.url}{CREATE}", json=CAMPAIGN, auth=auth, headers=headers)
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "401 Authentication error"


def test_a_request_id_creates_one_campaign_an_hour(campaigns: Client, clock: Clock) -> None:
    assert campaigns.create().status_code == 201
    refused = campaigns.create()
    assert refused.status_code == 400
    assert refused.json()["error"]["target"] == "request_id"
    clock.advance(hours=1)
    assert campaigns.create().status_code == 201


def test_a_request_id_is_free_again_when_its_creation_failed(campaigns: Client) -> None:
    unknown = {"included_filters": {"filter_operator": "and", "filters": [
        {"filter_type": "custom_segments", "id": "unknown"}]}}  # fmt: skip
    assert campaigns.create({"segmentation_details": unknown}).status_code == 400
    assert campaigns.create().status_code == 201


def test_five_campaigns_a_minute_twenty_five_an_hour_a_hundred_a_day(campaigns: Client, clock: Clock) -> None:
    created = [campaigns.create({"request_id": f"a{number}"}).status_code for number in range(6)]
    assert created == [201] * 5 + [429]
    limited = campaigns.create({"request_id": "b"})
    error = limited.json()["error"]
    assert (error["code"], error["message"]) == ("429 conflict", "rate_limit")
    assert int(limited.headers["x-ratelimit-reset"]) == int(clock().timestamp()) + 60
    for number in range(20):
        clock.advance(minutes=2)
        assert campaigns.create({"request_id": f"c{number}"}).status_code == 201
    clock.advance(minutes=2)
    assert campaigns.create({"request_id": "d"}).status_code == 429
    clock.advance(hours=1)
    for number in range(75):
        clock.advance(minutes=3)
        assert campaigns.create({"request_id": f"e{number}"}).status_code == 201
    clock.advance(minutes=3)
    assert campaigns.create({"request_id": "f"}).status_code == 429


def test_a_segment_is_created_and_listed(segments: Client) -> None:
    answer = segments.segment("few", "ada", "bob")
    assert answer.status_code == 201
    listed = segments.get(SEGMENTS, params={"name": "few"}).json()
    assert [one["id"] for one in listed["data"]] == [answer.json()["data"]["id"]]
    assert segments.get(SEGMENTS, params={"name": "others"}).json()["data"] == []


def test_a_segment_s_name_and_its_filters_are_unique(segments: Client) -> None:
    made = segments.segment("few", "ada").json()["data"]
    same_name = segments.segment("few", "bob")
    assert same_name.status_code == 409
    assert "existing_cs_id" not in same_name.json()["error"]
    same_filters = segments.segment("other", "ada")
    assert same_filters.status_code == 409
    assert same_filters.json()["error"]["existing_cs_id"] == made["id"]


def test_the_errors_of_segments(segments: Client, running: RunningSandbox) -> None:
    assert segments.post(SEGMENTS, json={"name": "x"}).json()["error"]["code"] == "Invalid request"
    wrong = segments.get(SEGMENTS, auth=("SANDBOX", "sandbox-push-key"))
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (401, "Authentication required")
    response = httpx.get(f"{running.url}{SEGMENTS}", auth=("SANDBOX", "sandbox-data-key"))
    assert response.status_code == 400
    assert "Client not found" in response.json()["error"]["message"]
    running.sandbox.change_settings(moengage_filter_ids=1)
    long = segments.segment("long", "ada", "bob")
    assert (long.status_code, long.json()["error"]["code"]) == (413, "Query length limit exceeded")
    running.sandbox.change_settings(moengage_max_segments=0)
    full = segments.segment("one more", "ada")
    assert (full.status_code, full.json()["error"]["limit"]) == (429, 0)


def test_fifty_segment_requests_a_minute(segments: Client) -> None:
    statuses = [segments.get(SEGMENTS).status_code for _ in range(51)]
    assert statuses == [200] * 50 + [429]


@pytest.mark.parametrize("path", [CREATE, SEGMENTS])
def test_a_planned_failure_looks_like_the_endpoint_s_own(
    campaigns: Client, segments: Client, running: RunningSandbox, path: str
) -> None:
    client = campaigns if path == CREATE else segments
    running.sandbox.add_fault("500", path=path)
    assert "error" in client.post(path, json={}).json()
    running.sandbox.add_fault("429", path=path, reset_in=30)
    limited = client.post(path, json={})
    assert limited.status_code == 429
    assert "x-ratelimit-reset" in limited.headers

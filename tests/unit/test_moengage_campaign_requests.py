"""Requests for campaigns and segments, and the meaning of each documented response."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_liveactivity.errors import (
    AuthenticationFailed,
    InvalidPayload,
    LiveActivityError,
    PayloadTooLarge,
    PermissionDenied,
)
from airflow_provider_liveactivity.models.moengage_campaign import (
    CreateCampaign,
    FilterSegment,
    SearchCampaigns,
    by_ids,
    by_segment,
)
from airflow_provider_liveactivity.vendors.base import Quota, Response, RetrySafety
from airflow_provider_liveactivity.vendors.moengage_campaign import Campaigns, Segments

GOLDEN = Path(__file__).parents[1] / "golden" / "moengage_apis"
FIELDS: dict[str, Any] = {
    "request_id": "la-create-2026-11-21-001",
    "created_by": "data.eng@example.com",
    "basic_details": {"name": "Chiefs v Bills", "broadcast_live_activity_id": "live_check123"},
}
FANS = [{"filter_type": "custom_segments", "name": "Match fans", "id": "6388a97a02adb9071ca84ce9"}]


def golden(name: str) -> Any:
    return json.loads((GOLDEN / f"{name}.json").read_text())["body"]


def campaign(**segmentation: Any) -> CreateCampaign:
    return CreateCampaign.build(**FIELDS, segmentation_details=segmentation)


def answer(status: int, body: Any = None) -> Response:
    return Response(status, {}, json.dumps(body))


def test_a_campaign_is_written_as_the_schema_has_it() -> None:
    request = Campaigns("ws", "campaign-key").create(campaign(included_filters=FANS))
    assert (request.method, request.path) == ("POST", "/core-services/v1/campaigns")
    assert json.loads(request.body) == golden("campaign_create")
    assert dict(request.headers) == {
        "Authorization": "Basic " + base64.b64encode(b"ws:campaign-key").decode(),
        "MOE-APPKEY": "ws",
        "Content-Type": "application/json",
    }
    assert request.retry_safety is RetrySafety.IDEMPOTENT_WITH_KEY


def test_ids_are_matched_with_their_case() -> None:
    details = campaign(**by_ids(["u1", "u2"])).to_json()["segmentation_details"]
    assert details == golden("campaign_ids")


def test_all_users_and_a_segment_take_one_field_each() -> None:
    assert campaign(is_all_user_campaign=True).to_json()["segmentation_details"] == {
        "is_all_user_campaign": True
    }
    filters = campaign(**by_segment("s1")).to_json()["segmentation_details"]["included_filters"]["filters"]
    assert filters == [{"filter_type": "custom_segments", "id": "s1"}]


def test_a_search_is_written_as_the_page_has_it() -> None:
    fields = golden("campaign_search")["campaign_fields"]
    search = SearchCampaigns.build(request_id="search_req_12345", campaign_fields=fields)
    request = Campaigns("ws", "key").search(search)
    assert request.path == "/core-services/v1/campaigns/search"
    assert json.loads(request.body) == golden("campaign_search")


def test_a_segment_goes_out_with_its_own_path_and_key() -> None:
    vendor = Segments("ws", "data-key")
    request = vendor.create(FilterSegment.build(name="live-activity-1", **by_ids(["u1", "u2"])))
    assert (request.method, request.path) == ("POST", "/v3/custom-segments")
    assert json.loads(request.body) == golden("segment_create")
    assert request.headers["MOE-APPKEY"] == "ws"
    found = vendor.find("a b&c")
    assert (found.method, found.path) == ("GET", "/v3/custom-segments?name=a%20b%26c")
    assert vendor.secrets() == ("data-key", base64.b64encode(b"ws:data-key").decode())


@pytest.mark.parametrize("name", ["guess", "wait"])
def test_an_unknown_field_of_a_campaign_is_refused(name: str) -> None:
    fields: dict[str, Any] = {**FIELDS, "segmentation_details": {"is_all_user_campaign": True}, name: 1}
    with pytest.raises(InvalidPayload, match=name):
        CreateCampaign.build(**fields)


CREATE = Campaigns("ws", "campaign-key").create(campaign(is_all_user_campaign=True))
MISSING = {
    "error": {
        "code": "400 Bad Request",
        "message": "request_id key is mandatory field",
        "target": "request_id",
        "details": [{"target": "request_id", "message": "request_id key is mandatory field"}],
        "request_id": "11",
    }
}
WRONG_KEY = {
    "error": {
        "code": "401 Authentication error",
        "message": "Authentication required",
        "details": [
            {
                "code": "InvalidValue",
                "target": "APP_SECRET_KEY",
                "message": [{"code": "InvalidValue", "target": "APP_SECRET_KEY", "message": "Invalid"}],
            }
        ],
        "request_id": "",
    }
}


@pytest.mark.parametrize(
    ("status", "body", "error", "words"),
    [
        (400, MISSING, InvalidPayload, "request_id: request_id key is mandatory field"),
        (400, {"error": {"details": {"target": "a", "message": "b"}}}, InvalidPayload, "a: b"),
        (400, "<html>", InvalidPayload, "does not accept"),
        (401, WRONG_KEY, AuthenticationFailed, "campaign_api_key"),
        (403, {}, PermissionDenied, "enabled"),
        (404, {}, InvalidPayload, "data center"),
        (409, {"error": {"message": "elsewhere"}}, LiveActivityError, "elsewhere"),
        (413, {}, PayloadTooLarge, "larger than MoEngage accepts"),
        (415, [], LiveActivityError, "does not document"),
    ],
)
def test_refused_campaigns_say_what_to_change(
    status: int, body: Any, error: type[LiveActivityError], words: str
) -> None:
    refusal = Campaigns("ws", "campaign-key").to_error(CREATE, answer(status, body))
    assert isinstance(refusal, error)
    assert words in str(refusal)
    assert not refusal.retryable


@pytest.mark.parametrize(
    ("status", "message", "known"),
    [
        (400, "request_id has already been used", True),
        (409, "Duplicate request_id", True),
        (400, "Request ID already exists", True),
        (400, "request_id key is mandatory field", False),
        (400, "A campaign of this name already exists", False),
        (401, "request_id duplicate", False),
    ],
)
def test_a_used_request_id_is_distinguished_from_other_rejections(
    status: int, message: str, known: bool
) -> None:
    vendor = Campaigns("ws", "key")
    assert vendor.is_duplicate(answer(status, {"error": {"message": message}})) is known


@pytest.mark.parametrize(
    ("status", "message", "error", "words"),
    [
        (400, "Invalid request format.", InvalidPayload, "Invalid request format"),
        (
            400,
            "MoEngage Client not found. Please check values for headers - MOE-APPKEY or MOE-DBNAME",
            InvalidPayload,
            "login",
        ),
        (401, "APP_SECRET key mismatch.", AuthenticationFailed, "Data tile"),
        (401, "Invalid APP_KEY used in Authentication Header", AuthenticationFailed, "data_api_key"),
        (409, "Another custom-segment already exists with the same name: x.", InvalidPayload, "same name"),
        (413, "The query is too large to execute.", PayloadTooLarge, "file segment"),
    ],
)
def test_refused_segments_say_what_to_change(
    status: int, message: str, error: type[LiveActivityError], words: str
) -> None:
    vendor = Segments("ws", "key")
    request = vendor.find("x")
    refusal = vendor.to_error(request, answer(status, {"error": {"code": "x", "message": message}}))
    assert isinstance(refusal, error)
    assert words in str(refusal)


def test_a_reset_may_be_in_epoch_seconds_or_in_seconds_from_now() -> None:
    now = datetime(2023, 11, 9, 23, 59, tzinfo=UTC)
    for text, seconds in (("23", 23), ("1699574400", 60)):
        quota = Quota.from_headers({"x-ratelimit-reset": text}, now=now, window=Campaigns.window)
        assert quota.reset_at == now + timedelta(seconds=seconds)

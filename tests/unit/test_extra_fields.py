"""Fields that the provider does not know: added after validation, and never in place of a field."""

from __future__ import annotations

import json
from typing import Any

import pytest

from airflow_provider_liveactivity.errors import InvalidPayload, PayloadTooLarge
from airflow_provider_liveactivity.models.braze import StartContent, UpdateLiveActivity
from airflow_provider_liveactivity.models.moengage import StartBroadcast, UpdateBroadcast, flat
from airflow_provider_liveactivity.models.moengage_campaign import CreateCampaign, by_segment
from airflow_provider_liveactivity.models.moengage_inform import UserActivity
from airflow_provider_liveactivity.vendors.moengage_inform import Inform

ALERT = {"title": "Goal", "body": "1:0"}
BRAZE_UPDATE: dict[str, Any] = {"app_id": "app", "activity_id": "match", "content_state": {"home": 1}}
BRAZE_START = BRAZE_UPDATE | {
    "activity_attributes_type": "Match",
    "activity_attributes": {},
    "notification": {"alert": ALERT},
}
UPDATE: dict[str, Any] = {"broadcast_live_activity_id": "match", "content_state": {"home": 1}, "alert": ALERT}
START = UPDATE | {"attribute_type": "Match", "attribute_info": {}}
USER: dict[str, Any] = {
    "la_type": "start",
    "activity_id": "order",
    "alert_id": "a",
    "content_state": {"eta": 1},
}
CAMPAIGN: dict[str, Any] = {
    "request_id": "r",
    "created_by": "anja@example.com",
    "basic_details": {"name": "Match", "broadcast_live_activity_id": "match"},
    "segmentation_details": by_segment("fans"),
}
BODIES: dict[str, Any] = {
    "braze start": lambda extra: StartContent.build(**BRAZE_START, extra_fields=extra).to_json(),
    "braze update": lambda extra: UpdateLiveActivity.build(**BRAZE_UPDATE, extra_fields=extra).to_json(),
    "broadcast start": lambda extra: StartBroadcast.build(**flat(**START, extra_fields=extra)).to_json(),
    "broadcast update": lambda extra: UpdateBroadcast.build(**flat(**UPDATE, extra_fields=extra)).to_json(),
    "user start": lambda extra: UserActivity.build(**USER, extra_fields=extra).message(),
    "campaign": lambda extra: CreateCampaign.build(**CAMPAIGN, extra_fields=extra).to_json(),
}


@pytest.mark.parametrize("name", BODIES)
def test_an_unknown_field_is_added_to_the_body(name: str) -> None:
    body = BODIES[name]
    assert body({"new": {"a": [1]}}) == body(None) | {"new": {"a": [1]}} == body('{"new": {"a": [1]}}')


@pytest.mark.parametrize(
    ("name", "extra", "path"),
    [
        ("braze start", {"content_state": {"away": 1}}, "content_state"),
        ("braze start", {"stale_date": "x"}, "stale_date"),  # known, although this body has none
        ("braze start", {"segment_id": "x"}, "segment_id"),
        ("braze start", {"external_user_ids": ["x"]}, "external_user_ids"),
        ("braze start", {"notification": {"badge": 1}}, "notification.badge"),
        ("braze start", {"notification": {"alert": {"title": "x"}}}, "notification.alert.title"),
        ("braze start", {"notification": "x"}, "notification"),
        ("braze update", {"notification": {"new": 1}}, "notification"),  # there is none to add to
        ("braze update", {"end_activity": True}, "end_activity"),
        ("broadcast start", {"instance_id": "x"}, "instance_id"),
        ("broadcast start", {"ios": {"content_state": {}}}, "ios.content_state"),
        ("broadcast update", {"ios": {"alert": {"sound": "x"}}}, "ios.alert.sound"),
        ("user start", {"user_id": "x"}, "user_id"),
        ("user start", {"payloads": {"PUSH": {"recipient": "x"}}}, "payloads.PUSH.recipient"),
        ("campaign", {"channel": "EMAIL"}, "channel"),
        ("campaign", {"scheduling_details": {"delivery_type": "x"}}, "scheduling_details.delivery_type"),
    ],
)
def test_a_known_field_is_refused(name: str, extra: Any, path: str) -> None:
    with pytest.raises(InvalidPayload, match=rf"^extra_fields has {path}, a field of this request"):
        BODIES[name](extra)


@pytest.mark.parametrize(
    ("name", "extra"),
    [
        ("braze start", {"notification": {"alert": {"new": 1}}}),
        ("broadcast start", {"ios": {"new": 1, "alert": {"new": 1}}}),
        ("user start", {"payloads": {"PUSH": {"live_activity_attributes": {"new": 1}}}}),
        ("campaign", {"scheduling_details": {"expiry_time": "x"}, "basic_details": {"new": 1}}),
    ],
)
def test_an_object_of_the_body_takes_unknown_fields(name: str, extra: dict[str, Any]) -> None:
    def merged(old: Any, new: Any) -> Any:
        return old | {key: merged(old.get(key), value) for key, value in new.items()} if old else new

    assert BODIES[name](extra) == merged(BODIES[name](None), extra)


def test_extra_fields_are_an_object_of_json() -> None:
    with pytest.raises(InvalidPayload, match=r"^extra_fields must be an object"):
        BODIES["braze update"]([1])
    with pytest.raises(InvalidPayload, match=r"^extra_fields holds nan at 'new'"):
        BODIES["user start"]({"new": float("nan")})


def test_the_size_of_a_broadcast_counts_its_extra_fields() -> None:
    with pytest.raises(PayloadTooLarge, match="MoEngage takes 5120"):
        BODIES["broadcast update"]({"new": "x" * 5_120})


def test_a_push_token_leaves_the_extra_fields_of_a_users_request() -> None:
    extra = {"payloads": {"SMS": {"text": "x"}}, "new": 1}
    content = UserActivity.build(**USER, extra_fields=extra)
    body = json.loads(Inform("ws", "key", "start").alerts(content)("ada", "token").body)
    assert body["new"] == 1
    assert body["payloads"].keys() == {"PUSH", "SMS"}
    assert body["payloads"]["PUSH"]["recipient"] == "token"

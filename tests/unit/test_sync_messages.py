"""The requests of a row: what the row says goes before what all rows say, and unknown fields are added."""

from __future__ import annotations

import json
from typing import Any

import pytest

from airflow_provider_liveactivity.errors import InvalidPayload
from airflow_provider_liveactivity.sync.braze import BrazeMessages
from airflow_provider_liveactivity.sync.moengage import MoEngageMessages
from airflow_provider_liveactivity.vendors.braze import Braze
from airflow_provider_liveactivity.vendors.moengage_inform import Inform

ALERT = {"alert": {"title": "Your order", "body": "It is on its way"}}
ROW: dict[str, Any] = {
    "activity_id": "order",
    "external_user_id": "ada",
    "content_state": {"eta": 5},
    "activity_attributes_type": "Delivery",
    "activity_attributes": {"city": "Riga"},
}


def test_a_row_has_its_own_notification_or_that_of_all_rows() -> None:
    messages = BrazeMessages(Braze("key"), "app", {"notification": ALERT})
    own = {"alert": {"title": "Own", "body": "text"}}
    for fields, expected in ((ROW, ALERT), ({**ROW, "notification": own}, own)):
        assert json.loads(messages.start(fields).body)["notification"] == expected


def test_a_notification_of_all_rows_that_is_wrong_is_an_error_before_any_row_is_read() -> None:
    with pytest.raises(InvalidPayload, match=r"update_notification\.alert\.title"):
        BrazeMessages(Braze("key"), "app", {"update_notification": {"alert": {"title": 7, "body": "text"}}})


@pytest.mark.parametrize("verb", ["start", "update", "end"])
def test_each_request_of_moengage_has_the_unknown_fields_that_are_for_it(verb: str) -> None:
    further = {f"{prefix}extra_fields": {"for": prefix} for prefix in ("", "update_", "end_")}
    messages = MoEngageMessages(Inform("workspace", "key", "update"), {"alert_id": "a" * 24, **further})
    fields = {name: ROW[name] for name in ("activity_id", "external_user_id", "content_state")}
    body = json.loads(getattr(messages, verb)(fields).body)
    assert body["for"] == ("" if verb == "start" else f"{verb}_")


def test_an_end_of_moengage_with_fields_that_cannot_be_added_is_found_before_the_start() -> None:
    messages = MoEngageMessages(Inform("workspace", "key", "update"), {"alert_id": "a" * 24})
    fields = {"activity_id": "order", "external_user_id": "ada", "end_extra_fields": {"user_id": "x"}}
    with pytest.raises(InvalidPayload, match="extra_fields has user_id, a field of this request"):
        messages.check_end(fields)

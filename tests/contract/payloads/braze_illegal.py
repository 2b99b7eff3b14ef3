"""Bodies that Braze's pages forbid, or that no phone shows; the client refuses them before anything is sent."""

from __future__ import annotations

from typing import Any

from tests.contract.payloads.braze_legal import (
    ALIAS,
    DATE,
    FRAMES,
    IS_OPTED_IN,
    attribute,
    audience,
)
from tests.contract.payloads.table import WITHOUT, Row, filling

NOTHING_SHOWS = "accepted with 201, and no phone shows it"
NO_RULE = "the pages have no rule for it"

_WRONG_VALUES: list[tuple[str, list[Any]]] = [
    ("equals", [["a"], {"a": 1}]), ("not_equal", [["a"]]), ("does_not_equal", [{}]),
    ("matches_regex", [5, ["a"]]), ("does_not_match_regex", [True]),
    ("is_any_of", [5, [1], [], True]), ("is_none_of", [None, ["a", 1]]),
    ("includes_value", [{}, [None], []]), ("does_not_include_value", [None]),
    ("greater_than", ["5", True]), ("greater_than_or_equal_to", [[5]]), ("less_than", [None]),
    ("less_than_or_equal_to", ["five"]),
    ("less_than_x_days_ago", ["2"]), ("greater_than_x_days_ago", [DATE]),
    ("less_than_x_days_in_the_future", [False]), ("greater_than_x_days_in_the_future", [[1]]),
    ("after", ["tomorrow", 1_700_000_000, [DATE]]), ("before", ["2019-13-22T00:00:00Z", None]),
]  # fmt: skip
_AUDIENCES: list[tuple[Any, str]] = [
    (attribute("like", "x"), "an unknown comparison"),
    (attribute("equals"), "equals without a value"),
    ({"custom_attribute": {"comparison": "exists"}}, "no custom_attribute_name"),
    ({"custom_attribute": {"custom_attribute_name": "", "comparison": "exists"}}, "an empty name"),
    ({"custom_attribute": {**attribute("exists")["custom_attribute"], "type": "text"}}, "an unknown key"),
    ({"push_subscription_status": {"comparison": "equals", "value": "opted_in"}}, "no comparison of its own"),
    ({"push_subscription_status": {"comparison": "is", "value": "yes"}}, "no status"),
    ({"email_subscription_status": {"comparison": "is"}}, "no value"),
    ({"last_used_app": {"comparison": "on", "value": DATE}}, "no comparison of its own"),
    ({"last_used_app": {"comparison": "after", "value": "tomorrow"}}, "no date-time"),
    ({"last_used_app": {"comparison": "after", "value": 5}}, "a number for a date-time"),
    ({"segment": "fans"}, "segments are no filters"),
    ({}, "no filter"),
    ([IS_OPTED_IN], "a bare array"),
    ({"AND": []}, "AND of nothing"),
    ({"OR": IS_OPTED_IN}, "OR of no array"),
    ({"NOT": [IS_OPTED_IN]}, "no such operator"),
    ({"AND": [IS_OPTED_IN], "OR": [IS_OPTED_IN]}, "two operators side by side"),
    ({**IS_OPTED_IN, **attribute("exists")}, "two filters side by side"),
    ({"AND": [{"OR": [attribute("like", "x")]}]}, "an unknown comparison deep inside"),
]
_NOTIFICATION: list[tuple[str, Any, str]] = [
    ("alert", WITHOUT, "no alert on a start"), ("alert", "Kick-off", "a start needs title and body"),
    ("alert.title", WITHOUT, "no title on a start"), ("alert.body", WITHOUT, "no body on a start"),
    ("alert.title", "", "an empty title on a start"), ("alert.body", "", "an empty body on a start"),
    ("alert", {"title_loc_key": "k", "body": "b"}, "a key is no title on a start"),
    ("alert", {"title": "t", "loc_key": "k"}, "a key is no body on a start"),
    ("alert.subtitle", "s", "Apple has it, Braze does not"), ("alert.title", 5, "a number for a text"),
    ("alert.sound", True, "a boolean for a text"), ("alert.loc_args", "a", "a text for an array"),
    ("alert.title_loc_args", [1], "numbers for texts"),
    ("badge", "1", "a text for an integer"), ("badge", True, "a boolean for an integer"),
    ("badge", 1.5, "a float for an integer"), ("content-available", "true", "a text for a boolean"),
    ("content-available", 1, "a number for a boolean"), ("content_available", True, "an underscore"),
    ("mutable_content", "yes", "a text for a boolean"), ("use_webview", 0, "a number for a boolean"),
    ("send_to_most_recent_device_only", "false", "a text for a boolean"),
    ("interruption_level", "loud", "no such level"), ("relevance_score", -0.1, "below 0"),
    ("relevance_score", 1.1, "above 1"), ("relevance_score", "0.5", "a text for a number"),
    ("relevance_score", True, "a boolean for a number"), ("apns_priority", 0, "below 1"),
    ("apns_priority", 11, "above 10"), ("apns_priority", "5", "a text for an integer"),
    ("expiry", "tomorrow", "no date"), ("expiry", 1_700_000_000, "a number for a date"),
    ("extra", "text", "no object"), ("extra", {"ab": 1}, "a key of Braze's"), ("extra", {"aps": {}}, "Apple's key"),
    ("asset_url", "https://a.example/a.png", "an asset without its type"),
    ("asset_file_type", "webp", "no such type"), ("buttons", {"action_id": "b"}, "no array"),
    ("buttons", [{}], "a button without an action_id"), ("buttons", [{"action_id": 1}], "a number for a text"),
    ("buttons", [{"action_id": "b", "action": "CALL"}], "no such action"),
    ("buttons", [{"action_id": "b", "label": "B"}], "no such field of a button"),
    ("collapse_id", 5, "a number for a text"), ("sound", 1, "a number for a text"),
    ("apple_push", {"alert": "x"}, "never wrapped"),
]  # fmt: skip
_TYPES: list[tuple[str, Any, str]] = [
    ("activity_id", 7, "a number for a text"), ("activity_attributes_type", 7, "a number for a text"),
    ("activity_attributes_type", "", "an empty name"),
    ("activity_attributes", [1], "no object"), ("activity_attributes", "text", "no object"),
    ("content_state", [1], "no object"), ("content_state", "text", "no object"), ("content_state", 5, "no object"),
    ("notification", "Kick-off", "no object"), ("notification", [], "no object"),
    ("stale_date", 1_795_305_600, "epoch seconds"), ("stale_date", "1795305600", "digits"),
    ("stale_date", "tomorrow", "no date"), ("stale_date", "2099-13-01T00:00:00Z", "no month"),
    ("stale_date", True, "a boolean"), ("stale_date", [DATE], "an array"),
]  # fmt: skip
ROWS = [
    *(Row("start", {name: WITHOUT}, f"START: {name} is required")
      for name in ("activity_id", "activity_attributes_type", "activity_attributes", "content_state", "notification")),
    *(Row(call, {name: WITHOUT}, f"UPD: {name} is required, for an end too")
      for call in ("update", "end") for name in ("activity_id", "content_state")),
    *(Row(call, {"app_id": WITHOUT}, "START, UPD: app_id is required",
          client_takes="the app_id then comes from the connection") for call in ("start", "update", "end")),
    Row("start", {"app_id": "another"}, "START: an app of another workspace", client_takes="only Braze knows the apps"),
    *(Row("start", {name: value}, f"START: {name}, {why}") for name, value, why in _TYPES),
    *(Row("start", {name: value}, f"START: no field {name}") for name, value in (
        ("dismissal_date", DATE), ("end_activity", False), ("audience", IS_OPTED_IN), ("campaign_id", "c"),
        ("push_token", "t"), ("external_id", "ada"), ("messages", {}))),
    *(Row(call, {name: value}, f"UPD: no field {name}") for call in ("update", "end") for name, value in (
        ("external_user_ids", ["ada"]), ("user_aliases", [ALIAS]), ("segment_id", "fans"),
        ("custom_audience", IS_OPTED_IN), ("activity_attributes", {}), ("activity_attributes_type", "T"))),
    Row("update", {"end_activity": "true"}, "UPD: a text for a boolean"),
    Row("update", {"end_activity": 1}, "UPD: a number for a boolean"),
    *(Row("update", {name: value}, f"UPD: {name}, {why}") for name in ("stale_date", "dismissal_date")
      for value, why in ((1_795_305_600, "epoch seconds"), ("tomorrow", "no date"), ({}, "an object"))),
    Row("update", {"notification": {}}, "APP: an alert, unless content-available"),
    Row("update", {"notification": {"content-available": False}}, "APP: silent is true only"),
    Row("update", {"notification": {"alert": {"title": "t"}}}, "APP: an alert has a body"),
    Row("end", {"notification": {"alert": 5}}, "APP: an alert is a text or an object"),
    Row("update", {"notification": {"alert": ""}}, "OURS: an empty alert", vendor_takes=NO_RULE),
    Row("start", {"external_user_ids": WITHOUT}, "START: no audience"),
    Row("start", {"external_user_ids": []}, "START: an empty audience"),
    Row("start", {"external_user_ids": "ada"}, "START: ids are an array"),
    Row("start", {"external_user_ids": [""]}, "START: an empty id"),
    Row("start", {"external_user_ids": [1.5]}, "START: ids are texts"),
    Row("start", {"external_user_ids": [["ada"]]}, "START: ids are texts"),
    Row("start", {"external_user_ids": WITHOUT, "segment_id": ""}, "START: an empty segment"),
    Row("start", {"external_user_ids": WITHOUT, "segment_id": ["fans"]}, "START: one segment"),
    Row("start", {"external_user_ids": WITHOUT, "segment_id": "strangers"}, "START: an unknown segment",
        client_takes="only Braze knows the segments"),
    Row("start", {"segment_id": "fans"}, "START: ids and a segment"),
    Row("start", {"custom_audience": IS_OPTED_IN}, "START: ids and a connected audience"),
    Row("start", {"external_user_ids": WITHOUT, "user_aliases": [ALIAS], "segment_id": "fans"},
        "START: aliases and a segment"),
    Row("start", {**audience(IS_OPTED_IN), "segment_id": "fans"}, "START: a segment and a connected audience"),
    Row("start", {"external_user_ids": [f"u{n}" for n in range(51)]}, "START: fifty-one ids",
        client_takes="people are sent to in batches of fifty"),
    Row("start", {"external_user_ids": [f"u{n}" for n in range(50)], "user_aliases": [ALIAS]},
        "START: fifty-one in all", client_takes="people are sent to in batches of fifty"),
    *(Row("start", {"external_user_ids": WITHOUT, "user_aliases": [value]}, f"ALIAS: {why}") for value, why in (
        ({"alias_name": "ada"}, "no label"), ({"alias_label": "login"}, "no name"), ("ada", "no object"),
        ({**ALIAS, "external_id": "ada"}, "an unknown key"), ({**ALIAS, "alias_name": ""}, "an empty name"),
        ({**ALIAS, "alias_label": ""}, "an empty label"), ({**ALIAS, "alias_name": "x" * 237}, "a name of 237 bytes"),
        ({**ALIAS, "alias_label": "é" * 119}, "a label of 238 bytes"), ({**ALIAS, "alias_name": 1.5}, "no text"))),
    *(Row("start", audience(value), f"CA: {why}") for value, why in _AUDIENCES),
    *(Row("start", audience(attribute(name, value)), f"CA: {name} does not take {type(value).__name__} {value!r}")
      for name, values in _WRONG_VALUES for value in values),
    *(Row("start", {f"notification.{name}": value}, f"APP: {name}, {why}") for name, value, why in _NOTIFICATION),
    *(Row(call, {"activity_id": ""}, "SDK: an empty activity_id") for call in ("start", "update", "end")),
    *(Row(call, {"activity_id": "x" * 257}, "SDK: 257 bytes", vendor_takes="accepted, and updates never arrive")
      for call in ("start", "update", "end")),
    *(Row("update", {"activity_id": value}, f"OURS: {why}", vendor_takes=NO_RULE) for value, why in (
        ("a\nb", "a line break"), ("a\x00b", "a control character"), ("a\u2028b", "a line separator"),
        (" ", "a blank activity_id"))),
    *(Row(call, {"content_state": {"a": filling(4097, FRAMES[call])}}, "APPLE: a push of 4,097 bytes",
          vendor_takes=NOTHING_SHOWS) for call in ("start", "update", "end")),
    Row("start", {"activity_attributes": {"a": "x" * 4000}}, "APPLE: attributes count", vendor_takes=NOTHING_SHOWS),
    Row("update", {"content_state": {"a": "x" * 3000}, "notification": {"alert": {"body": "x" * 1050}}},
        "APPLE: the alert counts", vendor_takes=NOTHING_SHOWS),
    Row("start", {"notification.alert.body": "x" * 1912}, "APP: 1,912 bytes of notification",
        client_takes="no page says whether Live Activities are measured so; Apple's limit is checked"),
    Row("start", {"stale_date": "2099-11-22T16:55:49"}, "OURS: no offset", vendor_takes="ISO 8601 has no rule for it"),
    Row("end", {"dismissal_date": "2099-11-22"}, "OURS: a day", vendor_takes="ISO 8601 has dates without a time"),
    Row("start", audience({"last_used_app": {"comparison": "after", "value": "2019-07-22"}}),
        "OURS: a day is no date-time", vendor_takes="ISO 8601 has dates without a time"),
]  # fmt: skip

"""Bodies that Braze's pages allow; the client sends each of them."""

from __future__ import annotations

import json
from typing import Any

from tests.contract.payloads.table import WITHOUT, Row, filling
from tests.support.sandbox_clients import BRAZE_START, BRAZE_UPDATE

ALIAS = {"alias_name": "ada", "alias_label": "login"}
DATE = "2099-11-22T16:55:49+0000"
PAST = "2023-02-28T00:00:00+0000"
IS_OPTED_IN = {"push_subscription_status": {"comparison": "is", "value": "opted_in"}}


def attribute(comparison: str, *value: Any) -> dict[str, Any]:
    """Return a filter on a custom attribute."""
    fields = {"custom_attribute_name": "colour", "comparison": comparison}
    return {"custom_attribute": {**fields, **({"value": value[0]} if value else {})}}


def audience(value: Any) -> dict[str, Any]:
    """Return the changes that make a start one for a connected audience."""
    return {"external_user_ids": WITHOUT, "custom_audience": value}


def size(value: Any) -> int:
    """Return the bytes of a value as compact JSON."""
    return len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())


_START_PUSH = {
    "timestamp": 1_700_000_000,
    "event": "start",
    "content-state": {"a": ""},
    "attributes-type": BRAZE_START["activity_attributes_type"],
    "attributes": {**BRAZE_START["activity_attributes"], "brazeActivityId": BRAZE_START["activity_id"]},
    "alert": BRAZE_START["notification"]["alert"],
}
#: Bytes of the smallest push with an empty text in its state, by call.
FRAMES = {
    "start": size({"aps": _START_PUSH}),
    **{
        event: size({"aps": {"timestamp": 1_700_000_000, "event": event, "content-state": {"a": ""}}})
        for event in ("update", "end")
    },
}
assert BRAZE_UPDATE.keys() == {"app_id", "activity_id", "content_state"}  # no alert: it would count

_COMPARISONS: list[tuple[str, list[Any], str]] = [
    ("equals", ["blue", "", 5, 0, -1.5, True, False], "a text, a number or a boolean"),
    ("not_equal", ["blue", 5, False], "a text, a number or a boolean"),
    ("does_not_equal", [True], "the older pages' word for booleans"),
    ("matches_regex", ["^b.*"], "a text"),
    ("does_not_match_regex", ["^b.*"], "a text"),
    ("exists", ["anything", True, 0], "a value is not required, and not forbidden"),
    ("does_not_exist", ["anything"], "a value is not required, and not forbidden"),
    ("is_any_of", ["red", ["red"], ["red", "blue"]], "a text or an array of texts"),
    ("is_none_of", ["red", ["bronze", "silver"]], "a text or an array of texts"),
    ("includes_value", ["pizza", 5, ["1001", "1002"], [1, 2]], "a value or an array of values"),
    ("does_not_include_value", ["pizza", ["1001"]], "a value or an array of values"),
    ("greater_than", [5, -1.5], "a number"),
    ("greater_than_or_equal_to", [0], "a number"),
    ("less_than", [1e6], "a number"),
    ("less_than_or_equal_to", [5], "a number"),
    ("less_than_x_days_ago", [2], "a number of days"),
    ("greater_than_x_days_ago", [30], "a number of days"),
    ("less_than_x_days_in_the_future", [1], "a number of days"),
    ("greater_than_x_days_in_the_future", [7], "a number of days"),
    (
        "after",
        [DATE, "2019-07-22T13:17:55", "2019-07-22T13:17:55Z", "2019-07-22T13:17:55.5+02:00", "20190722T131755Z"],
        "any ISO 8601 date-time, with and without offset",
    ),
    ("before", ["2019-07-22T13:17:55-0800", "2019-07-22T13:17"], "any ISO 8601 date-time"),
]  # fmt: skip
_NOTIFICATION: list[tuple[dict[str, Any], str]] = [
    ({"sound": "goal.wav"}, "a sound at the top passes, though it belongs into the alert"),
    ({"content-available": True}, "content-available beside an alert: priority 5"),
    ({"content-available": False}, "content-available switched off"),
    *(({"interruption_level": level}, "each interruption level")
      for level in ("passive", "active", "time-sensitive", "critical")),
    *(({"relevance_score": score}, "0.0 to 1.0, both included") for score in (0.0, 0.5, 1)),
    *(({"apns_priority": priority}, "1 to 10, both included") for priority in (1, 5, 10)),
    ({"badge": 0}, "a badge of zero is a badge"),
    ({"badge": 3}, "a badge"),
    ({"expiry": DATE}, "an ISO 8601 date"),
    ({"mutable_content": True}, "a boolean"),
    ({"collapse_id": "score"}, "a text"),
    ({"category": "ab_cat_yes_no"}, "a category without buttons shows its own"),
    ({"category": "c", "buttons": [{"action_id": "ab_pb_no"}]}, "a button needs an action_id only"),
    *(({"category": "c", "buttons": [{"action_id": "b", "action": action, "uri": "https://a.example"}]},
       "each action of a button") for action in ("OPEN_APP", "URI", "DEEP_LINK", "CLOSE")),
    ({"buttons": [{"action_id": "b", "use_webview": False}]}, "a button outside the web view"),
    *(({"asset_url": f"https://a.example/a.{kind}", "asset_file_type": kind}, "each type of asset")
      for kind in ("aif", "gif", "jpg", "m4a", "mp3", "mp4", "png", "wav")),
    ({"asset_file_type": "png"}, "a type without an asset"),
    ({"custom_uri": "app://match"}, "a deep link"),
    ({"custom_uri": "https://a.example", "use_webview": True}, "a web page inside the app"),
    ({"extra": {"key": {"nested": [1]}}}, "extra keys and values"),
    ({"extra": {}}, "no extra keys"),
    ({"message_variation_id": "v"}, "a text"),
    ({"notification_group_thread_id": "t"}, "a text"),
    ({"send_to_most_recent_device_only": True}, "a boolean"),
    ({"alert": {"title": "t", "body": "b", "sound": "goal.wav"}}, "the sound of a Live Activity"),
    ({"alert": {"title": "t", "body": "b", "title_loc_key": "k", "title_loc_args": ["a", "b"]}}, "a localised title"),
    ({"alert": {"title": "t", "body": "b", "loc_key": "k", "loc_args": []}}, "a localised text without arguments"),
    ({"alert": {"title": "t", "body": "b", "action_loc_key": "k"}}, "a localised action"),
]  # fmt: skip
_STATES: list[tuple[dict[str, Any], str]] = [
    ({}, "an empty state"),
    ({"teams": [{"name": "Chiefs", "score": 1}, {"name": "Bills", "score": 0}]}, "arrays and objects"),
    ({"winner": None}, "a null, though some apps show nothing of it"),
    ({"over": False, "share": 0.5, "attendance": 9_007_199_254_740_993}, "numbers stay what they are"),
    ({"scorer": "Ünal 👨‍👩‍👧", "": "an empty key"}, "any characters"),
    ({"text": "line\nbreak \\ \" /"}, "what JSON escapes"),
    ({"app_id": "x", "brazeActivityId": "y"}, "keys that Braze uses elsewhere"),
]  # fmt: skip
ROWS = [
    Row("start", {}, "START: external ids"),
    Row("start", {"external_user_ids": ["ada"]}, "START: one external id"),
    Row("start", {"external_user_ids": [f"u{n}" for n in range(50)]}, "START: fifty ids are the most"),
    Row("start", {"external_user_ids": ["a@b.example", "ü", "x y", "0", "😀"]}, "START: an id is any text"),
    Row("start", {"external_user_ids": WITHOUT, "user_aliases": [ALIAS]}, "START: aliases alone"),
    Row("start", {"user_aliases": [ALIAS]}, "START: ids and aliases are one method"),
    Row("start", {"external_user_ids": [f"u{n}" for n in range(49)], "user_aliases": [ALIAS]},
        "START: fifty in all"),
    *(Row("start", {"external_user_ids": WITHOUT, "user_aliases": [{**ALIAS, part: text}]}, f"ALIAS: {why}")
      for part in ALIAS
      for text, why in (("x" * 236, "236 bytes"), ("é" * 118, "236 bytes are 118 such letters"), (".", "one byte"))),
    Row("start", {"external_user_ids": WITHOUT, "segment_id": "fans"}, "START: a segment"),
    *(Row("start", audience(attribute(name, value)), f"CA: {name} takes {why}")
      for name, values, why in _COMPARISONS for value in values),
    Row("start", audience(attribute("exists")), "CA: exists without a value"),
    Row("start", audience(attribute("does_not_exist")), "CA: does_not_exist without a value"),
    *(Row("start", audience({f"{kind}_subscription_status": {"comparison": comparison, "value": value}}),
          f"CA: {kind} subscription {comparison} {value}")
      for kind in ("push", "email") for comparison in ("is", "is_not")
      for value in ("opted_in", "subscribed", "unsubscribed")),
    *(Row("start", audience({"last_used_app": {"comparison": comparison, "value": value}}),
          f"CA: last use {comparison} a date-time, {why}")
      for comparison in ("after", "before")
      for value, why in (("2019-07-22T13:17:55+0000", "Braze's form"), ("2019-07-22T13:17:55", "without offset"))),
    Row("start", audience({"AND": [IS_OPTED_IN]}), "CA: AND of one"),
    Row("start", audience({"OR": [IS_OPTED_IN, attribute("exists")]}), "CA: OR of two"),
    Row("start", audience({"AND": [{"OR": [{"AND": [IS_OPTED_IN]}, attribute("exists")]}, IS_OPTED_IN]}),
        "CA: groups inside groups"),
    *(Row("start", {f"notification.{name}": value for name, value in fields.items()}, f"APP: {why}")
      for fields, why in _NOTIFICATION),
    *(Row(call, {"content_state": state}, f"START, UPD: {why}")
      for call in ("start", "update", "end") for state, why in _STATES),
    Row("start", {"activity_attributes": {}}, "START: no static attributes"),
    Row("start", {"activity_attributes": {"teams": [{"name": None}]}}, "START: nested attributes"),
    *(Row("start", {"stale_date": value}, f"START: ISO 8601, {why}") for value, why in (
        (DATE, "Braze's form"), ("2099-11-22T16:55:49Z", "Z"), ("2099-11-22T16:55:49+00:00", "with a colon"),
        ("2099-11-22T17:55:49+0100", "another offset"), ("2099-11-22T16:55:49.123Z", "a fraction"),
        ("20991122T165549Z", "without separators"), ("2099-W47-7T16:55:49Z", "a week date"), (PAST, "stale already"))),
    *(Row("update", {"activity_id": value}, f"SDK: {why}") for value, why in (
        ("x" * 256, "256 bytes"), ("é" * 128, "256 bytes are 128 such letters"), ("match\u00a01", "a no-break space"),
        ("family-👨‍👩‍👧", "joiners"), ("a b/c?d#e%20", "what a URL escapes"), ("0", "a digit"))),
    *(Row(call, {"content_state": {"a": filling(4096, FRAMES[call])}}, "APPLE: a push of 4,096 bytes")
      for call in ("start", "update", "end")),
    Row("update", {}, "UPD: no alert is needed"),
    Row("update", {"end_activity": False}, "UPD: an update that says so"),
    Row("update", {"notification": {"content-available": True}}, "UPD, APP: silent, with priority 5"),
    Row("update", {"notification": {"content-available": True, "alert": {"title": "t"}}},
        "APP: no body beside content-available"),
    Row("update", {"notification": {"alert": "Goal!"}}, "APP: an alert that is a text"),
    Row("update", {"notification": {"alert": {"body": "1 - 0"}}}, "APP: no title is needed after the start"),
    Row("update", {"notification": {"alert": {"title": "Goal!", "body": "1 - 0"}}}, "UPD: an alert"),
    Row("update", {"stale_date": DATE}, "UPD: a new stale date"),
    Row("update", {"dismissal_date": DATE}, "UPD: a dismissal date without an end"),
    Row("update", {"dismissal_date": PAST}, "UPD: a past dismissal date without an end"),
    Row("end", {}, "UPD: an end"),
    Row("end", {"dismissal_date": PAST}, "UPD: removed at once"),
    Row("end", {"dismissal_date": DATE}, "UPD: removed later"),
    Row("end", {"stale_date": DATE, "dismissal_date": DATE}, "UPD: both dates"),
    Row("end", {"notification": {"alert": {"title": "Full time", "body": "2 - 1"}}}, "UPD: an end with an alert"),
    Row("end", {"notification": {"content-available": True}}, "UPD, APP: a silent end"),
]  # fmt: skip

"""Bodies that MoEngage's schemas forbid, or that no phone shows; the client refuses them before sending."""

from __future__ import annotations

from typing import Any

from tests.contract.payloads.moengage_legal import (
    ACTION,
    ACTIVITY,
    BROADCASTS,
    DATE,
    PUSH,
    PUSHES,
    SAVED,
    SEGMENTATION,
    UID,
    USER_FRAMES,
    USERS,
    among,
    lines,
    on,
    state_of_size,
)
from tests.contract.payloads.table import WITHOUT, Row

NOTHING_SHOWS = "accepted with 200, and no phone shows it"
NO_RULE = "the schema has no rule for it"
SENT_AS_NUMBER = "the client sends the number of epoch seconds"

_BROADCAST: list[tuple[str, Any, str]] = [
    ("broadcast_live_activity_id", WITHOUT, "required"), ("broadcast_live_activity_id", 7, "a number for a text"),
    ("ios", WITHOUT, "required"), ("ios", [], "no object"),
    ("ios.content_state", WITHOUT, "required"), ("ios.content_state", [1], "no object"),
    ("ios.content_state", "text", "no object"), ("ios.content_state", 5, "no object"),
    ("ios.alert", WITHOUT, "required"), ("ios.alert", "Goal!", "no object"), ("ios.alert", [], "no object"),
    ("ios.alert.title", WITHOUT, "required"), ("ios.alert.title", 5, "a number for a text"),
    ("ios.alert.title", {}, "an object for a text"),
    ("ios.alert.body", WITHOUT, "required"), ("ios.alert.body", 5, "no text and no object"),
    ("ios.alert.body", ["1 - 0"], "no text and no object"), ("ios.alert.body", True, "no text and no object"),
    ("ios.alert.subtitle", 5, "a number for a text"), ("ios.alert.sound", True, "a boolean for a text"),
    ("ios.alert.metrics", 1, "the page's own example of an extra key"), ("ios.alert.badge", 1, "no such field"),
    ("instance_id", 7, "a number for a text"), ("instance_id", [], "no text"),
    ("audience", [], "no such field"), ("segment_id", "fans", "no such field"), ("android", {}, "no such field"),
    ("ios.dismissal_date", DATE * 1000, "milliseconds"), ("ios.dismissal_date", float(DATE), "a float"),
    ("ios.dismissal_date", True, "a boolean"), ("ios.dismissal_date", -1, "before the epoch"),
    ("ios.dismissal_date", "tomorrow", "no date"), ("ios.dismissal_date", str(DATE * 1000), "milliseconds as text"),
]  # fmt: skip
_USER: list[tuple[str, Any, str]] = [
    ("alert_id", WITHOUT, "120002: no alert"), ("alert_id", "", "an empty alert"), ("alert_id", 7, "a number for a text"),
    ("alert_reference_name", 7, "a number for a text"), ("user_id", WITHOUT, "no user"), ("user_id", "", "an empty user"),
    ("transaction_id", "", "120003: an empty transaction_id"), ("transaction_id", "x" * 51, "120004: 51 characters"),
    ("transaction_id", 1042, "a number for a text"), ("guess", 1, "no such field"),
    (f"{ACTIVITY}.la_type", "stop", "no such stage"), (f"{ACTIVITY}.guess", 1, "no such field"),
    (f"{ACTIVITY}.content_state", [1], "no object"), (f"{ACTIVITY}.content_state", "text", "no object"),
    (f"{ACTIVITY}.content_state", {"a": "x" * 1501}, "120007: 1,501 characters"),
    (f"{ACTIVITY}.content_state", {"a": {"b": "x" * 1501}}, "120007: 1,501 characters deep inside"),
    (f"{PUSH}.personalized_attributes", [1], "no object"),
    (f"{PUSH}.personalized_attributes", {"name": "x" * 1501}, "120007: 1,501 characters"),
    (f"{PUSH}.personalized_attributes", {"dismissal_date": "1700000000"}, "ALERT: a past dismissal date"),
    (f"{PUSH}.personalized_attributes", {"dismissal_date": str(DATE * 1000)}, "milliseconds"),
    (f"{PUSH}.personalized_attributes", {"dismissal_date": "tomorrow"}, "no date"),
    (f"{PUSH}.personalized_attributes", {"stale_date": "tomorrow"}, "no date"),
]  # fmt: skip
_CAMPAIGN: list[tuple[str, Any, str]] = [
    ("created_by", WITHOUT, "required"), ("created_by", "ada", "no e-mail address"), ("created_by", 7, "no text"),
    ("basic_details.name", WITHOUT, "required"), ("basic_details.name", 7, "a number for a text"),
    ("basic_details.broadcast_live_activity_id", WITHOUT, "required for iOS with this delivery type"),
    ("basic_details.broadcast_live_activity_id", 7, "a number for a text"),
    ("basic_details.tags", "activation", "a text for an array"), ("basic_details.tags", [1], "numbers for texts"),
    ("request_id", 7, "a number for a text"), ("guess", 1, "no such field"), ("basic_details.guess", 1, "no such field"),
    (SEGMENTATION, {}, "no audience"), (SEGMENTATION, {"is_all_user_campaign": False}, "all users is false, and no other audience"),
    (SEGMENTATION, {"is_all_user_campaign": "true"}, "a text for a boolean"),
    (SEGMENTATION, {"is_all_user_campaign": 1}, "a number for a boolean"),
    (SEGMENTATION, {"included_filters": "fans"}, "no filters"),
    (SEGMENTATION, {"included_filters": {"filters": [SAVED]}}, "no filter_operator"),
    (SEGMENTATION, {"included_filters": {"filter_operator": "and"}}, "no filters in the group"),
    (SEGMENTATION, {"included_filters": {"filter_operator": "not", "filters": [SAVED]}}, "no such operator"),
    (SEGMENTATION, {"included_filters": {"filter_operator": "AND", "filters": [SAVED]}}, "operators are in lower case"),
    (SEGMENTATION, {"included_filters": {"filter_operator": "and", "filters": SAVED}}, "no array"),
]  # fmt: skip
_FILTERS: list[tuple[Any, str]] = [
    ({}, "no filter_type"),
    ({"filter_type": "magic"}, "no such filter_type"),
    ("fans", "no object"),
    ({key: value for key, value in UID.items() if key != "name"}, "no name of an attribute"),
    ({key: value for key, value in UID.items() if key != "data_type"}, "no data_type"),
    ({key: value for key, value in UID.items() if key != "operator"}, "no operator"),
    ({"filter_type": "actions"}, "no action_name"),
    ({"filter_type": "custom_segments"}, "no id"),
    ({"filter_type": "custom_segments", "id": ""}, "an empty id"),
    ({"filter_type": "nested_filters", "filters": [SAVED]}, "no filter_operator inside"),
    ({"filter_type": "nested_filters", "filter_operator": "and", "filters": []}, "no filters inside"),
]
_MOENGAGES_LANGUAGE = (
    "the language of filters is MoEngage's own; the client checks what every filter of a kind has"
)
ROWS = [
    *(Row(call, {name: value}, f"LA: {name}, {why}") for call in BROADCASTS for name, value, why in _BROADCAST),
    *(Row(call, {"broadcast_live_activity_id": ""}, "LA: an empty id") for call in BROADCASTS),
    *(Row(call, {"broadcast_live_activity_id": value}, f"HTTP: {why}", vendor_takes="no header can carry it")
      for call in BROADCASTS for value, why in (("spiel-ü", "beyond ASCII"), ("a\nb", "a line break"), (" a", "a space"))),
    *(Row(call, {"ios.alert.title": ""}, "OURS: an empty title", vendor_takes=NO_RULE) for call in BROADCASTS),
    *(Row(call, {"ios.alert.body": ""}, "OURS: an empty body", vendor_takes=NO_RULE) for call in BROADCASTS),
    *(Row(call, state_of_size(call, 5121), "LA: 5,121 bytes") for call in BROADCASTS),
    *(Row(call, {"ios.dismissal_date": value}, f"LA: {why}", client_takes=SENT_AS_NUMBER) for call in BROADCASTS
      for value, why in ((str(DATE), "digits as text"), ("2099-01-01T00:00:00Z", "ISO 8601"))),
    *(Row(call, {f"ios.{name}": value}, f"LA: {name} belongs to the start") for call in PUSHES
      for name, value in (("attribute_type", "T"), ("attribute_info", {}))),
    *(Row(call, {"ios.stale_date": value}, f"LA: stale_date, {why}") for call in PUSHES
      for value, why in ((DATE * 1000, "milliseconds"), (1.5, "a float"), (False, "a boolean"))),
    Row("broadcast start", {"ios.stale_date": DATE}, "LA: a start has no stale_date"),
    *(Row("broadcast start", {f"ios.{name}": value}, f"LA: {name}, {why}") for name, value, why in (
        ("attribute_type", WITHOUT, "required"), ("attribute_type", 7, "a number for a text"),
        ("attribute_info", WITHOUT, "required"), ("attribute_info", [1], "no object"))),
    *(Row(call, {name: value}, f"INFORM: {why}") for call in USERS for name, value, why in _USER),
    *(Row(call, {"transaction_id": WITHOUT}, "120003: no transaction_id",
          client_takes="the client derives one from activity and user") for call in USERS),
    *(Row(call, {f"{ACTIVITY}.content_state": lines(4097 - USER_FRAMES[call])}, "APPLE: a push of 4,097 bytes",
          vendor_takes=NOTHING_SHOWS) for call in USERS),
    *(Row(call, {f"{ACTIVITY}.attribute_info": {"order": 1}}, "APPLE: static attributes belong to the start",
          vendor_takes=NO_RULE) for call in USERS[1:]),
    Row("user start", {f"{ACTIVITY}.attribute_info": {"a": "x" * 1501}}, "INFORM: 120007: 1,501 characters"),
    *(Row("campaign", {name: value}, f"CAMPAIGN: {name}, {why}") for name, value, why in _CAMPAIGN),
    *(Row("campaign", among(one), f"CAMPAIGN: {why}") for one, why in _FILTERS),
    Row("campaign", {"request_id": WITHOUT}, "CAMPAIGN: required", client_takes="the client makes one"),
    Row("campaign", among(on("string", "between", "a")), "SEGMENT: no operator of a string",
        client_takes=_MOENGAGES_LANGUAGE),
    Row("campaign", among(on("string", "in", "Rome")), "SEGMENT: in takes an array", client_takes=_MOENGAGES_LANGUAGE),
    Row("campaign", among({**SAVED, "id": "strangers"}), "CAMPAIGN: an unknown segment",
        client_takes="only MoEngage knows the segments"),
    Row("campaign", among(), "OURS: no filters", vendor_takes=NO_RULE),
    Row("campaign", {SEGMENTATION: {"is_all_user_campaign": True, **among(ACTION)[SEGMENTATION]}},
        "OURS: all users and a segment", vendor_takes=NO_RULE),
    Row("campaign", {f"{SEGMENTATION}.excluded_filters": {"filter_operator": "and", "filters": [SAVED]}},
        "OURS: excluded_filters", vendor_takes="deliberately out: a saved segment says whom to leave out"),
    Row("campaign", {"utm_params": {}}, "OURS: utm_params", vendor_takes="deliberately out"),
    *(Row("campaign", {"basic_details.broadcast_live_activity_id": value}, f"HTTP: {why}",
          vendor_takes="accepted, and no update or end could be sent") for value, why in (
        ("spiel-ü", "beyond ASCII"), ("a\nb", "a line break"), ("a ", "a space at its end"))),
]  # fmt: skip

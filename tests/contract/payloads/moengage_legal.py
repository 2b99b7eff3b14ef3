"""Bodies that MoEngage's published schemas allow; the client sends each of them."""

from __future__ import annotations

import json
from typing import Any

from tests.contract.payloads.table import BASES, WITHOUT, Row, body_of, filling

BROADCASTS = ("broadcast start", "broadcast update", "broadcast end")
PUSHES = BROADCASTS[1:]
USERS = ("user start", "user update", "user end")
PUSH = "payloads.PUSH"
ACTIVITY = f"{PUSH}.live_activity_attributes"
DATE = 4_070_908_800  # 2099
SEGMENTATION = "segmentation_details"
UID = {
    "filter_type": "user_attributes",
    "data_type": "string",
    "name": "uid",
    "operator": "in",
    "value": ["ada"],
}
ACTION = {"filter_type": "actions", "action_name": "purchase"}
SAVED = {"filter_type": "custom_segments", "id": "fans"}


def size(value: Any) -> int:
    """Return the bytes of a value as compact JSON."""
    return len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())


#: Bytes of the smallest push of a user's activity with an empty text in its state.
USER_FRAMES = {
    f"user {event}": size(
        {"aps": {"timestamp": 1_700_000_000, "event": event, "content-state": state, **more}}
    )
    for state in [{f"line-{number}": "" for number in range(3)}]
    for event, more in (
        ("start", {"attributes-type": "", "attributes": {}, "alert": {}}),
        ("update", {}),
        ("end", {}),
    )
}


def lines(characters: int) -> dict[str, str]:
    """Return a state of three texts, none longer than Inform takes, with so many characters in all."""
    return {f"line-{number}": "x" * min(1500, max(0, characters - 1500 * number)) for number in range(3)}


def state_of_size(call: str, bytes_of_request: int) -> dict[str, Any]:
    """Return the changes that give the request of a broadcast a size, with the longest instance_id of ours."""
    fixed = {"ios.content_state": {"a": ""}, "instance_id": "i" * 32}
    frame = size(body_of(Row(call, fixed, "")))
    return {**fixed, "ios.content_state": {"a": filling(bytes_of_request, frame)}}


def among(*filters: dict[str, Any], operator: str = "and") -> dict[str, Any]:
    """Return the changes that give a campaign an audience by filters."""
    return {SEGMENTATION: {"included_filters": {"filter_operator": operator, "filters": list(filters)}}}


def on(data_type: str, operator: str, *value: Any, **more: Any) -> dict[str, Any]:
    """Return a filter on a user attribute."""
    one = {"filter_type": "user_attributes", "name": "city", "data_type": data_type, "operator": operator}
    return {**one, **({"value": value[0]} if value else {}), **more}


_STATES: list[tuple[dict[str, Any], str]] = [
    ({}, "an empty state"),
    ({"teams": [{"name": "Chiefs"}], "over": False, "share": 0.5}, "arrays, objects and numbers"),
    ({"winner": None}, "a null, though some apps show nothing of it"),
    ({"scorer": "Ünal 👨‍👩‍👧", "text": "line\nbreak"}, "any characters"),
]
_ALERTS: list[tuple[str, Any, str]] = [
    ("ios.alert.subtitle", "Chiefs v Bills", "a subtitle"),
    ("ios.alert.sound", "default", "the system's sound"),
    ("ios.alert.sound", "goal.wav", "a sound of the app"),
    ("ios.alert.body", {"loc-key": "GOAL", "loc-args": ["1", "0"]}, "a body that is an object"),
    ("ios.alert.body", {}, "an empty object as body"),
]
_OPERATORS: list[tuple[str, str, list[Any]]] = [
    ("bool", "is", [True]), ("bool", "exists", []), ("double", "in", [[1, 2.5]]),
    ("double", "lessThan", [5]), ("double", "greaterThan", [0]), ("double", "exists", []),
    ("string", "in", [["Rome", "Oslo"]]), ("string", "contains", ["R"]), ("string", "containsInTheFollowing", [["R"]]),
    ("string", "startWithInTheFollowing", [["R"]]), ("string", "endsWithInTheFollowing", [["e"]]),
    ("string", "exists", []), ("string", "is", ["Rome"]), ("datetime", "inTheLast", ["5"]),
    ("datetime", "on", ["2026-11-22T00:00:00.000Z"]), ("datetime", "before", ["2026-11-22T00:00:00.000Z"]),
    ("datetime", "after", ["2026-11-22T00:00:00.000Z"]), ("datetime", "inTheNext", ["5"]),
    ("datetime", "exists", []), ("datetime", "today", []),
]  # fmt: skip
_FILTERS: list[tuple[dict[str, Any], str]] = [
    (among(UID), "SEGMENT: ids of users"),
    (among(on("double", "between", 18, value1=30)), "SEGMENT: between two numbers"),
    (among({**UID, "case_sensitive": True, "negate": True}), "SEGMENT: all users but these"),
    (among(on("string", "is", "IN", category="Tracked Standard Attribute", project_name="p")), "REF: category, project"),
    (among(ACTION), "CAMPAIGN: an action, whatever its count"),
    (among({**ACTION, "executed": True, "execution": {"type": "atleast", "count": 1}}), "CAMPAIGN: a counted action"),
    (among({**ACTION, "executed": False, "condition": "IF"}), "CAMPAIGN: an action that was not done"),
    (among({**ACTION, "attributes": {"filter_operator": "and", "filters": [on("double", "greaterThan", 100)]}}),
     "CAMPAIGN: an action with attributes"),
    (among(SAVED), "CAMPAIGN: a saved segment"),
    (among({**SAVED, "name": "Match fans"}), "REF: a saved segment with its name"),
    (among(SAVED, UID), "CAMPAIGN: two filters that must hold"),
    (among(SAVED, UID, operator="or"), "CAMPAIGN: either of two"),
    (among({"filter_type": "nested_filters", "filter_operator": "or", "filters": [SAVED, UID]}, ACTION),
     "SEGMENT: filters inside filters"),
]  # fmt: skip
ROWS = [
    *(Row(call, {}, "LA: the fields that are required") for call in BROADCASTS),
    *(Row(call, {"instance_id": "1749822841120-57c5c617"}, "LA: an instance_id") for call in BROADCASTS),
    *(Row(call, {name: value}, f"LA: {why}") for call in BROADCASTS for name, value, why in _ALERTS),
    *(Row(call, {"ios.content_state": state}, f"LA: {why}") for call in BROADCASTS for state, why in _STATES),
    *(Row(call, {"ios.dismissal_date": DATE}, "LA: epoch seconds") for call in BROADCASTS),
    *(Row(call, {"ios.dismissal_date": date}, f"LA: {why}: ends at once") for call in PUSHES
      for date, why in ((1_700_000_000, "a past date"), (0, "the first second of the epoch"))),
    *(Row(call, {"ios.stale_date": DATE}, "LA: a stale date") for call in PUSHES),
    *(Row(call, {"ios.stale_date": DATE, "ios.dismissal_date": DATE + 60}, "LA: both dates") for call in PUSHES),
    *(Row(call, state_of_size(call, 5120), "LA: 5,120 bytes") for call in BROADCASTS),
    *(Row(call, {"broadcast_live_activity_id": value}, f"LA, HTTP: {why}")
      for call in ("broadcast start", "broadcast update") for value, why in (
        ("2", "a digit"), ("live_check123", "the page's own"), ("a b/c?d#e%20", "what a URL escapes"),
        ("x" * 200, "a long one"))),
    Row("broadcast start", {"ios.attribute_info": {}}, "LA: no static attributes"),
    Row("broadcast start", {"ios.attribute_info": {"teams": [{"name": None}]}}, "LA: nested attributes"),
    Row("broadcast start", {"ios.attribute_type": "LiveActivityAttributes"}, "LA: the page's own type"),
    *(Row(call, {}, "INFORM: an alert by its id") for call in USERS),
    *(Row(call, {"alert_id": WITHOUT, "alert_reference_name": "On its way"}, "INFORM: by its name") for call in USERS),
    *(Row(call, {"alert_reference_name": "On its way"}, "INFORM: by both") for call in USERS),
    *(Row(call, {f"{PUSH}.recipient": "token"}, "INFORM: a push token") for call in USERS),
    *(Row(call, {"transaction_id": value}, f"INFORM: a transaction_id, {why}") for call in USERS for value, why in (
        ("1", "one character"), ("x" * 50, "fifty characters"), ("ü" * 50, "fifty characters of two bytes"),
        ("ORD 1042/7", "any characters"))),
    *(Row(call, {f"{ACTIVITY}.content_state": WITHOUT}, "INFORM: the state lies in the template") for call in USERS),
    *(Row(call, {f"{ACTIVITY}.content_state": {}}, "INFORM: an empty state") for call in USERS),
    *(Row(call, {f"{PUSH}.personalized_attributes": value}, f"INFORM: {why}") for call in USERS for value, why in (
        ({"name": "Ada", "count": 3}, "variables of the template"), ({"stale_date": str(DATE)}, "a stale date"),
        ({"dismissal_date": str(DATE)}, "a dismissal date ahead"),
        ({"stale_date": str(DATE), "dismissal_date": str(DATE + 60), "name": "Ada"}, "dates and variables"))),
    *(Row(call, {f"{ACTIVITY}.content_state": {"a": {"b": "x" * 1500}}}, "INFORM: 1,500 characters") for call in USERS),
    *(Row(call, {f"{ACTIVITY}.content_state": lines(4096 - USER_FRAMES[call])}, "APPLE: a push of 4,096 bytes")
      for call in USERS),
    Row("user start", {f"{ACTIVITY}.attribute_info": {"order": "1042"}}, "INFORM: static attributes"),
    Row("user start", {f"{ACTIVITY}.attribute_info": {}}, "INFORM: empty static attributes"),
    Row("campaign", {}, "CAMPAIGN: all users"),
    Row("campaign", {"request_id": "push_req_12345"}, "CAMPAIGN: a request_id"),
    Row("campaign", {"created_by": "john.doe+x@mail.example.com"}, "CAMPAIGN: an e-mail address"),
    Row("campaign", {"basic_details.name": "Küche v Bills, 22.11."}, "CAMPAIGN: a name is any text"),
    Row("campaign", {"basic_details.tags": ["activation", "summer_sale"]}, "CAMPAIGN: tags"),
    Row("campaign", {"basic_details.broadcast_live_activity_id": "live_check123"}, "CAMPAIGN: the page's own id"),
    *(Row("campaign", among(on(kind, operator, *value)), f"SEGMENT: {operator} of a {kind}")
      for kind, operator, value in _OPERATORS),
    *(Row("campaign", changes, why) for changes, why in _FILTERS),
]  # fmt: skip
assert set(BASES) >= {row.call for row in ROWS}

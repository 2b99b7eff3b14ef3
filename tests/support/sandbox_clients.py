"""Hand-written clients of the sandbox: what tests the sandbox must not use the models of the project."""

from __future__ import annotations

from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

import httpx

BRAZE_START: dict[str, Any] = {
    "app_id": "sandbox-app",
    "activity_id": "flight-UA100",
    "activity_attributes_type": "FlightAttributes",
    "activity_attributes": {"flight": "UA 100"},
    "content_state": {"status": "boarding", "delay": 0},
    "notification": {"alert": {"title": "Boarding", "body": "Gate C12"}},
    "external_user_ids": ["ada", "bob"],
}
BRAZE_UPDATE: dict[str, Any] = {
    "app_id": "sandbox-app",
    "activity_id": "flight-UA100",
    "content_state": {"status": "departed", "delay": 5},
}
MOENGAGE_START: dict[str, Any] = {
    "broadcast_live_activity_id": "match-7",
    "ios": {
        "attribute_type": "MatchAttributes",
        "attribute_info": {"home": "Chiefs", "away": "Bills"},
        "content_state": {"home": 0, "away": 0},
        "alert": {"title": "Kick-off", "body": "It has started"},
    },
}
MOENGAGE_PUSH: dict[str, Any] = {
    "broadcast_live_activity_id": "match-7",
    "ios": {"content_state": {"home": 1, "away": 0}, "alert": {"title": "Goal!", "body": "1 - 0"}},
}
MOENGAGE_HEADERS = {"X-MOE-APPKEY": "SANDBOX", "X-Broadcast-Live-Activity-Id": "match-7"}
#: Time of the sandbox when a test begins.
START_TIME = datetime(2026, 11, 22, 12, 30, tzinfo=UTC)
#: Stands for a field that is taken away.
WITHOUT = object()
# Plain HTTP on loopback: loading certificates would take most of the time of a test.
LOCAL: dict[str, Any] = {"trust_env": False, "verify": False}


def changed(body: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """A copy with some fields replaced; a dotted name reaches into objects, WITHOUT takes the field away."""
    body = deepcopy(body)
    for name, value in changes.items():
        *way, last = name.split(".")
        target = body
        for step in way:
            target = target[step]
        if value is WITHOUT:
            del target[last]
        else:
            target[last] = value
    return body


class BrazeClient(httpx.Client):
    def __init__(self, url: str) -> None:
        headers = {"Authorization": "Bearer sandbox-braze-key"}
        super().__init__(base_url=url, headers=headers, timeout=5, **LOCAL)

    def start(self, changes: dict[str, Any] | None = None, **request: Any) -> httpx.Response:
        body = changed(BRAZE_START, changes or {})
        return self.post("/messages/live_activity/start", json=body, **request)

    def update(self, changes: dict[str, Any] | None = None, **request: Any) -> httpx.Response:
        body = changed(BRAZE_UPDATE, changes or {})
        return self.post("/messages/live_activity/update", json=body, **request)


class MoEngageClient(httpx.Client):
    def __init__(self, url: str) -> None:
        auth = ("SANDBOX", "sandbox-push-key")
        super().__init__(base_url=url, auth=auth, headers=MOENGAGE_HEADERS, timeout=5, **LOCAL)

    def call(self, verb: str, changes: dict[str, Any] | None = None, **request: Any) -> httpx.Response:
        body = changed(MOENGAGE_START if verb == "start" else MOENGAGE_PUSH, changes or {})
        return self.post(f"/v1.0/live-activity/broadcast/{verb}", json=body, **request)


class Api(httpx.Client):
    def __init__(self, url: str) -> None:
        super().__init__(base_url=f"{url}/sandbox", timeout=5, **LOCAL)

    def read(self, path: str, /, **query: Any) -> Any:
        return self.get(path, params=query).raise_for_status().json()

    def phone(self, user: str, activity_id: str = "flight-UA100") -> Any:
        (phone,) = self.read("/phones", user=user, activity_id=activity_id)["phones"]
        return phone

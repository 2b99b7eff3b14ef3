"""The operators of both vendors behind one interface, so that one suite tests both."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from airflow_provider_liveactivity.operators._base import LiveActivityOperator
from airflow_provider_liveactivity.operators.braze import (
    BrazeEndLiveActivityOperator,
    BrazeStartLiveActivityOperator,
    BrazeUpdateLiveActivityOperator,
)
from airflow_provider_liveactivity.operators.moengage import (
    MoEngageEndBroadcastLiveActivityOperator,
    MoEngageStartBroadcastLiveActivityOperator,
    MoEngageUpdateBroadcastLiveActivityOperator,
)

USERS = ["anja-k", "björn-j"]  # no hexadecimal: a request id must not hold one by chance
VERBS = ("start", "update", "end")
KEYS = ("sandbox-braze-key", "sandbox-push-key")


@dataclass(frozen=True)
class Adapter:
    """
    One vendor's operators and how their arguments are called.

    :param vendor: ``braze`` or ``moengage``.
    :param operators: class of each verb.
    :param paths: endpoint of each verb.
    :param fields: arguments of each verb; the content state is left out.
    :param id_name: argument that names the activity.
    :param alert_name: argument that holds the alert.
    :param state_of: reads the content state out of a request's body.
    :param extra: extra of the vendor's connection.
    :param login: login of the vendor's connection.
    :param key: password of the vendor's connection.
    """

    vendor: str
    operators: dict[str, type[LiveActivityOperator]]
    paths: dict[str, str]
    fields: dict[str, dict[str, Any]]
    id_name: str
    alert_name: str
    state_of: Callable[[Any], Any]
    key: str
    login: str | None = None
    extra: dict[str, Any] = field(default_factory=dict)

    def operator(self, verb: str, **changes: Any) -> LiveActivityOperator:
        """Make an operator with good arguments, some of them replaced."""
        arguments = {"content_state": STATES[verb], **self.fields[verb], **changes}
        return self.operators[verb](task_id=f"{verb}_it", **arguments)

    def connection(self, url: str, **changes: Any) -> str:
        """Write the vendor's connection as Airflow's environment variables have it."""
        fields = {"host": url, "login": self.login, "password": self.key, "extra": self.extra, **changes}
        return json.dumps({"conn_type": self.vendor, **fields})


STATES: dict[str, dict[str, Any]] = {
    "start": {"home": 0, "away": 0, "note": None},
    "update": {"home": 1, "away": 0, "note": "Goal by Ünal"},
    "end": {"home": 2, "away": 1, "note": ""},
}
ATTRIBUTES = {"home": "Chiefs", "away": "Bills"}
ALERT = {"title": "Kick-off", "body": "It has started"}

BRAZE = Adapter(
    vendor="braze",
    operators={
        "start": BrazeStartLiveActivityOperator,
        "update": BrazeUpdateLiveActivityOperator,
        "end": BrazeEndLiveActivityOperator,
    },
    paths={
        "start": "/messages/live_activity/start",
        "update": "/messages/live_activity/update",
        "end": "/messages/live_activity/update",
    },
    fields={
        "start": {
            "activity_id": "match-1",
            "activity_attributes_type": "MatchAttributes",
            "activity_attributes": ATTRIBUTES,
            "notification": {"alert": ALERT},
            "external_user_ids": USERS,
        },
        "update": {"activity_id": "match-1", "notification": {"alert": ALERT}},
        "end": {"activity_id": "match-1", "notification": {"alert": ALERT}},
    },
    id_name="activity_id",
    alert_name="notification",
    state_of=lambda body: body["content_state"],
    key="sandbox-braze-key",
    extra={"app_id": "sandbox-app"},
)
MOENGAGE = Adapter(
    vendor="moengage",
    operators={
        "start": MoEngageStartBroadcastLiveActivityOperator,
        "update": MoEngageUpdateBroadcastLiveActivityOperator,
        "end": MoEngageEndBroadcastLiveActivityOperator,
    },
    paths={verb: f"/v1.0/live-activity/broadcast/{verb}" for verb in VERBS},
    fields={
        "start": {
            "broadcast_live_activity_id": "match-1",
            "attribute_type": "MatchAttributes",
            "attribute_info": ATTRIBUTES,
            "alert": ALERT,
        },
        "update": {"broadcast_live_activity_id": "match-1", "alert": ALERT},
        "end": {"broadcast_live_activity_id": "match-1", "alert": ALERT},
    },
    id_name="broadcast_live_activity_id",
    alert_name="alert",
    state_of=lambda body: body["ios"]["content_state"],
    key="sandbox-push-key",
    login="SANDBOX",
)
ADAPTERS = (BRAZE, MOENGAGE)

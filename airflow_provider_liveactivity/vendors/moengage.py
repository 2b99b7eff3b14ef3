"""
MoEngage: models to requests, answers to errors.

Source: https://www.moengage.com/docs/api/live-activities/update-broadcast-live-activity and its neighbours.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from airflow_provider_liveactivity.errors import (
    AuthenticationFailed,
    InvalidPayload,
    LiveActivityError,
    PayloadTooLarge,
    PermissionDenied,
)
from airflow_provider_liveactivity.models.common import encode
from airflow_provider_liveactivity.vendors.base import AfterDoubt, Answer, Request, where

if TYPE_CHECKING:
    from airflow_provider_liveactivity.models.moengage import EndBroadcast, StartBroadcast, UpdateBroadcast

NAME = "moengage"
HOST_SUFFIXES = (".moengage.com",)
DATA_CENTERS = ("01", "02", "03", "04", "05", "06", "101")
START_PATH = "/v1.0/live-activity/broadcast/start"
UPDATE_PATH = "/v1.0/live-activity/broadcast/update"
END_PATH = "/v1.0/live-activity/broadcast/end"

#: The 403 catalogue: only the message tells the causes apart. The error's type, and what to do.
_FORBIDDEN: dict[str, tuple[type[LiveActivityError], str]] = {
    "campaign not found": (
        InvalidPayload,
        (
            "no campaign has this broadcast_live_activity_id; create it with the delivery type "
            "BROADCAST_LIVE_ACTIVITY through the API, since dashboard campaigns cannot be started."
        ),
    ),
    "only ios token auth": (
        PermissionDenied,
        "MoEngage needs the app's .p8 APNs key for Live Activities; upload it in the dashboard.",
    ),
    "duplicate request": (
        InvalidPayload,
        "this instance_id was used before; leave instance_id out, or give each request its own.",
    ),
    "max instances limit": (
        PermissionDenied,
        "the campaign has reached MoEngage's number of instances; end some, or create another campaign.",
    ),
    "invalid action": (
        InvalidPayload,
        "MoEngage does not allow this now; probably the activity was not started or has already ended.",
    ),
    "dismissal date is already passed": (
        InvalidPayload,
        "the activity's dismissal date is over; it has left the lock screens and cannot be changed.",
    ),
}


class MoEngage:
    """
    One workspace of MoEngage, by its Push API key.

    :param workspace_id: the workspace ID, formerly "app id".
    :param push_api_key: the key of the Push tile.
    """

    name = NAME

    def __init__(self, workspace_id: str, push_api_key: str) -> None:
        self._workspace_id = workspace_id
        self._push_api_key = push_api_key

    def secrets(self) -> tuple[str, ...]:
        """Return what must never be shown, the encoded form included."""
        return (self._push_api_key, self._basic())

    def _basic(self) -> str:
        return base64.b64encode(f"{self._workspace_id}:{self._push_api_key}".encode()).decode()

    def _headers(self, **more: str) -> dict[str, str]:
        return {
            "Authorization": f"Basic {self._basic()}",
            "X-MOE-APPKEY": self._workspace_id,
            "Content-Type": "application/json",
            **more,
        }

    def start(self, body: StartBroadcast) -> Request:
        """Return the request that starts a broadcast activity for its campaign's audience."""
        return self._broadcast("start", START_PATH, body, self._headers())

    def update(self, body: UpdateBroadcast) -> Request:
        """Return the request that updates a broadcast activity on every phone."""
        return self._broadcast("update", UPDATE_PATH, body, self._with_activity_id(body))

    def end(self, body: EndBroadcast) -> Request:
        """Return the request that ends a broadcast activity on every phone."""
        return self._broadcast("end", END_PATH, body, self._with_activity_id(body))

    def _with_activity_id(self, body: UpdateBroadcast) -> dict[str, str]:
        # Required by the older pages and left out by the newer ones: sending it satisfies both.
        return self._headers(**{"X-Broadcast-Live-Activity-Id": body.broadcast_live_activity_id})

    @staticmethod
    def _broadcast(
        verb: str, path: str, body: StartBroadcast | UpdateBroadcast, headers: dict[str, str]
    ) -> Request:
        if body.instance_id:
            doubt = AfterDoubt.RESEND_WITH_KEY
        else:
            doubt = AfterDoubt.NEVER if verb == "start" else AfterDoubt.RESEND
        return Request(verb, path, encode(body.to_json()), doubt, headers)

    def is_duplicate(self, answer: Answer) -> bool:
        """Return whether MoEngage has seen this ``instance_id`` before."""
        return answer.status == 403 and "duplicate request" in _message(answer).lower()

    def refusal(self, request: Request, answer: Answer) -> LiveActivityError:
        """Return the error for an answer that refuses the request, with what to change."""
        place = where(self.name, request, answer)
        match answer.status:
            case 400:
                return InvalidPayload(f"MoEngage does not accept the request{_details(answer)}.", **place)
            case 401:
                return AuthenticationFailed(
                    "MoEngage does not accept the credentials; check that the connection's login is the "
                    "workspace ID, its password the key of the Push tile (whatever the answer calls it), and "
                    "its data center the workspace's own.",
                    **place,
                )
            case 403:
                return self._forbidden(answer, place)
            case 404:
                return InvalidPayload(
                    "MoEngage does not know this URL; check data center and host of the connection.", **place
                )
            case 413:
                return PayloadTooLarge("MoEngage takes 5,120 bytes; shorten content_state or alert.", **place)
            case _:
                return LiveActivityError(
                    "MoEngage refused the request for a reason it does not document.", **place
                )

    @staticmethod
    def _forbidden(answer: Answer, place: dict[str, Any]) -> LiveActivityError:
        said = _message(answer).lower()
        for words, (kind, advice) in _FORBIDDEN.items():
            if words in said:
                return kind(advice, **place)
        return PermissionDenied(
            "the key may not do this; Live Activities may not be enabled for the workspace: ask MoEngage.",
            **place,
        )


def _error(answer: Answer) -> dict[str, Any]:
    body = answer.json()
    error = body.get("error") if isinstance(body, dict) else None
    return error if isinstance(error, dict) else {}


def _message(answer: Answer) -> str:
    return str(_error(answer).get("message") or answer.text)


def _details(answer: Answer) -> str:
    """Name the fields that MoEngage objects to; the pages show details both as a list and as an object."""
    details = _error(answer).get("details")
    items = details if isinstance(details, list) else [details]
    named = [f"{item.get('target')}: {item.get('message')}" for item in items if isinstance(item, dict)]
    return f" ({'; '.join(named)})" if named else ""

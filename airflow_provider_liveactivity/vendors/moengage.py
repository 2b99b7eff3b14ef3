"""
Convert models to requests for MoEngage's broadcasts, and its responses to errors.

Source: https://www.moengage.com/docs/api/live-activities/update-broadcast-live-activity and the pages of
start and end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from airflow_provider_liveactivity.errors import (
    InvalidPayload,
    LiveActivityError,
    PayloadTooLarge,
    PermissionDenied,
)
from airflow_provider_liveactivity.models.common import encode
from airflow_provider_liveactivity.vendors.base import Request, Response, RetrySafety, error_context
from airflow_provider_liveactivity.vendors.moengage_workspace import ALLOW_LIST, Workspace, error_of

if TYPE_CHECKING:
    from airflow_provider_liveactivity.models.moengage import EndBroadcast, StartBroadcast, UpdateBroadcast

HOST_SUFFIXES = (".moengage.com",)
DATA_CENTERS = ("01", "02", "03", "04", "05", "06", "101")
START_PATH = "/v1.0/live-activity/broadcast/start"
UPDATE_PATH = "/v1.0/live-activity/broadcast/update"
END_PATH = "/v1.0/live-activity/broadcast/end"

#: Part of the message in a 403 → type of the error, and what to do. Only the message tells the cause.
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
        "the campaign has reached MoEngage's limit of instances; end some, or create another campaign.",
    ),
    "invalid action": (
        InvalidPayload,
        "MoEngage does not allow this now; the activity has probably not started, or has already ended.",
    ),
    "dismissal date is already passed": (
        InvalidPayload,
        (
            "a dismissal date is in the past: the one in this request, or an earlier one, which has already "
            "removed the activity; send a later date, or none."
        ),
    ),
}


class MoEngage(Workspace):
    """
    A MoEngage workspace, through its Push API key.

    :param workspace_id: the workspace ID, formerly "app id".
    :param push_api_key: the key of the Push tile.
    :param host: host of the requests, on which the advice in errors depends; empty by default.
    """

    app_key_header: ClassVar[str] = "X-MOE-APPKEY"
    key_advice: ClassVar[str] = "its password the key of the Push tile (whatever the response calls it)"

    def __init__(self, workspace_id: str, push_api_key: str, *, host: str = "") -> None:
        super().__init__(workspace_id, push_api_key, host=host)

    def start(self, body: StartBroadcast) -> Request:
        """
        Return the request that starts a broadcast activity for the audience of its campaign.

        :param body: the body.
        """
        return self._broadcast("start", START_PATH, body, self._headers())

    def update(self, body: UpdateBroadcast) -> Request:
        """
        Return the request that updates a broadcast activity on every phone.

        :param body: the body.
        """
        return self._broadcast("update", UPDATE_PATH, body, self._with_activity_id(body))

    def end(self, body: EndBroadcast) -> Request:
        """
        Return the request that ends a broadcast activity on every phone.

        :param body: the body.
        """
        return self._broadcast("end", END_PATH, body, self._with_activity_id(body))

    def _with_activity_id(self, body: UpdateBroadcast) -> dict[str, str]:
        # MoEngage's older pages require this header, and its newer pages do not mention it, so it is always
        # sent.
        return self._headers(**{"X-Broadcast-Live-Activity-Id": body.broadcast_live_activity_id})

    @staticmethod
    def _broadcast(
        verb: str, path: str, body: StartBroadcast | UpdateBroadcast, headers: dict[str, str]
    ) -> Request:
        if body.instance_id:
            safety = RetrySafety.IDEMPOTENT_WITH_KEY
        else:
            safety = RetrySafety.NOT_IDEMPOTENT if verb == "start" else RetrySafety.IDEMPOTENT
        return Request(verb, path, encode(body.to_json()), safety, headers)

    def is_duplicate(self, response: Response) -> bool:
        """Return whether MoEngage reports that it accepted this ``instance_id`` before."""
        return response.status == 403 and "duplicate request" in _message(response).lower()

    def to_error(self, request: Request, response: Response) -> LiveActivityError:
        """Return the error for a response that refuses the request, with what to change."""
        context = error_context(self.name, request, response)
        match response.status:
            case 403:
                return self._forbidden(response, context)
            case 413:
                parts = "content_state or alert"
                if request.verb == "start":
                    parts = f"attribute_info, {parts}"
                return PayloadTooLarge(f"MoEngage accepts at most 5,120 bytes; shorten {parts}.", **context)
            case _:
                return super().to_error(request, response)

    @staticmethod
    def _forbidden(response: Response, context: dict[str, Any]) -> LiveActivityError:
        said = _message(response).lower()
        for words, (kind, advice) in _FORBIDDEN.items():
            if words in said:
                return kind(advice, **context)
        return PermissionDenied(
            "the key may not do this; Live Activities may not be enabled for the workspace: ask MoEngage. "
            f"{ALLOW_LIST}",
            **context,
        )


def campaigns_page(api_host: str, data_center: str | None = None) -> str | None:
    """
    Return the URL of the dashboard's list of campaigns; None if the data center is not known.

    MoEngage does not document the URL of a single campaign.

    :param api_host: host of the requests, which identifies the data center unless it is a proxy.
    :param data_center: number of the data center, such as 01; None, the default, if not known.
    """
    by_host = {f"api-{name}.moengage.com": name for name in DATA_CENTERS}
    found = data_center or by_host.get(api_host.removeprefix("sandbox-"))
    return f"https://dashboard-{found}.moengage.com/v4/#/campaigns/all" if found else None


def _message(response: Response) -> str:
    return str(error_of(response).get("message") or response.text)

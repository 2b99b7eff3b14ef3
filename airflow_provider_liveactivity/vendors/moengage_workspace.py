"""Define what all of MoEngage's APIs have in common: a workspace, and one key for each API."""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from airflow_provider_liveactivity.errors import (
    AuthenticationFailed,
    InvalidPayload,
    LiveActivityError,
    PayloadTooLarge,
    PermissionDenied,
)
from airflow_provider_liveactivity.vendors.base import error_context

if TYPE_CHECKING:
    from airflow_provider_liveactivity.vendors.base import Request, Response

NAME = "moengage"
#: Since July 2026 MoEngage may refuse a valid key if the workspace does not list the caller's address.
ALLOW_LIST = "If the workspace has an IP allow-list, the address of this machine must be on it."


class Workspace:
    """
    A workspace with the key of one of MoEngage's APIs.

    :param workspace_id: the workspace ID, formerly "app id".
    :param key: the key of the API's tile in the dashboard.
    :param host: host of the requests, on which the advice in errors depends; empty by default.
    """

    name = NAME
    #: Limits of Live Activities and alerts are per minute.
    window: ClassVar[timedelta] = timedelta(minutes=1)
    rate_limit_advice: ClassVar[str] = ""
    #: Updates and ends of broadcasts. Source:
    #: https://www.moengage.com/docs/api/live-activities/update-broadcast-live-activity
    requests_per_window: ClassVar[int] = 500
    #: Only the Live Activities API requires the prefix X-.
    app_key_header: ClassVar[str] = "MOE-APPKEY"
    #: Which field of the connection contains which key, for the error of a 401.
    key_advice: ClassVar[str] = ""

    def __init__(self, workspace_id: str, key: str, *, host: str = "") -> None:
        self._workspace_id = workspace_id
        self._key = key
        self._host = host

    def secrets(self) -> tuple[str, ...]:
        """Return the text to redact: the key, and its encoded form in the header."""
        return (self._key, self._basic())

    def _basic(self) -> str:
        return base64.b64encode(f"{self._workspace_id}:{self._key}".encode()).decode()

    def _headers(self, **more: str) -> dict[str, str]:
        return {
            "Authorization": f"Basic {self._basic()}",
            self.app_key_header: self._workspace_id,
            "Content-Type": "application/json",
            **more,
        }

    def is_duplicate(self, response: Response) -> bool:
        """Return whether the response reports that the same request was accepted before."""
        return False

    def to_error(self, request: Request, response: Response) -> LiveActivityError:
        """Return the error for a response that refuses the request, with what to change."""
        context = error_context(self.name, request, response)
        match response.status:
            case 400:
                return InvalidPayload(f"MoEngage does not accept the request{reason(response)}.", **context)
            case 401:
                return AuthenticationFailed(
                    "MoEngage does not accept the credentials; check that the connection's login is the "
                    f"workspace ID, {self.key_advice}, and its data center the workspace's own. {ALLOW_LIST}",
                    **context,
                )
            case 403:
                return PermissionDenied(
                    "the key may not do this; ask MoEngage whether this API is enabled for the workspace. "
                    f"{ALLOW_LIST}",
                    **context,
                )
            case 404:
                return InvalidPayload(
                    "MoEngage does not know this URL; check data center and host of the connection.",
                    **context,
                )
            case 413:
                return PayloadTooLarge("the request is larger than MoEngage accepts; shorten it.", **context)
            case _:
                return LiveActivityError(
                    f"MoEngage refused the request for a reason it does not document{reason(response)}.",
                    **context,
                )


def error_of(response: Response) -> dict[str, Any]:
    """
    Return the error object of a response, from any of MoEngage's envelopes; empty if there is none.

    :param response: the response.
    """
    body = response.json()
    if not isinstance(body, dict):
        return {}
    error = body.get("error")
    return error if isinstance(error, dict) else body


def reason(response: Response) -> str:
    """
    Return the fields that MoEngage objects to, in parentheses; empty text if it names none.

    :param response: the response.
    """
    error = error_of(response)
    details = error.get("details")
    items = details if isinstance(details, list) else [details]
    named = [
        f"{item['target']}: {item['message']}" if item.get("target") else str(item["message"])
        for item in items
        if isinstance(item, dict) and isinstance(item.get("message"), str)
    ]
    return f" ({'; '.join(named)})" if named else ""

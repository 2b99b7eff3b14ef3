"""
Convert models to requests for MoEngage's Inform API, one user at a time, and its responses to errors.

Source: https://www.moengage.com/docs/api/transactional-alerts/send-transactional-alert
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar

from airflow_provider_liveactivity.errors import (
    InvalidPayload,
    LiveActivityError,
    QuotaExhausted,
    RecipientRejected,
)
from airflow_provider_liveactivity.models.common import encode
from airflow_provider_liveactivity.models.moments import utcnow
from airflow_provider_liveactivity.vendors.base import Request, Response, RetrySafety, error_context
from airflow_provider_liveactivity.vendors.moengage_workspace import Workspace, error_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from airflow_provider_liveactivity.models.moengage_inform import LaType, UserActivity

SEND_PATH = "/v1.0/alerts/send"
REQUESTS_PER_MINUTE = 10_000
#: Period in which MoEngage refuses a second request with the same transaction_id.
DUPLICATE_WINDOW = timedelta(minutes=5)
_DIGITS = 40  # 160 bits; MoEngage allows 50 characters
_INVALID_RECIPIENT = 120012
#: MoEngage's schema requires a recipient; its sample has none.
TOKENS = (
    "if the workspace requires push tokens, select them as the second column of sql, or pass "
    "external_user_ids as an object of user id and push token"
)
_UNKNOWN_ALERT = 120002
#: Prefix of MoEngage's host for test alerts.
_TEST_HOST = "sandbox-"
_ADVICE = {
    _UNKNOWN_ALERT: "MoEngage does not know the alert; check alert_id or alert_reference_name, that the "
    "alert is published, and that it is not a test alert.",
    120003: "MoEngage reports a missing transaction_id, although one was sent; report this to the provider's "
    "authors.",
    120004: "MoEngage reports that the transaction_id is too long; report this to the provider's authors.",
    120006: "MoEngage does not accept the payload; check attribute_info, content_state and the dates against "
    f"the alert's template; {TOKENS}.",
    120007: "an attribute has more than 1,500 characters; shorten it.",
}


class Inform(Workspace):
    """
    A workspace's alerts, through the key of the Inform tile.

    :param workspace_id: the workspace ID.
    :param key: the key of the Inform tile.
    :param la_type: start, update or end, which determines the meaning of a duplicate.
    :param clock: returns the wall-clock time in UTC.
    :param host: host of the requests, on which the advice in errors depends; empty by default.
    """

    requests_per_window: ClassVar[int] = REQUESTS_PER_MINUTE
    key_advice: ClassVar[str] = "inform_api_key in its extra the key of the Inform tile (not the Push key)"

    def __init__(
        self,
        workspace_id: str,
        key: str,
        la_type: LaType,
        clock: Callable[[], datetime] = utcnow,
        *,
        host: str = "",
    ) -> None:
        super().__init__(workspace_id, key, host=host)
        self._la_type = la_type
        self._clock = clock

    def transaction_id(self, activity_id: str, user_id: str) -> str:
        """
        Return the id that connects the requests for one user's activity, if the caller has none.

        The id appears in MoEngage's logs and on the device, so it must not reveal the user id, which can be
        guessed from a plain hash. This hash needs the Inform key, which the Airflow that starts an activity
        shares with the Airflow that ends it.

        :param activity_id: your id of the activity.
        :param user_id: your id of the user.
        """
        message = "\0".join(("live activity", activity_id, user_id)).encode()
        return hmac.new(self._key.encode(), message, hashlib.sha256).hexdigest()[:_DIGITS]

    def alerts(self, content: UserActivity) -> Callable[..., Request]:
        """
        Return a function that builds the request for one user, from user id, push token and transaction_id.

        :param content: the content that all users share.
        """
        shared, headers = content.message(), self._headers()
        push = shared["payloads"]["PUSH"]
        safety = RetrySafety.NOT_IDEMPOTENT if content.la_type == "start" else RetrySafety.IDEMPOTENT

        def alert(user_id: str, recipient: str | None = None, transaction_id: str | None = None) -> Request:
            transaction_id = (
                transaction_id or content.transaction_id or self.transaction_id(content.activity_id, user_id)
            )
            body = {**shared, "user_id": user_id, "transaction_id": transaction_id}
            if recipient is not None:
                body["payloads"] = {**shared["payloads"], "PUSH": {"recipient": recipient, **push}}
            ids = (user_id, transaction_id, recipient or "")
            return Request(content.la_type, SEND_PATH, encode(body), safety, headers, recipients=1, ids=ids)

        return alert

    def is_duplicate(self, response: Response) -> bool:
        """
        Return whether the user already has the activity.

        Only the refusal of a start shows this. An update has the same transaction_id as the start, so its
        refusal can have two causes.
        """
        return response.status == 409 and self._la_type == "start"

    def to_error(self, request: Request, response: Response) -> LiveActivityError:
        """Return the error for a response that refuses the request, with what to change."""
        context = error_context(self.name, request, response)
        code = _code(response)
        match response.status:
            case 409:
                return QuotaExhausted(
                    "MoEngage accepts one call in five minutes for a user's activity. The task repeats this "
                    "call after five minutes.",
                    reset_at=self._clock() + DUPLICATE_WINDOW,
                    **context,
                )
            case 400 if code == _INVALID_RECIPIENT:
                return RecipientRejected(
                    f"MoEngage has no valid recipient for this user; {TOKENS}.", **context
                )
            case 400 if code == _UNKNOWN_ALERT and self._host.startswith(_TEST_HOST):
                return InvalidPayload(
                    "MoEngage does not know the alert. Its sandbox host accepts only the alert_id of a test "
                    "alert; for a published alert, set the connection's host to that of the data center, "
                    "without 'sandbox-'.",
                    **context,
                )
            case 400 if code in _ADVICE:
                return InvalidPayload(_ADVICE[code], **context)
            case _:
                return super().to_error(request, response)


def _code(response: Response) -> int | None:
    """Return the number of MoEngage's error, which comes as a number or as text; None if there is none."""
    code = error_of(response).get("status_code")
    try:
        return int(code) if isinstance(code, int | str) else None
    except ValueError:
        return None

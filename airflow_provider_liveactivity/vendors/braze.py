"""
Convert models to requests for Braze, and Braze's responses to errors.

Sources: https://www.braze.com/docs/api/errors , https://www.braze.com/docs/api/api_limits
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from airflow_provider_liveactivity.errors import (
    AuthenticationFailed,
    InvalidPayload,
    LiveActivityError,
    PayloadTooLarge,
    PermissionDenied,
)
from airflow_provider_liveactivity.models.common import encode
from airflow_provider_liveactivity.vendors.base import (
    MAX_LISTING_BYTES,
    Request,
    Response,
    RetrySafety,
    error_context,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from airflow_provider_liveactivity.models.braze import (
        StartContent,
        StartLiveActivity,
        UpdateLiveActivity,
    )

NAME = "braze"
#: Domains of all fifteen instances. Source: https://www.braze.com/docs/api/basics
HOST_SUFFIXES = (".braze.com", ".braze.eu")
START_PATH = "/messages/live_activity/start"
UPDATE_PATH = "/messages/live_activity/update"
SEGMENTS_PATH = "/segments/list"
SEGMENTS_PER_PAGE = 100

_PERMISSIONS = {
    START_PATH: "messages.live_activity.start",
    UPDATE_PATH: "messages.live_activity.update",
    SEGMENTS_PATH: "segments.list",
}


class Braze:
    """
    A Braze workspace.

    :param rest_api_key: the REST API key.
    """

    name = NAME
    #: 250,000 requests per clock hour. Source: https://www.braze.com/docs/api/api_limits
    window = timedelta(hours=1)
    rate_limit_advice = ""
    requests_per_window = 250_000

    def __init__(self, rest_api_key: str) -> None:
        self._rest_api_key = rest_api_key

    def secrets(self) -> tuple[str, ...]:
        """Return the text to redact; Braze repeats the key in the body of a 401."""
        return (self._rest_api_key,)

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._rest_api_key}", "Content-Type": "application/json"}

    def start(self, body: StartLiveActivity) -> Request:
        """
        Return the request that starts an activity for a segment, a connected audience or one list.

        :param body: the body.
        """
        names = [alias.alias_name for alias in body.user_aliases or ()]
        return self._start(encode(body.to_json()), (*(body.external_user_ids or ()), *names))

    def starts(self, content: StartContent) -> StartRequests:
        """
        Return an encoder of start requests that share their content.

        :param content: the content.
        """
        return StartRequests(content, self._start)

    def _start(self, body: bytes, ids: Sequence[str]) -> Request:
        # Braze documents no idempotency key for a start.
        return Request(
            "start",
            START_PATH,
            body,
            RetrySafety.NOT_IDEMPOTENT,
            self._headers(),
            recipients=len(ids) or 1,
            ids=ids,
        )

    def update(self, body: UpdateLiveActivity) -> Request:
        """
        Return the request that updates or ends an activity on every phone that shows it.

        :param body: the body.
        """
        verb = "end" if body.end_activity else "update"
        return Request(verb, UPDATE_PATH, encode(body.to_json()), RetrySafety.IDEMPOTENT, self._headers())

    def segments(self, page: int) -> Request:
        """
        Return the request for one page of the workspace's segments.

        :param page: number of the page, from 0.
        """
        path = f"{SEGMENTS_PATH}?{urlencode({'page': page})}"
        return Request(
            "segments",
            path,
            b"",
            RetrySafety.IDEMPOTENT,
            self._headers(),
            method="GET",
            max_response_bytes=MAX_LISTING_BYTES,
        )

    def is_duplicate(self, response: Response) -> bool:
        """Return False: Braze does not recognize a repeated request."""
        return False

    def to_error(self, request: Request, response: Response) -> LiveActivityError:
        """Return the error for a response that refuses the request, with what to change."""
        context = error_context(self.name, request, response)
        permission = _PERMISSIONS.get(request.path.partition("?")[0], "of this endpoint")
        match response.status:
            case 400 | 422:
                return _bad_request(response, context)
            case 401:
                return AuthenticationFailed(
                    "Braze does not accept the REST API key; check that the connection's password is the key "
                    "of this workspace, that its host is the workspace's own REST endpoint, and that the key "
                    f"has the permission {permission}. {_ALLOW_LIST}",
                    **context,
                )
            case 403:
                return PermissionDenied(
                    f"the key lacks the permission {permission}, or the plan lacks Live Activities; "
                    f"create a new key with it, since permissions cannot be added to a key. {_ALLOW_LIST}",
                    **context,
                )
            case 404:
                return InvalidPayload(
                    "Braze does not know this URL; check that the connection's host is a REST endpoint "
                    "(https://rest.….braze.com or .eu), without a path.",
                    **context,
                )
            case 413:
                return PayloadTooLarge("the request is larger than Braze accepts (4 MB).", **context)
            case 415:
                return InvalidPayload(
                    "Braze did not receive a JSON content type; a proxy may have removed it.", **context
                )
            case _:
                return LiveActivityError(
                    "Braze refused the request for a reason it does not document.", **context
                )


class StartRequests:
    """
    Build start requests that differ only in their recipients; encode the shared content once.

    :param content: the shared content.
    :param make: builds a request from a body and the ids in it.
    """

    def __init__(self, content: StartContent, make: Callable[[bytes, Sequence[str]], Request]) -> None:
        self._make = make
        self._shared = encode(content.to_json()).removesuffix(b"}")

    def request(
        self, external_user_ids: Sequence[str] = (), user_aliases: Sequence[tuple[str, ...]] = ()
    ) -> Request:
        """
        Return the request for these recipients, at most 50 in total.

        :param external_user_ids: external ids; none by default.
        :param user_aliases: aliases as (name, label); none by default.
        """
        parts = [self._shared]
        if external_user_ids:
            parts.append(b'"external_user_ids":' + encode(external_user_ids))
        if user_aliases:
            aliases = [{"alias_name": name, "alias_label": label} for name, label in user_aliases]
            parts.append(b'"user_aliases":' + encode(aliases))
        ids = (*external_user_ids, *(name for name, _ in user_aliases))
        return self._make(b",".join(parts) + b"}", ids)


#: Braze does not document how it answers an address that is not on the list.
_ALLOW_LIST = "If the key has an IP allow-list, the address of this machine must be on it."
#: Part of Braze's message in a 400 → what to do.
_ADVICE = {
    "no recipients": "the request had no recipients; give ids, aliases, a segment or a custom audience.",
    "max number of": "more than 50 recipients were in one request.",
    "no message to send": "the request had no content.",
    "apple push length exceeded": "shorten the notification: its alert and extra may have up to 1,912 bytes.",
    "invalid extra push payload": "notification.extra must be an object.",
    "does not match declared format": "Braze could not read the JSON of the request.",
    "error while parsing request body": "Braze could not parse the request, which was sent as valid JSON: "
    "check that no proxy or gateway changes it, and that each field has the type that Braze documents.",
}


def _bad_request(response: Response, context: dict[str, Any]) -> InvalidPayload:
    said = re.sub(r"\s+", " ", error_message(response)).strip()
    for words, advice in _ADVICE.items():
        if words in said.lower():
            return InvalidPayload(advice, **context)
    return InvalidPayload("Braze does not accept the request; the response says why.", **context)


def error_message(response: Response) -> str:
    """
    Return the vendor's message from ``message`` or ``error``, or the raw text of the body.

    :param response: the response.
    """
    body = response.json()
    if isinstance(body, dict):
        return str(body.get("message") or body.get("error") or response.text)
    return response.text

"""Define what the HTTP client needs to know about a vendor: requests, responses, quota and errors."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from airflow_provider_liveactivity.errors import LiveActivityError


class RetrySafety(Enum):
    """Whether a request may be sent again after it left and no usable response came."""

    IDEMPOTENT = "the request contains the whole state, so sending it again changes nothing"
    IDEMPOTENT_WITH_KEY = "the vendor refuses a second request with the same key, so sending it again is safe"
    NOT_IDEMPOTENT = "a second request could put a second activity on the lock screen"


#: Maximum number of bytes read from a response; the response to a send has a few hundred bytes.
MAX_RESPONSE_BYTES = 64 * 1024
#: Maximum number of bytes read from a list of segments or campaigns.
MAX_LISTING_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Request:
    """
    One request in the vendor's format, without the host.

    :param verb: what the request does, such as start, update or end; for logs and reports.
    :param path: path and query of the URL.
    :param body: JSON body in UTF-8; empty for a GET.
    :param retry_safety: whether the request may be sent again after an unknown outcome.
    :param headers: HTTP headers, with the key; none by default.
    :param method: HTTP method; POST by default.
    :param recipients: number of recipients that the request names; 1, the default, if only the vendor knows
        them.
    :param ids: external ids in the body, which are redacted if the response repeats them; none by default.
    :param max_response_bytes: maximum number of bytes read from the response body; 64 KiB by default.
    """

    verb: str
    path: str
    body: bytes = field(repr=False)
    retry_safety: RetrySafety
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    method: str = "POST"
    recipients: int = 1
    ids: Sequence[str] = field(default=(), repr=False)
    max_response_bytes: int = MAX_RESPONSE_BYTES


@dataclass(frozen=True, slots=True)
class Response:
    """
    The vendor's response.

    :param status: HTTP status.
    :param headers: HTTP headers, with names in lower case.
    :param text: the body; in an error, without secrets and ids.
    """

    status: int
    headers: Mapping[str, str] = field(repr=False)
    text: str = field(repr=False)

    @property
    def request_id(self) -> str | None:
        """The vendor's id of the request, if the response has one."""
        return self.headers.get("x-request-id") or None

    def json(self) -> Any:
        """Return the body as JSON; None if it is not JSON or nested too deeply."""
        try:
            return json.loads(self.text)
        except (ValueError, RecursionError):
            return None

    def fields(self) -> dict[str, Any]:
        """Return the body as a JSON object; an empty one if it is not an object."""
        body = self.json()
        return body if isinstance(body, dict) else {}

    @property
    def is_html(self) -> bool:
        """Whether the body is a web page, which comes from a proxy or a login, not from the vendor."""
        return self.headers.get("content-type", "").lower().startswith("text/html")

    @property
    def is_success(self) -> bool:
        """Whether the vendor accepted the request."""
        return 200 <= self.status < 300 and not self.is_html


@dataclass(frozen=True, slots=True)
class Quota:
    """
    The vendor's quota from its headers; None for a header that is missing or invalid.

    :param limit: number of requests that the quota window allows.
    :param remaining: number of requests that are left in the quota window.
    :param reset_at: when the next quota window begins, in UTC.
    """

    limit: int | None = None
    remaining: int | None = None
    reset_at: datetime | None = None

    @classmethod
    def from_headers(cls, headers: Mapping[str, str], *, now: datetime, window: timedelta) -> Quota:
        """
        Read the headers ``x-ratelimit-*``. On a 401 Braze sends them as empty strings.

        :param headers: headers of a response, with names in lower case.
        :param now: time of the response, in UTC.
        :param window: length of the vendor's quota window; a reset further ahead is read as ``now + window``.
        """
        reset_at = _moment(_number(headers.get("x-ratelimit-reset")), now)
        return cls(
            limit=_number(headers.get("x-ratelimit-limit")),
            remaining=_number(headers.get("x-ratelimit-remaining")),
            reset_at=None if reset_at is None else min(reset_at, now + window),
        )


#: A larger reset is in epoch seconds, a smaller one in seconds from now: no quota window is this long.
_MAX_RELATIVE_RESET_SECONDS = 7 * 86_400


def _number(text: str | None) -> int | None:
    try:
        return int(float(text or ""))
    except (ValueError, OverflowError):
        return None


def _moment(seconds: int | None, now: datetime) -> datetime | None:
    """Read a reset in epoch seconds, or in seconds from now, which one page of MoEngage describes."""
    if seconds is None:
        return None
    try:
        if 0 <= seconds <= _MAX_RELATIVE_RESET_SECONDS:
            return now + timedelta(seconds=seconds)
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None


class Vendor(Protocol):
    """What the HTTP client needs to know about a vendor."""

    @property
    def name(self) -> str:
        """The vendor's name in logs, errors and reports."""

    @property
    def window(self) -> timedelta:
        """Length of the vendor's quota window; no wait for a reset is longer."""

    @property
    def rate_limit_advice(self) -> str:
        """Another possible cause of a 429, as a sentence after a space; empty text if there is none."""

    @property
    def requests_per_window(self) -> int:
        """The documented quota, which applies until a response contains another one."""

    def to_error(self, request: Request, response: Response) -> LiveActivityError:
        """
        Return the error for a response that refuses the request, with what to change.

        :param request: the request.
        :param response: the response.
        """

    def is_duplicate(self, response: Response) -> bool:
        """
        Return whether the vendor reports that it accepted a request with the same key before.

        :param response: the response.
        """

    def secrets(self) -> tuple[str, ...]:
        """Return the keys, in every form in which a response may contain them."""


_EXCERPT_CHARACTERS = 300


def error_context(vendor: str, request: Request, response: Response) -> dict[str, Any]:
    """
    Return the arguments that every error takes from a response.

    :param vendor: name of the vendor.
    :param request: the request.
    :param response: the response.
    """
    return {
        "vendor": vendor,
        "endpoint": request.path,
        "status": response.status,
        "request_id": response.request_id,
        "body_excerpt": response.text[:_EXCERPT_CHARACTERS] or None,
    }

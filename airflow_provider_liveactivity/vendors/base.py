"""What the HTTP client needs to know of a vendor: requests, responses, quota, errors."""

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

    IDEMPOTENT = "the request holds the whole state: sending it again changes nothing"
    IDEMPOTENT_WITH_KEY = "the vendor refuses a second request with the same key, so sending it again is safe"
    NOT_IDEMPOTENT = "a second request could put a second activity on the lock screen"


#: Most bytes of a response body that are read; a body of a send has a few hundred.
MAX_RESPONSE_BYTES = 64 * 1024
#: Most bytes of a list of segments or campaigns that are read.
MAX_LISTING_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Request:
    """
    One request in the vendor's format, without the host.

    :param verb: start, update or end; for logs and reports.
    :param path: path and query of the URL.
    :param body: the JSON body.
    :param retry_safety: whether the request may be sent again after an unknown outcome.
    :param headers: HTTP headers, with the key.
    :param method: HTTP method.
    :param recipients: how many recipients the request names; 0 if only the vendor knows who is addressed.
    :param ids: external ids in the body, to be hidden where the vendor repeats them.
    :param max_response_bytes: most bytes of the response body that are read.
    """

    verb: str
    path: str
    body: bytes = field(repr=False)
    retry_safety: RetrySafety
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    method: str = "POST"
    recipients: int = 0
    ids: Sequence[str] = field(default=(), repr=False)
    max_response_bytes: int = MAX_RESPONSE_BYTES


@dataclass(frozen=True, slots=True)
class Response:
    """
    The vendor's response.

    :param status: HTTP status.
    :param headers: headers, with names in lower case.
    :param text: the body; of an error without secrets and ids.
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
    """The vendor's quota as its headers tell it; a header that is missing or unreadable is None."""

    limit: int | None = None
    remaining: int | None = None
    reset_at: datetime | None = None

    @classmethod
    def from_headers(cls, headers: Mapping[str, str], *, now: datetime, window: timedelta) -> Quota:
        """
        Read the headers ``x-ratelimit-*``. On a 401 Braze sends them as empty strings.

        :param headers: headers of a response, with names in lower case.
        :param now: time of the response.
        :param window: length of the vendor's quota window; a reset further ahead is read as ``now + window``.
        """
        reset_at = _moment(_number(headers.get("x-ratelimit-reset")), now)
        return cls(
            limit=_number(headers.get("x-ratelimit-limit")),
            remaining=_number(headers.get("x-ratelimit-remaining")),
            reset_at=None if reset_at is None else min(reset_at, now + window),
        )


#: No quota window is longer than these seconds, and today's epoch seconds are larger.
_MAX_RELATIVE_RESET_SECONDS = 7 * 86_400


def _number(text: str | None) -> int | None:
    try:
        return int(float(text or ""))
    except (ValueError, OverflowError):
        return None


def _moment(seconds: int | None, now: datetime) -> datetime | None:
    """Read epoch seconds, or the seconds until the reset, which one page of MoEngage describes."""
    if seconds is None:
        return None
    try:
        if 0 <= seconds <= _MAX_RELATIVE_RESET_SECONDS:
            return now + timedelta(seconds=seconds)
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None


class Vendor(Protocol):
    """What the HTTP client needs to know of a vendor."""

    @property
    def name(self) -> str:
        """The vendor's name in logs, errors and reports."""

    @property
    def window(self) -> timedelta:
        """Length of the vendor's quota window; no wait for a reset is longer."""

    def to_error(self, request: Request, response: Response) -> LiveActivityError:
        """Return the error for a response that refuses the request, with what to change."""

    def is_duplicate(self, response: Response) -> bool:
        """Return whether the vendor says that it accepted a request with the same key before."""

    def secrets(self) -> tuple[str, ...]:
        """Return the keys, in every form in which a response may repeat them."""


_EXCERPT_CHARACTERS = 300


def error_context(vendor: str, request: Request, response: Response) -> dict[str, Any]:
    """Return the arguments that every error takes from a response."""
    return {
        "vendor": vendor,
        "endpoint": request.path,
        "status": response.status,
        "request_id": response.request_id,
        "body_excerpt": response.text[:_EXCERPT_CHARACTERS] or None,
    }

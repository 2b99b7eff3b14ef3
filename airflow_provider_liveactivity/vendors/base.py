"""The words in which a vendor is told to the transport: a request, an answer, a quota, a verdict."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airflow_provider_liveactivity.errors import LiveActivityError


class AfterDoubt(Enum):
    """What to do when a request left and no usable answer came."""

    RESEND = "the whole state is in it: sending it again changes nothing"
    RESEND_WITH_KEY = "the vendor refuses a second one with the same key, so sending it again is safe"
    NEVER = "a second one could put two activities on one lock screen"


#: Bytes of an answer that are read; those of a send have some hundred.
MAX_ANSWER_BYTES = 64 * 1024
#: Bytes of an answer that is read for its content: a page of segments or campaigns.
MAX_LISTING_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Request:
    """
    One request as the vendor wants it, without host and credentials.

    :param max_answer_bytes: the most bytes of the answer's body that are read.
    """

    verb: str
    path: str
    body: bytes = field(repr=False)
    after_doubt: AfterDoubt
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    method: str = "POST"
    people: int = 0  # 0 where the vendor, not we, knows who is addressed
    max_answer_bytes: int = MAX_ANSWER_BYTES


@dataclass(frozen=True, slots=True)
class Answer:
    """What the vendor answered, with secrets already redacted from the text."""

    status: int
    headers: Mapping[str, str] = field(repr=False)  # names in lower case
    text: str = field(repr=False)

    @property
    def request_id(self) -> str | None:
        """The vendor's id of the request, where it gives one."""
        return self.headers.get("x-request-id") or None

    def json(self) -> Any:
        """Return the body as JSON, or None where it is none, or is nested too deeply."""
        try:
            return json.loads(self.text)
        except (ValueError, RecursionError):
            return None

    def fields(self) -> dict[str, Any]:
        """Return the body as a JSON object; an empty one where it is none."""
        body = self.json()
        return body if isinstance(body, dict) else {}

    @property
    def is_html(self) -> bool:
        """Whether it is a page for people: a proxy's or a login's, and not the vendor's."""
        return self.headers.get("content-type", "").lower().startswith("text/html")


@dataclass(frozen=True, slots=True)
class Quota:
    """What the vendor says is left; each part may be missing."""

    limit: int | None = None
    remaining: int | None = None
    reset_at: datetime | None = None

    @classmethod
    def from_headers(cls, headers: Mapping[str, str], *, now: datetime, window: timedelta) -> Quota:
        """
        Read ``x-ratelimit-*`` tolerantly: on a 401 Braze sends them as empty strings.

        :param headers: of an answer, with names in lower case.
        :param now: when it came.
        :param window: the length of the vendor's window: a reset that lies further ahead is read as its end.
        """
        reset_at = _moment(_number(headers.get("x-ratelimit-reset")), now)
        return cls(
            limit=_number(headers.get("x-ratelimit-limit")),
            remaining=_number(headers.get("x-ratelimit-remaining")),
            reset_at=None if reset_at is None else min(reset_at, now + window),
        )


_MAX_RELATIVE_RESET = 7 * 86_400  # seconds; no window is longer, and no epoch second of today is so small


def _number(text: str | None) -> int | None:
    try:
        return int(float(text or ""))
    except (ValueError, OverflowError):
        return None


def _moment(seconds: int | None, now: datetime) -> datetime | None:
    """Read epoch seconds; one of MoEngage's pages has the seconds until the reset instead."""
    if seconds is None:
        return None
    try:
        if 0 <= seconds <= _MAX_RELATIVE_RESET:
            return now + timedelta(seconds=seconds)
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None


class Vendor(Protocol):
    """What the transport must know of a vendor."""

    @property
    def name(self) -> str:
        """The word for logs, errors and reports."""

    @property
    def window(self) -> timedelta:
        """How long the vendor counts requests before it begins anew: no wait for a reset is longer."""

    def refusal(self, request: Request, answer: Answer) -> LiveActivityError:
        """Return the error for an answer that refuses the request: its type and what to change."""

    def is_duplicate(self, answer: Answer) -> bool:
        """Whether the answer says that a request with the same key was accepted before."""

    def secrets(self) -> tuple[str, ...]:
        """What must never be shown."""


EXCERPT_CHARACTERS = 300


def where(vendor: str, request: Request, answer: Answer) -> dict[str, Any]:
    """Return what every error carries about the place it came from."""
    return {
        "vendor": vendor,
        "endpoint": request.path,
        "status": answer.status,
        "request_id": answer.request_id,
        "body_excerpt": answer.text[:EXCERPT_CHARACTERS] or None,
    }

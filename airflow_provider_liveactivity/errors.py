"""The error tree: what went wrong, where, and what to do next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


class LiveActivityError(Exception):
    """
    Base of every error of this provider.

    :param message: one sentence that says what happened and what to change, safe to log.
    :param vendor: ``braze`` or ``moengage``.
    :param endpoint: path of the request, without host.
    :param status: HTTP status, where an answer came.
    :param request_id: the vendor's id of the request, for their support.
    :param body_excerpt: the beginning of the vendor's answer, with secrets and ids redacted.
    """

    #: Whether the same request may succeed later without a change by a person.
    retryable = False
    #: How often the request was sent before this was raised.
    tries = 0
    #: Whether one of these tries may have been carried out.
    doubted = False

    def __init__(
        self,
        message: str,
        *,
        vendor: str | None = None,
        endpoint: str | None = None,
        status: int | None = None,
        request_id: str | None = None,
        body_excerpt: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.vendor = vendor
        self.endpoint = endpoint
        self.status = status
        self.request_id = request_id
        self.body_excerpt = body_excerpt

    def __str__(self) -> str:
        where = f"{self.vendor or ''} {self.endpoint or ''}".strip()
        if self.status is not None:
            where += f" answered {self.status}"
        if self.request_id:
            where += f" (request {self.request_id})"
        text = f"{where}: {self.message}" if where else self.message
        return f"{text} The answer was: {self.body_excerpt}" if self.body_excerpt else text


class InvalidPayload(LiveActivityError, ValueError):
    """What was to be sent breaks a rule, found by us before sending or by the vendor (400, 404, 415)."""


class InvalidConnection(LiveActivityError, ValueError):
    """The Airflow connection lacks something, or points to where no key may go."""


class EmptyAudience(InvalidPayload):
    """The audience has nobody in it."""


class AuthenticationFailed(LiveActivityError):
    """The vendor does not know the key, or the key belongs to another instance or workspace (401)."""


class PermissionDenied(LiveActivityError):
    """The key is good, but it may not do this (403)."""


class PayloadTooLarge(InvalidPayload):
    """The payload is larger than a phone or the vendor takes."""


class RecipientRejected(InvalidPayload):
    """The vendor refuses one recipient; a send goes on with the others, and counts this one as rejected."""


class RateLimited(LiveActivityError):
    """
    The vendor refuses requests until a stated moment.

    :param reset_at: when the vendor's window ends; None where it did not say.
    """

    retryable = True

    def __init__(self, message: str, *, reset_at: datetime | None = None, **where: Any) -> None:
        super().__init__(message, **where)
        self.reset_at = reset_at


class VendorUnavailable(LiveActivityError):
    """The request did not reach the vendor, or the vendor could not serve it; nothing was carried out."""

    retryable = True


class OutcomeUnknown(LiveActivityError):
    """The request left and no usable answer came: the vendor may have carried it out."""

    retryable = True


class PartiallySent(LiveActivityError):
    """
    Some requests were accepted before something stopped the rest.

    :param report: the SendReport up to that point.
    :param retryable: whether what stopped it passes by.
    :param remembered: whether a retry knows what has left, and goes on behind it.
    """

    def __init__(
        self,
        message: str,
        *,
        report: Mapping[str, Any],
        retryable: bool = False,
        remembered: bool = False,
        **where: Any,
    ) -> None:
        super().__init__(message, **where)
        self.report = report
        self.retryable = retryable
        self.remembered = remembered


def reset_of(error: BaseException | None) -> datetime | None:
    """Return when the vendor's next window begins, where it was the window that ended the send."""
    if isinstance(error, PartiallySent):
        error = error.__cause__
    return error.reset_at if isinstance(error, RateLimited) else None

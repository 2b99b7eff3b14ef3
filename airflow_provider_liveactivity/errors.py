"""Define the errors of the provider. Each says what went wrong, where, and what to do next."""

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
    :param status: HTTP status of the response, if there is one.
    :param request_id: the vendor's id of the request, for the vendor's support.
    :param body_excerpt: the beginning of the response body, with secrets and ids redacted.
    :param retryable: whether the same request may succeed later without a person's help; by default the value
        of the class.
    """

    retryable: bool = False

    def __init__(
        self,
        message: str,
        *,
        vendor: str | None = None,
        endpoint: str | None = None,
        status: int | None = None,
        request_id: str | None = None,
        body_excerpt: str | None = None,
        retryable: bool | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.vendor = vendor
        self.endpoint = endpoint
        self.status = status
        self.request_id = request_id
        self.body_excerpt = body_excerpt
        if retryable is not None:
            self.retryable = retryable

    @property
    def origin(self) -> dict[str, Any]:
        """The arguments that say which request failed, for an error that replaces this one."""
        names = ("vendor", "endpoint", "status", "request_id", "body_excerpt")
        return {name: getattr(self, name) for name in names}

    def __str__(self) -> str:
        """Return the message, followed by the request that failed, for the vendor's support."""
        where = f"{self.vendor or ''} {self.endpoint or ''}".strip()
        if self.status is not None:
            where += f" answered {self.status}"
        if self.body_excerpt:
            where += f": {self.body_excerpt}"
        if self.request_id:
            where += f"; request {self.request_id}"
        return f"{self.message} ({where})" if where else self.message


class InvalidPayload(LiveActivityError, ValueError):
    """The payload breaks a rule: the provider refuses to send it, or the vendor answers 400, 404 or 415."""


class InvalidConnection(LiveActivityError, ValueError):
    """The Airflow connection is incomplete, or names a host to which no key may be sent."""


class EmptyAudience(InvalidPayload):
    """The audience has no recipient."""


class AuthenticationFailed(LiveActivityError):
    """The vendor does not know the key, or the key belongs to another instance or workspace (401)."""


class PermissionDenied(LiveActivityError):
    """The key is valid, but lacks a permission (403)."""


class PayloadTooLarge(InvalidPayload):
    """The payload is larger than a phone or the vendor accepts."""


class RecipientRejected(InvalidPayload):
    """The vendor rejects one recipient. The send goes on with the others and counts this one as rejected."""


class RateLimited(LiveActivityError):
    """
    The vendor refuses requests until a known moment.

    :param reset_at: end of the vendor's quota window; None if the vendor does not say.
    """

    retryable = True

    def __init__(self, message: str, *, reset_at: datetime | None = None, **context: Any) -> None:
        super().__init__(message, **context)
        self.reset_at = reset_at


class QuotaExhausted(RateLimited):
    """The quota is used up for longer than the send may wait in place, so the request was not sent."""


class VendorUnavailable(LiveActivityError):
    """The request did not reach the vendor, or the vendor could not serve it: nothing was carried out."""

    retryable = True


class SendStopped(VendorUnavailable):
    """The send was stopped before the request left."""


class OutcomeUnknown(LiveActivityError):
    """The request left and no usable response came: the vendor may have carried it out."""

    retryable = True


class PartiallySent(LiveActivityError):
    """
    Some requests were accepted before an error stopped the others.

    :param report: the SendReport up to that point.
    :param stopped_by: the error that stopped the send; None by default.
    :param remembered: whether a checkpoint contains what was sent, so that a retry can continue.
    """

    def __init__(
        self,
        message: str,
        *,
        report: Mapping[str, Any],
        stopped_by: LiveActivityError | None = None,
        remembered: bool = False,
        **context: Any,
    ) -> None:
        super().__init__(message, **context)
        self.report = report
        self.stopped_by = stopped_by
        self.remembered = remembered


def cause_of(error: LiveActivityError) -> LiveActivityError:
    """Return the error that stopped a send; for any other error, return the error itself."""
    return getattr(error, "stopped_by", None) or error


def reset_of(error: LiveActivityError) -> datetime | None:
    """Return the end of the vendor's quota window, if the send stopped because the quota was used up."""
    cause = cause_of(error)
    return cause.reset_at if isinstance(cause, RateLimited) else None

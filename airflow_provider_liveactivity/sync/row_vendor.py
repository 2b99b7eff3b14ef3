"""Tell the refusal of one row from an error that stops the whole pass."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_provider_liveactivity.errors import InvalidPayload, QuotaExhausted, RecipientRejected

if TYPE_CHECKING:
    from airflow_provider_liveactivity.errors import LiveActivityError
    from airflow_provider_liveactivity.vendors.base import Request, Response, Vendor


class RowRejected(RecipientRejected):
    """The vendor refused the request of one row; the other rows are still sent."""


class TooSoon(RecipientRejected):
    """The vendor does not accept another request for this activity yet."""


class RowVendor:
    """
    A vendor whose refusal of one row does not stop the others.

    :param vendor: the vendor.
    """

    def __init__(self, vendor: Vendor) -> None:
        self._vendor = vendor
        self.name = vendor.name
        self.window = vendor.window
        self.rate_limit_advice = vendor.rate_limit_advice
        self.requests_per_window = vendor.requests_per_window

    def secrets(self) -> tuple[str, ...]:
        """Return the keys, in every form in which a response may repeat them."""
        return self._vendor.secrets()

    def is_duplicate(self, response: Response) -> bool:
        """Return False: whether a refusal means a duplicate depends on the request."""
        return False

    def to_error(self, request: Request, response: Response) -> LiveActivityError:
        """
        Return the error for a response that refuses the request.

        :param request: the request.
        :param response: the response.
        """
        error = self._vendor.to_error(request, response)
        if isinstance(error, QuotaExhausted):
            return TooSoon(error.message, **_context(error))
        if isinstance(error, InvalidPayload) and response.status in {400, 413, 422}:
            return RowRejected(error.message, **_context(error))
        return error


def _context(error: LiveActivityError) -> dict[str, Any]:
    names = ("vendor", "endpoint", "status", "request_id", "body_excerpt")
    return {name: getattr(error, name) for name in names}

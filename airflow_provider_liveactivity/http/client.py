"""Send one request until its outcome is known."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, Self

from airflow_provider_liveactivity.errors import (
    InvalidConnection,
    LiveActivityError,
    OutcomeUnknown,
    RateLimited,
    VendorUnavailable,
)
from airflow_provider_liveactivity.http.connection import Connection, WorkspaceConfig
from airflow_provider_liveactivity.http.redaction import redact
from airflow_provider_liveactivity.http.retries import RetryConfig, retrying
from airflow_provider_liveactivity.models.moments import utcnow
from airflow_provider_liveactivity.vendors.base import Quota, Request, Response

if TYPE_CHECKING:
    from datetime import datetime

    import httpx


class Limiter(Protocol):
    """Decides when a request may leave."""

    async def acquire(self) -> None:
        """Wait until the next request may leave."""

    async def wait_until_due(self) -> None:
        """Wait for the moment of a scheduled send."""

    async def sleep(self, seconds: float) -> None:
        """Wait between two attempts."""

    def update_quota(self, quota: Quota) -> None:
        """Store the quota from a response."""

    def block_until(self, moment: datetime | None) -> None:
        """Block all requests until a moment."""


@dataclass(frozen=True, slots=True)
class SendResult:
    """
    The outcome of a request.

    :param attempts: how often the request was sent.
    :param sent_at: when the accepted attempt left.
    :param seconds: time from the first byte of the last attempt to the head of its response; None if no
        response came.
    :param response: the vendor's response, if the request was accepted.
    :param warning: the vendor's warning about an accepted request; Braze calls it a minor error.
    :param error: why the request was not accepted.
    :param outcome_unknown: whether a request that was not accepted may have been carried out.
    """

    attempts: int = 0
    sent_at: datetime | None = None
    response: Response | None = None
    warning: str = ""
    error: LiveActivityError | None = None
    outcome_unknown: bool = False
    seconds: float | None = None

    def accepted(self) -> Response:
        """Return the response; raise the error of a request that was not accepted."""
        if self.error is not None:
            raise self.error
        if self.response is None:
            raise RuntimeError("a request without an error has a response")
        return self.response


#: Receives each request with its result and the quota from the last response, in the thread that sends.
Observer = Callable[[Request, SendResult, Quota], None]


class Client:
    """
    Send requests over one connection; use it as an asynchronous context manager.

    :param workspace: where to send.
    :param limiter: when a request may leave; clients may share one.
    :param retry: how often a request is sent.
    :param observe: receives each request and its result; None, the default, for no observer.
    :param clock: returns the wall-clock time.
    :param transport: replaces the transport of httpx, for tests.
    """

    def __init__(
        self,
        workspace: WorkspaceConfig,
        limiter: Limiter,
        *,
        retry: RetryConfig | None = None,
        observe: Observer | None = None,
        clock: Callable[[], datetime] = utcnow,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._workspace = workspace
        self._limiter = limiter
        self._retry = retry or RetryConfig()
        self._observe = observe
        self._quota = Quota()
        self._clock = clock
        self._connection = Connection(
            workspace, before_send=limiter.wait_until_due, clock=clock, transport=transport
        )

    async def __aenter__(self) -> Self:
        await self._connection.__aenter__()
        return self

    async def __aexit__(self, *exc_info: Any) -> None:
        await self._connection.__aexit__(*exc_info)

    async def send(self, request: Request, *, possibly_sent_before: bool = False) -> SendResult:
        """
        Send a request until its outcome is known or the attempts are used up.

        The error of a result is OutcomeUnknown if the vendor may have carried out the request and it may not
        be sent again, QuotaExhausted if the wait for the vendor is too long, VendorUnavailable if nothing was
        carried out, or else the error for the vendor's response.

        :param request: what to send.
        :param possibly_sent_before: whether an earlier process may have sent this request: a response that
            calls it a duplicate then means that it was accepted.
        """
        result = await self._send(request, possibly_sent_before)
        if self._observe is not None:
            self._observe(request, result, self._quota)
        return result

    async def _send(self, request: Request, possibly_sent_before: bool) -> SendResult:
        attempts, outcome_unknown = 0, False

        async def attempt() -> Response:
            nonlocal attempts, outcome_unknown
            await self._limiter.acquire()
            attempts += 1
            try:
                response = await self._connection.send(request)
                self._raise_for_status(request, response, possibly_sent_before or outcome_unknown)
            except OutcomeUnknown:
                outcome_unknown = True
                raise
            return response

        try:
            call = retrying(request.retry_safety, self._retry, self._limiter.sleep)
            response: Response = await call(attempt)
        except LiveActivityError as error:
            # The error names its cause. The frames of this thread, most of them tenacity's, add nothing.
            error = error.with_traceback(None)
            return SendResult(
                attempts, error=error, outcome_unknown=outcome_unknown, seconds=self._connection.seconds
            )
        return SendResult(
            attempts,
            self._connection.sent_at,
            response,
            self._warning(request, response),
            seconds=self._connection.seconds,
        )

    def _warning(self, request: Request, response: Response) -> str:
        # Hardly any response has a warning, so the JSON parser runs only when it must.
        if not response.is_success or '"errors"' not in response.text:
            return ""
        errors = response.fields().get("errors")
        secrets = self._workspace.vendor.secrets()
        return redact(json.dumps(errors), secrets, request.ids) if errors else ""

    def _raise_for_status(self, request: Request, response: Response, possibly_sent_before: bool) -> None:
        """Return if the vendor accepted the request; raise the error for any other status."""
        vendor = self._workspace.vendor
        quota = Quota.from_headers(response.headers, now=self._clock(), window=vendor.window)
        self._quota = quota
        self._limiter.update_quota(quota)
        if response.is_success:
            return
        context: dict[str, Any] = {
            "vendor": vendor.name,
            "endpoint": request.path,
            "status": response.status,
            "request_id": response.request_id,
        }
        match response.status:
            case 429:
                self._limiter.block_until(quota.reset_at)
                raise RateLimited(
                    "the vendor's limit is reached; requests continue in its next quota window."
                    f"{vendor.rate_limit_advice}",
                    reset_at=quota.reset_at,
                    **context,
                )
            case 502:
                raise VendorUnavailable("the request did not reach the vendor's servers.", **context)
            case status if 300 <= status < 400:
                raise InvalidConnection(
                    "the host answers with a redirect, which is not followed, because it could send the key "
                    "to another host; check the connection's host.",
                    **context,
                )
            case status if status >= 500 or status == 408 or status < 300:
                raise OutcomeUnknown("the vendor, or a proxy, sent no usable response.", **context)
            case _ if possibly_sent_before and vendor.is_duplicate(response):
                return
            case _:
                raise vendor.to_error(request, response)

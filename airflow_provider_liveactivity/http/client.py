"""The one way to send: a request goes out, is repeated where that is safe, and ends in one clear outcome."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from airflow_provider_liveactivity.delivery.rate_limit import Pace, PaceRules
from airflow_provider_liveactivity.errors import (
    InvalidConnection,
    LiveActivityError,
    OutcomeUnknown,
    RateLimited,
    VendorUnavailable,
)
from airflow_provider_liveactivity.http.connection import Account, Line
from airflow_provider_liveactivity.http.redaction import redact
from airflow_provider_liveactivity.http.retries import Patience, retrying
from airflow_provider_liveactivity.models.common import utcnow
from airflow_provider_liveactivity.vendors.base import Answer, Quota, Request

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    import httpx

    from airflow_provider_liveactivity.delivery.rate_limit import Sleep


@dataclass(frozen=True, slots=True)
class Sent:
    """
    An accepted request.

    :param remark: what the vendor found wrong with it all the same; Braze calls it a minor error.
    """

    answer: Answer
    sent_at: datetime
    tries: int
    remark: str = ""


class Client:
    """
    Sends over one connection to a vendor; use it as an asynchronous context manager.

    :param account: where to send.
    :param pace: when requests may leave; clients may share one.
    :param patience: how often and how long a request is tried again.
    :param clock: what time it is; for tests.
    :param sleep: waits between tries.
    :param http: takes the place of the connection; for tests.
    """

    def __init__(
        self,
        account: Account,
        *,
        pace: Pace | None = None,
        patience: Patience | None = None,
        clock: Callable[[], datetime] = utcnow,
        sleep: Sleep = asyncio.sleep,
        http: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._account = account
        self._pace = pace or Pace(PaceRules(), clock=clock, sleep=sleep)
        self._patience = patience or Patience()
        self._clock = clock
        self._sleep = sleep
        self._line = Line(account, before_leaving=self._held if self._pace.holds else None, http=http)
        self._left_at = clock()

    async def __aenter__(self) -> Self:
        await self._line.__aenter__()
        return self

    async def __aexit__(self, *exc_info: Any) -> None:
        await self._line.__aexit__(*exc_info)

    async def send(self, request: Request, *, may_be_second: bool = False) -> Sent:
        """
        Send the request until its outcome is known or patience ends.

        :param request: what to send.
        :param may_be_second: whether an earlier process may have sent the same request already; the vendor's
            "duplicate" then means that it was accepted.
        :raises OutcomeUnknown: where it may have been carried out and may not be sent again.
        :raises RateLimited: where the vendor refuses requests for longer than the pace waits.
        :raises VendorUnavailable: where nothing was carried out within the patience.
        :raises LiveActivityError: where the vendor refuses the request.
        """
        tries, doubted = 0, False

        async def attempt() -> Sent:
            nonlocal tries, doubted, may_be_second
            await self._pace.turn()
            tries += 1
            self._left_at = self._clock()
            try:
                answer = await self._line.exchange(request)
                self._judge(request, answer, may_be_second)
            except OutcomeUnknown:
                doubted = may_be_second = True
                raise
            return Sent(answer, self._left_at, tries, self._remark(request, answer))

        try:
            return await retrying(request.after_doubt, self._patience, self._sleep)(attempt)
        except LiveActivityError as error:
            error.tries, error.doubted = tries, doubted
            raise

    async def _held(self) -> None:
        """Keep a request until its moment, now that neither connection nor handshake will delay it."""
        await self._pace.held()
        self._left_at = self._clock()

    def _remark(self, request: Request, answer: Answer) -> str:
        if answer.status >= 300 or '"errors"' not in answer.text:  # nearly all: those need no parser
            return ""
        errors = answer.fields().get("errors")
        return redact(json.dumps(errors), self._account.vendor.secrets(), request.body) if errors else ""

    def _judge(self, request: Request, answer: Answer, may_be_second: bool) -> None:
        """Return for an accepted request, raise for any other."""
        vendor = self._account.vendor
        quota = Quota.from_headers(answer.headers, now=self._clock(), window=vendor.window)
        self._pace.learn(quota)
        place: dict[str, Any] = {
            "vendor": vendor.name,
            "endpoint": request.path,
            "status": answer.status,
            "request_id": answer.request_id,
        }
        match answer.status:
            case status if 200 <= status < 300 and not answer.is_html:
                return
            case 429:
                self._pace.close(quota.reset_at)
                raise RateLimited(
                    "the vendor's limit is reached; requests leave again in its next window.",
                    reset_at=quota.reset_at,
                    **place,
                )
            case 502:
                raise VendorUnavailable("the request did not reach the vendor's servers.", **place)
            case status if 300 <= status < 400:
                raise InvalidConnection(
                    "the host redirects, and a redirect is never followed: the key would go with it; check "
                    "the connection's host.",
                    **place,
                )
            case status if status >= 500 or status == 408 or (answer.is_html and status < 300):
                raise OutcomeUnknown("the vendor, or a proxy before it, gave no usable answer.", **place)
            case _ if may_be_second and vendor.is_duplicate(answer):
                return
            case _:
                raise vendor.refusal(request, answer)

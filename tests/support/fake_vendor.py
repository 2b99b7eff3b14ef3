"""For tests of the sender: a vendor that remembers its recipients, and an audience that can change."""

from __future__ import annotations

import asyncio
import json
import random
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, Self, cast

from airflow_provider_liveactivity.delivery.batch_requests import BatchRequest
from airflow_provider_liveactivity.delivery.checkpoint import Checkpoint
from airflow_provider_liveactivity.delivery.options import DeliveryOptions
from airflow_provider_liveactivity.delivery.outcomes import OutcomeWriter
from airflow_provider_liveactivity.delivery.preflight import Preflight
from airflow_provider_liveactivity.delivery.progress import Progress
from airflow_provider_liveactivity.delivery.rate_limit import RateLimiter
from airflow_provider_liveactivity.delivery.sender import Sender
from airflow_provider_liveactivity.errors import (
    InvalidPayload,
    LiveActivityError,
    OutcomeUnknown,
    RateLimited,
    RecipientRejected,
    VendorUnavailable,
)
from airflow_provider_liveactivity.http.client import SendResult
from airflow_provider_liveactivity.http.connection import Timeouts, WorkspaceConfig
from airflow_provider_liveactivity.vendors.base import Request, Response, RetrySafety
from airflow_provider_liveactivity.vendors.braze import Braze
from tests.support.state_store import CrashingStore

WORKSPACE = WorkspaceConfig(Braze("key"), "https://vendor.test", Timeouts(read=2.0))

#: Returns the outcome of a request from its place among all requests: a key of ``_OUTCOMES``, "accept",
#: or "warn" to accept the request with a warning.
OutcomeOf = Callable[[int], str]
_OUTCOMES: dict[str, Callable[[], LiveActivityError]] = {
    "unknown": lambda: OutcomeUnknown("no answer came."),
    "unknown_carried_out": lambda: OutcomeUnknown("no answer came."),
    "unavailable": lambda: VendorUnavailable("502.", endpoint="/start", status=502),
    "reject": lambda: InvalidPayload("400.", endpoint="/start", status=400),
    "reject_recipient": lambda: RecipientRejected("400.", endpoint="/start", status=400),
    "reject_recipient_after_unknown": lambda: RecipientRejected("400.", endpoint="/start", status=400),
    "limited": lambda: RateLimited("used up.", reset_at=datetime(2100, 1, 1, tzinfo=UTC)),
}


class Vendor:
    """A vendor that remembers what it carried out, and which outcomes the sender knows."""

    def __init__(
        self, outcome_of: OutcomeOf = lambda _: "accept", *, latency: Callable[[int], float] = lambda _: 0.0
    ):
        self.outcome_of = outcome_of
        self.latency = latency
        self.blocked: dict[int, Callable[[], bool]] = {}  # by place: no response until the condition holds
        self.requests = 0
        self.in_flight = 0
        self.most_in_flight = 0
        self.reached: Counter[str] = Counter()
        self.accepted: set[str] = set()  # recipients of accepted requests
        self.sent_twice: list[str] = []  # recipients of accepted requests in a later request
        self.rejected: set[str] = set()  # recipients that the vendor rejected
        self.batches: list[list[str]] = []
        self.request_id: str | None = None
        self.on_request: Callable[[int], None] = lambda _: None

    def client(self, workspace: WorkspaceConfig, limiter: RateLimiter) -> FakeClient:
        return FakeClient(self, limiter)


class FakeClient:
    def __init__(self, vendor: Vendor, limiter: RateLimiter) -> None:
        self._vendor = vendor
        self._limiter = limiter

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        pass

    async def send(self, request: Request, *, possibly_sent_before: bool = False) -> SendResult:
        vendor = self._vendor
        try:
            await self._limiter.acquire()
        except LiveActivityError as stopped:
            return SendResult(error=stopped)
        place, vendor.requests = vendor.requests, vendor.requests + 1
        vendor.on_request(place)
        people: list[str] = json.loads(request.body)
        vendor.batches.append(people)
        vendor.sent_twice += [person for person in people if person in vendor.accepted]
        outcome = vendor.outcome_of(place)
        if outcome in {"accept", "warn", "unknown_carried_out"}:
            vendor.reached.update(people)
        vendor.in_flight += 1
        vendor.most_in_flight = max(vendor.most_in_flight, vendor.in_flight)
        try:
            await asyncio.sleep(vendor.latency(place))
            while place in vendor.blocked and not vendor.blocked[place]():  # noqa: ASYNC110  # counts are not events
                await asyncio.sleep(0.001)
        except asyncio.CancelledError:
            outcome = "unknown"
        finally:
            vendor.in_flight -= 1
        if outcome in {"accept", "warn"}:
            vendor.accepted.update(people)
            warning = "a minor error" if outcome == "warn" else ""
            response = Response(201, {"x-request-id": vendor.request_id or ""}, "{}")
            return SendResult(1, datetime.now(UTC), response, warning)
        error = _OUTCOMES[outcome]()
        error.request_id = vendor.request_id
        if isinstance(error, RecipientRejected):
            vendor.rejected.update(people)
        unknown = isinstance(error, OutcomeUnknown) or outcome == "reject_recipient_after_unknown"
        return SendResult(1, error=error, outcome_unknown=unknown)


class Audience:
    """A sorted audience that can change between attempts."""

    def __init__(self, people: int, size: int = 3) -> None:
        self.people = [f"{number:07}" for number in range(people)]
        self.size = size
        self.always = set(self.people)  # in the audience at all times
        self.fail_after: int | None = None
        self.reads = 0
        self.closed = 0

    def change(self, rng: random.Random, share: float = 0.1) -> None:
        """Remove a share of the people and add others."""
        gone = {person for person in self.people if rng.random() < share}
        come = {f"{rng.randrange(10 * len(self.people) + 10) / 10:09.1f}" for _ in gone}
        self.always -= gone
        self.people = sorted({*self.people, *come} - gone)

    def keep(self, people: int) -> None:
        """Remove all but the first ``people``."""
        self.people = self.people[:people]
        self.always &= set(self.people)

    def after(self, after: str | None, boundary: str | None = None) -> Iterator[BatchRequest]:
        self.reads += 1
        try:
            people = [person for person in self.people if after is None or person > after]
            before = bisect_right(people, boundary) if boundary is not None else 0
            starts = [*range(0, before, self.size), *range(before, len(people), self.size)]
            for count, start in enumerate(starts):
                if count == self.fail_after:
                    raise ConnectionError("the database is gone")
                end = start + self.size
                batch = people[start : min(end, before) if start < before else end]
                body = json.dumps(batch).encode()
                yield BatchRequest(
                    Request("start", "/start", body, RetrySafety.NOT_IDEMPOTENT, recipients=len(batch)),
                    batch[-1],
                    "match-42",
                    batch,
                )
        finally:
            self.closed += 1


def unknown_to_next_process(store: CrashingStore, audience: Audience) -> set[str]:
    """
    Return the people whose outcome is unknown to the next process.

    The stored places count batches of the audience that the process has read. If a process dies before its
    first write, the state is that of an earlier process, whose audience may have been different.
    """
    assert store.stored, "the state belongs to an earlier audience"
    saved, _ = Checkpoint(store).load("send")
    batches = list(audience.after(saved.resume_point.completed_key))
    return {
        person for place in saved.resume_point.unknown for person in json.loads(batches[place].request.body)
    }


def make_sender(
    audience: Audience,
    vendor: Vendor,
    store: CrashingStore | None = None,
    *,
    send_id: str = "send",
    max_tries: int = 0,
    outcomes: OutcomeWriter | None = None,
    preflight: Preflight | None = None,
    on_progress: Callable[[Progress], None] = lambda _: None,
    **options: Any,
) -> Sender:
    """Return a sender for one attempt."""
    return Sender(
        send_id,
        audience,
        WORKSPACE,
        options=DeliveryOptions(**{"max_workers": 8, **options}),
        checkpoint=Checkpoint(store, max_tries=max_tries),
        total=len(audience.people),
        outcomes=outcomes,
        preflight=preflight,
        on_progress=on_progress,
        client=cast("Any", vendor.client),
    )

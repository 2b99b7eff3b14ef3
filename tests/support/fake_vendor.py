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

CREATED = Response(201, {}, "{}")
WORKSPACE = WorkspaceConfig(Braze("key"), "https://vendor.test", Timeouts(read=2.0))

#: Decides what becomes of a request, from its place among all requests: a word of ``_OUTCOMES``,
#: "accept", or "remark" where it accepts and finds something wrong all the same.
Fate = Callable[[int], str]
_OUTCOMES: dict[str, Callable[[], LiveActivityError]] = {
    "doubt": lambda: OutcomeUnknown("no answer came."),
    "doubt_carried_out": lambda: OutcomeUnknown("no answer came."),
    "unavailable": lambda: VendorUnavailable("502.", endpoint="/start", status=502),
    "reject": lambda: InvalidPayload("400.", endpoint="/start", status=400),
    "refuse": lambda: RecipientRejected("400.", endpoint="/start", status=400),
    "refuse_after_doubt": lambda: RecipientRejected("400.", endpoint="/start", status=400),
    "limited": lambda: RateLimited("used up.", reset_at=datetime(2100, 1, 1, tzinfo=UTC)),
}


class Vendor:
    """Remembers what it carried out, and what of that the sender was told."""

    def __init__(self, fate: Fate = lambda _: "accept", *, latency: Callable[[int], float] = lambda _: 0.0):
        self.fate = fate
        self.latency = latency
        self.held: dict[int, Callable[[], bool]] = {}  # by place: answered once the condition holds
        self.requests = 0
        self.under_way = 0
        self.most_under_way = 0
        self.reached: Counter[str] = Counter()
        self.told: set[str] = set()  # people of accepted requests
        self.again: list[str] = []  # people of accepted requests who were sent to once more
        self.refused: set[str] = set()  # people of requests that were refused for their recipient
        self.batches: list[list[str]] = []
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
        vendor.again += [person for person in people if person in vendor.told]
        outcome = vendor.fate(place)
        if outcome in {"accept", "remark", "doubt_carried_out"}:
            vendor.reached.update(people)
        vendor.under_way += 1
        vendor.most_under_way = max(vendor.most_under_way, vendor.under_way)
        try:
            await asyncio.sleep(vendor.latency(place))
            while place in vendor.held and not vendor.held[place]():  # noqa: ASYNC110  # counts are not events
                await asyncio.sleep(0.001)
        except asyncio.CancelledError:
            outcome = "doubt"
        finally:
            vendor.under_way -= 1
        if outcome in {"accept", "remark"}:
            vendor.told.update(people)
            warning = "a minor error" if outcome == "remark" else ""
            return SendResult(1, datetime.now(UTC), CREATED, warning)
        error = _OUTCOMES[outcome]()
        if isinstance(error, RecipientRejected):
            vendor.refused.update(people)
        unknown = isinstance(error, OutcomeUnknown) or outcome == "refuse_after_doubt"
        return SendResult(1, error=error, outcome_unknown=unknown)


class Audience:
    """Sorted people, some of whom come and go between attempts."""

    def __init__(self, people: int, size: int = 3) -> None:
        self.people = [f"{number:07}" for number in range(people)]
        self.size = size
        self.always = set(self.people)  # those who were there all the time
        self.fail_after: int | None = None
        self.reads = 0
        self.closed = 0

    def change(self, chance: random.Random, share: float = 0.1) -> None:
        """Let some go, and others come."""
        gone = {person for person in self.people if chance.random() < share}
        come = {f"{chance.randrange(10 * len(self.people) + 10) / 10:09.1f}" for _ in gone}
        self.always -= gone
        self.people = sorted({*self.people, *come} - gone)

    def keep(self, people: int) -> None:
        """Let all but the first ``people`` go."""
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
                )
        finally:
            self.closed += 1


def unknown_to_next_process(store: CrashingStore, audience: Audience) -> set[str]:
    """
    Return the people whose outcome is unknown to the next process.

    The stored places count batches of the audience that the writing process has read. A process that dies
    before its first write leaves the state of an earlier one, whose audience may have been another.
    """
    assert store.stored, "the state belongs to an earlier audience"
    saved, _ = Checkpoint(store).load("send")
    batches = list(audience.after(saved.resume_point.completed_key))
    return {
        person for place in saved.resume_point.unknown for person in json.loads(batches[place].request.body)
    }


def make_send(
    audience: Audience,
    vendor: Vendor,
    store: CrashingStore | None = None,
    *,
    identity: str = "send",
    max_tries: int = 0,
    on_progress: Callable[[Progress], None] = lambda _: None,
    **fan_out: Any,
) -> Sender:
    """Return one attempt."""
    return Sender(
        identity,
        audience,
        WORKSPACE,
        options=DeliveryOptions(**{"max_workers": 8, **fan_out}),
        checkpoint=Checkpoint(store, max_tries=max_tries),
        total=len(audience.people),
        on_progress=on_progress,
        client=cast("Any", vendor.client),
    )

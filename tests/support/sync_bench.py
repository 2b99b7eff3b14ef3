"""For tests of the sync: rows that change, a vendor that remembers, a state table that can die."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, Self

import sqlalchemy as sa

from airflow_provider_liveactivity.delivery.options import DeliveryOptions
from airflow_provider_liveactivity.delivery.outcomes import OutcomeWriter
from airflow_provider_liveactivity.delivery.rate_limit import RateLimiter
from airflow_provider_liveactivity.errors import LiveActivityError, OutcomeUnknown, VendorUnavailable
from airflow_provider_liveactivity.http.client import SendResult
from airflow_provider_liveactivity.http.connection import Timeouts, WorkspaceConfig
from airflow_provider_liveactivity.sync.braze import BRAZE_COLUMNS, BrazeMessages
from airflow_provider_liveactivity.sync.plan import SyncOptions
from airflow_provider_liveactivity.sync.records import Writer
from airflow_provider_liveactivity.sync.report import SyncReport
from airflow_provider_liveactivity.sync.row_vendor import RowRejected, RowVendor
from airflow_provider_liveactivity.sync.runner import LiveMode, Sync
from airflow_provider_liveactivity.sync.source import Source, read_rows
from airflow_provider_liveactivity.sync.table import StateTable
from airflow_provider_liveactivity.vendors.base import Request, Response
from airflow_provider_liveactivity.vendors.braze import Braze
from tests.support.clock import Clock
from tests.support.state_store import ProcessDied

DEFAULTS: dict[str, Any] = {
    "activity_attributes_type": "Delivery",
    "activity_attributes": {"city": "Riga"},
    "notification": {"alert": {"title": "Your order", "body": "It is on its way"}},
}
#: What becomes of a request.
OUTCOMES = ("accept", "lost", "lost_but_carried_out", "reject", "unavailable")


class Vendor:
    """Carries requests out and remembers them, per activity."""

    def __init__(self) -> None:
        self.fate: Callable[[str, str], str] = lambda verb, activity_id: "accept"
        self.requests: list[tuple[str, str]] = []  # verb and activity of all that arrived
        self.starts: dict[str, int] = defaultdict(int)  # carried out
        self.shown: dict[str, list[Any]] = defaultdict(list)  # states carried out, oldest first
        self.ended: set[str] = set()
        self.bodies: list[dict[str, Any]] = []
        self.on_request: Callable[[], Any] = lambda: None

    def client(self, workspace: WorkspaceConfig, limiter: RateLimiter) -> FakeClient:
        """Return the client of a worker."""
        return FakeClient(self, limiter)

    def answer(self, request: Request) -> SendResult:
        """Carry a request out, or not, and return what the sender learns of it."""
        body = json.loads(request.body)
        activity_id = body["activity_id"]
        self.requests.append((request.verb, activity_id))
        self.bodies.append(body)
        fate = self.fate(request.verb, activity_id)
        if fate in {"accept", "lost_but_carried_out"}:
            self.starts[activity_id] += request.verb == "start"
            self.shown[activity_id].append(body["content_state"])
            if request.verb == "end":
                self.ended.add(activity_id)
        match fate:
            case "accept":
                return SendResult(1, response=Response(201, {}, "{}"))
            case "reject":
                return SendResult(1, error=RowRejected("400.", status=400))
            case "unavailable":
                return SendResult(1, error=VendorUnavailable("502.", status=502))
            case _:
                return SendResult(1, error=OutcomeUnknown("no answer came."), outcome_unknown=True)


class FakeClient:
    """A client without a network."""

    def __init__(self, vendor: Vendor, limiter: RateLimiter) -> None:
        self._vendor = vendor
        self._limiter = limiter

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        pass

    async def send(self, request: Request, *, possibly_sent_before: bool = False) -> SendResult:
        """Wait for the rate, then let the vendor answer."""
        try:
            await self._limiter.acquire()
        except LiveActivityError as stopped:
            return SendResult(error=stopped)
        self._vendor.on_request()
        return self._vendor.answer(request)


class MortalTable(StateTable):
    """
    A state table whose process can be interrupted before any access.

    ``interrupt`` maps the number of an access to what happens there. ``ProcessDied`` ends the process: none
    of its later accesses reaches the table.
    """

    accesses = 0
    dead = False

    def __init__(
        self, *args: Any, interrupt: dict[int, Callable[[], Any]] | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self._interrupt = interrupt or {}
        for name in (
            "begin_read",
            "end_read",
            "recover",
            "read",
            "claim",
            "claim_starts",
            "claim_restarts",
            "results",
            "touch",
            "expire",
        ):
            setattr(self, name, self._guarded(getattr(self, name)))

    def _guarded(self, method: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            if self.dead:
                raise ProcessDied
            self.accesses += 1
            try:
                self._interrupt.get(self.accesses, lambda: None)()
            except ProcessDied:
                self.dead = True
                raise
            return method(*args, **kwargs)

        return call


class Bench:
    """
    A vendor, a database and a clock for any number of syncs.

    :param folder: where the database lies.
    """

    def __init__(self, folder: Path) -> None:
        self.vendor = Vendor()
        self.clock = Clock()
        self.engine = sa.create_engine(f"sqlite:///{folder}/state.sqlite")
        sa.event.listen(self.engine, "connect", _without_fsync)
        self.rows: list[dict[str, Any]] = []

    def row(self, activity_id: str, state: Any = 0, **fields: Any) -> dict[str, Any]:
        """Return a good row."""
        content = state if isinstance(state, dict | str) else {"state": state}
        return {
            "activity_id": activity_id,
            "external_user_id": f"user-{activity_id}",
            "content_state": content,
            **fields,
        }

    def sync(
        self,
        rows: Any = None,
        *,
        live: LiveMode | None = None,
        writer: Writer | None = None,
        interrupt: dict[int, Callable[[], Any]] | None = None,
        workers: int = 2,
        workspace: str = "braze test app",
        silent_updates: bool = False,
        transform: Any = None,
        on_unknown: Any = "skip",
        validate_only: bool = False,
        outcomes: OutcomeWriter | None = None,
        **options: Any,
    ) -> SyncReport:
        """Run a sync of ``rows``, or of the bench's rows at the moment of each pass."""
        sync = self.make(
            rows,
            writer=writer,
            interrupt=interrupt,
            workers=workers,
            workspace=workspace,
            silent_updates=silent_updates,
            transform=transform,
            on_unknown=on_unknown,
            outcomes=outcomes,
            **options,
        )
        return sync.validate() if validate_only else sync.run(live)

    def make(
        self,
        rows: Any = None,
        *,
        writer: Writer | None = None,
        interrupt: dict[int, Callable[[], Any]] | None = None,
        workers: int = 2,
        workspace: str = "braze test app",
        silent_updates: bool = False,
        transform: Any = None,
        on_unknown: Any = "skip",
        sleep: Callable[[float], None] | None = None,
        outcomes: OutcomeWriter | None = None,
        **options: Any,
    ) -> Sync:
        """Return a sync that has not run."""
        vendor = Braze("key")
        table = MortalTable(
            self.engine, "state", workspace, writer or Writer(), clock=self.clock, interrupt=interrupt
        )
        return Sync(
            table,
            Source(BRAZE_COLUMNS, read_rows((lambda: self.rows) if rows is None else rows), transform),
            BrazeMessages(vendor, "app", DEFAULTS, silent_updates=silent_updates),
            WorkspaceConfig(RowVendor(vendor), "https://vendor.test", Timeouts(read=2.0)),
            options=SyncOptions(on_unknown=on_unknown, **options),
            delivery=DeliveryOptions(max_workers=workers, on_unknown=on_unknown),
            outcomes=outcomes,
            clock=self.clock,
            sleep=sleep or self.clock.sleep,
            client=self.vendor.client,  # type: ignore[arg-type]
        )

    def stored(self, activity_id: str) -> Any:
        """Return an activity as it stands in the state table."""
        with self.engine.connect() as connection:
            query = sa.text("SELECT * FROM state WHERE activity_id = :id")
            return connection.execute(query, {"id": activity_id}).one_or_none()

    def statuses(self) -> dict[str, str]:
        """Return the status of every activity."""
        with self.engine.connect() as connection:
            if not sa.inspect(connection).has_table("state"):
                return {}
            found = connection.execute(sa.text("SELECT activity_id, status FROM state"))
            return {row.activity_id: row.status for row in found}


def minutes(number: float) -> timedelta:
    """Return a number of minutes."""
    return timedelta(minutes=number)


def _without_fsync(connection: Any, _: Any) -> None:
    connection.execute("PRAGMA synchronous = OFF")

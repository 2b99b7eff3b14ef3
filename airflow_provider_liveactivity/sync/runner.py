"""Run a sync: one pass, or one pass after the other until a moment."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow_provider_liveactivity.delivery.options import DeliveryOptions
from airflow_provider_liveactivity.errors import EmptyAudience, InvalidPayload, OutcomeUnknown
from airflow_provider_liveactivity.http.client import Client
from airflow_provider_liveactivity.models.moments import utcnow
from airflow_provider_liveactivity.sync.claims import LEASE
from airflow_provider_liveactivity.sync.engine import SyncEngine
from airflow_provider_liveactivity.sync.outcomes import StartOutcomes
from airflow_provider_liveactivity.sync.plan import Planner, SyncOptions
from airflow_provider_liveactivity.sync.report import SyncCounts
from airflow_provider_liveactivity.sync.snapshot import Snapshot
from airflow_provider_liveactivity.sync.steps import Steps

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow_provider_liveactivity.delivery.outcomes import OutcomeWriter
    from airflow_provider_liveactivity.http.connection import WorkspaceConfig
    from airflow_provider_liveactivity.sync.messages import Messages
    from airflow_provider_liveactivity.sync.report import SyncReport
    from airflow_provider_liveactivity.sync.source import Source
    from airflow_provider_liveactivity.sync.table import StateTable

log = logging.getLogger(__name__)

_STOP_POLL_SECONDS = 0.2  # how often a wait checks whether the task must stop
_SHOWN = 5  # bad rows in an error


@dataclass(frozen=True, slots=True)
class LiveMode:
    """
    How a task continues to read rows.

    :param poll_interval: time from the beginning of one pass to the beginning of the next.
    :param until: moment of the last pass.
    :param wake: function that takes a number of seconds, and returns after them, or earlier if rows may have
        changed; None, the default, sleeps.
    """

    poll_interval: timedelta
    until: datetime
    wake: Callable[[float], Any] | None = None

    def __post_init__(self) -> None:
        if self.poll_interval <= timedelta(0):
            raise InvalidPayload("poll_interval must be longer than 0 seconds.")


class Sync:
    """
    Sync a vendor's activities with the rows.

    :param table: the state table.
    :param source: the rows.
    :param messages: the requests of the vendor.
    :param workspace: where to send; its vendor is a ``RowVendor``.
    :param options: how to handle missing rows, bad rows and unknown outcomes.
    :param delivery: how to use workers and quota.
    :param outcomes: stores the outcome of every start; None, the default, keeps counts only.
    :param clock: returns the wall-clock time in UTC.
    :param sleep: waits for a number of seconds.
    :param client: creates the client of a worker; for tests.
    """

    def __init__(
        self,
        table: StateTable,
        source: Source,
        messages: Messages,
        workspace: WorkspaceConfig,
        *,
        options: SyncOptions | None = None,
        delivery: DeliveryOptions | None = None,
        outcomes: OutcomeWriter | None = None,
        clock: Callable[[], datetime] = utcnow,
        sleep: Callable[[float], None] = time.sleep,
        client: Callable[..., Client] = Client,
    ) -> None:
        self._table = table
        self._source = source
        self._messages = messages
        self._workspace = workspace
        self._options = options or SyncOptions()
        self._clock = clock
        self._sleep = sleep
        self._outcomes = StartOutcomes(outcomes, clock)
        self._engine = SyncEngine(
            table, workspace, delivery or DeliveryOptions(), self._outcomes, client=client
        )
        self._stopped = False
        self.counts = SyncCounts()

    def stop(self) -> None:
        """Send no further requests, and finish within seconds; safe to call from a signal handler."""
        self._stopped = True
        self._engine.stop()

    def validate(self) -> SyncReport:
        """
        Read the rows and build every request, but send nothing and claim nothing.

        :raises InvalidPayload: if the rows cannot be read, or ``on_bad_row="fail"`` and one is bad.
        """
        began = time.monotonic()
        self._table.open()
        with Snapshot() as snapshot:
            self._read(snapshot)
            self.counts = self._rehearse(snapshot)
        return self._report(began, validate_only=True)

    def run(self, live: LiveMode | None = None) -> SyncReport:
        """
        Send the requests that the rows require, and return the report.

        :param live: how to continue after the first pass; None, the default, makes one pass.
        :raises InvalidPayload: if the rows cannot be read, or ``on_bad_row="fail"`` and one is bad; nothing
            was sent in this pass.
        :raises EmptyAudience: if the query returns no rows and ``on_empty="fail"``.
        :raises OutcomeUnknown: if ``on_unknown="fail"`` and a start may have been carried out.
        :raises LiveActivityError: if an error stopped the pass; the next run continues.
        """
        began = time.monotonic()
        self._table.open()
        self._outcomes.begin()
        try:
            with self._engine:
                self._pass()
                while live is not None and self._clock() < live.until:
                    self._wait(live)
                    self._pass()
        finally:
            log.info("%s", _summary(self.counts))
        return self._report(began, validate_only=False)

    def _pass(self) -> None:
        self._engine.check()
        self._pass_began = self._clock()
        with Snapshot() as snapshot:
            self._table.begin_read()
            self._read(snapshot)
            self._table.end_read()
            if self._outcomes.kept and (abandoned := self._table.abandoned()):
                self._outcomes.write_abandoned(abandoned, snapshot.fields(list(abandoned)))
            unknown = self._table.recover()
            self.counts.unknown += unknown
            if self._options.on_bad_row == "fail":
                self._rehearse(snapshot)
            before = self.counts.unknown - unknown
            self._engine.send(self._steps(snapshot, self.counts).blocks(), self.counts)
        self.counts.passes += 1
        if not snapshot.rows and self._options.on_empty == "fail":
            raise EmptyAudience("the query returned no rows.")
        if self._options.on_unknown == "fail" and self.counts.unknown > before:
            raise OutcomeUnknown(
                f"{self.counts.unknown - before:,} starts may have been carried out. They are not sent "
                "again; their updates and ends are.",
                retryable=False,
            )

    def _read(self, snapshot: Snapshot) -> None:
        self.counts.begin_pass()
        snapshot.read(self._source, self.counts)
        if not snapshot.complete and self._options.on_missing == "end":
            log.warning("Rows have no usable activity_id, so activities without a row are not ended.")

    def _rehearse(self, snapshot: Snapshot) -> SyncCounts:
        """Build every request of the pass without sending it, and return the counts; fail if a row is bad."""
        counts = replace(self.counts, problems=[*self.counts.problems])
        for block in self._steps(snapshot, counts, writes=False).blocks():
            counts.requests += len(block)
        if counts.bad_rows and self._options.on_bad_row == "fail":
            named = "; ".join(f"row {one['row']}: {one['reason']}" for one in counts.problems[:_SHOWN])
            raise InvalidPayload(f"{counts.bad_rows:,} rows are bad, so nothing was sent. {named}.")
        return counts

    def _steps(self, snapshot: Snapshot, counts: SyncCounts, *, writes: bool = True) -> Steps:
        options = self._options
        ends_missing = (
            options.on_missing == "end" and snapshot.complete and (snapshot.rows > 0 or options.allow_end_all)
        )

        def planner() -> Planner:
            read_from = self._table.read_from or _ALWAYS_NEWER
            spacing, writer = self._messages.spacing, self._table.writer
            return Planner(options, self._clock(), read_from, spacing, ends_missing, writer)

        return Steps(snapshot, self._table, self._messages, planner, counts, writes=writes)

    def _wait(self, live: LiveMode) -> None:
        """Wait for the next pass; return earlier if rows may have changed or the task must stop."""
        until = min(self._pass_began + live.poll_interval, live.until)
        # A wait that is longer than the interval means that the clock was set back.
        while (
            not self._engine.stopped and timedelta(0) < (rest := until - self._clock()) <= live.poll_interval
        ):
            seconds = rest.total_seconds()
            if live.wake is not None:
                if live.wake(min(seconds, 1.0)):
                    return
            else:
                self._sleep(min(seconds, _STOP_POLL_SECONDS))

    def _report(self, began: float, *, validate_only: bool) -> SyncReport:
        return self.counts.report(
            vendor=self._workspace.vendor.name,
            seconds=time.monotonic() - began,
            validate_only=validate_only,
            send_id=self._outcomes.send_id,
        )


#: A validation has no number, and reads the newest rows.
_ALWAYS_NEWER = 2**62


def _summary(counts: SyncCounts) -> str:
    text = (
        f"{counts.rows:,} rows: {counts.started:,} started, {counts.updated:,} updated, "
        f"{counts.ended:,} ended, {counts.unchanged:,} unchanged, {counts.rejected:,} rejected, "
        f"{counts.unknown:,} unknown, {counts.failed:,} failed, {counts.bad_rows:,} bad rows, "
        f"{counts.held_back:,} held back, in {counts.requests:,} requests."
    )
    if counts.left:
        text += (
            f" {counts.left:,} activities are left to another run that sends to them. If that run has died, "
            f"its claims expire {LEASE.seconds // 60} minutes later, and the next pass continues."
        )
    return text + "".join(f" Row {one['row']}: {one['reason'].rstrip('.')}." for one in counts.problems)

"""Send the requests of a pass through the worker pool: claim, submit, collect, write the results."""

from __future__ import annotations

import logging
import math
import time
from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from airflow_provider_liveactivity.delivery.worker_pool import Job, WorkerPool
from airflow_provider_liveactivity.errors import SendStopped
from airflow_provider_liveactivity.http.client import Client
from airflow_provider_liveactivity.vendors.base import RetrySafety

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from airflow_provider_liveactivity.delivery.options import DeliveryOptions
    from airflow_provider_liveactivity.http.client import SendResult
    from airflow_provider_liveactivity.http.connection import WorkspaceConfig
    from airflow_provider_liveactivity.sync.actions import Action, Outcome
    from airflow_provider_liveactivity.sync.outcomes import StartOutcomes
    from airflow_provider_liveactivity.sync.plan import Step
    from airflow_provider_liveactivity.sync.report import SyncCounts
    from airflow_provider_liveactivity.sync.table import StateTable

log = logging.getLogger(__name__)

_LOOP_SECONDS = 0.02
_WRITE_SECONDS = 0.2  # results wait at most this long to be written
_RENEW_SECONDS = 60.0


class SyncEngine:
    """
    Send the requests of each pass over the same connections; use it as a context manager.

    :param table: the state table.
    :param workspace: where to send; its vendor is a ``RowVendor``.
    :param options: how to use workers and quota.
    :param outcomes: keeps the outcome of every start.
    :param client: creates the client of a worker; for tests.
    """

    def __init__(
        self,
        table: StateTable,
        workspace: WorkspaceConfig,
        options: DeliveryOptions,
        outcomes: StartOutcomes,
        *,
        client: Callable[..., Client] = Client,
    ) -> None:
        self._table = table
        self._options = options
        self._outcomes = outcomes
        self._pool = WorkerPool(
            workspace,
            count=options.workers,
            rules=options.rate_rules(),
            stop_on_rejections=False,
            client=client,
        )
        self._most = options.workers + options.prefetch(None)
        self._claimed: dict[int, Action] = {}  # by number of the job; the claim is committed
        self._settled: list[tuple[Action, Outcome]] = []  # with a result that is not written
        self._number = 0
        self._written_at = self._renewed_at = -math.inf
        self.counts: SyncCounts

    def __enter__(self) -> SyncEngine:
        self._pool.__enter__()
        return self

    def __exit__(self, *exc_info: Any) -> None:
        self._pool.__exit__(*exc_info)

    @property
    def stopped(self) -> bool:
        """Whether the engine was asked to stop, or an error stopped it."""
        return self._pool.stopped

    def stop(self) -> None:
        """Send no further requests, and finish within seconds; safe to call from a signal handler."""
        self._pool.stop_soon()

    def check(self) -> None:
        """
        Return if requests may leave.

        :raises LiveActivityError: if an error stopped the engine.
        :raises SendStopped: if it was asked to stop.
        """
        if self._pool.stopped:
            raise self._pool.failure or SendStopped(
                "the task was asked to stop; the next run continues here."
            )

    def send(self, blocks: Iterator[list[Action]], counts: SyncCounts) -> None:
        """
        Send the requests of a pass, and write the outcome of each.

        :param blocks: the requests; each block is read when there is room for its requests.
        :param counts: where the results are counted.
        :raises LiveActivityError: if an error stops the pass; the table contains what was sent.
        """
        self.counts = counts
        try:
            self._run(blocks)
        except BaseException:
            self._finish_after_error()
            raise
        if self._pool.stopped:
            self._finish()
            self.check()
        self._write()

    def _run(self, blocks: Iterator[list[Action]]) -> None:
        waiting: deque[Action] = deque()
        exhausted = False
        while not self._pool.stopped:
            wanted = self._wanted()
            # One block at a time: in between, a stop is noticed, and results and leases are written.
            reads = not exhausted and len(waiting) < wanted
            if reads:
                block = next(blocks, None)
                exhausted = block is None
                waiting.extend(block or ())
            if waiting and wanted > 0:
                self._submit([waiting.popleft() for _ in range(min(wanted, len(waiting)))])
            if self._claimed:
                self._pool.wait(0 if reads else _LOOP_SECONDS)
                self._collect()
            elif exhausted and not waiting:
                return
            self._update_table()

    def _update_table(self) -> None:
        """Write results and renew leases when it is time."""
        now = time.monotonic()
        if self._settled and now > self._written_at + _WRITE_SECONDS:
            self._write()
        if self._claimed and now > self._renewed_at + _RENEW_SECONDS:
            self._table.renew()
            self._renewed_at = now

    def _wanted(self) -> int:
        """Return how many requests to claim now."""
        if not self._pool.first_accepted:
            # Send the first request alone, so that a wrong key costs one request.
            return 1 - len(self._claimed)
        free = self._most - len(self._claimed)
        return free if free >= self._most // 4 else 0

    def _submit(self, block: Sequence[Action]) -> None:
        """Claim the activities of a block in the table, then submit their requests."""
        claimed = self._claim(block)
        jobs = []
        for action in block:
            if action.key not in claimed:
                self.counts.left += 1
                continue
            self._number += 1
            self._claimed[self._number] = action
            jobs.append(Job(self._number, self._request(action)))
        if jobs:
            self._pool.submit(jobs)

    def _claim(self, block: Sequence[Action]) -> set[str]:
        table, claimed = self._table, set[str]()
        by_kind: dict[str, list[Action]] = {}
        for action in block:
            kind = action.stored.status if action.step == "restart" and action.stored else action.step
            by_kind.setdefault("change" if kind in {"update", "end"} else kind, []).append(action)
        for kind, actions in by_kind.items():
            keys = [action.key for action in actions]
            match kind:
                case "start":
                    claimed |= table.claim_starts([action.new() for action in actions])
                case "change" | "end_overdue":
                    claimed |= table.claim(keys, overdue=kind == "end_overdue")
                case status:
                    claimed |= table.claim_restarts([action.new() for action in actions], status)
        return claimed

    def _request(self, action: Action) -> Any:
        request = action.request
        if action.is_start and self._options.on_unknown == "resend":
            return replace(request, retry_safety=RetrySafety.IDEMPOTENT)
        return request

    def _collect(self) -> None:
        results = self._pool.results()
        for number, result in results.items():
            if (action := self._claimed.pop(number, None)) is not None:
                self.counts.requests += result.attempts
                self._settle(action, action.outcome(result), result)
                if result.error is not None:
                    log.info("A request of %s was not accepted: %s", action.step, result.error)
        self._pool.discard(results)

    def _settle(self, action: Action, outcome: Outcome, result: SendResult | None = None) -> None:
        self._settled.append((action, outcome))
        self._outcomes.add(action, outcome, result)
        counts = self.counts
        match outcome, action.step:
            case "accepted", "start" | "restart":
                counts.started += 1
            case "accepted", "update":
                counts.updated += 1
            case "accepted", _:
                counts.ended += 1
            case "rejected", _:
                counts.rejected += 1
            case "unknown", _:
                counts.unknown += 1
            case "too_soon", _:
                counts.held_back += 1
            case _:
                counts.failed += 1

    def _write(self) -> None:
        """Write the results that are not written."""
        settled = self._settled
        if settled:
            self._outcomes.flush()
            alike: dict[tuple[Outcome, Step], list[Action]] = {}
            for action, outcome in settled:
                alike.setdefault((outcome, action.step), []).append(action)
            with self._table.results() as results:
                for (outcome, step), actions in alike.items():
                    results.write(outcome, step, actions)
            self._settled = []
        self._written_at = time.monotonic()

    def _finish_after_error(self) -> None:
        """Finish after an exception, without replacing it by another exception."""
        try:
            self._finish()
        except Exception:
            log.exception("The last results could not be written; these activities count as unknown.")

    def _finish(self) -> None:
        """Stop the pool, wait for the requests in flight, and write the outcome of each."""
        lost = self._pool.drain()
        self._collect()
        while self._claimed:
            number, action = self._claimed.popitem()
            if lost is None or number in lost:
                self._settle(action, "unknown" if action.is_start else "unclear")
            else:
                self._settled.append((action, "unsent"))
        self._write()

"""
Run a send: read batches, submit them to the worker pool, and count their outcomes.

The task's main thread reads the audience, writes the checkpoint (only this thread may talk to Airflow's
supervisor) and receives signals. The pool sends the requests in its own thread. A batch is submitted to the
pool only after the checkpoint says that it may have been sent.
"""

from __future__ import annotations

import logging
import math
import time
from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING

from airflow_provider_liveactivity.delivery.batch_requests import RequestSource
from airflow_provider_liveactivity.delivery.checkpoint import Checkpoint, CheckpointState
from airflow_provider_liveactivity.delivery.in_flight import SendState
from airflow_provider_liveactivity.delivery.options import DeliveryOptions
from airflow_provider_liveactivity.delivery.outcomes import OutcomeLog
from airflow_provider_liveactivity.delivery.progress import ThroughputMeter
from airflow_provider_liveactivity.delivery.resume import plan_resume, undecided_error
from airflow_provider_liveactivity.delivery.worker_pool import Job, WorkerPool
from airflow_provider_liveactivity.errors import SendStopped
from airflow_provider_liveactivity.http.client import Client
from airflow_provider_liveactivity.models.moments import utcnow
from airflow_provider_liveactivity.vendors.base import RetrySafety

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from airflow_provider_liveactivity.delivery.batch_requests import BatchRequest, BatchRequests
    from airflow_provider_liveactivity.delivery.outcomes import OutcomeWriter
    from airflow_provider_liveactivity.delivery.preflight import Preflight
    from airflow_provider_liveactivity.delivery.progress import Progress
    from airflow_provider_liveactivity.delivery.report import SendCounts
    from airflow_provider_liveactivity.http.connection import WorkspaceConfig

log = logging.getLogger(__name__)

_LOOP_SECONDS = 0.02  # how often the main thread checks the pool
#: Minimum seconds between two checkpoints while requests are in flight. At full speed the prefetched batches
#: last longer.
_CHECKPOINT_SECONDS = 0.08
_READ_AHEAD = 128  # batches
_REFILL_SECONDS = 0.05  # more batches are submitted when the pool has less work than this left


class Sender:
    """
    Run one attempt of a send, and resume where earlier attempts stopped.

    :param send_id: hash of audience and payload, which identifies the send.
    :param batches: the requests, in the order of the audience.
    :param workspace: where to send.
    :param options: how to use workers and quota.
    :param checkpoint: keeps the state between attempts; needed only by a send that must not be repeated.
    :param possibly_sent_before: whether an earlier process may have sent the same requests with the same
        idempotency keys.
    :param total: recipients in all, if known.
    :param outcomes: stores the outcome of every recipient; None keeps counts only.
    :param preflight: checks that the send ends in time; None for no check.
    :param on_progress: called about every 5 seconds, in the thread that runs the send.
    :param client: creates the client of a worker.
    :param clock: returns the wall-clock time.
    """

    def __init__(
        self,
        send_id: str,
        batches: BatchRequests,
        workspace: WorkspaceConfig,
        *,
        options: DeliveryOptions | None = None,
        checkpoint: Checkpoint | None = None,
        possibly_sent_before: bool = False,
        total: int | None = None,
        outcomes: OutcomeWriter | None = None,
        preflight: Preflight | None = None,
        on_progress: Callable[[Progress], None] = log.info,
        client: Callable[..., Client] = Client,
        clock: Callable[[], datetime] = utcnow,
    ) -> None:
        self._send_id = send_id
        self._batches = batches
        self._vendor = workspace.vendor
        self._options = options = options or DeliveryOptions()
        self._checkpoint = checkpoint or Checkpoint()
        self._possibly_sent_before = possibly_sent_before
        self._total = total
        self._on_progress = on_progress
        self._outcomes = OutcomeLog(outcomes, clock=clock)
        self._preflight = preflight
        self._saved = CheckpointState(send_id)  # by earlier attempts
        # Each change of the state is one assignment: a signal handler may raise between two statements.
        self._state = SendState()
        self._final_state: SendState | None = None  # once it is stored
        self._reopened: deque[Job] = deque()  # open batches of earlier attempts
        self._source: RequestSource  # of batches that are not submitted; set when it is known where to resume
        self._exhausted = False  # every batch of the audience was submitted
        self._finished = False
        self._saved_at = -math.inf
        self._meter: ThroughputMeter  # set when the counts of earlier attempts are known
        self._logged_warnings = {""}  # log each warning once, even if many batches have it
        self._pool = WorkerPool(
            workspace,
            count=options.workers,
            rules=options.rate_rules(),
            skip_unknown=options.on_unknown == "skip",
            client=client,
            clock=clock,
        )

    @property
    def is_durable(self) -> bool:
        """Whether a retry knows what was sent."""
        return self._checkpoint.durable

    @property
    def counts(self) -> SendCounts:
        """The counts over all attempts so far."""
        return (self._final_state or self._state).counts

    @property
    def added(self) -> dict[str, int]:
        """Recipients by outcome that this attempt has added to those of earlier attempts."""
        now, before = self.counts, self._saved.completed
        return {
            name: getattr(now, name) - getattr(before, name) for name in ("accepted", "rejected", "unknown")
        }

    @property
    def uid(self) -> str:
        """Random id of the send, the same over its attempts; empty if no outcomes are kept."""
        return self._saved.uid

    def stop(self) -> None:
        """Send no further requests, and finish within seconds; safe to call from a signal handler."""
        self._pool.stop_soon()

    def run(self) -> SendCounts:
        """
        Send everything that was not sent before, and return the counts over all attempts.

        :raises LiveActivityError: if an error stops the send; the checkpoint contains what was sent.
        """
        saved, why = self._checkpoint.load(self._send_id)
        self._state = SendState(completed=saved.counts)
        self._saved = saved
        if self._checkpoint.durable:
            log.info("%s", why)
        if saved.finished:
            return self.counts
        if self._preflight is not None:
            self._preflight.check(self._options, self._vendor, done=self.counts.recipients)
        self._saved = self._outcomes.begin(saved, self._batches)
        plan = plan_resume(saved, self._batches, self._options.on_unknown)
        self._state = plan.state
        self._source = RequestSource(plan.read, plan.remaining)
        self._reopened = deque(self._job(number, batch) for number, batch in plan.reopened)
        self._outcomes.add(dict(plan.reopened))
        self._meter = ThroughputMeter(self.counts)
        try:
            failure = self._send()
        finally:
            self._source.close()
        if failure is not None:
            raise failure
        return self.counts

    def _send(self) -> Exception | None:
        """Send until everything is sent or an error stops the send; return that error."""
        with self._pool:
            try:
                self._run_loop()
                self._finish()
            except BaseException as error:
                self._finish_after(error)
                raise
        if self._finished:
            return None
        if self._options.on_unknown == "fail" and self._final_state and self._final_state.unknown:
            return undecided_error(self._final_state.unknown_recipients)
        return self._pool.failure or SendStopped("the task was asked to stop; a retry resumes here.")

    def _run_loop(self) -> None:
        while not self._pool.stopped:
            self._submit()
            if self._exhausted and not self._state.in_flight.pending:
                return
            self._source.read_ahead(_READ_AHEAD)
            self._pool.wait(_LOOP_SECONDS)
            self._collect()
            self._report_if_due()

    def _submit(self) -> None:
        """Write the next batches to the checkpoint, then submit them to the pool."""
        wanted = self._batches_to_submit()
        if self._exhausted or wanted <= 0:
            return
        jobs = [self._reopened.popleft() for _ in range(min(wanted, len(self._reopened)))]
        batches = self._source.take(wanted - len(jobs))
        exhausted = len(jobs) + len(batches) < wanted
        in_flight = self._state.in_flight
        numbered = dict(enumerate(batches, start=in_flight.count))
        jobs += [self._job(number, batch) for number, batch in numbered.items()]
        if jobs:
            in_flight = in_flight.add((batch.key, batch.request.recipients) for batch in batches)
            state = replace(self._state, in_flight=in_flight)
            self._save(state)
            self._state = state
            self._outcomes.add(numbered)
            self._pool.submit(jobs)
        self._exhausted = exhausted

    def _batches_to_submit(self) -> int:
        """Return how many batches to submit now."""
        pool, in_flight = self._pool, self._state.in_flight
        submitted = len(in_flight.pending) - len(self._reopened)
        if not pool.first_accepted:
            return 1 - submitted  # send the first request alone, so that a wrong key costs one request
        if submitted and time.monotonic() < self._saved_at + _CHECKPOINT_SECONDS:
            return 0
        queued, speed = submitted - pool.sending, self._meter.requests_per_second
        if queued > (speed or 0) * _REFILL_SECONDS:
            return 0
        return min(self._options.prefetch(speed) - queued, in_flight.capacity + len(self._reopened))

    def _job(self, number: int, batch: BatchRequest) -> Job:
        request = batch.request
        if request.retry_safety is RetrySafety.NOT_IDEMPOTENT and self._options.on_unknown == "resend":
            request = replace(request, retry_safety=RetrySafety.IDEMPOTENT)
        return Job(number, request, self._possibly_sent_before)

    def _collect(self) -> None:
        """Count the results of the pool."""
        if results := self._pool.results():
            self._outcomes.record(results)
            self._state = self._state.with_results(results, self._options.on_unknown)
            self._pool.discard(results)
            for warning in {result.warning for result in results.values()} - self._logged_warnings:
                self._logged_warnings.add(warning)
                log.warning("The vendor accepted the request with a warning: %s", warning)

    def _report_if_due(self) -> None:
        """Report the progress every few seconds, and keep the checkpoint recent if nothing is submitted."""
        if self._meter.measure(self.counts):
            self._save(self._state)
            self._report_progress()

    def _report_progress(self) -> None:
        quota, counts = self._pool.limiter.quota, self.counts
        self._on_progress(self._meter.progress(counts, self._total, quota.remaining))
        if self._preflight is not None:
            self._preflight.review(self._options, self._vendor, quota, done=counts.recipients)

    def _finish(self) -> None:
        """Wait for the requests in flight, and store the final state."""
        left = self._pool.drain()
        self._collect()
        pending = self._state.in_flight.pending
        self._finished = self._exhausted and not pending
        state, unsent = self._state.finish(pending if left is None else left)
        waited = state.completed.waited_seconds + self._pool.limiter.waited_seconds
        state = replace(state, completed=replace(state.completed, waited_seconds=waited))
        self._outcomes.record_unknown(state.unknown)
        self._save(state, unsent)
        self._final_state = state
        if self._meter.has_reported:
            self._report_progress()

    def _finish_after(self, error: BaseException) -> None:
        """Finish after an exception, without replacing it by another exception."""
        if not isinstance(error, Exception):  # a time-out or Ctrl-C
            self.stop()
        try:
            if self._final_state is None:
                self._finish()
        except Exception:
            log.exception("The final state could not be stored; a retry uses the last state that was stored.")

    def _save(self, state: SendState, unsent: Iterable[int] = ()) -> None:
        # First, because no later attempt reads a batch that the checkpoint marks as complete.
        self._outcomes.flush()
        if self._checkpoint.durable:
            # Reopened batches that were not submitted have not been sent either.
            point = state.in_flight.resume_point({*unsent, *(job.number for job in self._reopened)})
            self._checkpoint.save(
                replace(self._saved, resume_point=point, completed=state.completed, finished=self._finished)
            )
        self._saved_at = time.monotonic()

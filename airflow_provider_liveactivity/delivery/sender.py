"""
Batches to requests to a report: the only place that fans out.

The task's main thread reads the audience, writes the checkpoint (Airflow's channel to its supervisor belongs
to it) and gets the signals; workers in a thread of their own send. A batch leaves only after the checkpoint
says that it may have left.
"""

from __future__ import annotations

import logging
import math
import time
from collections import deque
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

from airflow_provider_liveactivity.delivery.checkpoint import Checkpoint, Saved
from airflow_provider_liveactivity.delivery.in_flight import Ledger
from airflow_provider_liveactivity.delivery.options import FanOut
from airflow_provider_liveactivity.delivery.progress import Meter, Progress
from airflow_provider_liveactivity.delivery.resume import Step, Steps, begin, close, undecided
from airflow_provider_liveactivity.delivery.worker_pool import Job, Workers
from airflow_provider_liveactivity.errors import VendorUnavailable
from airflow_provider_liveactivity.http.client import Client
from airflow_provider_liveactivity.vendors.base import AfterDoubt

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from airflow_provider_liveactivity.delivery.report import Tally
    from airflow_provider_liveactivity.http.connection import Account

log = logging.getLogger(__name__)

_TICK_SECONDS = 0.02  # how often the main thread looks up
# No two checkpoints in a shorter time, as long as there is work under way. At full speed, what the window
# lets wait behind 128 requests lasts for half as long again.
_WRITE_SECONDS = 0.08
_READ_AHEAD = 128  # batches
_REACTION_SECONDS = 0.05  # so long before the workers run dry, more is written ahead
_HASTY_SECONDS = 3.0  # Airflow kills a task 5 s after asking it to stop


class Send:
    """
    One send: from its steps to its counts, over as many attempts as it takes.

    :param identity: hash of audience and payload as the user gave them; another one is another send.
    :param steps: yields the requests in the audience's order, after the given key.
    :param account: where to send.
    :param fan_out: how it spreads.
    :param checkpoint: where it keeps its state; only sends that must not be repeated need one.
    :param may_be_second: whether an earlier process may have sent the same requests, with the same keys.
    :param total: people in all, where it is known.
    :param on_progress: told about every 5 seconds how far it is, in the thread that runs the send.
    :param client: makes a worker's client; for tests.
    """

    def __init__(
        self,
        identity: str,
        steps: Steps,
        account: Account,
        *,
        fan_out: FanOut | None = None,
        checkpoint: Checkpoint | None = None,
        may_be_second: bool = False,
        total: int | None = None,
        on_progress: Callable[[Progress], None] = log.info,
        client: Callable[..., Client] = Client,
    ) -> None:
        self._identity = identity
        self._steps = steps
        self._account = account
        self._fan_out = fan_out or FanOut()
        self._checkpoint = checkpoint or Checkpoint()
        self._may_be_second = may_be_second
        self._total = total
        self._on_progress = on_progress
        self._client = client
        # Each change of the ledger is one assignment: a signal handler may raise between any two of them.
        self._ledger = Ledger()
        self._gaps: deque[Job] = deque()  # what earlier attempts left open within the window
        self._rest: Iterator[Step] = iter(())  # what lies behind the window …
        self._read: deque[Step] = deque()  # … of which so much is read already
        self._exhausted = False  # the audience was read to its end, and all of it is in the ledger
        self._finished = False
        self._closed: Ledger | None = None  # the last one, as it was stored
        self._written_at = -math.inf
        self._meter = Meter(self.tally)
        self._remarks = {""}  # each is told once: a thousand batches may have the same
        self._workers: Workers | None = None
        self._deadline = math.inf  # when a stop must be over

    @property
    def tally(self) -> Tally:
        """The counts over all attempts so far."""
        return (self._closed or self._ledger).counts

    def stop(self) -> None:
        """Let nothing further leave, and end within seconds; safe to call from a signal handler."""
        self._deadline = min(self._deadline, time.monotonic() + _HASTY_SECONDS)
        if self._workers is not None:
            self._workers.halt()

    def run(self) -> Tally:
        """
        Send everything that has not been sent, and return the counts over all attempts.

        :raises LiveActivityError: where nothing more can be sent now; the checkpoint knows what was sent.
        """
        saved, why = self._checkpoint.load(self._identity)
        self._ledger = Ledger(tally=saved.counts)
        if self._checkpoint.durable:
            log.info("Checkpoint: %s; %s accepted so far.", why, f"{saved.tally.accepted:,}")
        if saved.finished:
            return self.tally
        start = begin(saved, self._steps, self._fan_out.on_unknown)
        self._ledger, self._rest = start.ledger, start.rest
        self._read = deque(start.read)
        self._gaps = deque(self._job(number, step) for number, step in start.gaps)
        self._meter = Meter(self.tally)
        try:
            failure = self._send()
        finally:
            close(self._rest)
        if failure is not None:
            raise failure
        return self.tally

    def _send(self) -> Exception | None:
        """Send until all is done or something stops it; return what did."""
        fan_out = self._fan_out
        workers = self._workers = Workers(
            self._account,
            count=fan_out.workers(),
            rules=fan_out.pace(),
            skip_doubtful=fan_out.on_unknown == "skip",
            client=self._client,
        )
        with workers:
            try:
                self._keep_busy(workers)
                self._close(workers)
            except BaseException as error:
                self._close_after(error, workers)
                raise
        if self._finished:
            return None
        if fan_out.on_unknown == "fail" and self._closed and self._closed.doubtful:
            return undecided(self._closed.people_in_doubt)
        return workers.failure or VendorUnavailable("the task was asked to stop; a retry goes on from here.")

    def _keep_busy(self, workers: Workers) -> None:
        while not (workers.halted or self._deadline < math.inf):
            self._post(workers)
            if self._exhausted and not self._ledger.window.unsettled:
                return
            self._read_ahead()
            workers.wait(_TICK_SECONDS)
            self._note(workers)
            self._tell(workers)

    def _post(self, workers: Workers) -> None:
        """Write the next batches ahead, then hand them to the workers."""
        wanted = self._wanted(workers)
        if self._exhausted or wanted <= 0:
            return
        jobs = [self._gaps.popleft() for _ in range(min(wanted, len(self._gaps)))]
        steps = self._next_steps(wanted - len(jobs))
        exhausted = len(jobs) + len(steps) < wanted
        window = self._ledger.window
        jobs += [self._job(number, step) for number, step in enumerate(steps, start=window.count)]
        if jobs:
            ledger = replace(self._ledger, window=window.add((step.key, step.weight) for step in steps))
            self._save(ledger)
            self._ledger = ledger
            workers.post(jobs)
        self._exhausted = exhausted

    def _read_ahead(self) -> None:
        """Read while the workers are busy: then only the checkpoint stands between them and more."""
        self._read.extend(islice(self._rest, _READ_AHEAD - len(self._read)))

    def _next_steps(self, count: int) -> list[Step]:
        steps = [self._read.popleft() for _ in range(min(count, len(self._read)))]
        return steps + list(islice(self._rest, count - len(steps)))

    def _wanted(self, workers: Workers) -> int:
        """Return how many batches are to be handed over now."""
        window = self._ledger.window
        under_way = len(window.unsettled) - len(self._gaps)
        if not workers.proven:
            return 1 - under_way  # the first request goes alone: a wrong key costs one
        if under_way and time.monotonic() < self._written_at + _WRITE_SECONDS:
            return 0
        queue, speed = under_way - workers.sending, self._meter.requests_per_second
        if queue > (speed or 0) * _REACTION_SECONDS:
            return 0
        return min(self._fan_out.ahead(speed) - queue, window.room + len(self._gaps))

    def _job(self, number: int, step: Step) -> Job:
        request = step.request
        if request.after_doubt is AfterDoubt.NEVER and self._fan_out.on_unknown == "resend":
            request = replace(request, after_doubt=AfterDoubt.RESEND)
        return Job(number, request, self._may_be_second)

    def _note(self, workers: Workers) -> None:
        """Take in what the workers have to tell."""
        if results := workers.results():
            self._ledger = self._ledger.note(results, self._fan_out.on_unknown)
            workers.forget(results)
            for remark in {result.remark for result in results.values()} - self._remarks:
                self._remarks.add(remark)
                log.warning("Accepted, but the vendor remarks: %s", remark)

    def _tell(self, workers: Workers) -> None:
        """Every few seconds: tell how far it is, and keep the checkpoint young when nothing new leaves."""
        if self._meter.measure(self.tally):
            self._save(self._ledger)
            self._report_progress(workers)

    def _report_progress(self, workers: Workers) -> None:
        quota_left = workers.pace.quota.remaining
        self._on_progress(self._meter.progress(self.tally, self._total, quota_left))

    def _close(self, workers: Workers) -> None:
        """Let nothing further leave, wait for what is under way, and write down exactly what is known."""
        workers.halt()
        patience = time.monotonic() + self._account.timeouts.read + _HASTY_SECONDS
        while not workers.wait_for_last(_TICK_SECONDS):
            if time.monotonic() > min(patience, self._deadline):  # a stop may come while we wait
                break
        left = workers.go_home()
        self._note(workers)
        unsettled = self._ledger.window.unsettled
        self._finished = self._exhausted and not unsettled
        ledger, unsent = self._ledger.close(unsettled if left is None else left)
        waited = ledger.tally.waited_seconds + workers.pace.waited_seconds
        ledger = replace(ledger, tally=replace(ledger.tally, waited_seconds=waited))
        self._save(ledger, unsent)
        self._closed = ledger
        if self._meter.has_told:
            self._report_progress(workers)

    def _close_after(self, error: BaseException, workers: Workers) -> None:
        """Close after an exception, which must not be lost for another one."""
        if not isinstance(error, Exception):  # the task's time is over, or Ctrl-C: somebody waits
            self.stop()
        try:
            if self._closed is None:
                self._close(workers)
        except Exception:
            log.exception("The last state could not be stored; a retry knows the one before.")

    def _save(self, ledger: Ledger, unsent: Iterable[int] = ()) -> None:
        if self._checkpoint.durable:
            # What is still in our hands has not left either.
            position = ledger.window.position({*unsent, *(job.number for job in self._gaps)})
            self._checkpoint.save(Saved(self._identity, position, ledger.tally, self._finished))
        self._written_at = time.monotonic()

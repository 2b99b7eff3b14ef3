"""
Batches to requests to a report: the only place that fans out.

The task's main thread reads the audience, writes the checkpoint (Airflow's channel to its supervisor belongs
to it) and gets the signals; workers in a thread of their own send. A batch leaves only after the checkpoint
says that it may have left.
"""

from __future__ import annotations

import hashlib
import logging
import math
import queue
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import reduce
from itertools import chain, islice
from operator import xor
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from airflow_provider_liveactivity.checkpoint import Checkpoint, Entry, Saved, Window
from airflow_provider_liveactivity.errors import LiveActivityError, OutcomeUnknown, VendorUnavailable
from airflow_provider_liveactivity.pacing import PaceRules
from airflow_provider_liveactivity.progress import Meter, Progress
from airflow_provider_liveactivity.transport import Client
from airflow_provider_liveactivity.workers import Job, Result, Workers

if TYPE_CHECKING:
    from airflow_provider_liveactivity.report import Tally
    from airflow_provider_liveactivity.schedule import Hold
    from airflow_provider_liveactivity.transport import Account
    from airflow_provider_liveactivity.vendors.base import Request

log = logging.getLogger(__name__)

OnUnknown = Literal["skip", "resend", "fail"]

_TICK_SECONDS = 0.2  # how often the main thread looks up: for a stop, for progress
_POST_SECONDS = 0.25  # how much work is written ahead at once, at the speed of the moment
_SPARE_JOBS = 16  # handed over beyond what the workers hold, so that none waits for the checkpoint
_HASTY_SECONDS = 3.0  # Airflow kills a task 5 s after asking it to stop


class Step(NamedTuple):
    """One request of a send, and the key after which the audience goes on."""

    request: Request
    key: Any = None


@dataclass(frozen=True, slots=True)
class FanOut:
    """
    How a send spreads.

    :param max_workers: requests under way at once, each on its own connection.
    :param max_requests_per_second: None for as fast as the workers are.
    :param quota_reserve: share of the vendor's window, 0 to 1, left for the customer's other traffic.
    :param on_unknown: what becomes of a start whose outcome is unknown: "skip" it, "resend" it, or "fail".
    :param longest_wait: seconds to wait in place for the vendor's next window; longer waits raise
        RateLimited.
    :param hold: keeps every request until a moment.
    """

    max_workers: int = 128
    max_requests_per_second: float | None = None
    quota_reserve: float = 0.1
    on_unknown: OnUnknown = "skip"
    longest_wait: float = 60.0
    hold: Hold | None = None

    def workers(self) -> int:
        """Return how many workers the rate can use: fewer of them leave less unknown when one dies."""
        if self.max_requests_per_second is None:
            return self.max_workers
        return min(self.max_workers, math.ceil(3 * self.max_requests_per_second))

    def pace(self) -> PaceRules:
        """Return the rules of the gate that all workers pass."""
        return PaceRules(self.max_requests_per_second, self.quota_reserve, self.longest_wait, self.hold)


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
    :param on_progress: told about every 5 seconds how far it is.
    :param client: makes a worker's client; for tests.
    """

    def __init__(
        self,
        identity: str,
        steps: Callable[[Any], Iterable[Step]],
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
        self._stopping = False
        self._failure: LiveActivityError | None = None
        self._sure = True  # no batch is in doubt that a later attempt has to decide about
        self._exhausted = False
        self._under_way = 0
        self._doubt: OutcomeUnknown | None = None
        self._meter = Meter()

    def stop(self) -> None:
        """Let nothing further leave; safe to call from a signal handler."""
        self._stopping = True

    def run(self) -> Tally:
        """
        Send everything that has not been sent, and return the counts over all attempts.

        :raises LiveActivityError: where nothing more can be sent now; the checkpoint knows what was sent.
        """
        saved, why = self._checkpoint.load(self._identity)
        self.tally = replace(saved.tally, rejected=0)  # what was rejected is tried again
        if self._checkpoint.durable:
            log.info("Checkpoint: %s; %s accepted so far.", why, f"{self.tally.accepted:,}")
        if saved.finished:
            return self.tally
        self._saved = saved
        self._pending = self._open(saved)
        self._pump()
        if self._failure is not None:
            raise self._failure
        if self._stopping:
            raise VendorUnavailable("the task was asked to stop; a retry goes on from here.")
        return self.tally

    def _open(self, saved: Saved) -> Iterator[tuple[int, Step]]:
        """Return the numbered steps that are still to be sent, in order."""
        resend = self._fan_out.on_unknown == "resend"
        if saved.ahead and (saved.sure or resend):
            again = list(islice(self._steps(saved.settled_key), saved.ahead))
            if _digest(again) == saved.digest:
                return self._reopen(saved, again)
            log.warning("The audience has changed where the last attempt stopped: skipping what is in doubt.")
        elif saved.ahead and self._fan_out.on_unknown == "fail":
            raise OutcomeUnknown(
                f"the last attempt died with {saved.doubt:,} recipients in doubt; "
                "decide with on_unknown='skip' or 'resend', then clear the task."
            )
        if saved.doubt:
            log.warning(
                "%s recipients may have been sent by the attempt that died: skipped.", f"{saved.doubt:,}"
            )
        self.tally.unknown += saved.doubt
        self._window = Window(saved.ahead_key)
        return self._number(self._steps(saved.ahead_key))

    def _reopen(self, saved: Saved, again: list[Step]) -> Iterator[tuple[int, Step]]:
        self._window = Window(saved.settled_key)
        numbers = [self._window.add(_entry(step)) for step in again]
        for place, number in enumerate(numbers):
            if saved.known >> place & 1:
                self._window.settle(number)
        pairs = zip(numbers, again, strict=True)
        still_open = [pair for place, pair in enumerate(pairs) if not saved.known >> place & 1]
        return chain(still_open, self._number(self._steps(saved.ahead_key)))

    def _number(self, steps: Iterable[Step]) -> Iterator[tuple[int, Step]]:
        return ((self._window.add(_entry(step)), step) for step in steps)

    def _pump(self) -> None:
        """Keep the workers busy until everything is sent or something stops the send."""
        workers = Workers(
            self._account,
            count=self._fan_out.workers(),
            rules=self._fan_out.pace(),
            skip_doubtful=self._fan_out.on_unknown == "skip",
            client=self._client,
        )
        with workers:
            try:
                while not (self._stopping or workers.halted):
                    self._post(workers)
                    if self._exhausted and not self._under_way:
                        break
                    self._collect(workers, _TICK_SECONDS)
                    self._beat(workers)
            except BaseException:
                self._close(workers, _HASTY_SECONDS)
                raise
            patient = self._account.timeouts.read + _HASTY_SECONDS
            self._close(workers, _HASTY_SECONDS if self._stopping else patient)

    def _post(self, workers: Workers) -> None:
        """Write the next batches ahead, then hand them to the workers."""
        count = self._fan_out.workers()
        if self._exhausted or self._under_way >= count + _SPARE_JOBS:
            return
        wanted = min(max(count, int(self._meter.requests_per_second * _POST_SECONDS)), self._window.room())
        jobs = [
            Job(number, step.request, self._may_be_second) for number, step in islice(self._pending, wanted)
        ]
        self._exhausted = len(jobs) < wanted
        if jobs:
            self._save(sure=False)
            workers.post(jobs)
            self._under_way += len(jobs)

    def _collect(self, workers: Workers, seconds: float) -> None:
        """Take in what the workers have to tell, waiting for the first of it."""
        try:
            self._settle(workers.results.get(timeout=seconds))
            while True:
                self._settle(workers.results.get_nowait())
        except queue.Empty:
            return

    def _settle(self, result: Result | BaseException) -> None:
        if isinstance(result, BaseException):
            raise result
        self._under_way -= 1
        weight = self._window.entry(result.number).people
        if result.sent is not None:
            self.tally.sent(result.sent.tries, result.sent.sent_at)
            self.tally.accepted += weight
            self._window.settle(result.number)
        elif result.error is not None:
            self.tally.sent(result.error.tries, None)
            self._settle_error(result.number, result.error, weight)

    def _settle_error(self, number: int, error: LiveActivityError, weight: int) -> None:
        if isinstance(error, OutcomeUnknown):
            self.tally.unknown += weight
            self._doubt = error
            if self._fan_out.on_unknown == "skip":
                self._window.settle(number)
                return
            self._sure = False
        elif not error.retryable:
            self.tally.rejected += weight
        # Anything else has not left, and a later attempt sends it.
        self._failure = self._failure or error

    def _beat(self, workers: Workers) -> None:
        """Between results: tell how far it is, and keep the checkpoint young when nothing new leaves."""
        if self._meter.read(self.tally):
            self._on_progress(
                Progress(self.tally, self._total, self._meter.people_per_second, workers.pace.quota.remaining)
            )
            self._save(sure=False)

    def _close(self, workers: Workers, seconds: float) -> None:
        """Let nothing further leave, wait for what is under way, and write down exactly what is known."""
        workers.halt()
        workers.join(seconds)
        self._collect(workers, 0)
        self.tally.waited_seconds += workers.pace.waited_seconds
        finished = self._exhausted and self._failure is None and not self._window.unsettled
        if not finished and not self._stopping:
            self._failure = self._failure or self._doubt  # too many doubts in a row
        if self._sure:
            self._window.trim()
        self._save(sure=self._sure, finished=finished)

    def _save(self, *, sure: bool, finished: bool = False) -> None:
        if self._checkpoint.durable:
            state = Saved(
                self._identity, sure=sure, finished=finished, tally=self.tally, **self._window.describe()
            )
            self._checkpoint.save(state)


def _entry(step: Step) -> Entry:
    digest = hashlib.blake2b(step.request.body, digest_size=8).digest()
    return Entry(step.key, step.request.people or 1, int.from_bytes(digest))


def _digest(steps: Iterable[Step]) -> int:
    return reduce(xor, (_entry(step).digest for step in steps), 0)

"""Send requests with workers: an event loop in its own thread, and one connection per worker."""

from __future__ import annotations

import asyncio
import math
import threading
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from airflow_provider_liveactivity.delivery.rate_limit import RateLimiter, RateRules
from airflow_provider_liveactivity.errors import OutcomeUnknown, RecipientRejected, VendorUnavailable
from airflow_provider_liveactivity.http.client import Client, SendResult
from airflow_provider_liveactivity.models.moments import utcnow

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from airflow_provider_liveactivity.http.connection import WorkspaceConfig
    from airflow_provider_liveactivity.vendors.base import Request

#: After this many unknown outcomes in a row, without an accepted request, the vendor counts as down.
MAX_UNKNOWN_IN_A_ROW = 10

_CLOSE_SECONDS = 1.0  # to close the connections after the last response
_STOP_SECONDS = 3.0  # Airflow kills a task 5 s after asking it to stop
_POLL_SECONDS = 0.02  # how often ``drain`` checks whether it must hurry


@dataclass(frozen=True, slots=True)
class Job:
    """A numbered request."""

    number: int
    request: Request
    possibly_sent_before: bool = False


class WorkerPool:
    """
    A bounded pool that sends jobs in order and keeps their results; use it as a context manager.

    The pool stops at the first error that would affect other batches too, and after ten unknown outcomes in a
    row.

    :param workspace: where to send.
    :param count: maximum number of requests in flight.
    :param rules: how fast requests may leave.
    :param skip_unknown: whether the pool continues after an unknown outcome.
    :param stop_on_rejections: whether rejected recipients always count among the ten; if not, they count only
        until the first request is accepted.
    :param client: creates the client of a worker, from the workspace and the shared limiter.
    :param clock: returns the wall-clock time.
    """

    def __init__(
        self,
        workspace: WorkspaceConfig,
        *,
        count: int,
        rules: RateRules,
        skip_unknown: bool = True,
        stop_on_rejections: bool = True,
        client: Callable[[WorkspaceConfig, RateLimiter], Client] = Client,
        clock: Callable[[], datetime] = utcnow,
    ) -> None:
        self.limiter = RateLimiter(rules, clock=clock)
        #: The error that stopped the pool before its work was done.
        self.failure: Exception | None = None
        #: Whether a request was accepted, which shows that key, host and payload are valid.
        self.first_accepted = False
        self._workspace = workspace
        self._count = count
        self._skip_unknown = skip_unknown
        self._stop_on_rejections = stop_on_rejections
        self._make_client = client
        self._jobs: deque[Job] = deque()
        self._results: dict[int, SendResult | None] = {}  # None while the job is in flight
        self._in_flight = 0
        self._unknown_in_a_row = 0
        self._stopped = False
        self._deadline = math.inf  # when ``drain`` gives up, because the task must end
        self._tasks: list[asyncio.Task[None]] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._work = asyncio.Event()  # set when jobs arrive and when the pool stops
        self._ready = threading.Event()
        self._idle = threading.Event()
        self._all_stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="live-activity-workers", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(self, *exc_info: Any) -> None:
        self.stop()
        self._thread.join(_CLOSE_SECONDS)

    # The task's main thread uses the members from here to ``drain``.

    @property
    def stopped(self) -> bool:
        """Whether the pool sends no further requests."""
        return self._stopped

    @property
    def sending(self) -> int:
        """How many requests are with the vendor at this moment."""
        return self._in_flight - self.limiter.waiting

    def submit(self, jobs: Iterable[Job]) -> None:
        """Add jobs; the workers take them in this order."""
        self._idle.clear()
        self._call(self._add, list(jobs))

    def wait(self, seconds: float) -> None:
        """Sleep for ``seconds``, or until no job is left."""
        self._idle.wait(seconds)

    def results(self) -> dict[int, SendResult]:
        """
        Return the results of jobs by number, until they are discarded.

        This is not a queue, because a result taken from a queue would be lost if a signal handler raises
        before the caller has counted it.
        """
        return {number: result for number, result in self._results.copy().items() if result is not None}

    def discard(self, numbers: Iterable[int]) -> None:
        """Drop results that are counted."""
        for number in numbers:
            self._results.pop(number, None)

    def stop(self) -> None:
        """Send no further requests; those in flight continue. Safe to call from a signal handler."""
        self._stopped = True
        self._call(self._stop_workers)

    def wait_until_stopped(self, seconds: float) -> bool:
        """After ``stop``: wait for the requests in flight, and return whether all are done."""
        return self._all_stopped.wait(seconds)

    def cancel_remaining(self) -> set[int] | None:
        """
        After ``stop``: cancel the requests that are still in flight; their outcome is unknown.

        Return the numbers of jobs that may have left and have no result, which only a bug can cause; None if
        the workers do not respond.
        """
        if not self._all_stopped.is_set():
            self._call(self._cancel)
            if not self._all_stopped.wait(_CLOSE_SECONDS):
                return None
        return {number for number, result in self._results.items() if result is None}

    def stop_soon(self) -> None:
        """Stop, and let ``drain`` give up within three seconds; safe to call from a signal handler."""
        self._deadline = min(self._deadline, time.monotonic() + _STOP_SECONDS)
        self.stop()

    def drain(self) -> set[int] | None:
        """
        Stop, wait for the requests in flight, and cancel those that get no response in time.

        Return what ``cancel_remaining`` returns.
        """
        self.stop()
        give_up_at = time.monotonic() + self._workspace.timeouts.read + _STOP_SECONDS
        while not self.wait_until_stopped(_POLL_SECONDS):
            if time.monotonic() > min(give_up_at, self._deadline):  # a stop may be requested meanwhile
                break
        return self.cancel_remaining()

    def _call(self, function: Callable[..., None], *args: Any) -> None:
        if self._loop is not None:
            with suppress(RuntimeError):  # the loop is closed
                self._loop.call_soon_threadsafe(function, *args)

    # The following methods run in the workers' thread.

    def _run(self) -> None:
        try:
            asyncio.run(self._run_workers())
        except Exception as error:  # noqa: BLE001  # the main thread waits and raises it
            self.failure = self.failure or error
        finally:
            self._stopped = True
            self._ready.set()
            self._idle.set()

    async def _run_workers(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._tasks = [asyncio.create_task(self._worker()) for _ in range(self._count)]
        self._ready.set()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._all_stopped.set()

    async def _worker(self) -> None:
        job, has_client = None, False
        try:
            if (job := await self._next()) is None:
                return
            async with self._make_client(self._workspace, self.limiter) as client:
                has_client = True
                while job is not None:
                    self._record(job.number, await self._send(client, job))
                    job = await self._next()
        except Exception as error:  # noqa: BLE001  # a bug must end the send, not leave it waiting
            self._fail(error)
            if job is not None and not has_client:
                not_sent = VendorUnavailable("no client could be created for this request.")
                self._record(job.number, SendResult(error=not_sent))

    async def _next(self) -> Job | None:
        while not self._stopped:
            if self._jobs:
                job = self._jobs.popleft()
                self._results[job.number] = None
                self._in_flight += 1
                return job
            self._work.clear()
            await self._work.wait()
        return None

    async def _send(self, client: Client, job: Job) -> SendResult:
        try:
            return await client.send(job.request, possibly_sent_before=job.possibly_sent_before)
        except asyncio.CancelledError:
            unknown = OutcomeUnknown("the send was stopped before the outcome was known.")
            return SendResult(error=unknown, outcome_unknown=True)

    def _record(self, number: int, result: SendResult) -> None:
        self._results[number] = result
        self._in_flight -= 1
        if result.error is None:
            self.first_accepted = True
            self._unknown_in_a_row = 0
        elif not (
            isinstance(result.error, RecipientRejected) or (self._skip_unknown and result.outcome_unknown)
        ):
            self._fail(result.error)
        elif result.outcome_unknown or self._stop_on_rejections or not self.first_accepted:
            self._unknown_in_a_row += 1
            if self._unknown_in_a_row >= MAX_UNKNOWN_IN_A_ROW:
                self._fail(result.error)
        if not self._jobs and not self._in_flight:
            self._idle.set()

    def _add(self, jobs: list[Job]) -> None:
        self._jobs.extend(jobs)
        self._idle.clear()
        self._work.set()

    def _fail(self, error: Exception) -> None:
        self.failure = self.failure or error
        self._stop_workers()

    def _stop_workers(self) -> None:
        self._stopped = True
        self.limiter.stop()
        self._work.set()
        self._idle.set()

    def _cancel(self) -> None:
        for task in self._tasks:
            task.cancel()

"""Workers that send: an event loop in a thread of its own, one connection each."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from airflow_provider_liveactivity.errors import (
    LiveActivityError,
    OutcomeUnknown,
    RecipientRejected,
    VendorUnavailable,
)
from airflow_provider_liveactivity.pacing import Pace, PaceRules
from airflow_provider_liveactivity.transport import Client

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from airflow_provider_liveactivity.transport import Account, Sent
    from airflow_provider_liveactivity.vendors.base import Request

#: So many unknown outcomes in a row, without one acceptance between them, are an outage: go on later.
MAX_DOUBTS_IN_A_ROW = 10


@dataclass(frozen=True, slots=True)
class Job:
    """A numbered request."""

    number: int
    request: Request
    may_be_second: bool = False


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a job: accepted, or the error that says what else."""

    number: int
    sent: Sent | None = None
    error: LiveActivityError | None = None


class Workers:
    """
    A bounded crew that sends jobs in order and tells what became of each; use it as a context manager.

    The first job goes alone: a wrong key costs one request, not one for each worker. The first error that is
    not a doubt about a single batch, or the refusal of a single recipient, stops the crew; so do ten of those
    in a row.

    :param account: where to send.
    :param count: how many requests may be under way at once.
    :param rules: how fast requests may leave.
    :param skip_doubtful: whether an unknown outcome lets the others go on.
    :param client: makes the client of one worker, around the pace that all share.
    """

    def __init__(
        self,
        account: Account,
        *,
        count: int,
        rules: PaceRules,
        skip_doubtful: bool = True,
        client: Callable[..., Client] = Client,
    ) -> None:
        self.results: queue.SimpleQueue[Result | BaseException] = queue.SimpleQueue()
        self.pace = Pace(rules)
        self._account = account
        self._count = count
        self._skip_doubtful = skip_doubtful
        self._make_client = client
        self._jobs: deque[Job] = deque()
        self._doubts = 0
        self._loop = asyncio.new_event_loop()
        self._work = asyncio.Event()  # jobs have come, or the crew is to go home
        self._first_accepted = asyncio.Event()
        self._halted = False
        self._done = False
        self._thread = threading.Thread(target=self._run, name="live-activity-workers", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exc_info: Any) -> None:
        self._call(self._finish)
        self._thread.join()

    @property
    def halted(self) -> bool:
        """Whether something has stopped the crew before its work was done."""
        return self._halted

    def post(self, jobs: Iterable[Job]) -> None:
        """Hand over further jobs; they are taken in this order."""
        self._call(self._add, list(jobs))

    def halt(self) -> None:
        """Let no further job leave; those under way go on to their end."""
        self._call(self._halt)

    def join(self, seconds: float) -> None:
        """After ``halt``: wait for what is under way; what takes longer has an unknown outcome."""
        self._thread.join(seconds)
        self._call(self._cancel)
        self._thread.join()

    def _call(self, function: Callable[..., None], *args: Any) -> None:
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(function, *args)

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._crew())

    async def _crew(self) -> None:
        self._tasks = [asyncio.create_task(self._worker(first=n == 0)) for n in range(self._count)]
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _worker(self, *, first: bool) -> None:
        try:
            if not first:
                await self._first_accepted.wait()
            await self._work_off()
        except asyncio.CancelledError:
            raise
        except Exception as error:  # noqa: BLE001  # a bug must end the send, not leave it waiting for an answer
            self._halt()
            self.results.put(error)

    async def _work_off(self) -> None:
        if (job := await self._next()) is None:
            return
        async with self._make_client(self._account, pace=self.pace) as client:
            while job is not None:
                self._tell(await self._send(client, job))
                job = await self._next()

    async def _next(self) -> Job | None:
        while not self._jobs:
            if self._done or self._halted:
                return None
            self._work.clear()
            await self._work.wait()
        return self._jobs.popleft()

    async def _send(self, client: Client, job: Job) -> Result:
        try:
            sent = await client.send(job.request, may_be_second=job.may_be_second)
        except LiveActivityError as error:
            return Result(job.number, error=error)
        except asyncio.CancelledError:
            return Result(job.number, error=VendorUnavailable("the send was stopped before this left."))
        return Result(job.number, sent=sent)

    def _tell(self, result: Result) -> None:
        if result.error is None:
            self._doubts = 0
            self._first_accepted.set()
        elif isinstance(result.error, RecipientRejected) or (
            isinstance(result.error, OutcomeUnknown) and self._skip_doubtful
        ):
            self._doubts += 1
            if self._doubts >= MAX_DOUBTS_IN_A_ROW:
                self._halt()
        else:
            self._halt()
        self.results.put(result)

    def _add(self, jobs: list[Job]) -> None:
        if not self._halted:
            self._jobs.extend(jobs)
            self._work.set()

    def _halt(self) -> None:
        self._halted = True
        self._jobs.clear()
        self.pace.shut()
        self._finish()

    def _finish(self) -> None:
        self._done = True
        self._work.set()
        self._first_accepted.set()  # whoever still waits goes home

    def _cancel(self) -> None:
        for task in self._tasks:
            task.cancel()

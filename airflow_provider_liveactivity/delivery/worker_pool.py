"""Workers that send: an event loop in a thread of its own, one connection each."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from airflow_provider_liveactivity.delivery.rate_limit import Pace, PaceRules
from airflow_provider_liveactivity.errors import (
    LiveActivityError,
    OutcomeUnknown,
    RecipientRejected,
    VendorUnavailable,
)
from airflow_provider_liveactivity.http.client import Client

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from airflow_provider_liveactivity.http.connection import Account
    from airflow_provider_liveactivity.vendors.base import Request

#: So many unknown outcomes in a row, without one acceptance between them, are an outage: go on later.
MAX_DOUBTS_IN_A_ROW = 10

_FAREWELL_SECONDS = 1.0  # for closing connections, after the last answer


@dataclass(frozen=True, slots=True)
class Job:
    """A numbered request."""

    number: int
    request: Request
    may_be_second: bool = False


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a job: accepted, unless there is an error that says what else."""

    tries: int
    sent_at: datetime | None = None
    error: LiveActivityError | None = None
    remark: str = ""


class Workers:
    """
    A bounded crew that sends jobs in order and tells what became of each; use it as a context manager.

    The first error that is not a doubt about a single batch stops the crew; so do ten doubts in a row.

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
        self.pace = Pace(rules)
        #: What stopped the crew before its work was done.
        self.failure: Exception | None = None
        #: Whether a request has been accepted: key, host and payload are good.
        self.proven = False
        self._account = account
        self._count = count
        self._skip_doubtful = skip_doubtful
        self._make_client = client
        self._jobs: deque[Job] = deque()
        self._fates: dict[int, Result | None] = {}  # None while the job is under way
        self._under_way = 0
        self._doubts = 0
        self._halted = False
        self._tasks: list[asyncio.Task[None]] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._work = asyncio.Event()  # jobs have come, or the crew is to go home
        self._ready = threading.Event()
        self._idle = threading.Event()
        self._gone = threading.Event()
        self._thread = threading.Thread(target=self._run, name="live-activity-workers", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(self, *exc_info: Any) -> None:
        self.halt()
        self._thread.join(_FAREWELL_SECONDS)

    # The members up to ``go_home`` are for the task's main thread.

    @property
    def halted(self) -> bool:
        """Whether no further request leaves."""
        return self._halted

    @property
    def sending(self) -> int:
        """How many requests are on their way at this moment."""
        return self._under_way - self.pace.waiting

    def post(self, jobs: Iterable[Job]) -> None:
        """Hand over further jobs; they are taken in this order."""
        self._idle.clear()
        self._call(self._add, list(jobs))

    def wait(self, seconds: float) -> None:
        """Wait so long, or until nothing is under way any more."""
        self._idle.wait(seconds)

    def results(self) -> dict[int, Result]:
        """
        Return what became of jobs, by their numbers, until ``forget`` is called.

        Not a queue: what is taken from one is lost when a signal handler raises before it is noted.
        """
        return {number: fate for number, fate in self._fates.copy().items() if fate is not None}

    def forget(self, numbers: Iterable[int]) -> None:
        """Let go of results that are noted."""
        for number in numbers:
            self._fates.pop(number, None)

    def halt(self) -> None:
        """Let no further request leave; those under way go on to their end. For signal handlers too."""
        self._halted = True
        self._call(self._halt)

    def wait_for_last(self, seconds: float) -> bool:
        """After ``halt``: wait so long for what is under way; return whether that has come to an end."""
        return self._gone.wait(seconds)

    def go_home(self) -> set[int] | None:
        """
        After ``halt``: give up what is still under way; its outcome is unknown.

        Return the numbers of jobs that may have left and have no result, which only a bug leaves; None where
        the crew does not answer.
        """
        if not self._gone.is_set():
            self._call(self._cancel)
            if not self._gone.wait(_FAREWELL_SECONDS):
                return None
        return {number for number, fate in self._fates.items() if fate is None}

    def _call(self, function: Callable[..., None], *args: Any) -> None:
        if self._loop is not None:
            with suppress(RuntimeError):  # the loop is closed: the crew has gone home
                self._loop.call_soon_threadsafe(function, *args)

    # All others run in the workers' thread.

    def _run(self) -> None:
        try:
            asyncio.run(self._crew())
        except Exception as error:  # noqa: BLE001  # the main thread waits, and is told why
            self.failure = self.failure or error
        finally:
            self._halted = True
            self._ready.set()
            self._idle.set()

    async def _crew(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._tasks = [asyncio.create_task(self._worker()) for _ in range(self._count)]
        self._ready.set()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._gone.set()

    async def _worker(self) -> None:
        job, has_client = None, False
        try:
            if (job := await self._next()) is None:
                return
            async with self._make_client(self._account, pace=self.pace, sleep=self.pace.rest) as client:
                has_client = True
                while job is not None:
                    self._tell(job.number, await self._send(client, job))
                    job = await self._next()
        except Exception as error:  # noqa: BLE001  # a bug must end the send, not leave it waiting for an answer
            self._stop(error)
            if job is not None and not has_client:
                not_sent = VendorUnavailable("no client could be made for this request.")
                self._tell(job.number, Result(0, error=not_sent))

    async def _next(self) -> Job | None:
        while not self._halted:
            if self._jobs:
                job = self._jobs.popleft()
                self._fates[job.number] = None
                self._under_way += 1
                return job
            self._work.clear()
            await self._work.wait()
        return None

    async def _send(self, client: Client, job: Job) -> Result:
        try:
            sent = await client.send(job.request, may_be_second=job.may_be_second)
        except LiveActivityError as error:
            return Result(error.tries, error=error)
        except asyncio.CancelledError:
            unknown = OutcomeUnknown("the send was stopped before the outcome was known.")
            unknown.doubted = True
            return Result(0, error=unknown)
        return Result(sent.tries, sent.sent_at, remark=sent.remark)

    def _tell(self, number: int, result: Result) -> None:
        self._fates[number] = result
        self._under_way -= 1
        if result.error is None:
            self.proven = True
            self._doubts = 0
        elif not (
            isinstance(result.error, RecipientRejected) or (self._skip_doubtful and result.error.doubted)
        ):
            self._stop(result.error)
        else:
            self._doubts += 1
            if self._doubts >= MAX_DOUBTS_IN_A_ROW:
                self._stop(result.error)
        if not self._jobs and not self._under_way:
            self._idle.set()

    def _add(self, jobs: list[Job]) -> None:
        self._jobs.extend(jobs)
        self._idle.clear()
        self._work.set()

    def _stop(self, error: Exception) -> None:
        self.failure = self.failure or error
        self._halt()

    def _halt(self) -> None:
        self._halted = True
        self.pace.shut()
        self._work.set()
        self._idle.set()

    def _cancel(self) -> None:
        for task in self._tasks:
            task.cancel()

"""A process that sends like a task: SQL audience, HTTP, signals, and a state that survives the process."""

from __future__ import annotations

import json
import logging
import multiprocessing
import os
import random
import signal
import sqlite3
import time
import traceback
from dataclasses import asdict, dataclass, field
from functools import partial
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet

from airflow_provider_liveactivity.audience import SqlAudience
from airflow_provider_liveactivity.delivery.batch_requests import AudienceRequests
from airflow_provider_liveactivity.delivery.checkpoint import Checkpoint
from airflow_provider_liveactivity.delivery.options import DeliveryOptions
from airflow_provider_liveactivity.delivery.sender import Sender
from airflow_provider_liveactivity.errors import LiveActivityError
from airflow_provider_liveactivity.http.connection import Timeouts, WorkspaceConfig
from airflow_provider_liveactivity.models.braze import StartContent
from airflow_provider_liveactivity.outcomes import OutcomeFiles, store_locally
from airflow_provider_liveactivity.vendors.braze import Braze

PEOPLE_PER_REQUEST = 5


@dataclass(frozen=True)
class Task:
    """
    One send over all its processes.

    :param directory: folder of its warehouse and its state.
    :param url: of the sandbox.
    :param activity_id: id of the activity, also the name of its files.
    :param people: the size of its audience.
    :param options: arguments of ``DeliveryOptions``.
    :param rows_until_failure: number of rows after which the database dies; None for never.
    """

    directory: Path
    url: str
    activity_id: str
    people: int
    options: dict[str, Any] = field(default_factory=dict)
    rows_until_failure: int | None = None

    @property
    def warehouse(self) -> Path:
        return self.directory / f"{self.activity_id}.sqlite"

    @property
    def state(self) -> Path:
        return self.directory / f"{self.activity_id}.state"

    @property
    def outcomes(self) -> Path:
        return self.directory / f"{self.activity_id}.outcomes"

    @property
    def report(self) -> Path:
        return self.directory / f"{self.activity_id}.report"

    def prepare(self) -> Task:
        """Fill the warehouse."""
        with sqlite3.connect(self.warehouse) as connection:
            connection.execute("CREATE TABLE people (id TEXT)")
            rows = ((f"{self.activity_id}-{number:06}",) for number in range(self.people))
            connection.executemany("INSERT INTO people VALUES (?)", rows)
        connection.close()
        self.state.with_suffix(".key").write_bytes(Fernet.generate_key())
        return self

    def outcome(self) -> dict[str, Any]:
        """Return the report of the last process; empty if it was killed before it wrote one."""
        return dict(json.loads(self.report.read_text())) if self.report.exists() else {}


class FileStore:
    """A slow task state store in a file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.written = 0

    def get(self, key: str, default: Any = None) -> Any:
        return self._values().get(key, default)

    def set(self, key: str, value: Any) -> None:
        time.sleep(random.uniform(0, 0.004))
        draft = self._path.with_suffix(".draft")
        draft.write_text(json.dumps({**self._values(), key: value}))
        draft.replace(self._path)
        time.sleep(random.uniform(0, 0.004))
        self.written += 1

    def _values(self) -> dict[str, Any]:
        return dict(json.loads(self._path.read_text())) if self._path.exists() else {}


class Database:
    """As much of a ``DbApiHook`` as an audience needs."""

    conn_type = "sqlite"
    placeholder = "?"

    def __init__(self, task: Task) -> None:
        self._task = task

    def get_conn(self) -> Any:
        connection = sqlite3.connect(self._task.warehouse, factory=MortalConnection)
        connection.rows_left = self._task.rows_until_failure
        return connection


class MortalConnection(sqlite3.Connection):
    rows_left: int | None = None

    def cursor(self, *args: Any) -> Any:
        cursor = super().cursor(MortalCursor)
        cursor.connection_of = self
        return cursor


class MortalCursor(sqlite3.Cursor):
    connection_of: MortalConnection

    def fetchmany(self, size: int | None = None) -> list[Any]:
        rows = super().fetchmany(size or self.arraysize)
        mortal = self.connection_of
        if mortal.rows_left is not None:
            mortal.rows_left -= len(rows)
            if mortal.rows_left < 0:
                raise sqlite3.OperationalError("the database has died")
        return rows


class TimeIsUp(BaseException):
    """What Airflow raises from its signal handler when a task's execution_timeout has passed."""


def run(task: Task, begins: Event) -> None:
    """Run one attempt, and leave a report behind."""
    logging.disable()
    audience = SqlAudience(Database(task), "SELECT id FROM people", fetch_size=20)
    vendor = Braze("sandbox-braze-key")
    content = StartContent.build(
        app_id="sandbox-app",
        activity_id=task.activity_id,
        activity_attributes_type="Attributes",
        activity_attributes={},
        content_state={"score": 0},
        notification={"alert": {"title": "Kick-off", "body": "It has started"}},
    )
    requests = vendor.starts(content)

    batches = AudienceRequests(
        audience,
        PEOPLE_PER_REQUEST,
        lambda batch: requests.request(batch.external_user_ids),
        task.activity_id,
    )
    store = FileStore(task.state)
    send = Sender(
        task.activity_id,
        batches,
        WorkspaceConfig(vendor, task.url, Timeouts(connect=5, read=5)),
        options=DeliveryOptions(**{"max_workers": 8, **task.options}),
        checkpoint=Checkpoint(store, Fernet(task.state.with_suffix(".key").read_bytes())),
        total=audience.total(),
        outcomes=OutcomeFiles(partial(store_locally, task.outcomes)),
    )

    def time_is_up(*_: Any) -> None:
        raise TimeIsUp

    signal.signal(signal.SIGTERM, lambda *_: send.stop())
    signal.signal(signal.SIGALRM, time_is_up)
    ended, closing = "finished", False
    try:
        begins.set()  # the signal may come at once
        send.run()
        signal.signal(signal.SIGALRM, signal.SIG_IGN)
    except (LiveActivityError, TimeIsUp) as error:
        ended = type(error).__name__
        closing = any(frame.name == "_finish" for frame in traceback.extract_tb(error.__traceback__))
    draft = task.report.with_suffix(".draft")  # the next kill may come while this is written
    draft.write_text(
        json.dumps({"ended": ended, "closing": closing, "writes": store.written, **asdict(send.counts)})
    )
    draft.replace(task.report)


def run_hook(task: Task, **arguments: Any) -> None:
    """Start through the hook with a context, as a ``@task`` does, and leave the report behind."""
    from airflow_provider_liveactivity.hooks.braze import BrazeHook
    from tests.support.task_context import TaskInstance
    from tests.support.vendor_adapters import BRAZE

    os.environ["AIRFLOW_CONN_BRAZE_DEFAULT"] = BRAZE.connection(task.url)
    context: Any = {"ti": TaskInstance(), "task_state_store": FileStore(task.state)}
    report = BrazeHook().start_live_activity(
        activity_id=task.activity_id,
        activity_attributes_type="Attributes",
        activity_attributes={},
        content_state={"score": 0},
        notification={"alert": {"title": "Kick-off", "body": "It has started"}},
        external_user_ids=[f"{task.activity_id}-{number:06}" for number in range(task.people)],
        context=context,
        **arguments,
    )
    task.report.write_text(json.dumps(report))


# Forked from a process that has everything imported: 200 processes take seconds instead of minutes.
_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["__main__", __name__])


def attempt(task: Task, *, signal_number: int | None = None, after: float = 0.0) -> dict[str, Any]:
    """
    Run one attempt; return its report, which is empty when it was killed.

    :param signal_number: signal to send; None for none.
    :param after: seconds from the beginning of the send until then.
    """
    task.report.unlink(missing_ok=True)
    begins = _CONTEXT.Event()
    process = _CONTEXT.Process(target=run, args=(task, begins))
    process.start()
    try:
        if signal_number is not None:
            assert begins.wait(60)
            process.join(after)
            if process.is_alive() and process.pid is not None:
                os.kill(process.pid, signal_number)
        process.join(60)
        assert process.exitcode not in {None, 1}, f"the sender failed: {process.exitcode}"
    finally:
        if process.is_alive():
            process.kill()
            process.join()
        process.close()
    return task.outcome()

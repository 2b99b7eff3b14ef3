"""A process that syncs, as a task does: a state table that outlives it, real HTTP, signals."""

from __future__ import annotations

import json
import logging
import multiprocessing
import os
import signal
from dataclasses import dataclass
from datetime import datetime, timedelta
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from airflow_provider_liveactivity.delivery.options import DeliveryOptions
from airflow_provider_liveactivity.errors import LiveActivityError
from airflow_provider_liveactivity.http.connection import Timeouts, WorkspaceConfig
from airflow_provider_liveactivity.models.moments import utcnow
from airflow_provider_liveactivity.sync.braze import BRAZE_COLUMNS, BrazeMessages
from airflow_provider_liveactivity.sync.records import Writer
from airflow_provider_liveactivity.sync.row_vendor import RowVendor
from airflow_provider_liveactivity.sync.runner import LiveMode, Sync
from airflow_provider_liveactivity.sync.source import Source, read_rows
from airflow_provider_liveactivity.sync.table import StateTable
from airflow_provider_liveactivity.vendors.braze import Braze

DEFAULTS: dict[str, Any] = {
    "activity_attributes_type": "Delivery",
    "activity_attributes": {},
    "notification": {"alert": {"title": "Your order", "body": "It is on its way"}},
}


@dataclass(frozen=True)
class Attempt:
    """
    One attempt of a sync.

    :param folder: where its report lies.
    :param url: of the sandbox.
    :param database: URL of the database with the state table.
    :param name: begins the ids of its activities.
    :param rows: how many activities there are.
    :param end_time: when they end.
    :param version: the state of all of them.
    :param run: attempts of the same run are attempts of one task instance.
    :param later: minutes by which the clock of the process is ahead.
    :param live: whether it goes on until it is told to stop.
    """

    folder: Path
    url: str
    database: str
    name: str
    rows: int
    end_time: datetime
    version: int = 0
    run: str = "run"
    later: float = 0.0
    live: bool = False

    @property
    def report(self) -> Path:
        """Where the report lies; there is none if the process was killed."""
        return self.folder / f"{self.name}.{self.run}.report"


def engine_of(database: str) -> sa.Engine:
    """Return the engine of a database, with the settings of the hook."""
    return sa.create_engine(database, connect_args={"timeout": 60} if database.startswith("sqlite") else {})


def run(attempt: Attempt, begins: Any) -> None:
    """Run one attempt, and leave a report behind."""
    logging.disable()
    vendor = Braze("sandbox-braze-key")

    def clock() -> datetime:
        return utcnow() + timedelta(minutes=attempt.later)

    rows = [
        {
            "activity_id": f"{attempt.name}-{number}",
            "external_user_id": f"user-{number}",
            "content_state": {"version": attempt.version},
            "end_time": attempt.end_time,
        }
        for number in range(attempt.rows)
    ]
    instance = attempt.run.encode().hex()[:16].ljust(16, "0")
    sync = Sync(
        StateTable(
            engine_of(attempt.database),
            "state",
            "test",
            Writer("dag", attempt.run, "task", instance),
            clock=clock,
        ),
        Source(BRAZE_COLUMNS, read_rows(rows)),
        BrazeMessages(vendor, "sandbox-app", DEFAULTS),
        WorkspaceConfig(RowVendor(vendor), attempt.url, Timeouts(connect=5, read=5)),
        delivery=DeliveryOptions(max_workers=8),
        clock=clock,
    )
    signal.signal(signal.SIGTERM, lambda *_: sync.stop())
    how = "finished"
    begins.set()
    try:
        sync.run(LiveMode(timedelta(seconds=0.2), clock() + timedelta(minutes=5)) if attempt.live else None)
    except LiveActivityError as error:
        how = type(error).__name__
    draft = attempt.report.with_suffix(".draft")  # the next kill may come while this is written
    draft.write_text(
        json.dumps({"how": how, **sync.counts.report(vendor="", seconds=0, validate_only=False)})
    )
    draft.replace(attempt.report)


# Forked from a process that has everything imported.
_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["__main__", __name__])


def start(attempt: Attempt) -> BaseProcess:
    """Start an attempt; return its process as soon as the sync begins."""
    attempt.report.unlink(missing_ok=True)
    begins = _CONTEXT.Event()
    process = _CONTEXT.Process(target=run, args=(attempt, begins))
    process.start()
    assert begins.wait(60)
    return process


def finish(
    attempt: Attempt, process: BaseProcess, *, signal_number: int | None = None, after: float = 0.0
) -> dict[str, Any]:
    """
    Wait for an attempt; return its report, which is empty when it was killed.

    :param signal_number: signal to send; None for none.
    :param after: seconds to wait before the signal.
    """
    try:
        if signal_number is not None:
            process.join(after)
            if process.is_alive() and process.pid is not None:
                os.kill(process.pid, signal_number)
        process.join(120)
        assert process.exitcode not in {None, 1}, f"the sync failed: {process.exitcode}"
    finally:
        if process.is_alive():
            process.kill()
            process.join()
    return dict(json.loads(attempt.report.read_text())) if attempt.report.exists() else {}


def sync(attempt: Attempt, **signals: Any) -> dict[str, Any]:
    """Run an attempt to its end."""
    return finish(attempt, start(attempt), **signals)

"""Run syncs in a process of its own, so that they share no memory with other measurements."""

from __future__ import annotations

import json
import sqlite3
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import sqlalchemy as sa

from airflow_provider_liveactivity.delivery.options import DeliveryOptions
from airflow_provider_liveactivity.http.connection import WorkspaceConfig
from airflow_provider_liveactivity.models.moments import utcnow
from airflow_provider_liveactivity.sync.braze import BRAZE_COLUMNS, BrazeMessages
from airflow_provider_liveactivity.sync.records import Writer
from airflow_provider_liveactivity.sync.report import SyncReport
from airflow_provider_liveactivity.sync.row_vendor import RowVendor
from airflow_provider_liveactivity.sync.runner import LiveMode, Sync
from airflow_provider_liveactivity.sync.source import Source, read_query
from airflow_provider_liveactivity.sync.table import StateTable
from airflow_provider_liveactivity.vendors.braze import Braze
from benchmarks.child import peak_mb
from benchmarks.engine import send
from benchmarks.payload import CONTENT, KEY, external_id
from benchmarks.warehouse import Database

_QUERY = "SELECT * FROM orders"
_GOLDEN = 0.618  # its multiples are spread evenly between whole numbers
_DEFAULTS = {name: CONTENT[name] for name in ("activity_attributes_type", "notification")}


class Orders:
    """
    Orders in a database of SQLite, and the state table in another one.

    :param url: URL of the server.
    :param count: number of orders.
    :param folder: where the databases lie.
    :param state: URI of a PostgreSQL database for the state table; None, the default, makes one of SQLite.
    """

    def __init__(self, url: str, count: int, folder: str, state: str | None = None) -> None:
        self._path = f"{folder}/orders.sqlite"
        self._url = url
        if state is None:
            self._engine = sa.create_engine(f"sqlite:///{folder}/state.sqlite", connect_args={"timeout": 60})
        else:
            self._engine = sa.create_engine(state.replace("postgresql://", "postgresql+psycopg://"))
        self._table = f"state_{Path(folder).name}"
        self.later = timedelta(0)  # by which the clock of the sync is ahead
        self.read = read_query(Database("sqlite", self._path), _QUERY, None)
        ends_at = (utcnow() + timedelta(hours=4)).isoformat()
        state, attributes = json.dumps(CONTENT["content_state"]), json.dumps(CONTENT["activity_attributes"])
        with closing(sqlite3.connect(self._path)) as connection, connection:
            connection.execute(
                "CREATE TABLE orders (activity_id PRIMARY KEY, external_user_id, content_state, "
                "activity_attributes, end_time)"
            )
            connection.executemany(
                "INSERT INTO orders VALUES (?, ?, ?, ?, ?)",
                ((f"order-{n}", external_id(n), state, attributes, ends_at) for n in range(count)),
            )

    def change(self, every: int) -> None:
        """Give every ``every``-th order a new state."""
        state = json.dumps(CONTENT["content_state"] | {"minute": time.time()})
        with closing(sqlite3.connect(self._path)) as connection, connection:
            connection.execute(
                "UPDATE orders SET content_state = ? WHERE rowid % ? = 0",
                (state, every),
            )

    def sync(self, live: LiveMode | None = None) -> SyncReport:
        """Run a sync as the hook does."""
        vendor = Braze(KEY)

        def clock() -> datetime:
            return utcnow() + self.later

        return Sync(
            StateTable(self._engine, self._table, "benchmark", Writer(), clock=clock),
            Source(BRAZE_COLUMNS, self.read),
            BrazeMessages(vendor, CONTENT["app_id"], _DEFAULTS),
            WorkspaceConfig(RowVendor(vendor), self._url),
            delivery=DeliveryOptions(max_workers=128),
            clock=clock,
        ).run(live)

    def become_due(self) -> None:
        """Let the end of all orders come."""
        self.later = timedelta(hours=5)

    def arrive(self, changes: int, interval: float) -> list[float]:
        """Change one order after the other, evenly at all phases of the interval; return the moments."""
        moments = []
        for number in range(changes):
            time.sleep(interval * (2 + _GOLDEN))
            state = json.dumps(CONTENT["content_state"] | {"minute": number + 1})
            with closing(sqlite3.connect(self._path, timeout=60)) as connection, connection:
                connection.execute(
                    "UPDATE orders SET content_state = ? WHERE activity_id = ?", (state, f"order-{number}")
                )
            moments.append(time.time())
        return moments


def _nothing() -> None:
    """Change nothing."""


def _passes(orders: Orders, count: int) -> dict[str, Any]:
    """Measure the query alone, and one pass of each kind."""
    measured = {"query": _measure(lambda: sum(1 for _ in orders.read()))}
    for name, prepare, sent in (
        ("all new", _nothing, count),
        ("10 % changed", partial(orders.change, 10), count // 10),
        ("none changed", _nothing, 0),
        ("all due", orders.become_due, count),
    ):
        prepare()
        measured[name] = _measure(partial(_expect, orders, sent))
    return measured


def _memory(orders: Orders, count: int) -> dict[str, Any]:
    """Run a pass in which all is new, and one without changes."""
    _expect(orders, count)
    _expect(orders, 0)
    return {"peak_mb": peak_mb()}


def _live(orders: Orders, count: int, *, interval: float, changes: int) -> dict[str, Any]:
    """Run the live mode while orders change."""
    _expect(orders, count)
    live = LiveMode(timedelta(seconds=interval), utcnow() + timedelta(seconds=interval * 3 * (changes + 1)))
    with ThreadPoolExecutor(1) as pool:
        moments = pool.submit(orders.arrive, changes, interval)
        report = orders.sync(live)
    if report["updated"] != changes:
        raise AssertionError(report)
    return {"moments": moments.result(), "passes": report["passes"]}


def _engine(url: str, people: str, count: int) -> dict[str, Any]:
    """Let the engine start an activity for one person in each request."""
    send(url, Database("sqlite", people), 50, per_request=1, max_workers=128)  # to import and compile
    return _measure(lambda: send(url, Database("sqlite", people), count, per_request=1, max_workers=128))


def _expect(orders: Orders, sent: int) -> None:
    report = orders.sync()
    if report["requests"] != sent:
        raise AssertionError(report)


def _measure(run: Callable[[], Any]) -> dict[str, float]:
    start, cpu_start = time.perf_counter(), time.process_time()
    run()
    return {"seconds": time.perf_counter() - start, "cpu_seconds": time.process_time() - cpu_start}


_RUNS: dict[str, Callable[..., dict[str, Any]]] = {"passes": _passes, "memory": _memory, "live": _live}


def _main(
    what: str, url: str, count: int, *, people: str = "", state: str | None = None, **options: Any
) -> dict[str, Any]:
    if what == "engine":
        return _engine(url, people, count)
    with TemporaryDirectory() as warm, TemporaryDirectory() as folder:
        _expect(Orders(url, 50, warm, state), 50)  # to import and compile
        return _RUNS[what](Orders(url, count, folder, state), count, **options)


if __name__ == "__main__":
    print(json.dumps(_main(sys.argv[1], sys.argv[2], int(sys.argv[3]), **json.loads(sys.argv[4]))))

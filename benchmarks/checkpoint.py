"""Measure the cost of the checkpoint: the same send with and without one."""

from __future__ import annotations

import statistics
from collections.abc import Iterator

from benchmarks.child import Measured, measure
from benchmarks.server import Bench
from benchmarks.table import Row, Table

#: Median of a write to the task state store of an idle Airflow 3.3 on SQLite.
WRITE_SECONDS = 0.0125


def run(server: Bench, databases: dict[str, str], *, quick: bool) -> Iterator[Table]:
    """Send with a slow store and without one, in turn."""
    source, where = next(iter(databases.items()))
    rounds = 1 if quick else 7
    rows: list[Row] = []
    for latency, workers in ((0.1, 128), (0.0, 32)):
        on: list[Measured] = []
        off: list[Measured] = []
        for _ in range(rounds):
            for side, write_seconds in ((on, WRITE_SECONDS), (off, None)):
                server.set(latency=latency)
                side.append(
                    measure(
                        "engine",
                        server.url,
                        1_500 if quick else 5_000,
                        source=source,
                        where=where,
                        max_workers=workers,
                        write_seconds=write_seconds,
                    )
                )
        ratios = [with_it.rate / without.rate for with_it, without in zip(on, off, strict=True)]
        rows.append(
            {
                "latency, ms": latency * 1000,
                "workers": workers,
                "requests/s, on": statistics.median(one.rate for one in on),
                "requests/s, off": statistics.median(one.rate for one in off),
                "on over off": statistics.median(ratios),
                "CPU, on over off": statistics.median(
                    with_it.cpu_seconds / without.cpu_seconds
                    for with_it, without in zip(on, off, strict=True)
                ),
                "writes/s": statistics.median(one.writes / one.seconds for one in on),
            }
        )
    yield Table(
        f"Checkpoint, each write {WRITE_SECONDS * 1000} ms: median of {rounds}",
        rows,
        "Ratios are taken within one round.",
    )

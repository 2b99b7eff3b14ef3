"""A sync of thousands of activities: its passes, its delay in live mode, its memory."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

from benchmarks.server import Bench
from benchmarks.table import Row, Table

#: 200 updates as mapped task instances took 43 s on Airflow 3.3.2, two cores, SQLite; not measured here.
MAPPED_STEP_SECONDS = 0.215
LATENCY = 0.1
PASSES = ("query", "all new", "10 % changed", "none changed", "all due")


def run(server: Bench, databases: dict[str, str], *, quick: bool) -> Iterator[Table]:
    """Measure the passes beside the engine's own rate, then the live mode and the memory."""
    count, rounds = (1_000, 1) if quick else (10_000, 3)
    people = {"people": databases["sqlite"]}
    engine: list[dict[str, float]] = []
    syncs: list[dict[str, dict[str, float]]] = []
    for _ in range(rounds):
        server.set(latency=LATENCY)
        engine.append(_child("engine", server, count, **people))
        syncs.append(_child("passes", server, count))
    yield Table(
        f"Sync: one pass over {count:,} rows, {LATENCY * 1000:.0f} ms latency, 128 workers, {rounds} rounds",
        [_row("engine, one person in each request", engine, count, count)]
        + [_row(name, [one[name] for one in syncs], count, _requests(name, count)) for name in PASSES],
        f"As mapped task instances, each step takes {MAPPED_STEP_SECONDS} s: extrapolated from 200 updates, "
        "not measured here.",
    )
    rates = [
        theirs["seconds"] / ours["all new"]["seconds"] for theirs, ours in zip(engine, syncs, strict=True)
    ]
    beyond = [one["none changed"]["seconds"] - one["query"]["seconds"] for one in syncs]
    yield Table(
        "Sync: compared within one round",
        [
            _spread("rate of all new / the engine's rate", rates),
            _spread("no changes: seconds beyond the query", beyond),
        ],
    )
    yield _live(server, changes=5 if quick else 30)
    sizes = (1_000, 10_000) if quick else (1_000, 10_000, 100_000)
    yield _memory(server, sizes)


def _live(server: Bench, changes: int, interval: float = 1.0) -> Table:
    server.set(keep_moments=True)
    seen = _child("live", server, 1_000, interval=interval, changes=changes)
    arrived = sorted(server.set().moments)[-changes:]
    delays = [vendor - row for vendor, row in zip(arrived, seen["moments"], strict=True)]
    row: Row = {
        "changes": changes,
        "poll_interval, s": interval,
        "median, s": statistics.median(delays),
        "latest, s": max(delays),
    }
    return Table("Sync, live mode: from the changed row of 1,000 to the vendor", [row])


def _memory(server: Bench, sizes: tuple[int, ...]) -> Table:
    server.set()
    peaks = {size: _child("memory", server, size)["peak_mb"] for size in sizes}
    row: Row = {f"{size:,} rows": peak for size, peak in peaks.items()}
    row["largest / 10,000"] = peaks[sizes[-1]] / peaks[10_000]
    return Table(
        "Sync: peak memory of the process, MB",
        [row],
        "All new, then no changes. Without Airflow's own memory.",
    )


def _row(name: str, rounds: list[dict[str, float]], count: int, requests: int) -> Row:
    seconds = statistics.median(one["seconds"] for one in rounds)
    cpu_seconds = statistics.median(one["cpu_seconds"] for one in rounds)
    mapped = MAPPED_STEP_SECONDS * requests
    return {
        "pass": name,
        "requests": requests,
        "seconds": seconds,
        "CPU seconds": cpu_seconds,
        "CPU µs/row": cpu_seconds / count * 1e6,
        "mapped, s": mapped,
        "mapped / sync": mapped / seconds,
    }


def _requests(name: str, count: int) -> int:
    return {"all new": count, "10 % changed": count // 10, "all due": count}.get(name, 0)


def _spread(name: str, figures: list[float]) -> Row:
    median = statistics.median(figures)
    return {"figure": name, "median": median, "lowest": min(figures), "highest": max(figures)}


def _child(what: str, server: Bench, count: int, **options: Any) -> dict[str, Any]:
    """Measure in a process of its own."""
    command = [
        sys.executable,
        "-m",
        "benchmarks.sync_child",
        what,
        server.url,
        str(count),
        json.dumps(options),
    ]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))

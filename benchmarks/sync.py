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
POLL_SECONDS = 1.0
PASSES = ("query", "all new", "10 % changed", "none changed", "all due")
_CHILD_SECONDS = 600

Measured = dict[str, dict[str, float]]


def run(server: Bench, databases: dict[str, str], *, quick: bool) -> Iterator[Table]:
    """Measure passes beside the engine alone, live mode and memory; compare them with the targets."""
    count, rounds = (1_000, 1) if quick else (10_000, 3)
    engine, sqlite, postgres = _rounds(server, databases, count, rounds)
    conditions = f"{count:,} rows, {LATENCY * 1000:.0f} ms latency, 128 workers, {rounds} rounds"
    yield Table(
        f"Sync: one pass over {conditions}",
        [
            _row("engine, one person in each request", [one["engine"] for one in engine], count, count),
            *_rows("SQLite", sqlite, count),
            *_rows("PostgreSQL", postgres, count),
        ],
        f"As mapped task instances, each step takes {MAPPED_STEP_SECONDS} s: extrapolated from 200 updates, "
        "not measured here.",
    )
    live = _live(server, changes=5 if quick else 20)
    yield live
    sizes = (1_000, 10_000) if quick else (1_000, 10_000, 100_000)
    memory = _memory(server, sizes)
    yield memory
    targets = [
        *_pass_targets("SQLite", engine, sqlite, count),
        *_pass_targets("PostgreSQL", engine, postgres, count),
        _target(
            "live mode: median seconds from row to vendor", live.rows[0]["median, s"], POLL_SECONDS / 2 + 0.2
        ),
        _target("memory: largest / 10,000 rows", memory.rows[0]["largest / 10,000"], 1.5),
    ]
    yield Table(
        "Sync: targets",
        targets,
        "Medians; a sync is compared with the engine of the same round. The targets are for 10,000 rows, a "
        "quiet machine, and the full form of this benchmark.",
    )


def _rounds(
    server: Bench, databases: dict[str, str], count: int, rounds: int
) -> tuple[list[Measured], list[Measured], list[Measured]]:
    """Run the engine, and the passes on each database of the state table, in turn."""
    engine, sqlite, postgres = list[Measured](), list[Measured](), list[Measured]()
    for _ in range(rounds):
        server.set(latency=LATENCY)
        engine.append({"engine": _child("engine", server, count, people=databases["sqlite"])})
        sqlite.append(_child("passes", server, count))
        postgres.append(_child("passes", server, count, state=databases["postgres"]))
    return engine, sqlite, postgres


def _pass_targets(state: str, engine: list[Measured], syncs: list[Measured], count: int) -> list[Row]:
    pairs = list(zip(engine, syncs, strict=True))
    rate = [alone["engine"]["seconds"] / sync["all new"]["seconds"] for alone, sync in pairs]
    beyond = [sync["none changed"]["seconds"] - sync["query"]["seconds"] for sync in syncs]
    changed = [MAPPED_STEP_SECONDS * (count // 10) / sync["10 % changed"]["seconds"] for sync in syncs]
    return [
        _target(f"{state}: rate of all new / the engine's rate", statistics.median(rate), 0.8, at_least=True),
        _target(f"{state}: no changes, seconds beyond the query", statistics.median(beyond), 1.0),
        _target(
            f"{state}: {count // 10:,} updates, mapped / sync", statistics.median(changed), 100, at_least=True
        ),
    ]


def _target(figure: str, measured: Any, target: float, *, at_least: bool = False) -> Row:
    reached = measured >= target if at_least else measured <= target
    return {
        "figure": figure,
        "measured": measured,
        "target": f"{'≥' if at_least else '≤'} {target:g}",
        "reached": "yes" if reached else "no",
    }


def _live(server: Bench, changes: int) -> Table:
    server.set(keep_moments=True)
    seen = _child("live", server, 1_000, interval=POLL_SECONDS, changes=changes)
    arrived = sorted(server.set().moments)[-changes:]
    delays = [vendor - row for vendor, row in zip(arrived, seen["moments"], strict=True)]
    row: Row = {
        "changes": changes,
        "poll_interval, s": POLL_SECONDS,
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


def _rows(state: str, syncs: list[Measured], count: int) -> list[Row]:
    sent = {"all new": count, "10 % changed": count // 10, "all due": count}
    return [
        _row(f"{state}: {name}", [one[name] for one in syncs], count, sent.get(name, 0)) for name in PASSES
    ]


def _row(name: str, rounds: list[dict[str, float]], count: int, requests: int) -> Row:
    seconds = statistics.median(one["seconds"] for one in rounds)
    cpu_seconds = statistics.median(one["cpu_seconds"] for one in rounds)
    return {
        "pass": name,
        "requests": requests,
        "seconds": seconds,
        "CPU seconds": cpu_seconds,
        "CPU µs/row": cpu_seconds / count * 1e6,
        "mapped / sync": MAPPED_STEP_SECONDS * requests / seconds,
    }


def _child(what: str, server: Bench, count: int, **options: Any) -> dict[str, Any]:
    """Measure in a process of its own."""
    child = [sys.executable, "-m", "benchmarks.sync_child", what, server.url, str(count), json.dumps(options)]
    done = subprocess.run(child, check=True, stdout=subprocess.PIPE, text=True, timeout=_CHILD_SECONDS)
    return dict(json.loads(done.stdout.splitlines()[-1]))

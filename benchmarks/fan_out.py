"""Requests per second of the engine, from two databases, compared with hand-written loops."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from benchmarks.child import Measured, measure
from benchmarks.payload import PEOPLE_PER_REQUEST
from benchmarks.server import Bench
from benchmarks.table import Row, Table

ENGINE = "engine, DuckDB"
HTTPX_LOOPS = ("httpx_threads", "httpx_shared", "httpx_per_worker", "httpx_transport")


@dataclass(slots=True)
class Side:
    """One contender of a comparison, and its measurements."""

    name: str
    contender: str
    requests: int
    options: dict[str, Any]
    rounds: list[Measured] = field(default_factory=list)

    def median(self, figure: str) -> float:
        """Return the median of a figure over the rounds."""
        figures: list[float] = [getattr(measured, figure) for measured in self.rounds]
        return statistics.median(figures)

    def row(self) -> Row:
        """Return the medians."""
        return {
            "contender": self.name,
            "requests": self.requests,
            "requests/s": self.median("rate"),
            "users/s": self.median("rate") * PEOPLE_PER_REQUEST,
            "CPU µs/request": self.median("cpu_per_request") * 1e6,
            "peak MB": self.median("peak_mb"),
        }


def run(server: Bench, databases: dict[str, str], *, quick: bool) -> Iterator[Table]:
    """Compare at the latency of a real vendor and without latency, then send to the whole audience."""
    for latency, workers, few in ((0.1, 128, 60), (0.0, 32, 1_000)):
        if quick:
            sides = _sides(databases, workers, many=1_000, few=few // 3)
            del sides["httpx_shared"]
        else:
            sides = _sides(databases, workers, many=10_000, few=few)
        rounds = 1 if quick else 3
        _measure(server, latency, list(sides.values()), rounds)
        conditions = f"{latency * 1000:.0f} ms latency, {workers} workers, median of {rounds}"
        yield Table(
            f"Fan-out: {conditions}",
            [side.row() for side in sides.values()],
            "The loops read all ids from DuckDB at once. Slow ones send fewer requests: the rate counts.",
        )
        yield _ratios(f"Fan-out, {ENGINE} over others: {conditions}", sides)
    yield _whole_audience(server, databases, 2_000 if quick else 20_000)


def _sides(databases: dict[str, str], workers: int, *, many: int, few: int) -> dict[str, Side]:
    duckdb = {"source": "duckdb", "where": databases["duckdb"]}
    sides = [
        *_engines(databases, many, workers),
        *(
            Side(name, name, many, {**duckdb, "workers": workers})
            for name in (*HTTPX_LOOPS, "aiohttp_shared")
        ),
        *(Side(name, name, few, duckdb) for name in ("requests_loop", "http_operator")),
    ]
    by_name = {side.name: side for side in sides}
    by_name["httpx_shared"].requests = few * 5
    return by_name


def _measure(server: Bench, latency: float, sides: list[Side], rounds: int) -> None:
    """Measure in rounds, so that other processes disturb all contenders alike."""
    for _ in range(rounds):
        for side in sides:
            server.set(latency=latency)
            side.rounds.append(measure(side.contender, server.url, side.requests, **side.options))


def _engines(databases: dict[str, str], requests: int, workers: int) -> list[Side]:
    names = {"duckdb": ENGINE, "postgres": "engine, PostgreSQL", "sqlite": "engine, SQLite"}
    return [
        Side(names[source], "engine", requests, {"source": source, "where": where, "max_workers": workers})
        for source, where in databases.items()
    ] + [
        Side(
            f"{ENGINE}, outcomes kept",
            "engine",
            requests,
            {"source": "duckdb", "where": databases["duckdb"], "max_workers": workers, "keep_outcomes": True},
        )
    ]


def _ratios(title: str, sides: dict[str, Side]) -> Table:
    best = max(set(HTTPX_LOOPS) & set(sides), key=lambda name: sides[name].median("rate"))
    rows: list[Row] = []
    for name in ("requests_loop", "http_operator", best, "aiohttp_shared"):
        pairs = zip(sides[ENGINE].rounds, sides[name].rounds, strict=True)
        ratios = [ours.rate / theirs.rate for ours, theirs in pairs]
        shown = f"best httpx loop: {name}" if name == best else name
        rows.append(
            {
                "over": shown,
                "median": statistics.median(ratios),
                "lowest": min(ratios),
                "highest": max(ratios),
            }
        )
    return Table(title, rows, "Ratios of rates within one round.")


def _whole_audience(server: Bench, databases: dict[str, str], requests: int) -> Table:
    sides = _engines(databases, requests, 128)
    _measure(server, 0.1, sides, 1)
    rows = [{**side.row(), "seconds": side.median("seconds")} for side in sides]
    people = requests * PEOPLE_PER_REQUEST
    return Table(f"From the query to the last answer: {people:,} people, 100 ms latency, 128 workers", rows)

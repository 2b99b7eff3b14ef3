"""Peak memory of the sending process, for audiences of growing size."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.child import measure
from benchmarks.payload import PEOPLE_PER_REQUEST
from benchmarks.server import Bench
from benchmarks.table import Row, Table


def run(server: Bench, databases: dict[str, str], *, quick: bool) -> Iterator[Table]:
    """Send to 10,000, 100,000 and 1,000,000 people, each from a process of its own."""
    sizes = (10_000, 100_000) if quick else (10_000, 100_000, 1_000_000)
    rows: list[Row] = []
    for name, contender, source in (
        ("engine, PostgreSQL", "engine", "postgres"),
        ("engine, SQLite", "engine", "sqlite"),
        ("engine, DuckDB", "engine", "duckdb"),
        ("DuckDB alone, nothing sent", "database_alone", "duckdb"),
    ):
        peaks = []
        for people in sizes:
            server.set()
            options = {"source": source, "where": databases[source]}
            measured = measure(contender, server.url, people // PEOPLE_PER_REQUEST, **options)
            peaks.append(measured.peak_mb)
        row: Row = {"process": name}
        row |= {f"{people:,} people": peak for people, peak in zip(sizes, peaks, strict=True)}
        row |= {"growth": peaks[-1] - peaks[0], "largest / smallest": peaks[-1] / peaks[0]}
        rows.append(row)
    yield Table(
        "Peak memory of the process, MB",
        rows,
        "Without Airflow's own memory. DuckDB sorts in this process's memory, SQLite in temporary files.",
    )

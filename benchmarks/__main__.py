"""Run the benchmarks: ``python -m benchmarks [name …] [--quick]``."""

from __future__ import annotations

import argparse
import json
import os
import platform
import signal
import sys
from collections.abc import Iterator
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

from rich.console import Console

from benchmarks import checkpoint, fan_out, import_cost, memory, quota, sync, wall
from benchmarks.server import running_server
from benchmarks.table import Table
from benchmarks.warehouse import warehouses

RESULTS = Path(__file__).with_name("results.json")
SENDING = {
    "fan_out": fan_out.run,
    "memory": memory.run,
    "quota": quota.run,
    "checkpoint": checkpoint.run,
    "sync": sync.run,
}
NAMES = (*SENDING, "import_cost", "wall")
PACKAGES = ("apache-airflow", "aiohttp", "duckdb", "httpx", "requests")


def _tables(names: list[str], *, quick: bool) -> Iterator[Table]:
    if "import_cost" in names:
        yield from import_cost.run(quick=quick)
    if "wall" in names:
        yield from wall.run(quick=quick)
    sending = [run for name, run in SENDING.items() if name in names]
    if sending:
        with running_server() as server, warehouses(200_000 if quick else 1_000_000) as databases:
            for run in sending:
                yield from run(server, databases, quick=quick)


def _machine() -> dict[str, str | int | float]:
    return {
        "python": platform.python_version(),
        "system": platform.platform(),
        "cpus": os.cpu_count() or 0,
        "load": round(os.getloadavg()[0], 1),
        **{name: version(name) for name in PACKAGES},
    }


def main() -> None:
    """Print tables, and write them to results.json beside this file."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=f"any of {', '.join(NAMES)}; by default all")
    parser.add_argument("--quick", action="store_true", help="one round of little work, in a minute")
    given = parser.parse_args()
    if unknown := set(given.names) - set(NAMES):
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # stops the servers too
    console = Console()
    machine = _machine()
    console.print(machine)
    results = []
    for table in _tables(given.names or list(NAMES), quick=given.quick):
        table.print(console)
        results.append(asdict(table))
        RESULTS.write_text(
            json.dumps({"machine": machine, "quick": given.quick, "tables": results}, indent=1)
        )


if __name__ == "__main__":
    main()

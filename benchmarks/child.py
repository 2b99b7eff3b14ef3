"""Run one measurement in a process of its own, so that it shares neither memory nor imports with another."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.payload import PEOPLE_PER_REQUEST
from benchmarks.warehouse import Database

Contender = Callable[..., dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Measured:
    """
    What one process used.

    :param seconds: from the first query of the audience to the last response.
    :param cpu_seconds: CPU time of the process meanwhile, which other processes hardly change.
    :param peak_mb: peak memory of the process in MB.
    :param waited_seconds: seconds in which the rate limiter held requests back.
    :param writes: number of writes of the checkpoint.
    """

    requests: int
    seconds: float
    cpu_seconds: float
    peak_mb: float
    waited_seconds: float = 0.0
    writes: int = 0

    @property
    def rate(self) -> float:
        """Requests per second."""
        return self.requests / self.seconds

    @property
    def cpu_per_request(self) -> float:
        """Seconds of CPU time per request."""
        return self.cpu_seconds / self.requests


def measure(contender: str, url: str, requests: int, **options: Any) -> Measured:
    """
    Let a contender send requests, and return what it used.

    :param contender: "engine", "database_alone", or the name of a function of ``loops``.
    :param url: URL of the server.
    :param requests: number of requests.
    :param options: arguments of ``Database`` and of the contender.
    """
    command = [sys.executable, "-m", "benchmarks.child", contender, url, str(requests), json.dumps(options)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return Measured(**json.loads(done.stdout.splitlines()[-1]))  # Airflow may have printed lines before


def _engine(
    url: str,
    database: Database,
    people: int,
    write_seconds: float | None = None,
    keep_outcomes: bool = False,
    **fan_out: Any,
) -> dict[str, Any]:
    from benchmarks.engine import SlowStore, send

    store = None if write_seconds is None else SlowStore(write_seconds)
    with TemporaryDirectory() as folder:
        outcomes = Path(folder) if keep_outcomes else None
        tally = send(url, database, people, store=store, outcomes=outcomes, **fan_out)
    assert tally.accepted == people, tally
    return {"waited_seconds": tally.waited_seconds, "writes": store.writes if store else 0}


def _loop(name: str, url: str, database: Database, people: int, **options: Any) -> dict[str, Any]:
    from benchmarks import loops

    getattr(loops, name)(url, database.people(people), **options)
    return {}


def _database_alone(_url: str, database: Database, people: int, **_: Any) -> dict[str, Any]:
    """Read all people from DuckDB, each once, in order and in parts; send nothing."""
    connection = database.get_conn()
    rows = connection.execute(f"SELECT DISTINCT * FROM ({database.query(people)}) ORDER BY 1")  # noqa: S608
    while rows.fetchmany(10_000):
        pass
    connection.close()
    return {}


def peak_mb() -> float:
    """Return the peak memory of this process in MB."""
    status = Path("/proc/self/status")
    if status.exists():  # ru_maxrss would include the memory of the parent process
        lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
        return int(lines["VmHWM"].split()[0]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2


def _main(contender: str, url: str, requests: int, *, source: str, where: str, **options: Any) -> Measured:
    ours: dict[str, Contender] = {"engine": _engine, "database_alone": _database_alone}
    run = ours.get(contender) or partial(_loop, contender)
    database = Database(source, where)
    run(url, database, PEOPLE_PER_REQUEST, **options)  # to import and compile
    start, cpu_start = time.perf_counter(), time.process_time()
    more = run(url, database, requests * PEOPLE_PER_REQUEST, **options)
    seconds, cpu_seconds = time.perf_counter() - start, time.process_time() - cpu_start
    return Measured(requests, seconds, cpu_seconds, peak_mb(), **more)


if __name__ == "__main__":
    print(json.dumps(asdict(_main(sys.argv[1], sys.argv[2], int(sys.argv[3]), **json.loads(sys.argv[4])))))

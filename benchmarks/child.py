"""One measurement in a process of its own, so that neither memory nor imports of another one count."""

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
from typing import Any

from benchmarks.payload import PEOPLE_PER_REQUEST
from benchmarks.warehouse import Database

Contender = Callable[..., dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Measured:
    """
    What one process needed.

    :param seconds: from the first look at the audience to the last answer.
    :param cpu_seconds: of this process in that time, which the noise of the machine hardly changes.
    :param peak_mb: the most memory that the process ever held, in MB.
    :param waited_seconds: in which requests waited at the gate.
    :param writes: of the checkpoint.
    """

    requests: int
    seconds: float
    cpu_seconds: float
    peak_mb: float
    waited_seconds: float = 0.0
    writes: int = 0

    @property
    def rate(self) -> float:
        """Requests a second."""
        return self.requests / self.seconds

    @property
    def cpu_per_request(self) -> float:
        """Seconds of CPU time that a request takes this process."""
        return self.cpu_seconds / self.requests


def measure(contender: str, url: str, requests: int, **options: Any) -> Measured:
    """
    Let a contender send so many requests.

    :param contender: "engine", "database_alone", or the name of a function of ``loops``.
    :param url: of the server.
    :param options: where the people are, as ``Database`` takes it, and arguments of the contender.
    """
    command = [sys.executable, "-m", "benchmarks.child", contender, url, str(requests), json.dumps(options)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return Measured(**json.loads(done.stdout.splitlines()[-1]))  # Airflow may have talked before


def _engine(
    url: str, database: Database, people: int, write_seconds: float | None = None, **fan_out: Any
) -> dict[str, Any]:
    from benchmarks.engine import SlowStore, send

    store = None if write_seconds is None else SlowStore(write_seconds)
    tally = send(url, database, people, store=store, **fan_out)
    assert tally.accepted == people, tally
    return {"waited_seconds": tally.waited_seconds, "writes": store.writes if store else 0}


def _loop(name: str, url: str, database: Database, people: int, **options: Any) -> dict[str, Any]:
    from benchmarks import loops

    getattr(loops, name)(url, database.people(people), **options)
    return {}


def _database_alone(_url: str, database: Database, people: int, **_: Any) -> dict[str, Any]:
    """Let DuckDB give everybody once, in order, a part at a time; nothing is sent."""
    connection = database.get_conn()
    rows = connection.execute(f"SELECT DISTINCT * FROM ({database.query(people)}) ORDER BY 1")  # noqa: S608
    while rows.fetchmany(10_000):
        pass
    connection.close()
    return {}


def _peak_mb() -> float:
    status = Path("/proc/self/status")
    if status.exists():  # ru_maxrss would begin with the memory of the process that started this one
        lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
        return int(lines["VmHWM"].split()[0]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2


def _main(contender: str, url: str, requests: int, *, source: str, where: str, **options: Any) -> Measured:
    ours: dict[str, Contender] = {"engine": _engine, "database_alone": _database_alone}
    run = ours.get(contender) or partial(_loop, contender)
    database = Database(source, where)
    run(url, database, PEOPLE_PER_REQUEST, **options)  # imports, and compiles
    start, cpu_start = time.perf_counter(), time.process_time()
    more = run(url, database, requests * PEOPLE_PER_REQUEST, **options)
    seconds, cpu_seconds = time.perf_counter() - start, time.process_time() - cpu_start
    return Measured(requests, seconds, cpu_seconds, _peak_mb(), **more)


if __name__ == "__main__":
    print(json.dumps(asdict(_main(sys.argv[1], sys.argv[2], int(sys.argv[3]), **json.loads(sys.argv[4])))))

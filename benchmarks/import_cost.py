"""Measure what an import of this provider adds to a DAG parse, beyond ``import airflow.sdk``."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from collections.abc import Iterator
from typing import TypedDict

from benchmarks.table import Row, Table

TARGETS = (
    "airflow_provider_liveactivity.operators.braze",
    "airflow_provider_liveactivity.operators.moengage",
    "airflow_provider_liveactivity.sensors.end_time",
)

# Runs in a new interpreter. Each target gets a fork that has imported airflow.sdk only, so no target warms up
# another. The names of airflow.sdk are lazy: a DAG file loads them with or without this provider.
PROBE = """
import json, os, sys, time
def timed_import(name):
    start = time.perf_counter()
    __import__(name)
    return (time.perf_counter() - start) * 1000
milliseconds = timed_import("airflow.sdk")
import airflow.sdk
start = time.perf_counter()
for name in airflow.sdk.__all__:
    getattr(airflow.sdk, name, None)  # Airflow 3.3.2 lists "lineage", which does not exist
milliseconds += (time.perf_counter() - start) * 1000
costs = {"airflow.sdk": {"milliseconds": milliseconds, "modules": sorted(sys.modules)}}
for target in sys.argv[1:]:
    reader, writer = os.pipe()
    if os.fork() == 0:
        before = set(sys.modules)
        cost = {"milliseconds": timed_import(target), "modules": sorted(set(sys.modules) - before)}
        os.write(writer, json.dumps(cost).encode())
        sys.exit()
    os.close(writer)
    with os.fdopen(reader) as pipe:
        answer = pipe.read()
    os.wait()
    if not answer:
        sys.exit(f"cannot import {target}")
    costs[target] = json.loads(answer)
print(json.dumps(costs))
"""


class Cost(TypedDict):
    """The time of one import, and the modules that it loaded."""

    milliseconds: float
    modules: list[str]


def measure(*targets: str) -> dict[str, Cost]:
    """
    Import ``airflow.sdk`` in a fresh interpreter, then each target by itself.

    :param targets: names of modules.
    :return: the cost of ``airflow.sdk``, and what each target adds to it.
    """
    command = [sys.executable, "-c", PROBE, *targets]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    # Airflow may have printed lines before.
    costs: dict[str, Cost] = json.loads(done.stdout.splitlines()[-1])
    return costs


def run(*, quick: bool) -> Iterator[Table]:
    """Import in new interpreters; the first one may compile, and does not count."""
    rounds = 1 if quick else 7
    measure(*TARGETS)
    samples = [measure(*TARGETS) for _ in range(rounds)]
    base = statistics.median(sample["airflow.sdk"]["milliseconds"] for sample in samples)
    rows: list[Row] = []
    for name in samples[0]:
        median = statistics.median(sample[name]["milliseconds"] for sample in samples)
        modules = len(samples[0][name]["modules"])
        rows.append(
            {"import": name, "new modules": modules, "ms": median, "% of airflow.sdk": 100 * median / base}
        )
    yield Table(f"Cost of a DAG parse over airflow.sdk, median of {rounds}", rows)

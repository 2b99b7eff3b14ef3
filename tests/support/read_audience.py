"""Read an audience of a given size and print the peak memory of the process in MiB; a test runs this."""

from __future__ import annotations

import re
import sqlite3
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import psycopg

from airflow_provider_liveactivity.audience import SqlAudience

SQL = {
    "duckdb": "SELECT 'user-' || lpad(CAST((i * 7919) % {0} AS VARCHAR), 9, '0') FROM range({0}) r (i)",
    "postgres": "SELECT 'user-' || lpad(((i * 7919) % {0})::text, 9, '0') "
    "FROM generate_series(1::bigint, {0}) i",
    "sqlite": "WITH RECURSIVE r (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM r LIMIT {0}) "
    "SELECT printf('user-%09d', (i * 7919) % {0}) FROM r",
}


class Hook(SimpleNamespace):
    """What SqlAudience needs of a DbApiHook, without Airflow, which would hide a rise of a few MiB."""

    placeholder = "?"


def connect(name: str, where: str) -> Any:
    if name == "postgres":
        return psycopg.connect(where)
    if name == "sqlite":
        return sqlite3.connect(where)
    # Each thread sorts in memory of its own: on a machine with many cores, 64 MB would not suffice.
    return duckdb.connect(where, config={"memory_limit": "64MB", "threads": 2})


name, where, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
hook = Hook(conn_type=name, get_conn=lambda: connect(name, where))
audience = SqlAudience(hook, SQL[name].format(count))
people = sum(map(len, audience.batches()))
assert people == audience.total() == count, people
peak = re.search(r"VmHWM:\s*(\d+)", Path("/proc/self/status").read_text())
assert peak is not None
print(int(peak[1]) / 1024)

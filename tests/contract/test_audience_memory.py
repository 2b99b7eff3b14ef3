"""Memory does not grow with the audience."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads peak memory from /proc")


def peak(name: str, where: str, count: int) -> float:
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.read_audience", name, where, str(count)],
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return float(done.stdout)


def test_a_large_audience_from_postgres_takes_no_more_memory_than_a_small_one(postgres: str) -> None:
    assert peak("postgres", postgres, 300_000) <= 1.2 * peak("postgres", postgres, 10_000)


def test_a_large_audience_from_sqlite_takes_no_more_memory_than_a_small_one(tmp_path: Path) -> None:
    file = str(tmp_path / "warehouse.sqlite")
    assert peak("sqlite", file, 300_000) <= 1.2 * peak("sqlite", file, 10_000)


def test_duckdb_sorts_in_the_task_and_stays_within_the_limit_it_is_given(tmp_path: Path) -> None:
    file = str(tmp_path / "warehouse.duckdb")
    assert peak("duckdb", file, 1_500_000) <= peak("duckdb", file, 10_000) + 2 * 64

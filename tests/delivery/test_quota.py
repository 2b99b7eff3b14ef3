"""The quota reserve, against a vendor that counts requests."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from pathlib import Path

import pytest

from airflow_provider_liveactivity.sandbox import RunningSandbox, running_sandbox
from tests.support.sender_process import PEOPLE_PER_REQUEST, Task, attempt

WORKERS = 8


def windows(sandbox: RunningSandbox, seconds: int) -> list[int]:
    """Return how many requests came in each of the vendor's windows."""
    moments = [int(record.received_at.timestamp()) // seconds for record in sandbox.sandbox.records]
    return [len(list(same)) for _, same in itertools.groupby(moments)]


def test_a_send_stops_at_the_reserve_and_resumes_at_the_reset(tmp_path: Path) -> None:
    # So few a window that the slowest machine uses each of them up.
    with running_sandbox(latency=0.01, braze_limit=50, braze_window=3) as sandbox:
        task = Task(tmp_path, sandbox.url, "quota", 110 * PEOPLE_PER_REQUEST).prepare()
        report = attempt(Task(**{**vars(task), "options": {"max_workers": WORKERS, "quota_reserve": 0.2}}))
        used = windows(sandbox, 3)
    assert report["ended"] == "finished"
    assert report["accepted"] == 110 * PEOPLE_PER_REQUEST
    assert max(used) <= 40 + WORKERS
    assert sum(count >= 40 for count in used) >= 2, "it stops at the reserve, not before"
    assert report["retries"] == 0, "no 429 is provoked"
    assert 0 < report["waited_seconds"] < 3 * len(used)


def test_a_long_wait_raises_and_the_next_attempt_resumes(tmp_path: Path) -> None:
    with running_sandbox(latency=0.01, braze_limit=100, braze_window=86_400) as sandbox:
        task = Task(tmp_path, sandbox.url, "long", 200 * PEOPLE_PER_REQUEST).prepare()
        report = attempt(task)
        assert report["ended"] == "QuotaExhausted"
        assert 90 <= report["requests"] <= 90 + WORKERS
        assert report["unknown"] == 0
        sandbox.sandbox.change_settings(braze_limit_on=False, braze_limit=1_000_000)
        report = attempt(task)
        assert (report["ended"], report["accepted"]) == ("finished", 200 * PEOPLE_PER_REQUEST)
        assert sandbox.sandbox.activities["braze", "long"].started_twice == 0


@pytest.mark.parametrize("wanted", [25.0, 80.0])
def test_max_requests_per_second_is_kept(tmp_path: Path, wanted: float) -> None:
    requests = int(2 * wanted)
    with running_sandbox(latency=0.03) as sandbox:
        task = Task(tmp_path, sandbox.url, "rate", requests * PEOPLE_PER_REQUEST).prepare()
        begun = datetime.now(UTC)  # the first request may come late on a busy machine, but not early
        attempt(Task(**{**vars(task), "options": {"max_requests_per_second": wanted}}))
        moments = [record.received_at for record in sandbox.sandbox.records]
    assert len(moments) == requests
    # How close one comes from below depends on what else the machine does; tests/unit has a clock for that.
    assert (requests - 1) / (moments[-1] - begun).total_seconds() <= wanted

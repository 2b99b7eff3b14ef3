"""
Processes that sync over HTTP, overlap and are killed: the sandbox tells what was started, and how often.

``SYNC_KILLS=100 SYNC_RUNS=20`` repeats the figures of ``docs/sync.md``.
"""

from __future__ import annotations

import os
import random
import signal
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_liveactivity.models.moments import utcnow
from airflow_provider_liveactivity.sandbox import RunningSandbox, running_sandbox
from airflow_provider_liveactivity.sandbox.phones import Activity
from tests.contract.conftest import postgres
from tests.support.sync_process import Attempt, engine_of, finish, start, sync

__all__ = ["postgres"]

KILLS = int(os.environ.get("SYNC_KILLS", "6"))
RUNS = int(os.environ.get("SYNC_RUNS", "4"))
ROWS = 200
LEASE_OVER, DUE = 6, 31  # minutes
LAST = 1_000  # the version that the rows have in the end


@pytest.fixture(scope="module")
def sandbox() -> Iterator[RunningSandbox]:
    with running_sandbox(latency=0.01, braze_limit_on=False, keep_requests=0) as running:
        yield running


@pytest.fixture(params=["sqlite", "postgres"])
def attempt(request: pytest.FixtureRequest, sandbox: RunningSandbox, tmp_path: Path) -> Attempt:
    database = f"sqlite:///{tmp_path / 'state.sqlite'}"
    if request.param == "postgres":
        database = request.getfixturevalue("postgres").replace("postgresql://", "postgresql+psycopg://")
        engine = engine_of(database)
        with engine.begin() as connection:
            connection.exec_driver_sql("DROP TABLE IF EXISTS state, state_info")
        engine.dispose()
    name = f"{request.param}-{request.function.__name__}"
    return Attempt(tmp_path, sandbox.url, database, name, ROWS, utcnow() + timedelta(minutes=DUE - 1))


def statuses(attempt: Attempt) -> dict[str, str]:
    engine = engine_of(attempt.database)
    with engine.connect() as connection:
        found = connection.exec_driver_sql("SELECT activity_id, status FROM state").all()
    engine.dispose()
    return {row[0]: row[1] for row in found}


def shown(activity: Activity) -> dict[str, Any]:
    """Return the state that a phone shows."""
    return [*activity.starts, *activity.pushes][-1].content_state


def check(sandbox: RunningSandbox, attempt: Attempt) -> Counter[str]:
    """What must hold when all is over: one pass finds every abandoned start, and one ends what is due."""
    assert sync(replace(attempt, run="settle", later=LEASE_OVER, version=LAST))["how"] == "finished"
    known = statuses(attempt)
    activities = sandbox.sandbox.activities
    started = {name: activities["braze", name].started for name in known if ("braze", name) in activities}
    assert len(known) == attempt.rows
    assert set(known.values()) <= {"on", "unknown"}
    assert max(started.values()) == 1
    assert all(started[name] for name, status in known.items() if status == "on")
    assert all(shown(activities["braze", name]) == {"version": LAST} for name in started)

    sync(replace(attempt, run="end", later=DUE))
    assert set(statuses(attempt).values()) == {"ended"}
    assert all(activities["braze", name].ended for name, cards in started.items() if cards)
    return Counter(known.values())


@pytest.mark.timeout(1_200)
def test_no_activity_is_started_twice_and_none_is_left_on_over_many_kills(
    sandbox: RunningSandbox, attempt: Attempt
) -> None:
    chance, kills, version = random.Random(attempt.name), 0, 0
    while kills < KILLS:
        version += 1
        after = chance.uniform(0.02, 0.4) if version % 4 else chance.uniform(0.2, 1)
        report = sync(replace(attempt, version=version), signal_number=signal.SIGKILL, after=after)
        kills += not report
    counted = check(sandbox, attempt)
    print(f"{kills} kills in {version} attempts: {dict(counted)}")


@pytest.mark.timeout(1_200)
def test_runs_that_overlap_and_die_start_no_activity_twice(sandbox: RunningSandbox, attempt: Attempt) -> None:
    chance = random.Random(attempt.name)
    runs = [replace(attempt, run=f"{number:02}-run", version=number) for number in range(RUNS)]

    def one(run: Attempt) -> dict[str, Any]:
        kill: dict[str, Any] = (
            {"signal_number": signal.SIGKILL, "after": chance.uniform(0.1, 1)}
            if chance.random() < 0.5
            else {}
        )
        return finish(run, start(run), **kill)

    with ThreadPoolExecutor(RUNS) as pool:
        reports = list(pool.map(one, runs))
    counted = check(sandbox, attempt)
    print(f"{RUNS} runs, {sum(not report for report in reports)} killed: {dict(counted)}")


def test_a_task_in_live_mode_that_is_asked_to_stop_leaves_nothing_unknown(
    sandbox: RunningSandbox, attempt: Attempt
) -> None:
    report = sync(replace(attempt, live=True), signal_number=signal.SIGTERM, after=0.3)
    assert report["how"] == "SendStopped"
    assert set(statuses(attempt).values()) <= {"on"}
    assert check(sandbox, attempt)["unknown"] == 0

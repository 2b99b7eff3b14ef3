"""Processes that send over HTTP and are killed: the sandbox counts how often each recipient was reached."""

from __future__ import annotations

import itertools
import multiprocessing
import os
import random
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from airflow_provider_liveactivity.outcomes import outcomes
from airflow_provider_liveactivity.sandbox import RunningSandbox, running_sandbox
from airflow_provider_liveactivity.sandbox.phones import Activity
from tests.support.airflow_versions import needs_state_store
from tests.support.sender_process import Task, attempt, run_hook

PEOPLE = 1_000
KILLS = int(os.environ.get("KILLS", "40"))
SENDS_AT_ONCE = 3


@pytest.fixture(scope="module")
def sandbox() -> Iterator[RunningSandbox]:
    with running_sandbox(latency=0.01, braze_limit_on=False, keep_requests=0) as running:
        yield running


def activity_of(sandbox: RunningSandbox, task: Task) -> Activity:
    return sandbox.sandbox.activities["braze", task.activity_id]


def moments(seed: int) -> Iterator[float]:
    """
    Return the seconds after which each attempt of a send is interrupted.

    The first attempt never finishes before: 200 requests by 8 workers take 0.25 s at least. Later ones get
    more and more time, so that the slowest machine comes to an end.
    """
    chance = random.Random(seed)
    return (chance.uniform(0.05, 0.2) * 1.3**number for number in itertools.count())


def check(sandbox: RunningSandbox, task: Task) -> None:
    """What must hold when a send has come to its end."""
    report, activity = task.outcome(), activity_of(sandbox, task)
    assert report["ended"] == "finished"
    assert activity.started_twice == 0
    assert report["accepted"] + report["unknown"] == task.people
    assert report["accepted"] <= len(activity.cards) <= report["accepted"] + report["unknown"]
    check_outcomes(activity, task)


def check_outcomes(activity: Activity, task: Task) -> None:
    """Each recipient has one outcome, and the phones agree."""
    report, rows = task.outcome(), list(outcomes(task.outcomes))
    assert len(rows) == task.people
    assert len({row.send_id for row in rows}) == 1
    of = {kind: {row.person for row in rows if row.outcome == kind} for kind in ("accepted", "unknown")}
    assert of["accepted"] <= activity.cards.keys() <= of["accepted"] | of["unknown"]
    # A process that dies between the files and its checkpoint leaves the files better informed.
    assert report["accepted"] <= len(of["accepted"])
    assert len(of["unknown"]) <= report["unknown"]


def kill_until_finished(sandbox: RunningSandbox, directory: Path, name: str, seed: int) -> int:
    """Send with one process after the other, killed at some moment; return the number of those killed."""
    chance = random.Random(seed)
    task = Task(directory, sandbox.url, name, PEOPLE).prepare()
    kills = 0
    # Some before the first answer, some in the middle, some at the end; later and later on a busy machine.
    while not attempt(
        task,
        signal_number=signal.SIGKILL,
        after=chance.random() * chance.choice((0.1, 0.5, 1)) * 1.03**kills,
    ):
        kills += 1
        assert kills < 100, "no progress"
    check(sandbox, task)
    return kills


@needs_state_store
def test_a_start_through_a_hook_resumes_after_a_kill(sandbox: RunningSandbox, tmp_path: Path) -> None:
    task = Task(tmp_path, sandbox.url, "hook", PEOPLE)
    context = multiprocessing.get_context("spawn")
    slow = context.Process(target=run_hook, args=(task,), kwargs={"max_requests_per_second": 10})
    slow.start()
    while not (activity := sandbox.sandbox.activities.get(("braze", "hook"))) or len(activity.cards) < 200:
        slow.join(0.02)
        assert slow.is_alive()
    slow.kill()
    slow.join()
    reached = len(activity.cards)
    assert reached < PEOPLE
    retry = context.Process(target=run_hook, args=(task,))
    retry.start()
    retry.join()
    report = task.outcome()
    assert activity.started_twice == 0
    assert report["accepted"] + report["unknown"] == PEOPLE
    assert report["accepted"] >= reached - 50
    assert f"{task.activity_id}-0" not in task.state.read_text()


@pytest.mark.timeout(600)
def test_kills_cause_no_second_send_and_no_uncounted_loss(sandbox: RunningSandbox, tmp_path: Path) -> None:
    kills = sends = 0
    with ThreadPoolExecutor(SENDS_AT_ONCE) as pool:
        while kills < KILLS:
            round_of_sends = range(sends, sends + SENDS_AT_ONCE)
            sends += SENDS_AT_ONCE
            kills += sum(
                pool.map(lambda n: kill_until_finished(sandbox, tmp_path, f"killed-{n}", n), round_of_sends)
            )
    print(f"{kills} processes killed in {sends} sends")


@pytest.mark.parametrize("seed", range(3))
def test_a_stopped_task_leaves_no_unknown_outcome(sandbox: RunningSandbox, tmp_path: Path, seed: int) -> None:
    after = moments(seed)
    task = Task(tmp_path, sandbox.url, f"asked-{seed}", PEOPLE).prepare()
    stops = 0
    while attempt(task, signal_number=signal.SIGTERM, after=next(after))["ended"] != "finished":
        stops += 1
    check(sandbox, task)
    assert task.outcome()["unknown"] == 0
    assert stops


@pytest.mark.parametrize("seed", range(3))
def test_a_task_that_reaches_its_timeout_leaves_no_unknown_outcome(
    sandbox: RunningSandbox, tmp_path: Path, seed: int
) -> None:
    after = moments(seed)
    task = Task(tmp_path, sandbox.url, f"late-{seed}", PEOPLE).prepare()
    closed = []  # of each attempt whose time was up: whether that left it to write its last state in peace
    while (report := attempt(task, signal_number=signal.SIGALRM, after=next(after)))["ended"] != "finished":
        closed.append(not report["closing"])
    check(sandbox, task)
    # The exception that hits the last write itself is the only one that may leave an unknown outcome.
    assert task.outcome()["unknown"] == 0 or not all(closed)
    assert closed


def test_a_retry_sends_the_rest_after_the_database_died(sandbox: RunningSandbox, tmp_path: Path) -> None:
    task = Task(tmp_path, sandbox.url, "database", PEOPLE).prepare()
    mortal = Task(**{**vars(task), "rows_until_failure": 900})
    report = attempt(mortal)
    assert report["ended"] == "AudienceUnavailable"
    assert 0 < report["accepted"] <= 900  # what was read but had not left is not among them
    assert len(activity_of(sandbox, task).cards) == report["accepted"]
    attempt(task)
    check(sandbox, task)
    assert task.outcome()["unknown"] == 0


def test_the_ids_of_the_resume_point_are_encrypted(sandbox: RunningSandbox, tmp_path: Path) -> None:
    task = Task(tmp_path, sandbox.url, "secret", PEOPLE).prepare()
    attempt(task, signal_number=signal.SIGKILL, after=0.2)
    assert "secret-0" not in task.state.read_text()
    attempt(task)
    assert "secret-0" not in task.state.read_text()
    check(sandbox, task)


def test_an_unreliable_vendor_loses_only_batches_with_unknown_outcome(
    sandbox: RunningSandbox, tmp_path: Path
) -> None:
    task = Task(tmp_path, sandbox.url, "faulty", PEOPLE).prepare()
    for skip, fault in enumerate(("503", "504_after", "502", "drop_before", "drop_after", "500_after")):
        sandbox.sandbox.add_fault(fault, path="/messages/live_activity/start", skip=20 * skip + 5)
    attempt(task)
    check(sandbox, task)
    assert task.outcome()["unknown"] == 5 * 5  # all but the 502, which was sent again

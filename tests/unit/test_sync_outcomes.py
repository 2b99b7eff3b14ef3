"""The outcome of every start of a sync, in files, also if the process dies."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from airflow_provider_liveactivity.sync.records import Writer
from tests.support.outcome_files import CrashingOutcomeFiles
from tests.support.state_store import ProcessDied
from tests.support.sync_bench import Bench

ATTEMPT = Writer("dag", "run", "task", "0" * 16)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    bench.engine.dispose()


def test_the_person_of_every_start_has_an_outcome_and_nobody_else(bench: Bench) -> None:
    files = CrashingOutcomeFiles()
    fates = {"lost": "lost", "refused": "reject"}
    bench.vendor.fate = lambda verb, activity_id: fates.get(activity_id, "accept")
    group = {"external_user_id": None, "external_user_ids": ["ada", "grace"]}
    segment = {"external_user_id": None, "segment_id": "fans"}
    rows = [bench.row(name) for name in ("good", "lost", "refused")]
    bad = bench.row("bad", "{no json")
    report = bench.sync(
        [*rows, bad, {**bench.row("group"), **group}, {**bench.row("all"), **segment}], outcomes=files
    )
    assert {row.send_id for row in files.rows()} == {report["send_id"]}
    assert files.people("accepted") == {"user-good", "ada", "grace", "None"}
    assert files.people("unknown") == {"user-lost"}
    assert files.people("rejected") == {"user-refused"}

    again = CrashingOutcomeFiles()
    bench.vendor.fate = lambda verb, _: "accept"
    bench.sync([bench.row("good", 1), bench.row("lost", ended=True)], outcomes=again)
    assert again.rows() == []  # updates and ends have no audience


def test_without_files_the_report_has_no_send_id(bench: Bench) -> None:
    assert "send_id" not in bench.sync([bench.row("a")])


@pytest.mark.parametrize("before", [True, False])
def test_a_start_in_flight_at_a_kill_is_unknown_in_the_files_of_the_next_run(
    bench: Bench, before: bool
) -> None:
    files = CrashingOutcomeFiles()
    files.die_at = (2, before)  # the first file is empty
    with pytest.raises(ProcessDied):
        bench.sync([bench.row("a")], writer=ATTEMPT, outcomes=files)
    assert bench.statuses() == {"a": "starting"}

    files.die_at = None
    report = bench.sync([bench.row("a")], writer=ATTEMPT, outcomes=files)
    assert report["unknown"] == 1
    assert files.people("unknown") == {"user-a"}
    assert files.people("accepted") == (set() if before else {"user-a"})
    assert bench.vendor.starts == {"a": 1}


def test_a_start_whose_row_has_gone_has_an_outcome_without_a_person(bench: Bench) -> None:
    files = CrashingOutcomeFiles()
    files.die_at = (2, True)
    with pytest.raises(ProcessDied):
        bench.sync([bench.row("a")], writer=ATTEMPT, outcomes=files)
    files.die_at = None
    bench.sync([], writer=ATTEMPT, outcomes=files)
    assert [(row.activity_id, row.person, row.outcome) for row in files.rows()] == [("a", None, "unknown")]

"""Starts that keep the outcome of every recipient, or are too slow: hooks against the sandbox over HTTP."""

from __future__ import annotations

import re
import sqlite3
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from airflow.sdk import ObjectStoragePath

from airflow_provider_liveactivity._airflow_internals import AIRFLOW_V_3_3_PLUS
from airflow_provider_liveactivity.errors import InvalidPayload, LiveActivityError
from airflow_provider_liveactivity.hooks.braze import BrazeHook
from airflow_provider_liveactivity.hooks.moengage import MoEngageHook
from airflow_provider_liveactivity.operators.moengage import MoEngageStartLiveActivityOperator
from airflow_provider_liveactivity.outcomes import outcomes
from airflow_provider_liveactivity.sandbox import RunningSandbox
from tests.support.airflow_versions import needs_memory_paths
from tests.support.clock import NOW
from tests.support.moengage_tasks import KEYS, Task
from tests.support.vendor_adapters import BRAZE, MOENGAGE

DOCS = Path(__file__).parents[3] / "docs" / "outcomes.md"
BRAZE_START: dict[str, Any] = {**BRAZE.fields["start"], "content_state": {}, "max_workers": 1}
del BRAZE_START["external_user_ids"]
ORDER: dict[str, Any] = {"activity_id": "order-1042", "alert_id": "696737255def18872642f9d2"}
PEOPLE = [f"user-{number:03}" for number in range(120)]
ALIASES = [{"alias_name": "ada", "alias_label": "crm"}, {"alias_name": "2024-01-01", "alias_label": "crm"}]


def start(hook: BrazeHook | None = None, **arguments: Any) -> dict[str, Any]:
    return dict((hook or BrazeHook()).start_live_activity(**BRAZE_START, **arguments))


def start_users(monkeypatch: pytest.MonkeyPatch, sandbox: RunningSandbox, **audience: Any) -> dict[str, Any]:
    connection = MOENGAGE.connection(sandbox.url, extra=KEYS)
    monkeypatch.setenv("AIRFLOW_CONN_MOENGAGE_DEFAULT", connection)
    hook = MoEngageHook()
    return dict(hook.start_live_activity(**ORDER, max_workers=1, **audience))


def test_a_braze_start_keeps_the_outcome_of_every_recipient(sandbox: RunningSandbox, tmp_path: Path) -> None:
    sandbox.sandbox.add_fault("503", path="/messages/live_activity/start", skip=1)
    folder = tmp_path / "made" / "when missing"
    report = start(external_user_ids=PEOPLE, user_aliases=ALIASES, outcomes_path=str(folder))
    rows = list(outcomes(folder))
    assert {row.send_id for row in rows} == {report["send_id"]}
    assert [row.person for row in rows if row.outcome == "unknown"] == PEOPLE[50:100]
    accepted = [(row.person, row.alias_label) for row in rows if row.outcome == "accepted"]
    aliases = [(alias["alias_name"], alias["alias_label"]) for alias in ALIASES]
    assert accepted == [(person, None) for person in (*PEOPLE[:50], *PEOPLE[100:])] + aliases
    assert all(row.request_id for row in rows if row.outcome == "accepted")
    assert (report["accepted"], report["unknown"]) == (72, 50)
    assert not [path for path in folder.iterdir() if path.name.startswith(".")], "no draft is left"


def test_a_start_of_single_users_keeps_ids_and_no_push_tokens(
    sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    warehouse = tmp_path / "warehouse.sqlite"
    with closing(sqlite3.connect(warehouse)) as connection, connection:
        connection.execute("CREATE TABLE users (id TEXT, token TEXT, transaction_id TEXT)")
        connection.execute("INSERT INTO users VALUES ('ada', 'secret-token', 't-1'), ('bob', 'other', 't-2')")
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", f'{{"conn_type": "sqlite", "host": "{warehouse}"}}')
    folder = tmp_path / "outcomes"
    query = {"sql": "SELECT * FROM users", "sql_conn_id": "warehouse", "outcomes_path": folder}
    start_users(monkeypatch, sandbox, **query)
    rows = [(row.activity_id, row.person, row.alias_label, row.outcome) for row in outcomes(folder)]
    assert rows == [("order-1042", person, None, "accepted") for person in ("ada", "bob")]


@pytest.mark.parametrize("scheme", ["file", pytest.param("memory", marks=needs_memory_paths)])
def test_a_folder_can_be_a_url(sandbox: RunningSandbox, tmp_path: Path, scheme: str) -> None:
    url = f"{scheme}://{tmp_path}"
    start(external_user_ids=PEOPLE, outcomes_path=url)
    assert len(list(outcomes(url))) == len(PEOPLE)
    assert len(list(outcomes(ObjectStoragePath(url)))) == len(PEOPLE)


def test_nothing_is_sent_if_the_folder_cannot_be_written_to(sandbox: RunningSandbox, tmp_path: Path) -> None:
    blocked = tmp_path / "a file"
    blocked.touch()
    with pytest.raises(
        LiveActivityError, match=r"could not be written to outcomes_path '.*a file'"
    ) as failed:
        start(external_user_ids=PEOPLE, outcomes_path=blocked)
    assert failed.value.retryable
    assert not sandbox.sandbox.records


def test_only_people_who_are_named_have_outcomes(sandbox: RunningSandbox, tmp_path: Path) -> None:
    with pytest.raises(InvalidPayload, match="outcomes_path needs an audience whose recipients are named"):
        start(segment_id="fans", outcomes_path=tmp_path)
    assert not sandbox.sandbox.records


@pytest.mark.parametrize("blank", [None, "", "None"])
def test_without_a_path_nothing_is_kept(sandbox: RunningSandbox, blank: str | None) -> None:
    assert "send_id" not in start(external_user_ids=PEOPLE, outcomes_path=blank)


def test_a_dry_run_tells_the_estimate_and_writes_nothing(sandbox: RunningSandbox, tmp_path: Path) -> None:
    before = datetime.now(UTC)
    report = start(
        external_user_ids=PEOPLE,
        max_requests_per_second=2,
        outcomes_path=tmp_path / "none",
        validate_only=True,
    )
    assert (report["requests"], report["expected_seconds"]) == (3, 1.5)
    assert datetime.fromisoformat(report["expected_last_sent_at"]) >= before + timedelta(seconds=1.5)
    assert not (tmp_path / "none").exists()
    assert "expected_seconds" not in start(segment_id="fans", validate_only=True)


@pytest.mark.parametrize("validate_only", [True, False])
def test_a_start_that_cannot_be_over_in_time_is_refused(
    sandbox: RunningSandbox, *, validate_only: bool
) -> None:
    slow: dict[str, Any] = {
        "external_user_ids": PEOPLE,
        "max_requests_per_second": 0.1,
        "end_time": datetime.now(UTC) + timedelta(seconds=20),
        "validate_only": validate_only,
    }
    with pytest.raises(InvalidPayload, match=r"too slow: 3 requests take about 30 seconds"):
        start(**slow)
    with pytest.raises(InvalidPayload, match="on_too_slow must be 'fail' or 'warn', not 'skip'"):
        start(**slow, on_too_slow="skip")
    assert not sandbox.sandbox.records


def test_a_start_that_is_too_slow_can_be_sent_with_a_warning(
    sandbox: RunningSandbox, caplog: pytest.LogCaptureFixture
) -> None:
    fast: dict[str, Any] = {"external_user_ids": PEOPLE, "max_requests_per_second": 20, "on_too_slow": "warn"}
    end = NOW + timedelta(seconds=0.1)
    report = start(BrazeHook(clock=lambda: NOW), **fast, end_time=end.isoformat())
    assert (report["accepted"], report["expected_seconds"]) == (120, 0.3)
    assert "The send is too slow: 3 requests" in caplog.text


def test_a_braze_task_keeps_outcomes_over_its_attempts_and_checks_its_end(
    sandbox: RunningSandbox, tmp_path: Path
) -> None:
    sandbox.sandbox.add_fault("503", path="/messages/live_activity/start", skip=1)
    arguments: dict[str, Any] = {"external_user_ids": PEOPLE, "max_workers": 1, "on_unknown": "fail"}
    task = Task(BRAZE.operator("start", **arguments, outcomes_path=str(tmp_path)))
    assert task.run().ended == "failed"
    assert sorted(row.outcome for row in outcomes(tmp_path)) == ["accepted"] * 50 + ["unknown"] * 50
    task.operator.on_unknown = "skip"
    report = task.run().report
    assert report is not None
    rows = [row for row in outcomes(tmp_path) if row.send_id == report["send_id"]]
    counts = Counter(row.outcome for row in rows)
    assert counts == Counter(accepted=70, unknown=50) if AIRFLOW_V_3_3_PLUS else Counter(accepted=120)
    end = datetime.now(UTC) + timedelta(hours=1)
    slow = BRAZE.operator("start", **arguments, max_requests_per_second=1e-4, end_time=end)
    failed = Task(slow).run()
    assert failed.ended == "failed"
    assert f"The activity's end_time is {end.isoformat()}" in str(failed.cause)


def test_a_moengage_task_keeps_outcomes(
    sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_MOENGAGE_DEFAULT", MOENGAGE.connection(sandbox.url, extra=KEYS))
    start = MoEngageStartLiveActivityOperator(
        task_id="start", external_user_ids=["ada"], outcomes_path=str(tmp_path), on_too_slow="warn", **ORDER
    )
    assert Task(start).run().ended == "success"
    assert [row.person for row in outcomes(tmp_path)] == ["ada"]


def query(language: str, place: int) -> str:
    blocks = re.findall(rf"```{language}\n(.*?)```", DOCS.read_text(), re.DOTALL)
    found: str = blocks[place]
    return found


def test_the_documented_queries_find_the_unknown_and_an_audience_for_a_second_try(
    sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    people = ["00017", "2024-01-01", "9007199254740993"]
    sandbox.sandbox.add_fault("503", path="/messages/live_activity/start")
    with_unknown = start(external_user_ids=people, outcomes_path="outcomes")
    start(external_user_ids=people, outcomes_path="outcomes")
    documented = query("sql", 0).replace("20261124T180000Z-1f3c9a2b", with_unknown["send_id"])
    assert duckdb.execute(f"{documented} HAVING outcome = 'unknown' ORDER BY person").fetchall() == [
        (person, None, "unknown") for person in people
    ]
    second_try = query("python", 2).split('"""')[1]
    found = duckdb.execute(f"{second_try} ORDER BY person", [with_unknown["send_id"]]).fetchall()
    assert found == [(person,) for person in people]

"""The doctor finds what is wrong with an installation, says how to fix it, and shows no key."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from airflow_provider_liveactivity._airflow_internals import AIRFLOW_V_3_3_PLUS
from airflow_provider_liveactivity.cli import _checks
from airflow_provider_liveactivity.cli._checks import Check, check_connections, check_installation
from airflow_provider_liveactivity.cli.commands import main
from airflow_provider_liveactivity.hooks.braze import BrazeHook
from tests.support.vendor_adapters import BRAZE

if TYPE_CHECKING:
    from airflow_provider_liveactivity.sandbox import RunningSandbox

pytestmark = pytest.mark.usefixtures("database")


def by_name(checks: Any) -> dict[str, Check]:
    return {check.name: check for check in checks}


def test_an_installation_without_a_triggerer_has_a_problem() -> None:
    found = by_name(check_installation())["triggerer"]
    assert found.status == "problem"
    assert "airflow triggerer" in found.remedy


def test_a_triggerer_with_a_heartbeat_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    now = datetime.now(UTC)
    monkeypatch.setattr(_checks, "triggerers", lambda: [("a", now, False), ("b", now, True)])
    found = by_name(check_installation())["triggerer"]
    assert (found.status, found.found) == ("ok", "A triggerer runs on b.")


def test_a_triggerer_that_has_died_is_told_with_its_last_heartbeat(monkeypatch: pytest.MonkeyPatch) -> None:
    died = datetime(2026, 7, 1, 20, tzinfo=UTC)
    monkeypatch.setattr(_checks, "triggerers", lambda: [("a", died, False)])
    found = by_name(check_installation())["triggerer"]
    assert found.status == "problem"
    assert "2026-07-01T20:00:00+00:00" in found.found


def test_a_pool_that_is_full_or_counts_deferred_tasks_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_checks, "pools", lambda: [("ends", 5, 0, False), ("waits", 5, 5, True)])
    found = by_name(check_installation())
    assert (found["pool ends"].status, found["pool waits"].status) == ("warning", "warning")
    assert "pools" not in found


def test_the_version_and_the_fernet_key_are_told() -> None:
    found = by_name(check_installation())
    assert found["Airflow"].status == ("ok" if AIRFLOW_V_3_3_PLUS else "warning")
    assert found["Fernet key"].status == "ok"
    assert found["pools"].status == "ok"


def test_each_connection_is_tested_and_only_read(sandbox: RunningSandbox) -> None:
    found = by_name(check_connections([]))
    for vendor in ("braze", "moengage"):
        assert found[f"connection {vendor}_default"].status == "ok"
        assert found[f"clock, {vendor}_default"].status == "ok"
    assert not [record for record in sandbox.sandbox.records if "live" in record.path]


def test_what_is_wrong_with_a_connection_is_a_problem_without_the_key(
    sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_WRONG", BRAZE.connection(sandbox.url, password="wr0ng-k3y"))
    found = by_name(check_connections(["wrong", "nowhere", "warehouse"]))
    assert {check.status for check in found.values()} == {"problem"}
    assert "401" in found["connection wrong"].found
    assert "clock, wrong" not in found
    assert found["connection nowhere"].found == "Airflow has no connection with this id."
    assert "duckdb" in found["connection warehouse"].found
    assert "wr0ng-k3y" not in repr(found)


@pytest.mark.parametrize(
    ("seconds", "status"), [(0, "ok"), (-10, "warning"), (10, "warning"), (90, "problem")]
)
def test_a_clock_that_differs_from_the_vendors_is_told(
    sandbox: RunningSandbox, seconds: int, status: str
) -> None:
    wrong = BrazeHook(clock=lambda: datetime.now(UTC) + timedelta(seconds=seconds))
    found = _checks._clock("braze_default", wrong)
    assert found.status == status
    assert ("behind" in found.found) == (seconds < 0)
    assert ("ahead" in found.found) == (seconds > 0)


def test_the_command_prints_json_and_fails_if_there_is_a_problem(
    sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("airflow_provider_liveactivity.cli.doctor.quieten_logs", lambda: None)
    assert main(["doctor", "nowhere", "--json"]) == 1
    checks = json.loads(capsys.readouterr().out)
    assert {"name", "status", "found", "remedy"} == set(checks[0])
    assert checks[-1]["status"] == "problem"


def test_people_read_marks_words_and_remedies(
    sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("airflow_provider_liveactivity.cli.doctor.quieten_logs", lambda: None)
    monkeypatch.setattr(_checks, "triggerers", lambda: [("a", datetime.now(UTC), True)])
    assert main(["doctor", "braze_default"]) == 0
    shown = capsys.readouterr().out
    assert "✓ ok" in shown
    assert "problem" not in shown

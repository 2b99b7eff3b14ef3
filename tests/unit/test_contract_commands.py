"""The commands ``contract`` and ``check``."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_liveactivity.cli.commands import main

FLIGHT = Path(__file__).with_name("contract_cases") / "Flight.swift"
STATE = {"departure": 812_345_678, "status": "boarding", "legs": []}


@pytest.fixture
def state(tmp_path: Path) -> Path:
    path = tmp_path / "state.json"
    path.write_text(json.dumps(STATE))
    return path


def printed(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out)


def test_contract_writes_a_schema_for_each_argument(
    tmp_path: Path, state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["contract", str(FLIGHT), "--out", str(tmp_path / "new" / "schemas")]) == 0
    written = sorted((tmp_path / "new" / "schemas").iterdir())
    assert [path.name for path in written] == [
        "FlightAttributes.attributes.schema.json",
        "FlightAttributes.content-state.schema.json",
    ]
    assert capsys.readouterr().out.splitlines() == [
        f'attributes_schema="{written[0]}"',
        f'content_state_schema="{written[1]}"',
    ]
    assert main(["check", "--schema", str(written[1]), str(state)]) == 0
    assert main(["check", "--schema", str(written[0]), "--attributes", str(state)]) == 1


def test_contract_writes_nothing_if_something_cannot_be_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = "struct A: ActivityAttributes { struct ContentState: Codable { var a: B\nvar c: (Int, Int) } }"
    path = tmp_path / "A.swift"
    path.write_text(source)
    problems = [
        f"{path}:1: A.ContentState.a has the type B, which is not in the files",
        f"{path}:2: A.ContentState.c is a tuple",
    ]
    assert main(["contract", str(path), "--out", str(tmp_path / "out")]) == 1
    assert capsys.readouterr().out.splitlines()[:2] == problems
    assert main(["contract", str(path), "--out", str(tmp_path / "out"), "--json"]) == 1
    assert printed(capsys) == {"problems": problems}
    assert not (tmp_path / "out").exists()


def test_contract_names_a_file_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["contract", str(tmp_path / "B.swift")]) == 1
    assert "B.swift cannot be read (FileNotFoundError)" in capsys.readouterr().err


def test_contract_takes_the_name_of_one_of_several_activities(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "Ride.swift"
    other.write_text("struct Ride: ActivityAttributes { struct ContentState: Codable, Hashable {} }")
    words = ["contract", str(FLIGHT), str(other), "--out", str(tmp_path), "--json"]
    assert main(words) == 1
    assert "several structs conform to ActivityAttributes" in printed(capsys)["problems"][0]
    assert main([*words, "--type", "Ride"]) == 0
    assert printed(capsys)["type"] == "Ride"


def test_check_accepts_what_the_app_decodes(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--schema", str(FLIGHT), str(state)]) == 0
    assert capsys.readouterr().out == "The app decodes it.\n"


def test_check_names_everything_that_is_wrong_and_no_value(
    state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state.write_text(json.dumps({**STATE, "status": "hunter2", "departure": "hunter2", "gate": None}))
    assert main(["check", "--schema", f"{FLIGHT}#FlightAttributes", str(state), "--json"]) == 1
    found = printed(capsys)
    assert [problem.partition(" must")[0] for problem in found["problems"]] == [
        "content_state.departure",
        "content_state.status",
    ]
    assert found["warnings"][0].startswith("null at content_state.gate: ")
    assert "hunter2" not in json.dumps(found)


def test_a_null_for_an_optional_is_a_warning(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    state.write_text(json.dumps({**STATE, "gate": None}))
    assert main(["check", "--schema", str(FLIGHT), str(state)]) == 0
    assert capsys.readouterr().out.startswith("warning: null at content_state.gate: ")


def test_check_reads_the_standard_input(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("[]"))
    assert main(["check", "--schema", str(FLIGHT), "-"]) == 1
    assert "content_state must be an object" in capsys.readouterr().err


def test_check_names_a_file_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--schema", str(FLIGHT), str(tmp_path / "state.json")]) == 1
    assert "state.json cannot be read (FileNotFoundError)" in capsys.readouterr().err

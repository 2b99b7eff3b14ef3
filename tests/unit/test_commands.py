"""The commands, of which ``python -m`` and ``airflow liveactivity`` have one definition."""

from __future__ import annotations

import argparse
import importlib
import json
import subprocess
import sys
from types import SimpleNamespace
from typing import Any

import pytest

from airflow_provider_liveactivity.cli import preview
from airflow_provider_liveactivity.cli.commands import NAMES, commands, help_of, main, run
from airflow_provider_liveactivity.errors import InvalidPayload
from airflow_provider_liveactivity.get_provider_info import get_provider_info
from tests.support.airflow_versions import needs_provider_commands

PROGRAM = (sys.executable, "-m", "airflow_provider_liveactivity")
#: They are slow, and each ``airflow`` command would wait for them.
IMPORTED_WHEN_RUN = ("airflow.models", "fastapi", "httpx", "pydantic", "rich", "sqlalchemy", "uvicorn")


def test_help_lists_every_command_with_its_purpose() -> None:
    shown = subprocess.run([*PROGRAM, "--help"], check=True, capture_output=True, text=True).stdout
    for name, command in commands():
        assert f"{name} " in shown
        assert help_of(command).endswith(".")
        assert help_of(command).split()[0] in shown


def test_arguments_of_the_commands_are_read_without_slow_imports() -> None:
    script = "import sys\nfrom airflow_provider_liveactivity.cli.commands import commands\nlist(commands())\n"
    script += "print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True).stdout
    assert [name for name in IMPORTED_WHEN_RUN if name in loaded.split()] == []


def test_an_error_of_the_provider_is_a_line_and_not_a_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    def fail(_: argparse.Namespace) -> int:
        raise InvalidPayload("content_state is required.")

    command: Any = SimpleNamespace(run=fail)
    assert run(command, argparse.Namespace()) == 1
    assert capsys.readouterr().err == "content_state is required.\n"


@pytest.mark.parametrize(
    ("option", "value", "why"),
    [
        ("--conf", "{home: 1}", "not JSON"),
        ("--conf", "[1]", "not a JSON object"),
        ("--logical-date", "tomorrow", "not an ISO-8601 date"),
    ],
)
def test_a_wrong_option_is_named(
    option: str, value: str, why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["preview", "match", "start", option, value])
    assert stopped.value.code == 2
    assert f"{option}: {why}" in capsys.readouterr().err


def test_options_of_the_preview_are_parsed() -> None:
    parser = argparse.ArgumentParser()
    preview.add_arguments(parser)
    words = ["match", "live.start", "--conf", '{"home": "City"}', "--logical-date", "2026-07-01T20:00:00"]
    arguments = parser.parse_args(words)
    assert (arguments.dag_id, arguments.task_id, arguments.conf) == ("match", "live.start", {"home": "City"})
    assert arguments.logical_date.isoformat() == "2026-07-01T20:00:00+00:00"


@pytest.fixture
def group() -> Any:
    info: Any = get_provider_info()
    [path] = info["cli"]
    module, _, name = path.rpartition(".")
    [group] = getattr(importlib.import_module(module), name)()
    return group


@needs_provider_commands
def test_airflow_has_the_same_commands(group: Any) -> None:
    from airflow.cli import cli_parser

    assert group.name == "liveactivity"
    assert tuple(command.name for command in group.subcommands) == NAMES
    parser = cli_parser.get_parser()
    arguments = parser.parse_args(["liveactivity", "preview", "match", "live.start", "--json"])
    assert (arguments.dag_id, arguments.task_id, arguments.json) == ("match", "live.start", True)


def test_airflow_ends_with_the_exit_code_of_the_command(group: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preview, "run", lambda _: 1)
    [command] = [command for command in group.subcommands if command.name == "preview"]
    with pytest.raises(SystemExit) as stopped:
        command.func(argparse.Namespace())
    assert stopped.value.code == 1


def test_json_is_all_that_is_on_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    from airflow_provider_liveactivity.cli._output import print_json

    print_json({"home": "Zürich", "seconds": None})
    assert json.loads(capsys.readouterr().out) == {"home": "Zürich", "seconds": None}

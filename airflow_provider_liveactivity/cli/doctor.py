"""Check the connections and this Airflow, and say how to fix what is wrong."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from typing import TYPE_CHECKING

from airflow_provider_liveactivity.cli._output import add_json_option, console, print_json, quieten_logs

if TYPE_CHECKING:
    from airflow_provider_liveactivity.cli._checks import Check

_MARKS = {"ok": ("✓", "green"), "warning": ("!", "yellow"), "problem": ("✗", "red")}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """
    Add the arguments of the command.

    :param parser: parser of the command.
    """
    parser.add_argument(
        "conn_ids",
        nargs="*",
        metavar="CONN_ID",
        help="connection to test (default: those to Braze and MoEngage in the environment and the database)",
    )
    add_json_option(parser)


def run(arguments: argparse.Namespace) -> int:
    """
    Check everything, print the results, and return 1 if there is a problem, else 0.

    :param arguments: parsed arguments.
    """
    quieten_logs()
    from airflow_provider_liveactivity._airflow_internals import in_process_supervisor
    from airflow_provider_liveactivity.cli._checks import check_connections, check_installation

    with in_process_supervisor():
        checks = [*check_installation(), *check_connections(arguments.conn_ids)]
    if arguments.json:
        print_json([asdict(check) for check in checks])
    else:
        _print(checks)
    return int(any(check.status == "problem" for check in checks))


def _print(checks: list[Check]) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 2))
    for check in checks:
        mark, colour = _MARKS[check.status]
        told = Text(check.found)
        if check.remedy:
            told.append(f"\n→ {check.remedy}", style="bold")
        table.add_row(Text(f"{mark} {check.status}", style=colour), Text(check.name), told)
    console().print(table)

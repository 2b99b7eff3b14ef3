"""Show what a task would send, and send nothing."""

from __future__ import annotations

import argparse
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow_provider_liveactivity.cli._output import add_json_option, console, print_json, quieten_logs

if TYPE_CHECKING:
    from airflow_provider_liveactivity.preview import Preview


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """
    Add the arguments of the command.

    :param parser: parser of the command.
    """
    parser.add_argument("dag_id", help="id of the DAG")
    parser.add_argument("task_id", help="id of the task, with its task groups, such as live.start")
    parser.add_argument(
        "--conf", type=_conf, metavar="JSON", help="configuration of the run, as a JSON object"
    )
    parser.add_argument(
        "--logical-date",
        type=_moment,
        metavar="DATE",
        help="logical date of the run, in UTC unless it has an offset (default: now)",
    )
    parser.add_argument("--run-id", help="use the conf, the dates and the XComs of an existing run")
    parser.add_argument(
        "--map-index", type=int, default=0, help="index of a mapped task (default: %(default)s)"
    )
    parser.add_argument("-B", "--bundle-name", action="append", help="DAG bundle to look in; may be repeated")
    parser.add_argument(
        "--html", type=Path, metavar="FILE", help="also write a page with the lock-screen card"
    )
    add_json_option(parser)


def run(arguments: argparse.Namespace) -> int:
    """
    Print the preview of a task, and return the exit code.

    :param arguments: parsed arguments.
    """
    quieten_logs()
    from airflow_provider_liveactivity.preview import preview_task

    preview = preview_task(
        arguments.dag_id,
        arguments.task_id,
        conf=arguments.conf,
        logical_date=arguments.logical_date,
        run_id=arguments.run_id,
        map_index=arguments.map_index,
        bundle_names=arguments.bundle_name,
    )
    if arguments.html is not None:
        arguments.html.write_text(preview.to_html(), encoding="utf-8")
    if arguments.json:
        print_json(preview.to_json())
    else:
        _print(preview, arguments.html)
    return 0


def _print(preview: Preview, page: Path | None) -> None:
    from rich.table import Table

    from airflow_provider_liveactivity.preview import facts

    out = console()
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim")
    table.add_column(overflow="fold")
    for name, value in facts(preview):
        table.add_row(name, value)
    for warning in preview.warnings:
        table.add_row("Warning", warning, style="yellow")
    if page is not None:
        table.add_row("Card", str(page))
    out.print(table)
    out.print("\nOne request, with numbers in place of recipients:\n")
    out.print_json(json.dumps(preview.body))
    out.print("\nThe same request with curl:\n")
    out.print(preview.curl)
    out.print("\nNothing was sent.", style="bold")


def _conf(text: str) -> dict[str, Any]:
    try:
        conf = json.loads(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"not JSON: {error}") from None
    if not isinstance(conf, dict):
        raise argparse.ArgumentTypeError('not a JSON object, such as {"airport": "JFK"}')
    return conf


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError("not an ISO-8601 date, such as 2026-12-01T20:00:00+00:00") from None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)

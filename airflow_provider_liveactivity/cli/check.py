"""Check a content state, or the attributes, against a JSON Schema or a Swift file."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from airflow_provider_liveactivity.cli._output import add_json_option, console, print_json


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """
    Add the arguments of the command.

    :param parser: parser of the command.
    """
    parser.add_argument(
        "--schema",
        required=True,
        metavar="FILE",
        help="JSON Schema, or Swift file (FILE.swift#NAME if it has several activities)",
    )
    parser.add_argument(
        "--attributes", action="store_true", help="the file has the attributes, not a content state"
    )
    parser.add_argument(
        "file", metavar="STATE.json", help="file with a JSON object; - for the standard input"
    )
    add_json_option(parser)


def run(arguments: argparse.Namespace) -> int:
    """
    Print what breaks the schema, and return the exit code: 1 if something does.

    :param arguments: parsed arguments.
    """
    from airflow_provider_liveactivity.models.apns import null_warnings
    from airflow_provider_liveactivity.models.arguments import parse_object
    from airflow_provider_liveactivity.models.schema import SchemaCheck

    argument = "attributes" if arguments.attributes else "content_state"
    check = SchemaCheck.of(arguments.schema, argument)
    value = parse_object(_read(arguments.file), argument)
    problems, warnings = check.problems(value), null_warnings(value, argument)
    if arguments.json:
        print_json({"problems": problems, "warnings": warnings})
    else:
        _print(problems, warnings)
    return 1 if problems else 0


def _read(file: str) -> str:
    from airflow_provider_liveactivity.errors import InvalidPayload

    if file == "-":
        return sys.stdin.read()
    try:
        return Path(file).read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidPayload(f"{file} cannot be read ({type(error).__name__}).") from None


def _print(problems: list[str], warnings: list[Any]) -> None:
    out = console()
    for problem in problems:
        out.print(f"error: {problem}")
    for warning in warnings:
        out.print(f"warning: {warning}")
    if not problems:
        out.print("The app decodes it.")

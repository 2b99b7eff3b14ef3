"""Write JSON Schemas of the attributes and the content state that Swift files declare."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from airflow_provider_liveactivity.cli._output import add_json_option, console, print_json


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """
    Add the arguments of the command.

    :param parser: parser of the command.
    """
    parser.add_argument(
        "files",
        nargs="+",
        metavar="FILE.swift",
        help="Swift file with the types of the activity, or with extensions of them",
    )
    parser.add_argument(
        "--type", metavar="NAME", help="name of the ActivityAttributes struct, if the files have several"
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=Path(),
        metavar="DIR",
        help="folder of the schemas (default: the current folder)",
    )
    add_json_option(parser)


def run(arguments: argparse.Namespace) -> int:
    """
    Write the schemas, and return the exit code: 1 if something cannot be read, and then write nothing.

    :param arguments: parsed arguments.
    """
    from airflow_provider_liveactivity.contract.json_schema import attributes_schema, content_state_schema
    from airflow_provider_liveactivity.contract.swift import UnreadableSwift, read_contract

    try:
        contract = read_contract(arguments.files, arguments.type)
    except UnreadableSwift as error:
        _print_problems(error.problems, as_json=arguments.json)
        return 1
    name = contract.attributes
    schemas = {
        "attributes_schema": (f"{name}.attributes.schema.json", attributes_schema(contract)),
        "content_state_schema": (f"{name}.content-state.schema.json", content_state_schema(contract)),
    }
    arguments.out.mkdir(parents=True, exist_ok=True)
    paths = {}
    for argument, (file, schema) in schemas.items():
        path = arguments.out / file
        path.write_text(json.dumps(schema, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        paths[argument] = str(path)
    if arguments.json:
        print_json({"type": name, **paths})
    else:
        for argument, written in paths.items():
            console().print(f'{argument}="{written}"')
    return 0


def _print_problems(problems: list[str], *, as_json: bool) -> None:
    if as_json:
        print_json({"problems": problems})
        return
    out = console()
    for problem in problems:
        out.print(problem)
    out.print("Nothing was written: the schemas would contain a guess.")

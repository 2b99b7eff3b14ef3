"""List the commands, and run one as ``python -m airflow_provider_liveactivity``."""

from __future__ import annotations

import argparse
import importlib
import sys
from typing import TYPE_CHECKING, Protocol, cast

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

DESCRIPTION = "Preview, check and try Live Activities."
#: Names of the commands, which are the names of their modules.
NAMES = ("check", "contract", "doctor", "preview", "sandbox")


class Command(Protocol):
    """The module of a command."""

    __name__: str
    __doc__: str | None

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Add the arguments of the command."""

    def run(self, arguments: argparse.Namespace) -> int:
        """Carry out the command and return the exit code."""


def commands() -> Iterator[tuple[str, Command]]:
    """Yield the name and the module of each command."""
    for name in NAMES:
        yield name, cast("Command", importlib.import_module(f"{__package__}.{name}"))


def help_of(command: Command) -> str:
    """
    Return the help of a command: the first line of its module's docstring.

    :param command: module of the command.
    """
    return (command.__doc__ or "").strip().partition("\n")[0]


def run(command: Command, arguments: argparse.Namespace) -> int:
    """
    Run a command and return its exit code: 0 for success, 1 for a failure, which the command describes.

    :param command: module of the command.
    :param arguments: parsed arguments of the command.
    """
    from airflow_provider_liveactivity.errors import LiveActivityError

    try:
        return command.run(arguments)
    except LiveActivityError as error:
        sys.stderr.write(f"{error}\n")
        return 1


def main(words: Sequence[str] | None = None) -> int:
    """
    Run the command that the words of a command line name, and return its exit code.

    :param words: the words after the program's name; None, the default, for those of this process.
    """
    parser = argparse.ArgumentParser(prog="python -m airflow_provider_liveactivity", description=DESCRIPTION)
    parsers = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    known = dict(commands())
    for name, command in known.items():
        help_text = help_of(command)
        command.add_arguments(parsers.add_parser(name, help=help_text, description=help_text))
    arguments = parser.parse_args(words)
    return run(known[arguments.command], arguments)

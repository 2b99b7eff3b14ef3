"""Add the commands to Airflow's own, as ``airflow liveactivity``, from Airflow 3.2 on."""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING

from airflow.cli.cli_config import ActionCommand, Arg, GroupCommand

from airflow_provider_liveactivity.cli.commands import DESCRIPTION, commands, help_of, run

if TYPE_CHECKING:
    import argparse

    from airflow.cli.cli_config import CLICommand

    from airflow_provider_liveactivity.cli.commands import Command


class _Arguments(Arg):
    """All arguments of a command."""

    def __init__(self, command: Command) -> None:
        super().__init__(flags=("arguments",))  # type: ignore[no-untyped-call]
        self._command = command

    def add_to_parser(self, parser: argparse.ArgumentParser) -> None:
        """
        Add the arguments to a parser.

        :param parser: Airflow's parser of the command.
        """
        self._command.add_arguments(parser)


def get_liveactivity_cli_commands() -> list[CLICommand]:
    """Return the group ``liveactivity`` with the commands of the provider."""
    return [
        GroupCommand(
            name="liveactivity",
            help=DESCRIPTION,
            subcommands=[
                ActionCommand(name, help_of(command), partial(_run, command), (_Arguments(command),))
                for name, command in commands()
            ],
        )
    ]


def _run(command: Command, arguments: argparse.Namespace) -> None:
    sys.exit(run(command, arguments))  # Airflow ignores what a command returns

"""Write the results of a command, for people and for programs."""

from __future__ import annotations

import json
import logging
import sys
from contextlib import redirect_stdout
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import argparse

    from rich.console import Console


def add_json_option(parser: argparse.ArgumentParser) -> None:
    """
    Add the option ``--json``.

    :param parser: parser of the command.
    """
    parser.add_argument("--json", action="store_true", help="print JSON for programs")


def print_json(value: Any) -> None:
    """
    Print a value as JSON.

    :param value: JSON-compatible value.
    """
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def console() -> Console:
    """Return the console for the output that people read."""
    from rich.console import Console

    return Console(highlight=False, markup=False, soft_wrap=True)


def quieten_logs() -> None:
    """Keep Airflow's logs off the terminal: the command itself says what it has found."""
    with redirect_stdout(sys.stderr):
        import airflow.settings  # noqa: F401  # configures the logs, and logs that it does
    import structlog

    structlog.configure(
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL),
    )
    for handler in logging.getLogger().handlers:
        if isinstance(handler, logging.StreamHandler) and handler.stream is sys.stdout:
            handler.setStream(sys.stderr)
        handler.setLevel(logging.CRITICAL)

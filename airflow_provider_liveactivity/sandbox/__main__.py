"""``python -m airflow_provider_liveactivity.sandbox``: serve the sandbox until Ctrl-C."""

from __future__ import annotations

import argparse
import sys
from contextlib import suppress

DESCRIPTION = "A local stand-in for Braze's and MoEngage's Live Activity APIs, with a wall of phones."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """
    Add the arguments of the program.

    :param parser: parser of the program, or of the command ``sandbox``.
    """
    parser.add_argument("--host", default="127.0.0.1", help="address to bind (default: %(default)s)")
    parser.add_argument(
        "--port", type=int, default=8390, help="port to bind, 0 for a free one (default: %(default)s)"
    )


def run(arguments: argparse.Namespace) -> int:
    """
    Serve until Ctrl-C, and return the exit code.

    :param arguments: parsed arguments.
    """
    from airflow_provider_liveactivity.sandbox.server import make_server
    from airflow_provider_liveactivity.sandbox.state import Sandbox

    sandbox = Sandbox()
    try:
        server, listener = make_server(sandbox, arguments.host, arguments.port)
    except OSError as error:
        print(f"cannot serve at {arguments.host}:{arguments.port}: {error.strerror}", file=sys.stderr)
        return 1
    host, port = listener.getsockname()[:2]
    settings = sandbox.settings
    print(f"Phones    http://{f'[{host}]' if ':' in host else host}:{port}/")
    print(f"Braze     key {settings.braze_key}, app id {', '.join(settings.braze_app_ids)}")
    print(
        f"MoEngage  workspace {settings.moengage_workspace}, push key {settings.moengage_push_key}",
        flush=True,
    )
    with suppress(KeyboardInterrupt):  # Ctrl-C is the way to stop it
        server.run([listener])
    return 0


def main() -> int:
    """Read the arguments and serve."""
    parser = argparse.ArgumentParser(
        prog="python -m airflow_provider_liveactivity.sandbox", description=DESCRIPTION
    )
    add_arguments(parser)
    return run(parser.parse_args())


if __name__ == "__main__":
    sys.exit(main())

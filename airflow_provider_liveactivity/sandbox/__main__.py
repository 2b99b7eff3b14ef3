"""``python -m airflow_provider_liveactivity.sandbox``: serve the sandbox until Ctrl-C."""

from __future__ import annotations

import argparse
import json
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from airflow_provider_liveactivity.sandbox.settings import Settings

DESCRIPTION = "A local stand-in for Braze's and MoEngage's Live Activity APIs, with a wall of phones."
INVENTED_USERS = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """
    Add the arguments of the program.

    :param parser: parser of the program, or of the command ``sandbox``.
    """
    parser.add_argument("--host", default="127.0.0.1", help="address to bind (default: %(default)s)")
    parser.add_argument(
        "--port", type=int, default=8390, help="port to bind, 0 for a free one (default: %(default)s)"
    )
    parser.add_argument(
        "--strict",
        action="store_true",
        help="refuse segments and campaigns that were not registered, as the vendors do "
        f"(default: invent {INVENTED_USERS} users for each)",
    )
    parser.add_argument("--json", action="store_true", help="print URL and connections as JSON for programs")


def run(arguments: argparse.Namespace) -> int:
    """
    Serve until Ctrl-C, and return the exit code.

    :param arguments: parsed arguments.
    """
    from airflow_provider_liveactivity.sandbox.server import make_server
    from airflow_provider_liveactivity.sandbox.settings import Settings
    from airflow_provider_liveactivity.sandbox.state import Sandbox

    sandbox = Sandbox(Settings(invented_users=0 if arguments.strict else INVENTED_USERS))
    try:
        server, listener = make_server(sandbox, arguments.host, arguments.port)
    except OSError as error:
        print(f"cannot serve at {arguments.host}:{arguments.port}: {error.strerror}", file=sys.stderr)
        return 1
    host, port = listener.getsockname()[:2]
    url = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    known = connections(sandbox.settings, url)
    if arguments.json:
        print(json.dumps({"url": url, "connections": known}), flush=True)
    else:
        _print(url, known, strict=arguments.strict)
    with suppress(KeyboardInterrupt):  # Ctrl-C is the way to stop it
        server.run([listener])
    return 0


def _print(url: str, known: dict[str, dict[str, object]], *, strict: bool) -> None:
    print(f"Phones  {url}/\n\nConnections, to copy into a shell:")
    for conn_id, connection in known.items():
        print(f"export AIRFLOW_CONN_{conn_id.upper()}='{json.dumps(connection)}'")
    if not strict:
        print(f"\nAn unknown segment or campaign gets {INVENTED_USERS} users; --strict refuses it.")
    print("\nCtrl-C stops the sandbox.", flush=True)


def connections(settings: Settings, url: str) -> dict[str, dict[str, object]]:
    """
    Return the Airflow connections that the sandbox accepts: connection id → connection.

    :param settings: settings of the sandbox.
    :param url: its URL.
    """
    braze = {"conn_type": "braze", "host": url, "password": settings.braze_key}
    moengage = {
        "conn_type": "moengage",
        "host": url,
        "login": settings.moengage_workspace,
        "password": settings.moengage_push_key,
    }
    keys = {
        "campaign_api_key": settings.moengage_campaign_key,
        "data_api_key": settings.moengage_data_key,
        "inform_api_key": settings.moengage_inform_key,
    }
    return {
        "braze_default": {**braze, "extra": {"app_id": settings.braze_app_ids[0]}},
        "moengage_default": {**moengage, "extra": keys},
    }


def main() -> int:
    """Read the arguments and serve."""
    parser = argparse.ArgumentParser(
        prog="python -m airflow_provider_liveactivity.sandbox", description=DESCRIPTION
    )
    add_arguments(parser)
    return run(parser.parse_args())


if __name__ == "__main__":
    sys.exit(main())

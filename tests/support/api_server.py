"""Airflow's API server by itself, with users of different rights."""

from __future__ import annotations

import json
import os
import secrets
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from demo.processes import ROOT, running_process

ADMIN, GUEST, OUTSIDER = "admin", "guest", "outsider"


@dataclass(frozen=True)
class ApiServer:
    """
    A running API server.

    :param url: where it answers.
    :param passwords: the passwords of its users.
    """

    url: str
    passwords: dict[str, str]

    def token(self, user: str) -> str:
        """Log a user in."""
        body = {"username": user, "password": self.passwords[user]}
        response = httpx.post(f"{self.url}/auth/token", json=body, timeout=60).raise_for_status()
        return str(response.json()["access_token"])

    def client(self, user: str | None) -> httpx.Client:
        """Return a client that acts for a user; None for nobody."""
        headers = {} if user is None else {"Authorization": f"Bearer {self.token(user)}"}
        return httpx.Client(base_url=self.url, headers=headers, timeout=60)


@contextmanager
def running_api_server(folder: Path, database: str) -> Iterator[ApiServer]:
    """
    Run an API server until the block is left.

    :param folder: folder for its passwords and its log.
    :param database: URL of its database.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    passwords = {user: secrets.token_hex(8) for user in (ADMIN, GUEST, OUTSIDER)}
    (folder / "passwords.json").write_text(json.dumps(passwords))
    url = f"http://127.0.0.1:{port}"
    settings = {
        "DATABASE__SQL_ALCHEMY_CONN": database,
        "CORE__UNIT_TEST_MODE": "False",
        "CORE__AUTH_MANAGER": "tests.support.one_dag_auth.OneDagAuthManager",
        "CORE__SIMPLE_AUTH_MANAGER_USERS": f"{ADMIN}:admin,{GUEST}:user,{OUTSIDER}:user",
        "CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(folder / "passwords.json"),
        "API__BASE_URL": url,
        "API__WORKERS": "1",
        "API_AUTH__JWT_SECRET": secrets.token_hex(32),
    }
    environment = os.environ | {f"AIRFLOW__{name}": value for name, value in settings.items()}
    environment |= {"PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore"}
    program = str(Path(sys.executable).with_name("airflow"))
    command = [program, "api-server", "--host", "127.0.0.1", "--port", str(port)]
    log = folder / "api-server.log"
    with running_process(command, log, environment) as process:
        deadline = time.monotonic() + 240
        while True:
            assert process.poll() is None, log.read_text()
            try:
                httpx.get(f"{url}/api/v2/version", timeout=10).raise_for_status()
                break
            except httpx.HTTPError:
                assert time.monotonic() < deadline, log.read_text()
                time.sleep(0.5)
        yield ApiServer(url, passwords)

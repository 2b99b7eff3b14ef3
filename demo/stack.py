"""The processes of the demo: those of a real Airflow and the sandbox, started and stopped together."""

from __future__ import annotations

import json
import os
import secrets
import signal
import sqlite3
import subprocess
import sys
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from demo.airflow_api import AirflowApi
from demo.processes import LOOPBACK, ROOT, free_ports, running_process, signal_group

#: What ``airflow standalone`` starts too, but does not notice when it dies.
AIRFLOW_PROCESSES = ("scheduler", "dag-processor", "api-server", "triggerer")
DATABASE = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"
#: A process that finds SQLite locked may die. On a busy machine five seconds are not enough.
LONG_WAIT = "?timeout=60"


class StackError(RuntimeError):
    """A process of the demo did not start, or died."""


@dataclass
class Stack:
    """
    A running Airflow beside a running sandbox.

    :param home: the directory for all their files: AIRFLOW_HOME, logs, warehouse.
    :param airflow_url: URL of Airflow.
    :param sandbox_url: URL of the sandbox.
    :param environment: environment of Airflow's processes, for its command line.
    :param processes: the processes by name.
    """

    home: Path
    airflow_url: str
    sandbox_url: str
    environment: dict[str, str] = field(default_factory=dict, repr=False)
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._up = ExitStack()
        self._commands: dict[str, Sequence[str]] = {}
        self._client = self._up.enter_context(httpx.Client(base_url=self.sandbox_url, timeout=30))

    def close(self) -> None:
        """Stop the processes, and close the connection to the sandbox."""
        for process in self.processes.values():  # all at once: some need seconds
            signal_group(process, signal.SIGTERM)
        self._up.close()

    def start(self, name: str, command: Sequence[str]) -> None:
        """
        Start a process.

        :param name: its name, also that of its log.
        :param command: program and its arguments.
        """
        self._commands[name] = command
        environment = dict(self.environment)
        if name == "api-server":
            # Its event loop can wait for a lock that only the event loop releases: five seconds are enough.
            environment[DATABASE] = environment[DATABASE].removesuffix(LONG_WAIT)
        running = running_process(command, self.log(name), environment)
        self.processes[name] = self._up.enter_context(running)

    def replace(self, name: str) -> None:
        """Kill a process and its children outright, as the end of a container does, and start it anew."""
        killed = self.processes[name]
        signal_group(killed, signal.SIGKILL)
        killed.wait()
        self.start(name, self._commands[name])

    @property
    def warehouse(self) -> Path:
        """The DuckDB file behind the Airflow connection ``warehouse``; load it when the clock starts."""
        return self.home / "warehouse.duckdb"

    @property
    def sync_state(self) -> Path:
        """The SQLite file of the Airflow connection ``sync_state``."""
        return self.home / "sync_state.sqlite"

    def log(self, name: str) -> Path:
        """Return the file with the output of a process."""
        return self.home / f"{name}.log"

    def sandbox(self, method: str, path: str, **arguments: Any) -> Any:
        """
        Call the sandbox's own API and return its JSON.

        :param method: the HTTP method.
        :param path: what follows ``/sandbox``.
        :param arguments: as for httpx.
        """
        return self._client.request(method, f"/sandbox{path}", **arguments).raise_for_status().json()

    def check(self) -> None:
        """
        Check that all processes are running.

        :raises StackError: if a process has died.
        """
        for name, process in self.processes.items():
            if process.poll() is not None:
                raise StackError(f"{name} died with exit code {process.returncode}: {self.last_words(name)}")

    def wait_until(self, ready: Callable[[], bool], what: str, timeout: float, *, every: float = 1.0) -> None:
        """
        Wait until a condition holds.

        :param ready: the condition; an unreachable server counts as not yet.
        :param what: its name in the error.
        :param timeout: seconds.
        :param every: seconds between two checks.
        :raises StackError: if the condition does not hold in time, or a process has died.
        """
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            self.check()
            with suppress(httpx.HTTPError):
                if ready():
                    return
            time.sleep(every)
        raise StackError(f"{what} was not ready after {timeout:.0f} seconds; see {self.home}/*.log")

    def last_words(self, name: str) -> str:
        """Return the last line that a process has printed."""
        lines = self.log(name).read_text(errors="replace").split("\n")
        return next((line for line in reversed(lines) if line.strip()), "no output")


@contextmanager
def running_stack(
    home: Path,
    *,
    dags_folder: Path = ROOT / "example_dags",
    preferred_ports: tuple[int, int] = (0, 0),
    settings: Mapping[str, str] | None = None,
    timeout: float = 240,
) -> Iterator[Stack]:
    """
    Run Airflow and the sandbox until the block is left, also by an exception.

    :param home: an empty directory, or one that does not exist.
    :param dags_folder: the DAGs to serve.
    :param preferred_ports: ports of Airflow and the sandbox, used if they are free.
    :param settings: further environment variables for Airflow, which take precedence.
    :param timeout: seconds until everything must be healthy.
    :raises StackError: if a process does not start.
    """
    home.mkdir(parents=True, exist_ok=True)
    airflow_port, sandbox_port, worker_log_port, trigger_log_port = free_ports(*preferred_ports, 0, 0)
    stack = Stack(home, f"http://{LOOPBACK}:{airflow_port}", f"http://{LOOPBACK}:{sandbox_port}")
    stack.environment |= {
        **_own_environment(),
        **_airflow_settings(stack, dags_folder),
        "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": str(worker_log_port),
        "AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT": str(trigger_log_port),
        **connections(stack.sandbox_url, stack.warehouse),
        **(settings or {}),
    }
    with ExitStack() as started:
        started.callback(stack.close)
        sandbox = [sys.executable, "-m", "airflow_provider_liveactivity.sandbox", "--port", str(sandbox_port)]
        stack.start("sandbox", sandbox)
        _migrate(stack)
        for name in AIRFLOW_PROCESSES:
            stack.start(name, [_program("airflow"), name])
        stack.wait_until(
            lambda: httpx.get(f"{stack.sandbox_url}/sandbox/summary").is_success, "the sandbox", 30
        )
        with AirflowApi(stack.airflow_url) as airflow:
            stack.wait_until(airflow.is_healthy, "Airflow", timeout)
        yield stack


def _migrate(stack: Stack) -> None:
    """Make the database of Airflow."""
    # All settings come from the environment. Without a file, each of the processes would write one at once.
    (stack.home / "airflow.cfg").touch()
    with closing(sqlite3.connect(_database(stack))) as database:
        database.execute("PRAGMA journal_mode = WAL")  # the file keeps it: readers and a writer do not wait
    stack.start("migrate", [_program("airflow"), "db", "migrate"])
    if stack.processes.pop("migrate").wait():
        raise StackError(f"Airflow's database cannot be made: {stack.last_words('migrate')}")


def _database(stack: Stack) -> Path:
    return stack.home / "airflow.db"


def _airflow_settings(stack: Stack, dags_folder: Path) -> dict[str, str]:
    url = stack.airflow_url
    settings = {
        "CORE__DAGS_FOLDER": dags_folder,
        "CORE__LOAD_EXAMPLES": False,
        "CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": True,
        "CORE__EXECUTION_API_SERVER_URL": f"{url}/execution/",
        # A task is a process that computes for a second; more tasks at once would only compete for the cores.
        # One more is for the sync in its live mode, which mostly waits.
        "CORE__PARALLELISM": max(4, 2 * (os.cpu_count() or 1)) + 1,
        "CORE__MAX_ACTIVE_TASKS_PER_DAG": 64,
        "API__HOST": LOOPBACK,
        "API__PORT": url.rpartition(":")[2],
        "API__BASE_URL": url,
        "API__INSTANCE_NAME": "Live Activities",
        # The same in all processes.
        "API__SECRET_KEY": secrets.token_urlsafe(),
        "API_AUTH__JWT_SECRET": secrets.token_urlsafe(64),
        "CORE__FERNET_KEY": urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        "DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{_database(stack)}{LONG_WAIT}",
        "DAG_PROCESSOR__PARSING_PROCESSES": 1,
        "SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": 0.5,  # how soon a landing is shown
        "TRIGGERER__JOB_HEARTBEAT_SEC": 1,
        "USAGE_DATA_COLLECTION__ENABLED": False,
    }
    return {
        "AIRFLOW_HOME": str(stack.home),
        "PYTHONWARNINGS": "ignore",
        "NO_COLOR": "1",
        **{f"AIRFLOW__{name}": str(value) for name, value in settings.items()},
    }


def connections(sandbox_url: str, warehouse_file: Path) -> dict[str, str]:
    """
    Return the Airflow connections of the examples, as environment variables.

    :param sandbox_url: URL of the sandbox, which accepts these credentials by default.
    :param warehouse_file: the DuckDB file.
    """
    braze = {"host": sandbox_url, "password": "sandbox-braze-key", "extra": {"app_id": "sandbox-app"}}
    keys = {f"{api}_api_key": f"sandbox-{api}-key" for api in ("campaign", "data", "inform")}
    moengage = {"host": sandbox_url, "login": "SANDBOX", "password": "sandbox-push-key", "extra": keys}
    # One process may open a DuckDB file for writing, or any number for reading; each task is a process.
    duckdb = {"host": str(warehouse_file), "extra": {"read_only": True}}
    return {
        "AIRFLOW_CONN_BRAZE_DEFAULT": json.dumps({"conn_type": "braze", **braze}),
        "AIRFLOW_CONN_MOENGAGE_DEFAULT": json.dumps({"conn_type": "moengage", **moengage}),
        # The examples score_feed and deliveries write to these; a DuckDB file could not be read meanwhile.
        **{
            f"AIRFLOW_CONN_{name.upper()}": json.dumps(
                {"conn_type": "sqlite", "host": str(warehouse_file.with_name(f"{name}.sqlite"))}
            )
            for name in ("scores", "sync_state")
        },
        "AIRFLOW_CONN_WAREHOUSE": json.dumps({"conn_type": "duckdb", **duckdb}),
    }


def _own_environment() -> dict[str, str]:
    """Return this process's environment without settings of another Airflow, and this venv first in PATH."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW_")}
    # Each task is a process, which would spend most of its time compiling if it could store no bytecode.
    own.pop("PYTHONDONTWRITEBYTECODE", None)
    own["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), own.get("PATH", os.defpath)])
    return own


def _program(name: str) -> str:
    return str(Path(sys.executable).with_name(name))

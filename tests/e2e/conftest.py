"""
One real Airflow beside one sandbox for all end-to-end tests of a worker: they take most of a minute to start,
and stop with the last of these tests, since an idle Airflow takes a tenth of a core.

The tests run in any order. A test that counts everything the sandbox has seen resets the sandbox first; all
others ask for their own activities only.
"""

from __future__ import annotations

import json
import shutil
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from demo import scenario
from demo.airflow_api import AirflowApi
from demo.outcome import Outcome, gather
from demo.processes import ROOT
from demo.scenario import Run
from demo.stack import DATABASE, Stack, connections, running_stack
from tests.support.databases import running_postgres
from tests.support.e2e import LIVES_DATABASE, reset_sandbox, start_run

FLIGHTS = 4
RUNNING = pytest.StashKey[ExitStack]()
#: DAGs that only these tests need; they are served beside the examples.
MORE_DAGS = Path(__file__).parent / "dags"


@dataclass(frozen=True)
class Played:
    """The scenario of the demo, played to its end."""

    runs: list[Run]
    outcome: Outcome


SETTINGS = {
    "AIRFLOW__CORE__TEST_CONNECTION": "Enabled",
    # The DAG files do not change: parsing them again every 30 seconds takes half a core.
    "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "3600",
    # What dies in a test is missed soon; but on a busy machine, what lives may be silent for twenty seconds.
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "40",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "5",
    "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD": "40",
    "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "10",
    "AIRFLOW__TRIGGERER__TRIGGERER_HEALTH_CHECK_THRESHOLD": "10",
}


@pytest.fixture(scope="session")
def redis_port() -> int:
    """A free port, at which the Airflow expects Redis."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def processes(pytestconfig: pytest.Config) -> Iterator[ExitStack]:
    """Whatever runs for the end-to-end tests, closed after the last of them."""
    with ExitStack() as processes:
        pytestconfig.stash[RUNNING] = processes
        yield processes


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Iterator[None]:
    """Close what runs when no end-to-end test follows: other tests may follow for minutes."""
    yield
    if nextitem is None or Path(__file__).parent not in nextitem.path.parents:
        item.config.stash.get(RUNNING, ExitStack()).close()


@pytest.fixture(scope="session")
def stack(processes: ExitStack, tmp_path_factory: pytest.TempPathFactory, redis_port: int) -> Stack:
    directory = tmp_path_factory.mktemp("e2e")
    dags_folder = shutil.copytree(ROOT / "example_dags", directory / "dags")
    for file in MORE_DAGS.glob("*.py"):
        shutil.copy(file, dags_folder)
    home = directory / "airflow"
    lives = {"conn_type": "duckdb", "host": str(home / LIVES_DATABASE), "extra": {"read_only": True}}
    # With SQLite, a busy API server blocks itself for seconds, and what finds the database locked may die.
    database = processes.enter_context(running_postgres()).replace("postgresql:", "postgresql+psycopg2:")
    settings = SETTINGS | {
        DATABASE: database,
        "AIRFLOW_CONN_LIVES": json.dumps(lives),
        "AIRFLOW_CONN_REDIS_DEFAULT": f"redis://127.0.0.1:{redis_port}",
    }
    return processes.enter_context(running_stack(home, dags_folder=dags_folder, settings=settings))


@pytest.fixture(scope="session")
def airflow(stack: Stack) -> Iterator[AirflowApi]:
    with AirflowApi(stack.airflow_url) as api:
        yield api


@pytest.fixture(scope="session")
def played(stack: Stack, airflow: AirflowApi) -> Played:
    reset_sandbox(stack)  # the outcome counts all that the sandbox has seen
    stack.warehouse.unlink(missing_ok=True)
    scenario.prepare(stack, airflow, FLIGHTS)
    runs = scenario.play(airflow, FLIGHTS)
    for _ in scenario.watch(stack, airflow, runs):
        pass
    airflow.pause(scenario.SYNC)  # it would run every minute beside the other tests
    return Played(runs, gather(stack, airflow, runs, FLIGHTS))


@pytest.fixture(scope="session")
def sends(stack: Stack) -> Iterator[None]:
    """Let the hooks of this process send where Airflow's tasks do."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in connections(stack.sandbox_url, stack.warehouse).items():
            patch.setenv(name, value)
        yield


@pytest.fixture
def run(stack: Stack, airflow: AirflowApi, sends: None) -> Callable[..., str]:
    """Start a run of a DAG: ``run(dag_id, **conf)``."""
    return partial(start_run, stack, airflow)

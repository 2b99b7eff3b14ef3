"""One real Airflow beside one sandbox, for all end-to-end tests: they take most of a minute to start."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from demo import scenario
from demo.airflow_api import AirflowApi
from demo.outcome import Outcome, gather
from demo.scenario import Run
from demo.stack import ROOT, Stack, connections, running_stack
from tests.e2e.tools import PATIENCE

FLIGHTS = 12
#: DAGs that only these tests need; they are served beside the examples.
MORE_DAGS = Path(__file__).parent / "dags"


@dataclass(frozen=True)
class Played:
    """The scenario of the demo, played to its end."""

    runs: list[Run]
    outcome: Outcome


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    directory = tmp_path_factory.mktemp("e2e")
    dags_folder = shutil.copytree(ROOT / "example_dags", directory / "dags")
    for file in MORE_DAGS.glob("*.py"):
        shutil.copy(file, dags_folder)
    settings = {"AIRFLOW__CORE__TEST_CONNECTION": "Enabled"}
    with running_stack(directory / "airflow", dags_folder=dags_folder, settings=settings) as running:
        yield running


@pytest.fixture(scope="session")
def airflow(stack: Stack) -> Iterator[AirflowApi]:
    with AirflowApi(stack.airflow_url) as api:
        yield api


@pytest.fixture(scope="session")
def played(stack: Stack, airflow: AirflowApi) -> Played:
    scenario.prepare(stack, airflow, FLIGHTS)
    runs = scenario.play(airflow, FLIGHTS)
    for _ in scenario.watch(stack, airflow, runs):
        pass
    return Played(runs, gather(stack, airflow, runs, FLIGHTS))


@pytest.fixture
def run(stack: Stack, airflow: AirflowApi, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Start a DAG, and let the hooks of this process send where its tasks do."""
    for name, value in connections(stack.sandbox_url, stack.warehouse).items():
        monkeypatch.setenv(name, value)

    def run(dag_id: str, **conf: Any) -> str:
        stack.wait_until(lambda: dag_id in airflow.dag_ids(), dag_id, PATIENCE)
        airflow.unpause(dag_id)
        return airflow.trigger(dag_id, conf)

    return run

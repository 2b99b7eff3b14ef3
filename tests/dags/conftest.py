"""A migrated Airflow, the example DAGs in it, and what their connections lead to."""

from __future__ import annotations

import functools
import itertools
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from airflow_provider_liveactivity._airflow_internals import AIRFLOW_V_3_3_PLUS
from airflow_provider_liveactivity.sandbox import RunningSandbox, running_sandbox
from demo import warehouse
from demo.processes import ROOT
from demo.stack import connections
from tests.support.airflow_db import migrate

if TYPE_CHECKING:
    from airflow.dag_processing.dagbag import DagBag
    from airflow.sdk import DAG

#: Runs are dated before it and happen after it, so that no wait of an example takes time.
FIRST_DEPARTURE = datetime(2025, 7, 22, 12, tzinfo=UTC)
RUNS = itertools.count(1)


@pytest.fixture(scope="session", autouse=True)
def one_api() -> Iterator[None]:
    """Make the API that tasks of dag.test() talk to once, as Airflow 3.3 does; it takes seconds."""
    from airflow.sdk.execution_time import supervisor

    with pytest.MonkeyPatch.context() as patch:
        if not AIRFLOW_V_3_3_PLUS:
            cached = functools.lru_cache(maxsize=1)(supervisor.in_process_api_server)
            patch.setattr(supervisor, "in_process_api_server", cached)
        yield


@pytest.fixture(scope="session", autouse=True)
def cached_dependencies() -> Iterator[None]:
    """
    Cache what FastAPI reads from the signatures of dependencies: a tenth of the time of a DAG run.

    The API that tasks of dag.test() talk to overrides a dependency. For such an API, FastAPI reads the
    signatures of all dependencies again on every request.
    """
    from fastapi.dependencies import utils

    read = utils.get_dependant
    cache: dict[Any, Any] = {}

    def get_dependant(**arguments: Any) -> Any:
        if "parent_oauth_scopes" not in arguments:  # that of a route, which the route changes afterwards
            return read(**arguments)
        key = tuple((name, tuple(v) if isinstance(v, list) else v) for name, v in arguments.items())
        if key not in cache:
            cache[key] = read(**arguments)
        return cache[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(utils, "get_dependant", get_dependant)
        yield


@pytest.fixture(scope="session", autouse=True)
def cached_adapters() -> Iterator[None]:
    """Cache the pydantic adapters that Airflow makes anew for each rendered field of each task."""
    from airflow.sdk.execution_time import task_runner
    from pydantic import TypeAdapter

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(task_runner, "TypeAdapter", functools.cache(TypeAdapter))
        yield


@pytest.fixture(scope="session")
def database() -> None:
    """Migrate the metadata database of this process."""
    migrate()


@pytest.fixture(scope="session")
def examples(database: None) -> DagBag:
    from tests.support.dag_bags import read_dags, store_dags

    bag = read_dags(ROOT / "example_dags")
    store_dags(bag)
    return bag


@pytest.fixture(scope="session")
def warehouse_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("warehouse") / "warehouse.duckdb"
    warehouse.load(path, FIRST_DEPARTURE, bank_size=3, lasts=timedelta(seconds=warehouse.PERIOD_SECONDS))
    return path


@pytest.fixture
def sandbox(
    tmp_path: Path, warehouse_file: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[RunningSandbox]:
    path = Path(shutil.copy(warehouse_file, tmp_path))
    with running_sandbox() as running:
        for name, value in connections(running.url, path).items():
            monkeypatch.setenv(name, value)
        yield running


@pytest.fixture
def run(examples: DagBag) -> Callable[..., str]:
    """
    Run an example to its end, in this process, and return the id of the run; starts ignore that it is over.

    ``done`` is a regular expression of tasks that count as done: the waits of a day, and a person's answer.
    """

    def run(dag_id: str, *, state: str = "success", done: str | None = None, **conf: Any) -> str:
        run_after = FIRST_DEPARTURE - timedelta(seconds=next(RUNS))  # the id of a run is made from it
        dag = examples.dags[dag_id]
        for task in dag.tasks:
            if hasattr(task, "on_past_end_time"):
                task.on_past_end_time = "send"
        result = dag.test(run_after=run_after, run_conf=conf, mark_success_pattern=done)
        assert result.state == state
        return str(result.run_id)

    return run


@pytest.fixture
def execute(database: None) -> Callable[[DAG], dict[str, str]]:
    """Run a DAG to its end and return the states of its tasks, and of the run under ""."""
    from airflow.models.taskinstance import TaskInstance
    from airflow.utils.session import create_session
    from sqlalchemy import select

    from tests.support.dag_bags import store_dag

    def execute(dag: DAG) -> dict[str, str]:
        store_dag(dag)
        run = dag.test()
        with create_session() as session:
            tasks = session.scalars(select(TaskInstance).where(TaskInstance.dag_id == dag.dag_id)).all()
        states = {
            task.task_id if task.map_index < 0 else f"{task.task_id}[{task.map_index}]": str(task.state)
            for task in tasks
        }
        return states | {"": str(run.state)}

    return execute

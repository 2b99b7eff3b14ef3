"""What every DAG parse pays for our operators, in modules: counts repeat exactly, milliseconds do not."""

from __future__ import annotations

import pytest

from benchmarks.import_cost import TARGETS, Cost, measure

MODULES_AT_MOST = 25
# They are slow, or are needed only when a task runs.
IMPORTED_WHEN_USED = (
    "aiohttp",
    "airflow.providers.common.sql",
    "airflow_provider_liveactivity.models",
    "jsonschema",
    "pandas",
    "requests",
)


@pytest.fixture(scope="module")
def costs() -> dict[str, Cost]:
    return measure(*TARGETS)


@pytest.mark.parametrize("target", TARGETS)
def test_a_dag_parse_loads_few_modules(costs: dict[str, Cost], target: str) -> None:
    assert len(costs[target]["modules"]) <= MODULES_AT_MOST, costs[target]["modules"]


@pytest.mark.parametrize("target", TARGETS)
def test_a_dag_parse_does_not_load_what_only_a_running_task_needs(
    costs: dict[str, Cost], target: str
) -> None:
    heavy = [
        module
        for module in costs[target]["modules"]
        if any(module == name or module.startswith(f"{name}.") for name in IMPORTED_WHEN_USED)
    ]
    assert heavy == []

"""What every DAG parse pays for our operators, in modules: counts repeat exactly, milliseconds do not."""

from __future__ import annotations

import subprocess
import sys

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


PLUGIN = "airflow_provider_liveactivity.plugin"
# Runs in a process of its own. Like a scheduler or a worker, it loads all plugins, and serves no page.
LOAD_PLUGINS = f"""
import sys
from airflow import plugins_manager
from airflow.providers.common.compat.sdk import AirflowPlugin
before = set(sys.modules)
import {PLUGIN}
new = set(sys.modules) - before - {{"airflow_provider_liveactivity"}}
assert new == {{"{PLUGIN}"}}, new
plugins_manager.ensure_plugins_loaded()
print(*sorted(name for name in sys.modules if name.startswith("{PLUGIN}")))
"""


def test_a_process_that_loads_plugins_loads_nothing_of_the_board() -> None:
    command = [sys.executable, "-c", LOAD_PLUGINS]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    assert done.stdout.splitlines()[-1].split() == [PLUGIN]

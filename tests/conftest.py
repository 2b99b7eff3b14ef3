"""
A home for Airflow, Hypothesis profiles, and how the tests spread over several worker processes.

The home is made before anything imports Airflow. Nothing here imports Airflow: most tests need none.
"""

from __future__ import annotations

import atexit
import base64
import os
import re
import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

from tests.support import profiles

# Connections, variables and settings of the developer's own Airflow must not reach a test.
for name in [name for name in os.environ if name.startswith("AIRFLOW_")]:
    del os.environ[name]

# Each worker process imports this module and has a home of its own.
home = tempfile.mkdtemp(prefix="liveactivity-tests-")
atexit.register(shutil.rmtree, home, ignore_errors=True)
# dag.test() parses the whole DAGs folder on every call. It is empty: tests store the DAGs that they run.
dags_folder = Path(home, "dags")
dags_folder.mkdir()

os.environ |= {
    "AIRFLOW_HOME": home,
    "AIRFLOW__CORE__UNIT_TEST_MODE": "True",
    # In unit test mode Airflow's own setting is a placeholder, with which nothing can be encrypted.
    "AIRFLOW__CORE__FERNET_KEY": base64.urlsafe_b64encode(os.urandom(32)).decode(),
    "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    "AIRFLOW__CORE__DAGS_FOLDER": str(dags_folder),
    "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home}/airflow.db",
}

profiles.load()

MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:")
# The first folders take longest. They begin first, so that no worker is left alone with them at the end.
FOLDERS = ("e2e", "dags", "board", "delivery", "contract", "packaging", "wall", "sandbox", "unit")
# What all tests of these folders share costs more than a second worker would gain: a running Airflow, or its
# database and API in the worker's process.
TOGETHER = ("tests/e2e", "tests/dags", "tests/board", "tests/wall")
# Modules that are a unit of their own, so that all workers are busy to the end.
APART = {
    "e2e/test_buttons_and_links.py": "second Airflow",
    "e2e/test_demo.py": "second Airflow",
    "e2e/test_kill.py": "second Airflow",
    "e2e/test_lifecycle.py": "third Airflow",
    "e2e/test_moengage_life.py": "third Airflow",
    "e2e/test_reactions.py": "third Airflow",
    "e2e/test_waits.py": "third Airflow",
    "dags/test_lifecycle_recovery.py": "second database",
}


class Scheduling(LoadScopeScheduling):
    """
    Keep on one worker what belongs together: a module, a folder of TOGETHER.

    The marker ``xdist_group`` has no effect: xdist 3.8 writes groups where pytest 9.2 does not read them.
    """

    def _split_scope(self, nodeid: str) -> str:
        module = nodeid.partition("::")[0]
        together = (folder for folder in TOGETHER if module.startswith(f"{folder}/"))
        return APART.get(module.removeprefix("tests/")) or next(together, module)


@pytest.hookimpl(optionalhook=True)  # there is no such hook with "-p no:xdist"
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Scheduling:
    config.option.loadscopereorder = False  # xdist's own order is by the number of tests
    return Scheduling(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Order the folders for parallel workers. pytest-randomly has shuffled the tests by now."""
    if hasattr(config, "workerinput"):
        tests = Path(__file__).parent
        items.sort(key=lambda item: _rank(item.path.relative_to(tests).parts[0]))


def pytest_make_parametrize_id(config: pytest.Config, val: object, argname: str) -> str | None:
    """Keep moments out of the ids: workers that collect at different times must find the same tests."""
    return argname if isinstance(val, str) and MOMENT.match(val) else None


def _rank(folder: str) -> int:
    return FOLDERS.index(folder) if folder in FOLDERS else len(FOLDERS)

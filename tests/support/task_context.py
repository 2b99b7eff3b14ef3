"""What Airflow hands to a running task, without Airflow's database."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from airflow_provider_liveactivity._airflow_internals import AIRFLOW_V_3_3_PLUS
from tests.support.airflow_versions import NO_STORE
from tests.support.state_store import StateStore


class TaskInstance(SimpleNamespace):
    """
    As much of a task instance as the operators use.

    :param fields: replace the defaults below; ``xcoms`` maps (task id, key) to a value.
    """

    def __init__(self, **fields: Any) -> None:
        defaults: dict[str, Any] = {
            "dag_id": "matches",
            "run_id": "manual__2026-07-22",
            "task_id": "push",
            "map_index": -1,
            "try_number": 1,
            "max_tries": 2,
            "xcoms": {},
        }
        super().__init__(**{**defaults, **fields})

    def xcom_push(self, key: str, value: Any) -> None:
        """Push an XCom of this task."""
        self.xcoms[self.task_id, key] = value

    def xcom_pull(self, task_ids: list[str], key: str, **_: Any) -> list[Any]:
        """Return the XComs of several tasks, None for each that has none."""
        return [self.xcoms.get((task_id, key)) for task_id in task_ids]


def new_store() -> StateStore:
    """Return an empty task state store; skip the test where Airflow has none."""
    if not AIRFLOW_V_3_3_PLUS:
        pytest.skip(NO_STORE)
    return StateStore()


def context(store: StateStore | None = None, **ti: Any) -> Any:
    """
    Return the context of a running task.

    :param store: what earlier attempts have stored; by default an empty store where Airflow has one.
    :param ti: fields of the task instance.
    """
    if store is None and AIRFLOW_V_3_3_PLUS:
        store = StateStore()
    return {"ti": TaskInstance(**ti), "task_state_store": store}

"""Templates of operators, rendered as Airflow renders them, without a database."""

from __future__ import annotations

import copy
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from airflow.sdk import DAG, BaseOperator, XComArg

#: A key that templates could show, and a file that templates could read.
KEY, FILE, STOLEN = "the-api-key", "evil.sql", "SELECT stolen"


class MappedTaskInstance(SimpleNamespace):
    """As much of a task instance as XComArgs and expansions use."""

    def xcom_pull(self, task_ids: Any, **_: Any) -> Any:
        return copy.deepcopy(self.xcoms[task_ids])


class TemplateBench:
    """
    A DAG whose tasks are rendered as Airflow's task runner renders them.

    :param folder: where templates can read files.
    :param dag: the DAG; a new one by default.
    :param native: whether rendered values keep their types.
    :param arguments: of the new DAG.
    """

    def __init__(
        self, folder: Path, dag: DAG | None = None, *, native: bool = False, **arguments: Any
    ) -> None:
        (folder / FILE).write_text(STOLEN)
        self.xcoms: dict[str, Any] = {}
        self.dag = dag or DAG(
            "matches",
            schedule=None,
            start_date=datetime(2026, 1, 1, tzinfo=UTC),
            template_searchpath=[str(folder)],
            render_template_as_native_obj=native,
            **arguments,
        )

    def source(self, value: Any) -> Any:
        """Add a task that returns a value, and return its output."""
        task_id = f"source_{len(self.xcoms)}"
        self.xcoms[task_id] = value
        return XComArg(BaseOperator(task_id=task_id, dag=self.dag))

    def render(self, task: Any, map_index: int = -1, **params: Any) -> Any:
        """Render the fields of a task, and return the operator that would run."""
        task = getattr(task, "operator", task).prepare_for_execution()
        ti = MappedTaskInstance(
            task=task,
            map_index=map_index,
            xcoms=self.xcoms,
            dag_id="matches",
            run_id="now",
            task_id=task.task_id,
        )
        context: Any = {
            "ti": ti,
            "task": task,
            "dag": self.dag,
            "dag_run": SimpleNamespace(conf=params),
            "params": params,
            "conn": SimpleNamespace(braze_default=SimpleNamespace(password=KEY)),
        }
        task.render_template_fields(context, self.dag.get_template_env())
        return context["task"]

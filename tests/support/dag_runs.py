"""A DAG run that a test can stop, clear and mark, as a person or the scheduler would."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow.models.dagrun import DagRun
    from airflow.sdk import DAG


class SteppedRun:
    """
    One run of a DAG, in this process and on the metadata database.

    Tasks run as in ``dag.test()``; between them a test can do what people and the scheduler do to a run.

    :param dag: DAG to run.
    """

    def __init__(self, dag: DAG) -> None:
        from airflow import settings
        from airflow.models.dagrun import get_or_create_dagrun
        from airflow.sdk import timezone
        from airflow.utils.types import DagRunTriggeredByType

        from tests.support.airflow_versions import DagSerialization
        from tests.support.dag_bags import store_dag

        dag.validate()
        store_dag(dag)
        self.dag = dag
        self.scheduled: Any = DagSerialization.deserialize_dag(DagSerialization.serialize_dag(dag))
        assert settings.Session is not None
        self.session: Any = settings.Session()
        now = timezone.utcnow()
        self.run: DagRun = get_or_create_dagrun(
            dag=self.scheduled,
            run_id=f"manual__{now.isoformat()}",
            start_date=now,
            logical_date=now,
            data_interval=(now, now),
            run_after=now,
            conf={},
            triggered_by=DagRunTriggeredByType.TEST,
            triggering_user_name="test",
            session=self.session,
        )

    def advance(self, *, until: str | None = None) -> None:
        """
        Run tasks until the run is over.

        :param until: stop after an attempt of this task.
        """
        from airflow.sdk.definitions.dag import _run_task
        from airflow.utils.state import TaskInstanceState

        before: dict[str, str] = {}
        while self.run.state == "running":
            self.session.expire_all()
            schedulable, _ = self.run.update_state(session=self.session)
            for ti in schedulable:
                ti.try_number += 1
                ti.state = TaskInstanceState.SCHEDULED
            self.session.commit()
            ready = [ti for ti in self.instances() if ti.state == TaskInstanceState.SCHEDULED]
            for ti in ready:
                _run_task(ti=ti, task=self.dag.task_dict[ti.task_id], run_triggerer=True)
                self.session.expire_all()
                if ti.task_id == until:
                    return
            now = self.states()
            if not ready and now == before and not self._waits():
                raise AssertionError(f"the run is stuck: {now}")
            before = now

    def clear(self, *task_ids: str) -> None:
        """Clear tasks of the run, all by default, as the *Clear* button does."""
        from airflow.models.taskinstance import clear_task_instances

        chosen = [ti for ti in self.instances() if not task_ids or ti.task_id in task_ids]
        clear_task_instances(chosen, self.session)
        self.run.state = "running"
        self.session.commit()

    def clear_downstream(self, task_id: str) -> None:
        """Clear a task and all that comes after it."""
        self.clear(task_id, *self.dag.get_task(task_id).get_flat_relative_ids(upstream=False))

    def clear_failed(self) -> None:
        """Clear what has failed, and what did not run because of that."""
        self.clear(
            *(ti.task_id for ti in self.instances() if ti.state in ("failed", "upstream_failed", "skipped"))
        )

    def mark(self, state: str) -> None:
        """Mark the run "success" or "failed", as a person does."""
        from airflow.api.common import mark_tasks

        marks = {
            "success": mark_tasks.set_dag_run_state_to_success,
            "failed": mark_tasks.set_dag_run_state_to_failed,
        }
        marks[state](dag=self.scheduled, run_id=self.run.run_id, commit=True, session=self.session)
        self.session.commit()

    def time_out(self) -> None:
        """Do what the scheduler does to a run that reaches ``dagrun_timeout``."""
        from airflow.utils.state import DagRunState, State, TaskInstanceState

        self.run.set_state(DagRunState.FAILED)
        for ti in self.instances():
            if ti.state is None or ti.state in State.unfinished:
                ti.state = TaskInstanceState.SKIPPED
        self.session.commit()

    def instances(self) -> list[Any]:
        """Return the task instances of the run, as they are now."""
        return list(self.run.get_task_instances(session=self.session))

    def states(self) -> dict[str, str]:
        """Return the states of the tasks, and of the run under ""."""
        self.session.expire_all()
        return {ti.task_id: str(ti.state) for ti in self.instances()} | {"": str(self.run.state)}

    def _waits(self) -> bool:
        return any(ti.state == "up_for_retry" for ti in self.instances())

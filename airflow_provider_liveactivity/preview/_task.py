"""Render a task as Airflow does, and let it do everything except send."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import AirflowException
from sqlalchemy.exc import SQLAlchemyError

from airflow_provider_liveactivity._airflow_internals import (
    context_of,
    in_process_supervisor,
    parsed_dag,
    stored_run,
)
from airflow_provider_liveactivity.errors import LiveActivityError
from airflow_provider_liveactivity.models.apns import Push
from airflow_provider_liveactivity.models.objects import to_object
from airflow_provider_liveactivity.operators._base import LiveActivityOperator
from airflow_provider_liveactivity.operators._scheduled_end import EndMixin
from airflow_provider_liveactivity.operators._start_update import StartMixin
from airflow_provider_liveactivity.operators.moengage import MoEngageCreateBroadcastCampaignOperator
from airflow_provider_liveactivity.operators.sync._base import SyncOperator
from airflow_provider_liveactivity.preview._result import Preview, describe

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from airflow.sdk import DAG

    from airflow_provider_liveactivity.hooks._plan import DryRun


#: Operators whose requests have no single activity.
_MANY = (SyncOperator, MoEngageCreateBroadcastCampaignOperator)


class NoPreview(LiveActivityError):
    """The task cannot be previewed. The message says why."""


class _EmptyStore:
    """A task state store of a task that has never run, and that keeps nothing."""

    def get(self, key: str, default: Any = None) -> Any:
        return default

    def set(self, key: str, value: Any, **_: Any) -> None:
        """Keep nothing."""


def preview_task(
    dag: DAG | str,
    task_id: str,
    *,
    conf: Mapping[str, Any] | None = None,
    logical_date: datetime | None = None,
    run_id: str | None = None,
    map_index: int = 0,
    bundle_names: Sequence[str] | None = None,
) -> Preview:
    """
    Render a task and return what it would send. Nothing is sent.

    The audience is counted with its real query, and a decorated function is called. Without ``run_id``, the
    DAG run does not exist, so that the XComs of other tasks are empty. In a running task, pass a DAG and no
    ``run_id``: a task cannot read Airflow's database.

    :param dag: the DAG, or its id. With an id, the file of the DAG is read as ``airflow tasks render`` does.
    :param task_id: id of the task, with the ids of its task groups, such as "live.start".
    :param conf: configuration of the DAG run, from which the params come; empty by default.
    :param logical_date: logical date of the DAG run, an aware datetime; the current time by default.
    :param run_id: id of an existing DAG run, whose conf, dates and XComs are used; none by default.
    :param map_index: which task of a mapped task or task group; 0, the first, by default.
    :param bundle_names: names of the DAG bundles with the DAG; None, the default, looks in all of them.
    :raises NoPreview: if the DAG has no such task, the task sends no activity, or rendering fails.
    :raises LiveActivityError: as the task would, before its first request.
    """
    try:
        with in_process_supervisor():
            found = parsed_dag(dag, bundle_names) if isinstance(dag, str) else dag
            if run_id is not None and (conf is not None or logical_date is not None):
                raise NoPreview(
                    "an existing run has its own conf and logical date: give either these or run_id."
                )
            run = _new_run(logical_date, conf) if run_id is None else _run(found.dag_id, run_id)
            return _Rehearsal(found, run, map_index).preview(task_id)
    except LiveActivityError:
        raise
    except (AirflowException, ValueError) as error:  # a ValueError is a param that the conf makes invalid
        raise NoPreview(str(error).partition("\n")[0]) from error
    except SQLAlchemyError as error:
        raise NoPreview(
            f"Airflow's database cannot be read ({type(error).__name__}). The command 'doctor' may know why."
        ) from error


def _new_run(logical_date: datetime | None, conf: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the fields of a DAG run as the *Trigger* button would make it."""
    moment = logical_date or datetime.now(UTC)
    return {
        "run_id": f"manual__{moment.isoformat()}",
        "run_after": moment,
        "logical_date": moment,
        "conf": dict(conf or {}),
    }


def _run(dag_id: str, run_id: str) -> dict[str, Any]:
    run = stored_run(dag_id, run_id)
    if run is None:
        raise NoPreview(f"DAG {dag_id!r} has no run {run_id!r}.")
    return run


class _Rehearsal:
    """
    The tasks of a DAG run, which need not have run.

    :param dag: the DAG.
    :param run: fields of the DAG run.
    :param map_index: map index of mapped tasks.
    """

    def __init__(self, dag: DAG, run: Mapping[str, Any], map_index: int) -> None:
        self._dag = dag
        self._run = run
        self._map_index = map_index

    def preview(self, task_id: str) -> Preview:
        """
        Return what a task would send.

        :param task_id: id of the task.
        """
        task, context = self._render(task_id)
        start = None if isinstance(task, StartMixin) else self._start_of(task_id)
        warnings = []
        if isinstance(task, EndMixin) and task.content_state is None:
            task.content_state = task.read_last_state(context)
            if task.content_state is None:
                task.content_state = _first_state(task_id, start)
                warnings.append(
                    "the end shows the last state that was sent; this preview shows the start's state."
                )
        found: list[DryRun] = []
        task.hook.observe_dry_runs(found.append)
        task.validate(context)
        return describe(self._dag.dag_id, task_id, found[-1], start, warnings)

    def _render(self, task_id: str) -> tuple[LiveActivityOperator, Any]:
        """Return a task with rendered fields, and its context."""
        if task_id not in self._dag.task_dict:
            names = ", ".join(task.task_id for task in self._dag.tasks if _sends(task)) or "none"
            raise NoPreview(
                f"DAG {self._dag.dag_id!r} has no task {task_id!r}. Its tasks that send are: {names}."
            )
        defined: Any = self._dag.get_task(task_id)
        if not _sends(defined):
            raise NoPreview(
                f"task {task_id!r} is a {defined.task_type}. Only tasks that start, update or end one "
                "activity have a preview. Other operators of this provider check everything and send nothing "
                "with validate_only=True."
            )
        is_mapped = defined.get_closest_mapped_task_group() is not None or defined.is_mapped
        task = defined.prepare_for_execution()
        context: Any = context_of(task, self._run, self._map_index if is_mapped else -1)
        context["task_state_store"] = _EmptyStore()
        try:
            task.render_template_fields(context, self._dag.get_template_env())
        except Exception as error:
            raise NoPreview(
                f"Airflow cannot render task {task_id!r}: {error}. If a template needs the XCom of another "
                "task, name a run of the DAG in which that task has run."
            ) from error
        return context["task"], context

    def _start_of(self, task_id: str) -> Push | None:
        """Return the push of the start of a task's activity; None if the DAG does not show which it is."""
        for start_id in self._starts_of(task_id):
            with suppress(NoPreview, ValueError):  # the attributes on the card are not worth an error
                start, _ = self._render(start_id)
                return _first_push(start)
        return None

    def _starts_of(self, task_id: str) -> Iterator[str]:
        """Yield the ids of the starts of a task's activity, as far as the DAG shows them."""
        related = {task_id}
        for task in self._dag.tasks:
            sent_by = _argument(task, "update_task_ids")
            if task_id == task.task_id or task_id in sent_by:
                related.update(sent_by)
        activity = _activity_of(self._dag.get_task(task_id))
        for task in self._dag.tasks:
            is_same = task.task_id in related or (activity and _activity_of(task) == activity)
            if is_same and _is_a(task, StartMixin):
                yield task.task_id


def _first_state(task_id: str, start: Push | None) -> Any:
    if start is None:
        raise NoPreview(
            f"task {task_id!r} ends with the last state that was sent. Name a run of the DAG in which the "
            "activity is on."
        )
    return start.content_state


def _first_push(start: Any) -> Push:
    """Return what the card needs of a start whose fields are rendered."""
    attributes, kind = (
        (start.activity_attributes, start.activity_attributes_type)
        if hasattr(start, "activity_attributes")
        else (start.attribute_info, start.attribute_type)
    )
    return Push("start", to_object(start.content_state), to_object(attributes), attributes_type=kind)


def _argument(task: Any, name: str) -> Any:
    """Return an argument of a task that may be mapped; empty if the task does not have it."""
    partial = getattr(task, "partial_kwargs", None)
    return (getattr(task, name, None) if partial is None else partial.get(name)) or ()


def _activity_of(task: Any) -> Any:
    """Return the argument with the activity's id, which may be a template."""
    return _argument(task, "activity_id") or _argument(task, "broadcast_live_activity_id")


def _is_a(task: Any, kind: type) -> bool:
    """Return whether a task, which may be mapped, is of a class."""
    mapped = getattr(task, "operator_class", None)
    return issubclass(mapped, kind) if isinstance(mapped, type) else isinstance(task, kind)


def _sends(task: Any) -> bool:
    """Return whether a task starts, updates or ends one activity."""
    return _is_a(task, LiveActivityOperator) and not any(_is_a(task, kind) for kind in _MANY)

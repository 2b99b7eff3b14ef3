"""
Build the task group of a lifecycle for any vendor.

Inside the group::

    start ─┬► the tasks of the block ─┬► end_early ─► outcome
           ├► started ────────────────┘                ▲
           └► end_time ───────────────► end ───────────┘

``start`` is a setup, and ``end`` is its teardown. ``end`` depends on ``end_time`` and not on the block: it
runs on time while tasks of the block still run, and clearing a task of the block does not start a new
activity. ``end_early`` runs as soon as the start has failed or, with ``on_failure="end_now"``, a task of
the block. ``outcome`` is the only leaf, so that the DAG run fails if any of these tasks fails.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Self

from airflow.providers.common.compat.sdk import TaskGroup

from airflow_provider_liveactivity._arguments import (
    check_literals,
    check_one_of,
    parameters_of,
    refuse_unknown,
)
from airflow_provider_liveactivity.lifecycle import _task_docs

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Literal

    from airflow_provider_liveactivity.models.arguments import Duration, Moment
    from airflow_provider_liveactivity.operators._base import LiveActivityOperator
    from airflow_provider_liveactivity.sensors.end_time import LiveActivityEndTimeSensor


#: Ends run before other tasks when worker slots are scarce. Airflow prefers tasks with many downstream tasks,
#: and an end has few.
_FIRST: dict[str, Any] = {"priority_weight": 1000, "weight_rule": "absolute"}
_RETRY_DELAY = timedelta(seconds=10)


class LiveActivityGroup(TaskGroup):
    """
    Base of the lifecycles; use it as a context manager around the tasks that belong to the activity.

    Operator arguments that are not given come from ``default_args``, as elsewhere in Airflow.

    :param group_id: id of the task group.
    :param end_time: when the activity ends: datetime or ISO-8601 text, or a duration from the ``run_after``
        of the DAG run (timedelta, or text such as "PT105M"). Give either ``end_time`` or ``end_time_sql``.
        (templated)
    :param end_time_sql: query, or path of a ``.sql`` file, to read the end from its first row and column; the
        end may move. Give either ``end_time`` or ``end_time_sql``. (templated)
    :param end_time_sql_conn_id: id of the connection to the database of ``end_time_sql``; none by default.
        (templated)
    :param end_time_parameters: parameters of ``end_time_sql``, in the style of the database's driver; none by
        default. (templated)
    :param end_timezone: IANA name of the time zone of an end without a UTC offset, such as "Europe/London".
        By default such an end is an error before the start is sent. (templated)
    :param on_past_end_time: what the start does if the end is in the past: "fail", the default, "skip" the
        task, or "send" the start.
    :param recheck_interval: timedelta between two reads of ``end_time_sql``; 15 minutes by default. None
        reads the query again only at the known end, or every 15 minutes while the end is not known.
    :param lead_time: how long before the end a worker runs the end task, as timedelta, seconds or ISO-8601
        text such as "PT30S"; 20 seconds by default.
    :param on_failure: what to do if a task of the block fails: "end_now", the default, ends the activity at
        once; "end_on_time" ends it at its end time.
    :param end_on_kill: end the activity if the end task is cancelled while it waits in the worker; False by
        default.
    :param end_retries: number of retries, ten seconds apart, of the tasks that wait for the end and send it;
        3 by default.
    :param on_lifetime_exceeded: what the start does if the end is more than 8 hours away: "fail", the
        default, or "warn" in the log and send the start.
    :param default_args: default arguments of the group's tasks, as a dict; none by default.
    :param tooltip: tooltip of the group in the UI; empty by default.
    :param prefix_group_id: begin the ids of the tasks with the id of the group; True by default.
    :param arguments: arguments of the start; None for those that ``default_args`` or the operator sets.
    :raises TypeError: if an argument does not exist.
    :raises ValueError: if the end is not given, or given twice, or if an argument has a wrong value.
    """

    start_operator: ClassVar[type[LiveActivityOperator]]
    update_operator: ClassVar[type[LiveActivityOperator]]
    end_operator: ClassVar[type[LiveActivityOperator]]

    #: Names of the arguments that the start, the updates and the end share.
    shared: ClassVar[Sequence[str]]
    #: Arguments of the end, each with its name in the lifecycle.
    end_arguments: ClassVar[Mapping[str, str]]

    start: Any
    end: Any
    end_early: Any
    end_time_sensor: LiveActivityEndTimeSensor

    def __new__(cls, *_: Any, **kwargs: Any) -> Self:
        refuse_unknown(cls, kwargs, cls.start_operator)
        return super().__new__(cls)

    def __init__(
        self,
        group_id: str,
        *,
        end_time: Moment | None = None,
        end_time_sql: str | None = None,
        recheck_interval: Duration | None = timedelta(minutes=15),
        lead_time: Duration = timedelta(seconds=20),
        on_failure: Literal["end_now", "end_on_time"] = "end_now",
        end_on_kill: bool | str | None = None,
        end_retries: int = 3,
        default_args: dict[str, Any] | None = None,
        tooltip: str = "",
        prefix_group_id: bool = True,
        **arguments: Any,
    ) -> None:
        check_one_of(locals(), ("end_time",), ("end_time_sql",), what="end")
        check_literals({**arguments, **locals()})
        super().__init__(
            group_id=group_id,
            default_args=default_args or {},  # type: ignore[arg-type] # attrs' converter
            tooltip=tooltip,
            prefix_group_id=prefix_group_id,
        )
        given = _given({**arguments, "end_time": end_time, "end_time_sql": end_time_sql})
        self._shared = {name: value for name, value in given.items() if name in self.shared}
        starts = parameters_of(self.start_operator) - {*self.shared, "dismissal_date"}
        # A template may render to blank text, but every activity needs an end.
        self._start = {name: given[name] for name in given.keys() & starts} | {"end_required": True}
        ends = {name: given[theirs] for name, theirs in self.end_arguments.items() if theirs in given}
        # The end has retries even if the DAG has none, because the activity must end.
        insist = _FIRST | {"retries": end_retries, "retry_delay": _RETRY_DELAY}
        self._sensor = {
            "end_time": end_time,
            "sql": end_time_sql,
            "sql_conn_id": given.get("end_time_sql_conn_id"),
            "parameters": given.get("end_time_parameters"),
            **_given({"end_timezone": given.get("end_timezone")}),
            "recheck_interval": recheck_interval,
            "lead_time": lead_time,
            **insist,
        }
        self._end = ends | insist | _given({"lead_time": lead_time, "end_on_kill": end_on_kill})
        self._on_failure = on_failure

    @property
    def activity(self) -> Any:
        """Id by which the vendor knows the activity, as it was given."""
        return self._shared[self.start_operator.id_field]

    def __enter__(self) -> Self:
        super().__enter__()
        self.start = self.start_operator(
            task_id="start", doc_md=_task_docs.START, **self._shared, **self._start
        )
        self.start.as_setup()
        return self

    def __exit__(self, *exc_info: Any) -> None:
        try:
            if exc_info[0] is None:
                self._close([task for task in self if task.task_id != self.start.task_id])
        finally:
            super().__exit__(*exc_info)  # type: ignore[no-untyped-call]

    def _close(self, body: list[Any]) -> None:
        from airflow.providers.common.compat.sdk import TriggerRule
        from airflow.providers.standard.operators.empty import EmptyOperator

        from airflow_provider_liveactivity.sensors.end_time import LiveActivityEndTimeSensor

        ids = {task.task_id for task in body}
        for task in body:
            if not task.upstream_task_ids & ids:
                self.start >> task
        updates = list(self._own_updates(body))
        update_task_ids = [self.start.task_id, *(task.task_id for task in updates)]

        ends = [self.child_id(name) for name in ("end", "end_early")]  # type: ignore[no-untyped-call]
        self.end_time_sensor = LiveActivityEndTimeSensor(
            task_id="end_time",
            doc_md=_task_docs.END_TIME,
            deferrable=True,
            start_task_id=self.start.task_id,
            **self._sensor,
        )
        self.end = self.end_operator(
            task_id="end",
            doc_md=_task_docs.END,
            **self._shared,
            **self._end,
            # The end that the sensor found. If the sensor failed or was skipped, there is none, and the end
            # is sent at once.
            end_time=self.end_time_sensor.output,
            update_task_ids=update_task_ids,
            end_task_ids=[ends[1]],
        )
        self.start >> self.end_time_sensor >> self.end.as_teardown(setups=self.start)
        self.end_early = self.end_operator(
            task_id="end_early",
            # In a run without failures Airflow shows this task as skipped.
            task_display_name="end_early (only after a failure)",
            doc_md=_task_docs.END_EARLY,
            **self._shared,
            **self._end,
            update_task_ids=update_task_ids,
            end_task_ids=[ends[0]],
            trigger_rule=TriggerRule.ONE_FAILED,
        )
        # After a failed start `end` does not run. After a failed sensor it runs at once. So one of the two
        # ends runs, and `end_early` can be skipped without waiting for the end time. `started` represents the
        # start, because a setup cannot have a downstream task with this trigger rule.
        started = EmptyOperator(task_id="started", doc_md=_task_docs.STARTED)
        self.start >> started
        watched = [started, *(body if self._on_failure == "end_now" else [])]
        watched >> self.end_early
        for task in updates:
            _give(task, end_task_ids=ends)

        outcome = EmptyOperator(
            task_id="outcome", doc_md=_task_docs.OUTCOME, trigger_rule=TriggerRule.NONE_FAILED
        )
        leaves = [task for task in body if not task.downstream_task_ids & ids]
        [*leaves, self.end_time_sensor, self.end, self.end_early] >> outcome

    def _own_updates(self, body: list[Any]) -> Iterator[Any]:
        """Yield the updates of this activity in the block; a nested lifecycle has its own."""
        for task in body:
            kind = getattr(task, "operator_class", type(task))
            if isinstance(kind, type) and issubclass(kind, self.update_operator):
                arguments = getattr(task, "partial_kwargs", None)
                get = (lambda name, task=task: getattr(task, name)) if arguments is None else arguments.get
                theirs = get(self.start_operator.id_field)
                another = (
                    isinstance(theirs, str) and isinstance(self.activity, str) and theirs != self.activity
                )
                # An update that is mapped over ids belongs to other activities.
                if theirs is not None and not another and not get("end_task_ids"):
                    yield task


def _given(arguments: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments that are not None; ``default_args`` and the operators set the others."""
    return {name: value for name, value in arguments.items() if value is not None}


def _give(task: Any, **arguments: Any) -> None:
    """Set arguments of an operator that exists already, mapped or not."""
    partial = getattr(task, "partial_kwargs", None)
    for name, value in arguments.items():
        if partial is None:
            setattr(task, name, value)
        else:
            partial[name] = value

"""
The task group of a life, whatever the vendor.

Inside the group::

    start ─┬► the tasks of the block ─┬► end_early ─► outcome
           ├► started ────────────────┘                ▲
           └► end_time ───────────────► end ───────────┘

``start`` is a setup and ``end`` its teardown, which hangs on ``end_time`` and not on the block: it comes at
its moment while tasks of the block still run, and a cleared task of the block starts nothing anew.
``end_early`` runs as soon as one of them or the start has failed. ``outcome`` is the one leaf, so that the
DAG run tells of every failure.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

from airflow.providers.common.compat.sdk import TaskGroup

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from airflow_provider_liveactivity.operators._base import LiveActivityOperator
    from airflow_provider_liveactivity.sensors.end_time import LiveActivityEndTimeSensor


#: Where slots are scarce, an end goes before everything else; Airflow prefers tasks that many others wait
#: for, and nothing waits for an end.
_FIRST: dict[str, Any] = {"priority_weight": 1000, "weight_rule": "absolute"}
_RETRY_DELAY = timedelta(seconds=10)


class LiveActivityGroup(TaskGroup):
    """
    Base of the lifecycles; use it as a context manager around the tasks that live with the activity.

    Arguments of the operators that are not given come from ``default_args``, as anywhere.

    :param group_id: id of the task group.
    :param end_time: when it ends: aware datetime or ISO-8601 text with an offset. (templated)
    :param end_time_sql: in its place a query whose first row and column is the end; it may move. (templated)
    :param end_time_sql_conn_id: connection to the database that the query is for. (templated)
    :param end_time_parameters: parameters of the query. (templated)
    :param end_timezone: IANA name of the time zone of an end without an offset, such as "Europe/London";
        without it such an end is refused before the start is sent. (templated)
    :param on_past_end_time: what the start does when the end is over already: "fail", the default, "skip", or
        "send".
    :param recheck_interval: how often the query is read again; 15 minutes by default.
    :param lead_time: timedelta or seconds before the end at which a worker takes over; 20 seconds by default.
    :param on_failure: "end_now", the default, or "end_on_time" when a task of the block has failed.
    :param end_on_kill: end the activity when the held end is cancelled; the operator's default is False.
    :param end_retries: of the tasks that wait for the end and send it, ten seconds apart; 3 by default.
    :param on_lifetime_exceeded: "fail", the default, or "warn" about an end more than 8 hours away.
    :param default_args: of the group's tasks.
    :param tooltip: of the group in the UI.
    :param prefix_group_id: whether the ids of the tasks begin with the group's; True by default.
    :param shared: arguments of start, updates and end.
    :param start: further arguments of the start.
    :param end: further arguments of the end.
    :raises ValueError: where the end is not given, or given twice.
    """

    start_operator: ClassVar[type[LiveActivityOperator]]
    update_operator: ClassVar[type[LiveActivityOperator]]
    end_operator: ClassVar[type[LiveActivityOperator]]

    start: Any
    end: Any
    end_early: Any
    end_time_sensor: LiveActivityEndTimeSensor

    def __init__(
        self,
        group_id: str,
        *,
        shared: dict[str, Any],
        start: dict[str, Any],
        end: dict[str, Any],
        end_time: datetime | str | None = None,
        end_time_sql: str | None = None,
        end_time_sql_conn_id: str | None = None,
        end_time_parameters: Any = None,
        end_timezone: str | None = None,
        on_past_end_time: Literal["fail", "skip", "send"] | None = None,
        recheck_interval: timedelta | None = timedelta(minutes=15),
        lead_time: timedelta | float = timedelta(seconds=20),
        on_failure: Literal["end_now", "end_on_time"] = "end_now",
        end_on_kill: bool | None = None,
        end_retries: int = 3,
        on_lifetime_exceeded: Literal["fail", "warn"] | None = None,
        default_args: dict[str, Any] | None = None,
        tooltip: str = "",
        prefix_group_id: bool = True,
        **more: Any,
    ) -> None:
        if on_failure not in ("end_now", "end_on_time"):
            raise ValueError(f"on_failure must be 'end_now' or 'end_on_time', not {on_failure!r}")
        if (end_time is None) == (end_time_sql is None):
            raise ValueError("exactly one of end_time and end_time_sql is required: what is started must end")
        super().__init__(
            group_id=group_id,
            default_args=default_args or {},  # type: ignore[arg-type] # attrs' converter
            tooltip=tooltip,
            prefix_group_id=prefix_group_id,
        )
        self._shared = _given(shared)
        own = {
            "end_time": end_time,
            "end_time_sql": end_time_sql,
            "end_time_sql_conn_id": end_time_sql_conn_id,
            "end_time_parameters": end_time_parameters,
            "end_timezone": end_timezone,
            "end_required": True,  # a template may render to blank text, and every activity needs an end
            "on_past_end_time": on_past_end_time,
            "on_lifetime_exceeded": on_lifetime_exceeded,
        }
        self._start = _given(start | more | own)
        # A DAG without retries does not mean to leave the activity where it is.
        insist = _FIRST | {"retries": end_retries, "retry_delay": _RETRY_DELAY}
        self._sensor = {
            "end_time": end_time,
            "sql": end_time_sql,
            "sql_conn_id": end_time_sql_conn_id,
            "parameters": end_time_parameters,
            **_given({"end_timezone": end_timezone}),
            "recheck_interval": recheck_interval,
            "lead_time": lead_time,
            **insist,
        }
        self._end = _given(end | insist | {"lead_time": lead_time, "end_on_kill": end_on_kill})
        self._on_failure = on_failure

    @property
    def activity(self) -> Any:
        """What the vendor calls the activity, as it was given."""
        return self._shared[self.start_operator.id_field]

    def __enter__(self) -> Self:
        super().__enter__()
        self.start = self.start_operator(task_id="start", **self._shared, **self._start)
        self.start.as_setup()
        return self

    def __exit__(self, *exc_info: Any) -> None:
        try:
            if exc_info[0] is None:
                self._close([task for task in self if task.task_id != self.start.task_id])
        finally:
            super().__exit__(*exc_info)  # type: ignore[no-untyped-call]

    def update(self, task_id: str, **arguments: Any) -> Any:
        """Make an update of this activity, for use inside the block."""
        return self.update_operator(task_id=task_id, **{**self._shared, **arguments})

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
            task_id="end_time", deferrable=True, start_task_id=self.start.task_id, **self._sensor
        )
        self.end = self.end_operator(
            task_id="end",
            **self._shared,
            **self._end,
            # What the sensor found; where it failed or was skipped, nothing is found, and the end comes now.
            end_time=self.end_time_sensor.output,
            update_task_ids=update_task_ids,
            end_task_ids=[ends[1]],
        )
        self.start >> self.end_time_sensor >> self.end.as_teardown(setups=self.start)
        self.end_early = self.end_operator(
            task_id="end_early",
            **self._shared,
            **self._end,
            update_task_ids=update_task_ids,
            end_task_ids=[ends[0]],
            trigger_rule=TriggerRule.ONE_FAILED,
        )
        # After a failed start `end` does not run; after a failed sensor it does, and at once. So one of the
        # two ends runs, and `end_early` need not wait for the end time to know that it is not needed.
        # `started` stands for the start, which as a setup takes no successor with this trigger rule.
        started = EmptyOperator(task_id="started")
        self.start >> started
        watched = [started, *(body if self._on_failure == "end_now" else [])]
        watched >> self.end_early
        for task in updates:
            _give(task, end_task_ids=ends)

        outcome = EmptyOperator(task_id="outcome", trigger_rule=TriggerRule.NONE_FAILED)
        leaves = [task for task in body if not task.downstream_task_ids & ids]
        [*leaves, self.end_time_sensor, self.end, self.end_early] >> outcome

    def _own_updates(self, body: list[Any]) -> Iterator[Any]:
        """Yield the block's updates of this activity; a lifecycle in the block has its own."""
        for task in body:
            kind = getattr(task, "operator_class", type(task))
            if isinstance(kind, type) and issubclass(kind, self.update_operator):
                arguments = getattr(task, "partial_kwargs", None)
                get = (lambda name, task=task: getattr(task, name)) if arguments is None else arguments.get
                theirs = get(self.start_operator.id_field)
                another = (
                    isinstance(theirs, str) and isinstance(self.activity, str) and theirs != self.activity
                )
                # Mapped over ids, it is about many others.
                if theirs is not None and not another and not get("end_task_ids"):
                    yield task


def _given(arguments: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments that were given; the others are left to ``default_args`` and the operators."""
    return {name: value for name, value in arguments.items() if value is not None}


def _give(task: Any, **arguments: Any) -> None:
    """Give an argument to an operator that exists already, mapped or not."""
    partial = getattr(task, "partial_kwargs", None)
    for name, value in arguments.items():
        if partial is None:
            setattr(task, name, value)
        else:
            partial[name] = value

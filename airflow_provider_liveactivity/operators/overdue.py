"""End the Live Activities that their own DAG runs have not ended."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Literal, TypedDict

from airflow.providers.common.compat.sdk import AirflowFailException, BaseOperator

from airflow_provider_liveactivity._airflow_internals import AIRFLOW_V_3_3_PLUS
from airflow_provider_liveactivity._arguments import check_literals, parse_arguments
from airflow_provider_liveactivity._templating import TemplateGuard
from airflow_provider_liveactivity.operators import _records
from airflow_provider_liveactivity.operators._end_by_record import end_by_record

if TYPE_CHECKING:
    from typing import Unpack

    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_liveactivity._airflow_arguments import BaseOperatorArguments
    from airflow_provider_liveactivity.models.arguments import Duration, Moment
    from airflow_provider_liveactivity.operators._records import ActivityRecord


class OverdueReport(TypedDict):
    """
    The report of ``EndOverdueLiveActivitiesOperator``.

    ``on`` counts the activities that may be on and are not overdue. ``ended`` counts the overdue activities
    that this run has ended. ``failed`` counts those that this run could not end; the next run tries again.
    ``forgotten`` counts those that could not be ended and that iOS has ended by itself, eight hours after
    their start.
    """

    on: int
    ended: int
    failed: int
    forgotten: int


class EndOverdueLiveActivitiesOperator(TemplateGuard, BaseOperator):
    """
    End every Live Activity that was due to end and was not ended by its own DAG run.

    A DAG run may stop before its end task: a user marks the run, it reaches ``dagrun_timeout``, or its DAG is
    deleted. Each start that has an end leaves a record of the activity, and this operator reads the records
    of all DAGs. It ends an activity with its last state ``grace_period`` after the end. If no end is known,
    it ends the activity as soon as its DAG run is over. It is safe to end an activity twice, and to run this
    operator twice at the same time.

    Needs Airflow 3.3 or later.

    :param grace_period: time after the end in which the activity's own DAG run may still end it, as
        timedelta, seconds or ISO-8601 text such as "PT2M"; 2 minutes by default. (templated)
    :param dismissal_date: when the ended activities leave the lock screen: aware datetime or ISO-8601 text
        with an offset, or a duration from the moment of sending (timedelta, or text such as "PT30M"). By
        default iOS keeps them for up to four hours. (templated)
    :raises LiveActivityError: after all records are processed, if an activity could not be ended.
    """

    template_fields = ("grace_period", "dismissal_date")
    ui_color = "#fce8e6"

    def __init__(
        self,
        *,
        grace_period: Duration = timedelta(minutes=2),
        dismissal_date: Moment | None = None,
        **kwargs: Unpack[BaseOperatorArguments],
    ) -> None:
        super().__init__(**kwargs)
        if not self.is_mapped_instance:  # the values of a mapped task come from other tasks
            check_literals(locals())
        self.grace_period: Any = grace_period
        self.dismissal_date = dismissal_date
        self._hooks: dict[str, Any] = {}

    def execute(self, context: Context) -> OverdueReport:
        from airflow_provider_liveactivity.errors import LiveActivityError

        if not AIRFLOW_V_3_3_PLUS:
            raise AirflowFailException(
                "Ending overdue activities needs Airflow 3.3 or newer: before, no task can list Variables."
            )
        parse_arguments(self)
        counts: Counter[str] = Counter()
        for key, record in _records.read_all():
            if record is None:
                self.log.error("The Variable %s is not the record of a Live Activity. Delete it.", key)
                counts["failed"] += 1
            else:
                counts[self._end_if_overdue(record, context)] += 1
        report = OverdueReport(
            on=counts["on"], ended=counts["ended"], failed=counts["failed"], forgotten=counts["forgotten"]
        )
        self.log.info(
            "Live Activities with a record: %s",
            ", ".join(f"{count} {name}" for name, count in report.items()),
        )
        if report["failed"]:
            raise LiveActivityError(
                f"{report['failed']} overdue Live Activities could not be ended; the log names each and its "
                "cause. The next run tries again."
            )
        return report

    def on_kill(self) -> None:
        for hook in self._hooks.values():
            hook.stop()

    def _end_if_overdue(
        self, record: ActivityRecord, context: Context
    ) -> Literal["on", "ended", "failed", "forgotten"]:
        """End the activity if it is overdue, and return its category in the report."""
        try:
            if not self._is_overdue(record, context):
                return "on"
            end_by_record(self._hook(record), record, dismissal_date=self.dismissal_date)
        except Exception as error:  # noqa: BLE001 # one failure must not prevent the other ends
            return self._after_failure(record, error)
        _records.delete(record)
        self.log.warning(
            "Ended an overdue Live Activity. It was due to end at %s. "
            "DAG %s, run %s, connection %s, activity %s",
            record.end_time or "an unknown time",
            record.dag_id,
            record.run_id,
            record.conn_id,
            record.activity_id,
        )
        return "ended"

    def _after_failure(self, record: ActivityRecord, error: Exception) -> Literal["failed", "forgotten"]:
        """Delete the record if no phone shows the activity any more; otherwise leave it to the next run."""
        self.log.error(
            "An overdue Live Activity was not ended. %s: %s Connection %s, activity %s",
            type(error).__name__,
            error,
            record.conn_id,
            record.activity_id,
        )
        if datetime.now(UTC) < _dies_at(record):
            return "failed"
        _records.delete(record)
        return "forgotten"

    def _is_overdue(self, record: ActivityRecord, context: Context) -> bool:
        now = datetime.now(UTC)
        if _dies_at(record) <= now:
            return True
        end = datetime.fromisoformat(record.end_time) if record.end_time is not None else None
        if end is not None and now < end + self.grace_period:
            return False
        if record.end_query is not None and (end is not None or _run_is_over(record, context)):
            end = self._read_again(record, end)
        return _run_is_over(record, context) if end is None else now >= end + self.grace_period

    def _read_again(self, record: ActivityRecord, known: datetime | None) -> datetime | None:
        """Return the end that the query finds now, or the known end if the query cannot be read."""
        from airflow_provider_liveactivity.hooks._end_time import read_end_time

        try:
            end = read_end_time(**record.end_query or {})
        except Exception as error:  # noqa: BLE001 # each driver has its own errors
            self.log.warning(
                "The query for the end of a Live Activity failed (%s). The end that was read last applies: "
                "%s. Connection %s, activity %s",
                type(error).__name__,
                record.end_time or "not known yet",
                record.conn_id,
                record.activity_id,
            )
            return known
        if end is not None and end != known:
            _records.note_end(record, end)
        return end

    def _hook(self, record: ActivityRecord) -> Any:
        if record.conn_id not in self._hooks:
            from airflow_provider_liveactivity.hooks.braze import BrazeHook
            from airflow_provider_liveactivity.hooks.moengage import MoEngageHook

            hook: type[Any] = BrazeHook if record.vendor == "braze" else MoEngageHook
            self._hooks[record.conn_id] = hook(record.conn_id)
        return self._hooks[record.conn_id]


def _dies_at(record: ActivityRecord) -> datetime:
    from airflow_provider_liveactivity.models.end_time import MAX_LIFETIME

    return datetime.fromisoformat(record.started_at) + MAX_LIFETIME


def _run_is_over(record: ActivityRecord, context: Context) -> bool:
    """Return whether the DAG run of the start has finished, or no longer exists."""
    from airflow.sdk.exceptions import AirflowRuntimeError

    ti: Any = context["ti"]
    try:
        return ti.get_dagrun_state(record.dag_id, record.run_id) in ("success", "failed")
    except AirflowRuntimeError as error:
        # Any other error, such as a restart of the API server, does not mean that the run is over.
        if (error.error.detail or {}).get("status_code") == HTTPStatus.NOT_FOUND:
            return True
        raise

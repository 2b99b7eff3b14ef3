"""Start activities that have an end, and drop updates that come after the end."""

from __future__ import annotations

import math
from abc import abstractmethod
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

from airflow.providers.common.compat.sdk import AirflowFailException, AirflowSkipException

from airflow_provider_liveactivity.operators import _records
from airflow_provider_liveactivity.operators._base import LiveActivityOperator
from airflow_provider_liveactivity.operators._end_time import EndTimeMixin
from airflow_provider_liveactivity.operators._xcom import ENDS_AT, pull, reports_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_liveactivity.delivery.report import SendReport


class StartMixin(EndTimeMixin):
    """Start an activity and keep a record of it until it ends."""

    content_state: Any
    #: The record that this attempt has written, and the record that it replaced.
    _record: _records.ActivityRecord | None = None
    _replaced: _records.ActivityRecord | None = None

    def execute(self, context: Context) -> SendReport:
        self._record = self._replaced = None
        try:
            report = super().execute(context)
            self._end_again()
        except AirflowSkipException as skip:
            if self._is_retry:
                failure = (
                    f"{skip} An earlier attempt may have started the activity on some phones, so the task "
                    "fails instead of being skipped, and the activity is ended."
                )
                self.log.error("%s", failure)  # noqa: TRY400
                raise AirflowFailException(failure) from None
            raise
        except BaseException as error:  # a deferral or a retry would go on starting the activity
            if self._end_again():
                raise AirflowFailException(
                    "Another task ended the activity before its start had reached all recipients."
                ) from error
            raise
        finally:
            if not self._has_sent:
                self._withdraw()
        return report

    def _prepare(self, context: Context) -> None:
        super()._prepare(context)
        self._check_lifetime(context)
        if not self.validate_only and self._will_be_ended():
            self._write_record(context)

    @property
    def _has_sent(self) -> bool:
        return "hook" in self.__dict__ and self.hook.has_sent

    @property
    def _is_retry(self) -> bool:
        """Whether an earlier attempt of the same start has left a record."""
        before, own = self._replaced, self._record
        return before is not None and own is not None and before.start_id == own.start_id

    def _end_arguments(self) -> dict[str, Any]:
        """Return the further arguments of the end that ``EndOverdueLiveActivitiesOperator`` sends."""
        return {}

    def _will_be_ended(self) -> bool:
        """Return whether the activity has an end time, or a task of the DAG ends it."""
        if self._has_end:
            return True
        dag = self.get_dag()
        return dag is not None and any(self.task_id in _sent_by(task) for task in dag.tasks)

    def _write_record(self, context: Context) -> None:
        """Write the record of the activity before the first request leaves."""
        now = datetime.now(UTC).isoformat()
        end = self._end_moment(context)
        key = self.record_key
        start_id = _records.start_id_of(context)
        self._replaced = before = _records.read(key)
        is_retry = before is not None and before.start_id == start_id
        if before is None and self.resumed and self._was_partly_sent(start_id, context):
            raise AirflowFailException(
                "Another task ended the activity while its start waited for quota, so nothing more is sent."
            )
        ti: Any = context["ti"]
        self.start_id = start_id
        self._record = _records.ActivityRecord(
            vendor=self.hook.conn_type,
            conn_id=self.conn_id,
            activity_id=self.activity_key,
            start_id=start_id,
            content_state=self.content_state,
            started_at=before.started_at if before is not None and is_retry else now,
            updated_at=now,
            end_time=None if end is None else end.isoformat(),
            end_query=self._end_query(),
            end_arguments=self._end_arguments(),
            dag_id=ti.dag_id,
            run_id=ti.run_id,
            is_ending=before is not None and is_retry and before.is_ending,
        )
        _records.write(self._record)

    def _was_partly_sent(self, start_id: str, context: Context) -> bool:
        """Return whether this start had reached phones before it deferred."""
        reports = reports_of(context, [self.task_id], self.activity_key)
        return any(report.get("start_id") == start_id for report in reports)

    def _end_again(self) -> bool:
        """
        End the activity if another task ended it while this attempt was sending; return whether it did.

        The other end has reached only the phones that the start had reached by then.
        """
        from airflow_provider_liveactivity.errors import LiveActivityError
        from airflow_provider_liveactivity.operators._end_by_record import end_by_record

        record = self._record
        if record is None or not self._has_sent or not _records.was_ended(record):
            return False
        self.log.warning(
            "Another task ended the activity while its start was being sent. The activity is ended again, "
            "for the phones that the start has reached since."
        )
        due = replace(record, end_time=datetime.now(UTC).isoformat(), end_query=None)
        _records.write(due)  # if this end fails, the end of the DAG run or the safety net follows
        self._record = None
        try:
            end_by_record(self.hook, due)
        except LiveActivityError as error:
            raise AirflowFailException(f"The activity could not be ended again: {error}") from error
        _records.delete(due)
        return True

    def _withdraw(self) -> None:
        """
        Restore the record that this attempt replaced, because the attempt has sent nothing.

        The record of an earlier attempt stays, because that attempt may have sent requests. The record of
        another start that began in the meantime stays too.
        """
        if self._record is None:
            return
        if self._replaced is None:
            _records.delete(self._record)
        elif _records.is_current(self._record):
            _records.write(self._replaced)


class UpdateMixin(LiveActivityOperator):
    """
    Update an activity, and drop updates that come too late.

    The update has the arguments ``end_task_ids`` and ``sequence``. The last sequence sent is stored with the
    task's only inlet, which must be an asset (Airflow 3.3 and later).
    """

    end_task_ids: Sequence[str]
    sequence: Any

    @abstractmethod
    def update(self, context: Context, *, validate_only: bool) -> SendReport:
        """Send the update through the operator's hook and return the report."""

    def send(self, context: Context) -> SendReport:
        last = None if self.sequence is None else self._sequence_store(context)
        record = None if self.validate_only else _records.read(self.record_key)
        if (reason := self._too_late(context, record, last)) is not None:
            self.log.warning("The update is dropped, not sent: %s", reason)
            report = self.update(context, validate_only=True)
            dropped = {"requests": 0, "recipients": 0, "dropped": 1, "validate_only": self.validate_only}
            return cast("SendReport", report | dropped)
        report = self.update(context, validate_only=self.validate_only)
        if last is not None and not self.validate_only:
            last.set(self._sequence_key, comparable(self.sequence))
        if record is None:
            return report
        sent_at = report["last_sent_at"] or datetime.now(UTC).isoformat()
        _records.note_state(record.key, record.start_id, report["content_state"], sent_at)
        self.start_id = record.start_id
        return report

    def _too_late(self, context: Context, record: _records.ActivityRecord | None, last: Any) -> str | None:
        now = datetime.now(UTC)
        for end in pull(context, self.end_task_ids, ENDS_AT):
            is_of_this_start = record is None or end["start_id"] == record.start_id
            if is_of_this_start and datetime.fromisoformat(end["at"]) <= now:
                return f"the activity's end came at {end['at']}."
        if (record is None or not record.is_of_run(context)) and self._was_started_by_this_run(context):
            return f"another DAG run has {'ended the activity' if record is None else 'started it again'}."
        if last is None or (known := last.get(self._sequence_key)) is None:
            return None
        mine = comparable(self.sequence)
        try:
            return None if mine > known else f"sequence {mine!r} is not above the last one sent, {known!r}."
        except TypeError:
            from airflow_provider_liveactivity.errors import InvalidPayload

            raise InvalidPayload(
                f"sequence {mine!r} cannot be compared with the last one sent, {known!r}."
            ) from None

    def _was_started_by_this_run(self, context: Context) -> bool:
        """
        Return whether this run has started the activity with a record.

        If so, a missing record says that the activity was ended, and a record of another DAG run says that
        it was started again. The ends of the run know the tasks that start the activity.
        """
        dag = self.get_dag()
        if dag is None:
            return False
        ends = [dag.get_task(task_id) for task_id in self.end_task_ids if dag.has_task(task_id)]
        starts = {task_id for end in ends for task_id in _sent_by(end)} - {self.task_id}
        reports = reports_of(context, sorted(starts), self.activity_key)
        return any(report.get("start_id") is not None for report in reports)

    def _sequence_store(self, context: Context) -> Any:
        store: Any = context.get("asset_state_store")
        if store is None:
            from airflow_provider_liveactivity.errors import InvalidPayload

            raise InvalidPayload(
                "sequence needs Airflow 3.3 or newer and exactly one inlet, an asset, which stores the "
                "last sequence."
            )
        return store

    @property
    def _sequence_key(self) -> str:
        return f"live_activity_sequence/{self.activity_key}"


def comparable(sequence: Any) -> float | int | str:
    """Return a sequence as JSON stores it; text that a template made from a number becomes a number again."""
    match sequence:
        case datetime() if sequence.utcoffset() is not None:
            return sequence.astimezone(UTC).isoformat(timespec="microseconds")
        case str():
            return _from_text(sequence)
        case int() | float() if math.isfinite(sequence):  # no number is above NaN or infinity
            return sequence
    from airflow_provider_liveactivity.errors import InvalidPayload

    given = sequence if isinstance(sequence, float) else f"a naive or other {type(sequence).__name__}"
    raise InvalidPayload(f"sequence must be a finite number, text or an aware datetime, not {given}.")


def _from_text(sequence: str) -> float | int | str:
    for kind in (int, float, datetime.fromisoformat):
        try:
            value: Any = kind(sequence)
        except ValueError:
            continue
        is_naive = isinstance(value, datetime) and value.utcoffset() is None
        return sequence if is_naive else comparable(value)
    return sequence


def _sent_by(task: Any) -> Sequence[str]:
    """Return the ``update_task_ids`` of a task, mapped or not; empty if the task does not end an activity."""
    arguments = getattr(task, "partial_kwargs", None)
    found = (
        getattr(task, "update_task_ids", ()) if arguments is None else arguments.get("update_task_ids", ())
    )
    return found or ()

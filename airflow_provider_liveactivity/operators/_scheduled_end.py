"""End an activity at an exact moment: defer until shortly before the moment, then wait in the worker."""

from __future__ import annotations

import time
from abc import abstractmethod
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

from airflow.providers.common.compat.sdk import AirflowSkipException

from airflow_provider_liveactivity.operators import _records
from airflow_provider_liveactivity.operators._base import LiveActivityOperator
from airflow_provider_liveactivity.operators._xcom import ENDS_AT, pull, reports_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_liveactivity.delivery.report import SendReport
    from airflow_provider_liveactivity.delivery.scheduled_release import ScheduledRelease

#: Read the last state this long before ``end_time``, so that it includes the last update.
_CLOSING = timedelta(seconds=3)
_LOOK_SECONDS = 0.2


class EndMixin(LiveActivityOperator):
    """
    End an activity at once, or at ``end_time``.

    The task validates everything first. It then defers until ``lead_time`` before ``end_time`` and holds no
    worker slot. The rest of the wait is in the worker, so that the request leaves at ``end_time`` exactly.

    The end has the arguments ``end_time``, ``lead_time``, ``deferrable``, ``end_on_kill``,
    ``update_task_ids`` and ``end_task_ids``. Airflow's ``[operators] default_deferrable`` has no effect,
    because the wait would hold a worker slot for hours. A deferred task has no worker that could send the
    end when the task is cancelled.
    """

    content_state: Any
    end_time: Any
    lead_time: Any
    deferrable: bool
    end_on_kill: bool
    update_task_ids: Sequence[str]
    end_task_ids: Sequence[str]
    _killed = False
    _announced = False
    _release: ScheduledRelease | None = None
    _record: _records.ActivityRecord | None = None
    _reports: Sequence[Any] = ()

    @abstractmethod
    def end(
        self, context: Context, *, content_state: Any, release: ScheduledRelease | None, validate_only: bool
    ) -> SendReport:
        """Send the end through the operator's hook and return the report."""

    def send(self, context: Context) -> SendReport:
        was_on = self._look_up(context)
        if not was_on and (report := self._report_of_another_end(context)) is not None:
            return report
        from airflow_provider_liveactivity.delivery.scheduled_release import ScheduledRelease
        from airflow_provider_liveactivity.models.end_time import end_moment

        moment = end_moment(self.end_time)
        self._warn_when_too_late(moment, context)
        self.end(context, content_state=self._last_state(context), release=None, validate_only=True)
        if self.validate_only or moment is None or moment <= datetime.now(UTC):
            if not self._announced:
                self._announce(datetime.now(UTC), context)
            return self._end(context, ScheduledRelease(moment) if moment else None)
        self._announce(moment, context)
        self._release_at(moment - self.lead_time)
        self._release = ScheduledRelease(moment)
        self.log.info("The end is valid and will be sent at %s.", moment.isoformat())
        if self.content_state is None or self.update_task_ids:
            self._wait_until(moment - _CLOSING)
        is_on = self._look_up(context)  # without update_task_ids the end may wait while the start still runs
        if was_on and not is_on:
            if (report := self._report_of_another_end(context)) is not None:
                return report
            raise AirflowSkipException("The activity was ended in the meantime, so nothing is sent.")
        return self._end(context, self._release)

    def _validate(self, context: Context) -> SendReport:
        from airflow_provider_liveactivity.delivery.scheduled_release import ScheduledRelease
        from airflow_provider_liveactivity.models.end_time import end_moment

        moment = end_moment(self.end_time)
        release = None if moment is None else ScheduledRelease(moment)  # from which relative dates count
        return self.end(context, content_state=self.content_state, release=release, validate_only=True)

    def read_last_state(self, context: Context) -> Any:
        """
        Return the last state that was sent to the activity; None if nothing was sent.

        :param context: context of the task, whose template fields are rendered.
        """
        self._note(_records.read(self.record_key), context)
        return self._last_sent_state()

    def resume_after_wait(self, context: Context, event: Any = None) -> SendReport:
        """Resume in a worker, shortly before the end; nothing has been sent yet."""
        self._announced = True  # stored before the wait, because each call to Airflow delays the end
        return self.execute(context)

    def on_kill(self) -> None:
        self._killed = True
        if not self.end_on_kill:
            super().on_kill()
        elif self._release is not None:
            self._release.release_now()

    def _end(self, context: Context, release: ScheduledRelease | None) -> SendReport:
        state = self._last_state(context)
        if self._record is not None and not self.update_task_ids:
            _records.note_ending(self._record)  # a start that is still being sent must learn of this end
        report = self.end(context, content_state=state, release=release, validate_only=self.validate_only)
        if self._record is None or self.validate_only:
            return report
        _records.delete(self._record)
        self.start_id = self._record.start_id
        return report

    def _look_up(self, context: Context) -> bool:
        """Read the activity's record and reports; return whether the record says that the activity is on."""
        self._note(None if self.validate_only else _records.read(self.record_key), context)
        return self._record is not None

    def _note(self, record: _records.ActivityRecord | None, context: Context) -> None:
        """Keep the activity's record and reports for the next steps."""
        if record is not None and self.update_task_ids and not record.is_of_run(context):
            record = None  # another DAG run started the activity and ends it
        self._record = record
        self._reports = reports_of(context, self.update_task_ids, self.activity_key)

    def _report_of_another_end(self, context: Context) -> SendReport | None:
        """Return the report of another task that has ended the activity; None if there is none."""
        starts = {report.get("start_id") for report in self._reports}
        for report in pull(context, self.end_task_ids):
            if not self.update_task_ids or report.get("start_id") in starts:
                self.log.info("Another task of this run has ended the activity already, so nothing is sent.")
                return cast("SendReport", report)
        return None

    def _last_state(self, context: Context) -> Any:
        """Return the state to end with: the given state, or else the state that the phones show."""
        state = self._last_sent_state()
        if self.update_task_ids and state is None:
            raise AirflowSkipException("The activity is not on, so there is nothing to end.")
        if self.content_state is not None:
            return self.content_state
        if state is not None:
            return state
        from airflow_provider_liveactivity.errors import InvalidPayload

        raise InvalidPayload("content_state is required: the vendors require the last state with the end.")

    def _last_sent_state(self) -> Any:
        """Return the state that the phones show; None if nothing was sent."""
        # A report with a start id belongs to a record. Without the record, that activity has ended.
        states = [
            (report["last_sent_at"] or "", report["content_state"])
            for report in self._reports
            if report.get("start_id") is None
        ]
        if self._record is not None:
            states.append((self._record.updated_at, self._record.content_state))
        return max(states, key=lambda state: state[0])[1] if states else None

    def _warn_when_too_late(self, moment: datetime | None, context: Context) -> None:
        from airflow_provider_liveactivity.models.end_time import MAX_LIFETIME

        started = [report["first_sent_at"] for report in self._reports if report.get("start_id") is None]
        started += [self._record.started_at] if self._record is not None else []
        first = min((at for at in started if at), default=None)
        if first is None:
            return
        dies_at = datetime.fromisoformat(first) + MAX_LIFETIME
        if max(moment or dies_at, datetime.now(UTC)) > dies_at:
            self.log.warning(
                "This end is too late: iOS ends the activity at %s, 8 hours after its start, and its push "
                "tokens expire then. The vendor accepts the request, but no phone receives it.",
                dies_at.isoformat(),
            )

    def _announce(self, moment: datetime, context: Context) -> None:
        """Push the moment after which updates of the same activity are dropped."""
        start_id = self._record.start_id if self._record is not None else None
        context["ti"].xcom_push(key=ENDS_AT, value={"at": moment.isoformat(), "start_id": start_id})

    def _release_at(self, moment: datetime) -> None:
        """Defer until the moment if it is far enough away."""
        from airflow_provider_liveactivity.models.end_time import TOO_SHORT_TO_DEFER

        if self.deferrable and moment - datetime.now(UTC) > TOO_SHORT_TO_DEFER:
            from airflow.providers.standard.triggers.temporal import DateTimeTrigger

            self.log.info("Waiting in the triggerer until %s.", moment.isoformat())
            self.defer(trigger=DateTimeTrigger(moment=moment), method_name="resume_after_wait")

    def _wait_until(self, moment: datetime) -> None:
        """Wait in short steps in the main thread, which receives the signals."""
        while not self._killed and (left := (moment - datetime.now(UTC)).total_seconds()) > 0:
            time.sleep(min(left, _LOOK_SECONDS))
        if self._killed and not self.end_on_kill:
            from airflow_provider_liveactivity.errors import VendorUnavailable

            raise VendorUnavailable("The task was cancelled before the end time; the activity was not ended.")

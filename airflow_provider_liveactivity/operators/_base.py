"""Share the hook, the checkpoint and the error handling of all sending operators."""

from __future__ import annotations

import logging
import math
from abc import abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn, cast

from airflow.providers.common.compat.sdk import AirflowFailException, AirflowSkipException, BaseOperator

from airflow_provider_liveactivity._airflow_internals import AIRFLOW_V_3_3_PLUS
from airflow_provider_liveactivity._arguments import parse_arguments
from airflow_provider_liveactivity.links import filled_links
from airflow_provider_liveactivity.operators._arguments import OwnArguments
from airflow_provider_liveactivity.operators._asset_events import describe_events
from airflow_provider_liveactivity.operators._records import key_of, read
from airflow_provider_liveactivity.retry_policy import LiveActivityRetryPolicy

if TYPE_CHECKING:
    from datetime import datetime

    from airflow.providers.common.compat.sdk import Context
    from airflow.sdk import RetryPolicy

    from airflow_provider_liveactivity.delivery.report import SendReport
    from airflow_provider_liveactivity.errors import LiveActivityError
    from airflow_provider_liveactivity.hooks._base import LiveActivityHook

RETRY_POLICY: RetryPolicy | None = LiveActivityRetryPolicy() if AIRFLOW_V_3_3_PLUS else None


class LiveActivityOperator(OwnArguments, BaseOperator):
    """
    Base of the sending operators.

    An error that a retry cannot fix fails the task without a retry. Every other error is left to Airflow's
    retries.

    If the vendor's quota is used up for longer than the task may wait in place, the task defers until the
    next quota window and holds no worker slot. Without a checkpoint, as before Airflow 3.3, a send to many
    recipients waits in its worker slot instead.

    On Airflow 3.3 and later ``LiveActivityRetryPolicy`` is the default of ``retry_policy``.
    """

    #: Name of the argument with the id by which the vendor knows the activity.
    id_field: ClassVar[str] = "activity_id"
    path_fields = ("content_state_schema", "attributes_schema")
    #: Whether all requests may be sent again. If not, a retry needs a checkpoint.
    repeatable = True
    on_empty_audience = "fail"
    validate_only: Any
    #: Whether this attempt has deferred until the vendor's next quota window and resumed.
    resumed = False
    #: Id of the start that the task belongs to, if a record of the activity contains it.
    start_id: str | None = None

    def __init__(self, *, retry_policy: RetryPolicy | None = RETRY_POLICY, **kwargs: Any) -> None:
        if retry_policy is not None:  # Airflow before 3.3 does not have the argument
            kwargs["retry_policy"] = retry_policy
        super().__init__(**kwargs)

    @property
    def activity_key(self) -> str:
        """Id by which the vendor knows the activity."""
        return str(getattr(self, self.id_field))

    @property
    def conn_id(self) -> str:
        """Id of the connection to the vendor's workspace."""
        return str(getattr(self, self.hook.conn_name_attr))

    @property
    def record_key(self) -> str:
        """Key of the activity's record."""
        return key_of(self.hook.conn_type, self.conn_id, self.activity_key)

    def read_start_id(self) -> str | None:
        """Return the id of the start in the activity's record; None if the activity has no record."""
        record = read(self.record_key)
        return None if record is None else record.start_id

    @property
    @abstractmethod
    def hook(self) -> LiveActivityHook:
        """Hook of the operator's connection."""

    @abstractmethod
    def send(self, context: Context) -> SendReport:
        """Send the requests and return the report."""

    def execute(self, context: Context) -> SendReport:
        from airflow_provider_liveactivity.errors import EmptyAudience, LiveActivityError

        try:
            parse_arguments(self)
            self._prepare(context)
            report = self.send(context)
        except LiveActivityError as error:
            if isinstance(error, EmptyAudience) and self.on_empty_audience == "skip":
                raise AirflowSkipException(str(error)) from error
            failure = self._failure(error, context)
            # Airflow logs the traceback below this line.
            self.log.error("%s: %s", type(error).__name__, failure)  # noqa: TRY400
            self.log.debug("The error was raised here:", exc_info=error)
            # The message says everything that is known. Frames of the provider, and a cause that only repeats
            # the message, would hide it; a driver's error stays.
            raise failure.with_traceback(None) from error.__cause__
        except BaseException as error:  # such as AirflowTaskTimeout, or an unexpected error
            if (final := self._final_failure(error, context)) is not None:
                raise final from error
            raise
        self._log_report(report)
        describe_events(context, self.outlets, self.hook, report)
        return self._with_start_id(report)

    def validate(self, context: Context) -> SendReport:
        """
        Do everything that the task does, except wait and send, and return the report.

        :param context: context of the task, whose template fields are rendered.
        :raises LiveActivityError: as the task would, before its first request.
        """
        self.validate_only = True
        parse_arguments(self)
        self._prepare(context)
        return self._validate(context)

    def _validate(self, context: Context) -> SendReport:
        return self.send(context)

    def after_rendering(self, context: Context) -> None:
        super().after_rendering(context)
        self.operator_extra_links = filled_links(self, self.operator_extra_links)

    def resume_after_wait(self, context: Context, event: Any = None) -> SendReport:
        """Resume the send after a deferral."""
        self.resumed = True
        return self.execute(context)

    def on_kill(self) -> None:
        if "hook" in self.__dict__:  # no hook yet means that no request is in flight
            self.hook.stop()

    def _prepare(self, context: Context) -> None:
        """Determine what to send, and check everything that can be checked before the audience is read."""

    def _kept_over_retries(self, context: Context) -> dict[str, Any]:
        """Return the hook's arguments with which a retry of the task continues where this attempt stops."""
        from airflow_provider_liveactivity.hooks._checkpoint import is_durable

        if is_durable(context):
            return {"context": context, "resend_after_clear": True}
        self.log.warning(
            "Before Airflow 3.3 a retry cannot resume a send. If the task fails after it has sent some "
            "requests, it is not retried. If the worker dies, a retry sends to all recipients again, unless "
            "the task has retries=0. While the quota is used up, the task waits in its worker slot."
        )
        return {"max_wait": math.inf}  # a deferral would lose what was sent

    def _with_start_id(self, report: SendReport) -> SendReport:
        """Return the report with the id of its start, if the id is known."""
        return report if self.start_id is None else {**report, "start_id": self.start_id}

    def _failure(self, error: LiveActivityError, context: Context) -> Exception:
        """Defer the task, or return the error to fail with, with or without retries by Airflow."""
        from airflow_provider_liveactivity._stored_names import PARTIAL_REPORT
        from airflow_provider_liveactivity.errors import PartiallySent
        from airflow_provider_liveactivity.models.moments import utcnow

        if isinstance(error, PartiallySent):  # the end task must know that some phones show the activity
            context["ti"].xcom_push(
                key=PARTIAL_REPORT, value=self._with_start_id(cast("SendReport", dict(error.report)))
            )
        if not error.retryable:
            # A retry policy gets the error itself. Without a policy, only AirflowFailException prevents a
            # retry.
            return AirflowFailException(str(error)) if getattr(self, "retry_policy", None) is None else error
        if (final := self._final_failure(error, context)) is not None:
            return final
        reset_at = self._retry_time(error)
        if reset_at is not None and reset_at > utcnow():  # a trigger for a past moment would defer for ever
            last = self._max_wait_until(context)
            if reset_at > last:
                return AirflowFailException(
                    f"The vendor's quota is used up until {reset_at.isoformat()}, but the task waits only "
                    f"until {last.isoformat()}: after that, no phone shows the activity. {error}"
                )
            self._wait_for(reset_at)
        return error

    def _retry_time(self, error: LiveActivityError) -> datetime | None:
        """Return when the vendor accepts requests again; None if the quota did not stop the send."""
        from airflow_provider_liveactivity.errors import reset_of

        return reset_of(error)

    def _final_failure(self, error: BaseException, context: Context) -> AirflowFailException | None:
        """Return a failure without retries if a retry would send accepted batches again, else None."""
        from airflow_provider_liveactivity.hooks._checkpoint import is_durable

        if self.repeatable or not self.hook.has_sent or is_durable(context):
            return None
        return AirflowFailException(
            "The task is not retried, because a retry would send some requests again: before Airflow 3.3 a "
            "retry "
            f"cannot resume a send. {error}"
        )

    def _max_wait_until(self, context: Context) -> datetime:
        """
        Return the moment after which the task no longer waits for the vendor.

        The moment is 8 hours after the activity's end, or 8 hours after the start of the task if no later end
        is known. No phone shows the activity after that.
        """
        from airflow_provider_liveactivity.models.end_time import MAX_LIFETIME
        from airflow_provider_liveactivity.models.moments import utcnow

        # Airflow keeps start_date over a deferral.
        started = getattr(context["ti"], "start_date", None) or utcnow()
        end = self._end_moment(context) or started
        return max(started, end) + MAX_LIFETIME

    def _end_moment(self, context: Context) -> datetime | None:
        """Return the end of the activity, or None if the task does not know it."""
        from airflow_provider_liveactivity.models.end_time import end_moment

        return end_moment(getattr(self, "end_time", None))

    def _wait_for(self, moment: datetime) -> NoReturn:
        from airflow.providers.standard.triggers.temporal import DateTimeTrigger

        self.log.info(
            "The vendor's quota is used up. The task waits in the triggerer and resumes at %s.",
            moment.isoformat(),
        )
        self.defer(trigger=DateTimeTrigger(moment=moment), method_name="resume_after_wait")
        raise AssertionError  # defer always raises

    def _log_report(self, report: SendReport) -> None:
        from airflow_provider_liveactivity.delivery.report import summarize

        level = logging.WARNING if report["unknown"] or report["rejected"] else logging.INFO
        self.log.log(level, "%s", summarize(report))

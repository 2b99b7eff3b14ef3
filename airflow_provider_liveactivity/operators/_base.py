"""Share the hook, the checkpoint and the error handling of all sending operators."""

from __future__ import annotations

import math
from abc import abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn, cast

from airflow.providers.common.compat.sdk import AirflowFailException, AirflowSkipException, BaseOperator

from airflow_provider_liveactivity._airflow_internals import AIRFLOW_V_3_3_PLUS
from airflow_provider_liveactivity._arguments import parse_arguments
from airflow_provider_liveactivity.operators._arguments import OwnArguments
from airflow_provider_liveactivity.operators._asset_events import describe_events
from airflow_provider_liveactivity.operators._records import key_of
from airflow_provider_liveactivity.operators._xcom import PARTIAL_REPORT
from airflow_provider_liveactivity.retry_policy import LiveActivityRetryPolicy

if TYPE_CHECKING:
    from datetime import datetime

    from airflow.providers.common.compat.sdk import Context
    from airflow.sdk import RetryPolicy

    from airflow_provider_liveactivity.delivery.checkpoint import Checkpoint
    from airflow_provider_liveactivity.delivery.progress import Progress
    from airflow_provider_liveactivity.delivery.report import SendReport
    from airflow_provider_liveactivity.errors import LiveActivityError
    from airflow_provider_liveactivity.hooks._base import LiveActivityHook

#: Key of the progress in the task state store.
PROGRESS_KEY = "live_activity_progress"
RETRY_POLICY: RetryPolicy | None = LiveActivityRetryPolicy() if AIRFLOW_V_3_3_PLUS else None
_DELIVERY_FIELDS = ("max_workers", "max_requests_per_second", "quota_reserve", "on_unknown")


class LiveActivityOperator(OwnArguments, BaseOperator):
    """
    Base of the sending operators.

    An error that a retry cannot fix fails the task without a retry. Every other error is left to Airflow's
    retries.

    If the vendor's quota is used up for longer than the task may wait in place, the task defers until the
    next quota window and holds no worker slot. Without a checkpoint, as before Airflow 3.3, a send to many
    people waits in its worker slot instead.

    On Airflow 3.3 and later ``LiveActivityRetryPolicy`` is the default of ``retry_policy``.
    """

    #: Name of the argument with the id by which the vendor knows the activity.
    id_field: ClassVar[str] = "activity_id"
    path_fields = ("content_state_schema",)
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
            self._handle_error(error, context)
        except BaseException as error:  # such as AirflowTaskTimeout, or an unexpected error
            self._fail_without_retry(error, context)
            raise
        self._log_report(report)
        describe_events(context, self.outlets, self.hook, report)
        return self._with_start_id(report)

    def resume_after_wait(self, context: Context, event: Any = None) -> SendReport:
        """Resume the send after a deferral."""
        self.resumed = True
        return self.execute(context)

    def on_kill(self) -> None:
        if "hook" in self.__dict__:  # no hook yet means that no request is in flight
            self.hook.stop()

    def _prepare(self, context: Context) -> None:
        """Determine what to send, and check what can be checked before the audience is read."""

    def _delivery_options(self, context: Context) -> dict[str, Any]:
        """
        Return the options of a send to many people, and those that store its checkpoint and its progress.

        On Airflow 3.3 and later both are in the task state store, which the UI shows.
        """
        from airflow_provider_liveactivity.delivery.options import DeliveryOptions
        from airflow_provider_liveactivity.delivery.rate_limit import MAX_WAIT_SECONDS

        store: Any = context.get("task_state_store")
        if store is None:
            self.log.warning(
                "Airflow before 3.3 keeps nothing over a retry: once a part is sent, a failure is final; and "
                "if the worker dies, a retry sends from the start, unless the task has retries=0. Where a "
                "window is used up, the task waits in its worker slot."
            )

        def tell(progress: Progress) -> None:
            self.log.info("%s", progress)
            if store is not None:
                store.set(PROGRESS_KEY, progress.to_json())

        checkpoint = checkpoint_of(context)
        options: dict[str, Any] = {
            name: getattr(self, name) for name in _DELIVERY_FIELDS if hasattr(self, name)
        }
        # Without a checkpoint, a deferral would lose what was sent: wait in place, however long.
        options["max_wait"] = MAX_WAIT_SECONDS if checkpoint.durable else math.inf
        return {"checkpoint": checkpoint, "on_progress": tell, "fan_out": DeliveryOptions(**options)}

    def _with_start_id(self, report: SendReport) -> SendReport:
        """Return the report with the id of its start, if the id is known."""
        return report if self.start_id is None else {**report, "start_id": self.start_id}

    def _handle_error(self, error: LiveActivityError, context: Context) -> NoReturn:
        """Defer the task, fail it without a retry, or fail it so that Airflow retries."""
        from airflow_provider_liveactivity.errors import PartiallySent
        from airflow_provider_liveactivity.models.moments import utcnow

        if isinstance(error, PartiallySent):  # the end task must know that some phones show the activity
            context["ti"].xcom_push(
                key=PARTIAL_REPORT, value=self._with_start_id(cast("SendReport", dict(error.report)))
            )
        if not error.retryable:
            # A retry policy gets the error itself. Without a policy, only AirflowFailException prevents a
            # retry.
            if getattr(self, "retry_policy", None) is None:
                raise AirflowFailException(str(error)) from error
            raise error
        self._fail_without_retry(error, context)
        reset_at = self._retry_time(error)
        if reset_at is not None and reset_at > utcnow():  # a trigger for a past moment would defer for ever
            last = self._max_wait_until(context)
            if reset_at > last:
                raise AirflowFailException(
                    f"{error} The task would go on at {reset_at.isoformat()}, but waits for the vendor until "
                    f"{last.isoformat()} only: after that no phone shows the activity."
                ) from error
            self._wait_for(reset_at)
        raise error

    def _retry_time(self, error: LiveActivityError) -> datetime | None:
        """Return when the vendor accepts requests again; None if the quota did not stop the send."""
        from airflow_provider_liveactivity.errors import reset_of

        return reset_of(error)

    def _fail_without_retry(self, error: BaseException, context: Context) -> None:
        """Fail the task without a retry if a retry would send accepted batches again."""
        if not self.repeatable and self.hook.has_sent and not checkpoint_of(context).durable:
            raise AirflowFailException(
                f"{error} Airflow before 3.3 keeps nothing over a retry, so a retry would send a part again: "
                "this task does not retry by itself."
            ) from error

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

        self.log.info("The vendor's window is used up: going on at %s.", moment.isoformat())
        self.defer(trigger=DateTimeTrigger(moment=moment), method_name="resume_after_wait")
        raise AssertionError  # defer always raises

    def _log_report(self, report: SendReport) -> None:
        self.log.info(
            "%s %s of %s: %s of %s accepted, %s unknown, in %s requests.%s",
            report["vendor"],
            report["verb"],
            report["activity_id"],
            f"{report['accepted']:,}",
            f"{report['recipients']:,}",
            f"{report['unknown']:,}",
            f"{report['requests']:,}",
            " Nothing was sent: validate_only." if report["validate_only"] else "",
        )


def checkpoint_of(context: Context) -> Checkpoint:
    """Return the checkpoint of the running task; it survives a retry on Airflow 3.3 and later."""
    from airflow_provider_liveactivity.delivery.checkpoint import Checkpoint

    store: Any = context.get("task_state_store")
    if store is None:
        return Checkpoint()
    from airflow.sdk.crypto import get_fernet

    return Checkpoint(store, get_fernet(), max_tries=context["ti"].max_tries)

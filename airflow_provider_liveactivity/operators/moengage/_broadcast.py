"""Start, update and end broadcast Live Activities through MoEngage."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NoReturn

from airflow.providers.common.compat.sdk import AirflowFailException

from airflow_provider_liveactivity.links import SandboxLink
from airflow_provider_liveactivity.operators._end_time import END_FIELDS, END_RENDERERS
from airflow_provider_liveactivity.operators._scheduled_end import EndMixin
from airflow_provider_liveactivity.operators._start_update import StartMixin, UpdateMixin
from airflow_provider_liveactivity.operators.moengage._base import MoEngageTask
from airflow_provider_liveactivity.operators.moengage._idempotency import RequestKey

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_liveactivity.delivery.report import SendReport
    from airflow_provider_liveactivity.delivery.scheduled_release import ScheduledRelease
    from airflow_provider_liveactivity.models.arguments import EpochMoment, Object, Schema

_SHARED_FIELDS = (
    "broadcast_live_activity_id",
    "content_state",
    "alert",
    "dismissal_date",
    "instance_id",
    "moengage_conn_id",
    "content_state_schema",
)
_SHARED_RENDERERS = {"content_state": "json", "alert": "json", "content_state_schema": "json"}


class MoEngageBroadcastLiveActivityOperator(MoEngageTask):
    """
    Base of the MoEngage broadcast operators.

    :param broadcast_live_activity_id: the id that the campaign was created with. (templated)
    :param content_state: object with the whole state to show, or its JSON text. (templated)
    :param alert: object with ``title`` and ``body``, optionally ``subtitle`` and ``sound``. (templated)
    :param dismissal_date: when the activity leaves the phones: aware datetime, ISO-8601 text with an offset,
        epoch seconds, or timedelta from the moment of sending; a past moment ends it at once. (templated)
    :param instance_id: MoEngage refuses a second request with the same one. By default it follows from DAG,
        run, task and content, so that a retry cannot push twice and a cleared task can. (templated)
    :param moengage_conn_id: connection to the MoEngage workspace; "moengage_default" by default. (templated)
    :param content_state_schema: JSON Schema, or its path, that the content state must satisfy. (templated)
    :param validate_only: do everything but send, and return the report; False by default.
    """

    id_field = "broadcast_live_activity_id"
    template_fields: Sequence[str] = _SHARED_FIELDS
    template_fields_renderers: ClassVar[dict[str, str]] = _SHARED_RENDERERS
    operator_extra_links = (*MoEngageTask.operator_extra_links, SandboxLink("broadcast_live_activity_id"))

    def __init__(
        self,
        *,
        broadcast_live_activity_id: str,
        content_state: Object,
        alert: Object,
        dismissal_date: EpochMoment | None = None,
        instance_id: str | None = None,
        content_state_schema: Schema | None = None,
        validate_only: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.broadcast_live_activity_id = broadcast_live_activity_id
        self.content_state = content_state
        self.alert = alert
        self.dismissal_date = dismissal_date
        self.instance_id = instance_id
        self.content_state_schema = content_state_schema
        self.validate_only = validate_only

    def _push(
        self,
        call: Callable[..., SendReport],
        context: Context,
        *,
        validate_only: bool | None = None,
        options: dict[str, Any] | None = None,
        **more: Any,
    ) -> SendReport:
        fields = {
            "broadcast_live_activity_id": self.broadcast_live_activity_id,
            "content_state": self.content_state,
            "alert": self.alert,
            "dismissal_date": self.dismissal_date,
            **more,
        }
        if self.validate_only if validate_only is None else validate_only:
            return call(**fields, content_state_schema=self.content_state_schema, validate_only=True)
        key = RequestKey(context, fields, resumed=self.resumed)
        report = call(
            **fields,
            instance_id=self.instance_id or key.value,
            content_state_schema=self.content_state_schema,
            possibly_sent_before=key.possibly_sent_before,
            **(options or {}),
        )
        key.accepted()
        return self._completed(report, key)

    def _completed(self, report: SendReport, key: RequestKey) -> SendReport:
        return report


class MoEngageStartBroadcastLiveActivityOperator(StartMixin, MoEngageBroadcastLiveActivityOperator):
    """
    Start a broadcast Live Activity for the audience of its campaign.

    :param attribute_type: name of the app's attributes type. (templated)
    :param attribute_info: object with the static attributes, or its JSON text. (templated)
    :param end_alert: alert of the end, for the case that ``EndOverdueLiveActivitiesOperator`` has to send it;
        by default the alert of the start. (templated)
    :param end_time: when the activity is to end; more than 8 hours away fails before anything is sent.
        (templated)
    :param end_time_sql: in its place a query, or a ``.sql`` file, whose first row and column is the end.
        (templated)
    :param end_time_sql_conn_id: connection to the database that the query is for. (templated)
    :param end_time_parameters: parameters of the query. (templated)
    :param end_timezone: IANA name of the time zone of an end without an offset. (templated)
    :param end_required: fail before anything is sent where no end is given; False by default.
    :param on_past_end_time: "fail", the default, "skip" or "send" when the end is over already.
    :param on_lifetime_exceeded: "fail", the default, or "warn" about an end more than 8 hours away.
    """

    template_fields: Sequence[str] = (
        *_SHARED_FIELDS,
        "attribute_type",
        "attribute_info",
        "end_alert",
        *END_FIELDS,
    )
    template_ext: Sequence[str] = (".sql",)
    template_fields_renderers: ClassVar[dict[str, str]] = {
        **_SHARED_RENDERERS,
        "attribute_info": "json",
        "end_alert": "json",
        **END_RENDERERS,
    }

    def __init__(
        self, *, attribute_type: str, attribute_info: Object, end_alert: Object | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.attribute_type = attribute_type
        self.attribute_info = attribute_info
        self.end_alert = end_alert

    def _end_arguments(self) -> dict[str, Any]:
        return {"alert": self.alert if self.end_alert is None else self.end_alert}

    def send(self, context: Context) -> SendReport:
        return self._push(
            self.hook.start_broadcast,
            context,
            attribute_type=self.attribute_type,
            attribute_info=self.attribute_info,
        )


class MoEngageUpdateBroadcastLiveActivityOperator(UpdateMixin, MoEngageBroadcastLiveActivityOperator):
    """
    Update a broadcast Live Activity on every phone that shows it.

    :param stale_date: as ``dismissal_date``: when the content counts as outdated. (templated)
    :param on_rate_limit: what to do with an update above MoEngage's limit of five per minute: "wait" (the
        default) sends it later; "coalesce" gives the worker slot back, renders the fields again and sends the
        state of that time; "fail" fails without Airflow's retries.
    :param end_task_ids: ids of the tasks that end the activity. An update after an end is dropped.
    :param sequence: number, text or moment. An update whose sequence is not above the last one sent is
        dropped. Needs Airflow 3.3 and one asset among the inlets. (templated)
    """

    template_fields: Sequence[str] = (*_SHARED_FIELDS, "stale_date", "sequence")

    def __init__(
        self,
        *,
        stale_date: EpochMoment | None = None,
        on_rate_limit: Literal["wait", "coalesce", "fail"] = "wait",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.stale_date = stale_date
        self.on_rate_limit = on_rate_limit

    def update(self, context: Context, *, validate_only: bool) -> SendReport:
        # A task has one update only. What the hook would hold back, the task renders anew when it resumes.
        call = partial(
            self.hook.update_broadcast,
            on_rate_limit="fail" if self.on_rate_limit == "coalesce" else self.on_rate_limit,
        )
        return self._push(call, context, validate_only=validate_only, stale_date=self.stale_date)

    def _completed(self, report: SendReport, key: RequestKey) -> SendReport:
        return {**report, "coalesced": key.replaced} if self.on_rate_limit == "coalesce" else report  # type: ignore[typeddict-unknown-key]

    def _wait_for(self, moment: datetime) -> NoReturn:
        if self.on_rate_limit == "fail":
            raise AirflowFailException(
                f"MoEngage takes no update before {moment.isoformat()}: on_rate_limit='fail'."
            )
        super()._wait_for(moment)


class MoEngageEndBroadcastLiveActivityOperator(EndMixin, MoEngageBroadcastLiveActivityOperator):
    """
    End a broadcast Live Activity on every phone that shows it, at once or at an exact moment.

    :param content_state: the last state to show; MoEngage wants it here too. (templated)
    :param stale_date: as ``dismissal_date``: when the content counts as outdated. (templated)
    :param end_time: when the end is to be sent; None, the default, for at once. (templated)
    :param lead_time: timedelta or seconds before ``end_time`` at which a worker takes over; 20 seconds by
        default.
    :param deferrable: hold no worker slot until then; True by default.
    :param end_on_kill: end the activity when the held task is cancelled; False by default.
    :param update_task_ids: ids of the tasks that start and update this activity; see ``EndMixin``.
    :param end_task_ids: ids of other tasks that may end it.
    """

    template_fields: Sequence[str] = (*_SHARED_FIELDS, "stale_date", "end_time")

    def __init__(self, *, stale_date: EpochMoment | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.stale_date = stale_date

    def end(
        self, context: Context, *, content_state: Any, hold: ScheduledRelease | None, validate_only: bool
    ) -> SendReport:
        return self._push(
            self.hook.end_broadcast,
            context,
            validate_only=validate_only,
            options={"hold": hold},
            content_state=content_state,
            stale_date=self.stale_date,
        )

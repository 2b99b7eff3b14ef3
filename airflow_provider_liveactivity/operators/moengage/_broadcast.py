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

    :param broadcast_live_activity_id: id that the campaign was created with. (templated)
    :param content_state: whole state to show, as a dict or JSON text. (templated)
    :param alert: alert with ``title`` and ``body``, and optionally ``subtitle`` and ``sound``, as a dict or
        JSON text. (templated)
    :param dismissal_date: when the activity leaves the phones: aware datetime, ISO-8601 text with an offset,
        epoch seconds, or timedelta from the moment of sending; none by default. A past moment ends the
        activity at once. (templated)
    :param instance_id: id of the request, as text; MoEngage rejects a second request with the same id. By
        default it is derived from DAG, run, task and content, so that a retry cannot push twice, but a
        cleared task can. (templated)
    :param moengage_conn_id: id of the connection to the MoEngage workspace; "moengage_default" by default.
        (templated)
    :param content_state_schema: JSON Schema that the content state must satisfy, as a dict, JSON text or
        path; none by default. (templated)
    :param validate_only: check everything and return the report, but send nothing; False by default.
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
    :param attribute_info: static attributes, as a dict or JSON text. (templated)
    :param end_alert: alert of the end if ``EndOverdueLiveActivitiesOperator`` sends it, as a dict or JSON
        text; by default the alert of the start. (templated)
    :param end_time: when the activity ends: datetime or ISO-8601 text; none by default. An end more than 8
        hours away fails the task before anything is sent. (templated)
    :param end_time_sql: query, or path of a ``.sql`` file, to read the end from its first row and column
        instead; none by default. (templated)
    :param end_time_sql_conn_id: id of the connection to the database of ``end_time_sql``; none by default.
        (templated)
    :param end_time_parameters: parameters of ``end_time_sql``, in the style of the database's driver; none by
        default. (templated)
    :param end_timezone: IANA name of the time zone of an end without a UTC offset, such as "Europe/London".
        By default such an end is an error. (templated)
    :param end_required: fail before anything is sent if neither ``end_time`` nor ``end_time_sql`` is given;
        False by default.
    :param on_past_end_time: what to do if the end is over already: "fail", the default, "skip" the task, or
        "send" the start.
    :param on_lifetime_exceeded: what to do if the end is more than 8 hours away: "fail", the default, or
        "warn" in the log and send the start.
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

    :param stale_date: when the content counts as outdated: aware datetime, ISO-8601 text with an offset,
        epoch seconds, or timedelta from the moment of sending; none by default. (templated)
    :param on_rate_limit: what to do with an update above MoEngage's limit of five per minute: "wait", the
        default, sends the update later; "coalesce" releases the worker slot, renders the fields again and
        sends the state of that time; "fail" fails the task without a retry.
    :param end_task_ids: ids of the tasks in the same DAG run that end the activity. An update after one of
        their ends is dropped.
    :param sequence: number, text or aware datetime that grows from state to state; none by default. An update
        whose sequence is not above the last one sent is dropped. Needs Airflow 3.3 or later and exactly one
        inlet, an asset. (templated)
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
        # A task has one update, so the hook gets no newer one to replace it. The task renders its fields
        # again when it resumes.
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

    :param content_state: last state to show, as a dict or JSON text; MoEngage requires it. By default the
        last state that the tasks in ``update_task_ids`` sent. (templated)
    :param stale_date: when the content counts as outdated: aware datetime, ISO-8601 text with an offset,
        epoch seconds, or timedelta from the moment of sending; none by default. (templated)
    :param end_time: when to send the end: aware datetime or ISO-8601 text with an offset. None, the default,
        or a past moment means at once. (templated)
    :param lead_time: how long before ``end_time`` a worker resumes the task, as timedelta or seconds; 20
        seconds by default.
    :param deferrable: wait in the triggerer until ``lead_time`` before the end, without a worker slot; True
        by default.
    :param end_on_kill: end the activity if the task is cancelled while it waits in the worker; False by
        default.
    :param update_task_ids: ids of the tasks in the same DAG run that start and update this activity. The end
        is skipped if none of them has sent anything.
    :param end_task_ids: ids of other tasks in the same DAG run that end this activity. If one of them has
        ended the activity, this task sends nothing.
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
            options={"release": hold},
            content_state=content_state,
            stale_date=self.stale_date,
        )

"""Start broadcast Live Activities through MoEngage."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from airflow_provider_liveactivity.links import SandboxLink
from airflow_provider_liveactivity.operators._arguments import renderers, templated
from airflow_provider_liveactivity.operators._start_update import StartMixin
from airflow_provider_liveactivity.operators.moengage._base import MoEngageTask
from airflow_provider_liveactivity.operators.moengage._idempotency import RequestKey

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Literal, Unpack

    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_liveactivity._airflow_arguments import BaseOperatorArguments
    from airflow_provider_liveactivity.delivery.report import SendReport
    from airflow_provider_liveactivity.delivery.scheduled_release import ScheduledRelease
    from airflow_provider_liveactivity.models.arguments import EpochMoment, Moment, Object, Schema

#: Arguments that do not change the identity of a request.
_NOT_CONTENT = {"attributes_schema", "content_state_schema", "instance_id", "on_rate_limit", "validate_only"}


class MoEngageBroadcastLiveActivityOperator(MoEngageTask):
    """Base of the MoEngage broadcast operators."""

    broadcast_live_activity_id: str
    content_state: Any
    alert: Any
    dismissal_date: Any
    instance_id: str | None
    content_state_schema: Any
    id_field = "broadcast_live_activity_id"
    operator_extra_links = (*MoEngageTask.operator_extra_links, SandboxLink("broadcast_live_activity_id"))

    def _push(
        self,
        call: Callable[..., SendReport],
        context: Context,
        *,
        release: ScheduledRelease | None = None,
        **changes: Any,
    ) -> SendReport:
        arguments = self._arguments_for(call, **changes)
        if arguments["validate_only"]:
            return call(**arguments)
        content = {name: value for name, value in arguments.items() if name not in _NOT_CONTENT}
        key = RequestKey(context, content, resumed=self.resumed)
        arguments["instance_id"] = self.instance_id or key.value
        if release is not None:
            arguments["release"] = release
        report = call(**arguments, possibly_sent_before=key.possibly_sent_before)
        key.accepted()
        return self._completed(report, key)

    def _completed(self, report: SendReport, key: RequestKey) -> SendReport:
        return report


class MoEngageStartBroadcastLiveActivityOperator(StartMixin, MoEngageBroadcastLiveActivityOperator):
    """
    Start a broadcast Live Activity for the audience of its campaign.

    :param broadcast_live_activity_id: id that the campaign was created with. (templated)
    :param attribute_type: name of the app's attributes type. (templated)
    :param attribute_info: static attributes, as a dict or JSON text. (templated)
    :param content_state: whole state to show, as a dict or JSON text. (templated)
    :param alert: alert with ``title`` and ``body``, and optionally ``subtitle`` and ``sound``, as a dict or
        JSON text. (templated)
    :param end_alert: alert of the end if ``EndOverdueLiveActivitiesOperator`` sends it, as a dict or JSON
        text; by default the alert of the start. (templated)
    :param dismissal_date: when the activity leaves the phones: aware datetime, ISO-8601 text with an offset,
        epoch seconds, or timedelta from the moment of sending; none by default. A past moment ends the
        activity at once. (templated)
    :param end_time: when the activity ends: datetime or ISO-8601 text, or a duration from the ``run_after``
        of the DAG run (timedelta, or text such as "PT105M"); none by default. An end more than 8 hours away
        fails the task before anything is sent. (templated)
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
    :param on_past_end_time: what to do if the end is in the past: "fail", the default, "skip" the task, or
        "send" the start. (templated)
    :param on_lifetime_exceeded: what to do if the end is more than 8 hours away: "fail", the default, or
        "warn" in the log and send the start. (templated)
    :param instance_id: id of the request, as text; MoEngage rejects a second request with the same id. By
        default it is derived from DAG, run, task and content, so that a retry cannot push twice, but a
        cleared task can. (templated)
    :param moengage_conn_id: id of the connection to the MoEngage workspace; "moengage_default" by default.
        (templated)
    :param content_state_schema: JSON Schema that the content state must satisfy, as a dict, JSON text, or
        path of a JSON or Swift file; none by default. (templated)
    :param attributes_schema: JSON Schema that ``attribute_info`` must satisfy, as a dict, JSON text, or path
        of a JSON or Swift file; none by default. (templated)
    :param extra_fields: fields of the request that this version does not know, as a dict or JSON text; none
        by default. They are added to the body after validation. (templated)
    :param validate_only: check everything and return the report, but send nothing; False by default.
        (templated)
    """

    end_alert: Any

    def __init__(
        self,
        *,
        broadcast_live_activity_id: str,
        attribute_type: str,
        attribute_info: Object,
        content_state: Object,
        alert: Object,
        end_alert: Object | None = None,
        dismissal_date: EpochMoment | None = None,
        end_time: Moment | None = None,
        end_time_sql: str | None = None,
        end_time_sql_conn_id: str | None = None,
        end_time_parameters: Any = None,
        end_timezone: str | None = None,
        end_required: bool = False,
        on_past_end_time: Literal["fail", "skip", "send"] | str = "fail",
        on_lifetime_exceeded: Literal["fail", "warn"] | str = "fail",
        instance_id: str | None = None,
        moengage_conn_id: str = "moengage_default",
        content_state_schema: Schema | None = None,
        attributes_schema: Schema | None = None,
        extra_fields: Object | None = None,
        validate_only: bool | str = False,
        **kwargs: Unpack[BaseOperatorArguments],
    ) -> None:
        super().__init__(**kwargs)
        self._store(locals())

    template_fields: Sequence[str] = templated(__init__)
    template_fields_renderers: ClassVar[dict[str, str]] = renderers(template_fields)
    template_ext: Sequence[str] = (".sql",)

    def _end_arguments(self) -> dict[str, Any]:
        return {"alert": self.alert if self.end_alert is None else self.end_alert}

    def send(self, context: Context) -> SendReport:
        return self._push(self.hook.start_broadcast, context)

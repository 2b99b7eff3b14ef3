"""Update and end broadcast Live Activities through MoEngage."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn

from airflow.providers.common.compat.sdk import AirflowFailException

from airflow_provider_liveactivity.operators._arguments import renderers, templated
from airflow_provider_liveactivity.operators._scheduled_end import EndMixin
from airflow_provider_liveactivity.operators._start_update import UpdateMixin
from airflow_provider_liveactivity.operators.moengage._broadcast import MoEngageBroadcastLiveActivityOperator

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from typing import Literal, Unpack

    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_liveactivity._airflow_arguments import BaseOperatorArguments
    from airflow_provider_liveactivity.delivery.report import SendReport
    from airflow_provider_liveactivity.delivery.scheduled_release import ScheduledRelease
    from airflow_provider_liveactivity.models.arguments import Duration, EpochMoment, Moment, Object, Schema
    from airflow_provider_liveactivity.operators.moengage._idempotency import RequestKey


class MoEngageUpdateBroadcastLiveActivityOperator(UpdateMixin, MoEngageBroadcastLiveActivityOperator):
    """
    Update a broadcast Live Activity on every phone that shows it.

    :param broadcast_live_activity_id: id that the campaign was created with. (templated)
    :param content_state: whole state to show, as a dict or JSON text. (templated)
    :param alert: alert with ``title`` and ``body``, and optionally ``subtitle`` and ``sound``, as a dict or
        JSON text. (templated)
    :param dismissal_date: when the activity leaves the phones: aware datetime, ISO-8601 text with an offset,
        epoch seconds, or timedelta from the moment of sending; none by default. A past moment ends the
        activity at once. (templated)
    :param stale_date: when the content counts as outdated: aware datetime, ISO-8601 text with an offset,
        epoch seconds, or timedelta from the moment of sending; none by default. (templated)
    :param on_rate_limit: what to do with an update above MoEngage's limit of five per minute: "wait", the
        default, sends the update later; "coalesce" releases the worker slot, renders the fields again and
        sends the state of that time; "fail" fails the task without a retry. (templated)
    :param end_task_ids: ids of the tasks in the same DAG run that end the activity. An update after one of
        their ends is dropped.
    :param sequence: number, text or aware datetime that grows from state to state; none by default. An update
        whose sequence is not above the last one sent is dropped. Needs Airflow 3.3 or later and exactly one
        inlet, an asset. (templated)
    :param instance_id: id of the request, as text; MoEngage rejects a second request with the same id. By
        default it is derived from DAG, run, task and content, so that a retry cannot push twice, but a
        cleared task can. (templated)
    :param moengage_conn_id: id of the connection to the MoEngage workspace; "moengage_default" by default.
        (templated)
    :param content_state_schema: JSON Schema that the content state must satisfy, as a dict, JSON text, or
        path of a JSON or Swift file; none by default. (templated)
    :param extra_fields: fields of the request that this version does not know, as a dict or JSON text; none
        by default. They are added to the body after validation. (templated)
    :param validate_only: check everything and return the report, but send nothing; False by default.
        (templated)
    """

    on_rate_limit: Any

    def __init__(
        self,
        *,
        broadcast_live_activity_id: str,
        content_state: Object,
        alert: Object,
        dismissal_date: EpochMoment | None = None,
        stale_date: EpochMoment | None = None,
        on_rate_limit: Literal["wait", "coalesce", "fail"] | str = "wait",
        end_task_ids: Sequence[str] = (),
        sequence: Any = None,
        instance_id: str | None = None,
        moengage_conn_id: str = "moengage_default",
        content_state_schema: Schema | None = None,
        extra_fields: Object | None = None,
        validate_only: bool | str = False,
        **kwargs: Unpack[BaseOperatorArguments],
    ) -> None:
        super().__init__(**kwargs)
        self._store(locals())

    template_fields: Sequence[str] = templated(__init__)
    template_fields_renderers: ClassVar[dict[str, str]] = renderers(template_fields)

    def update(self, context: Context, *, validate_only: bool) -> SendReport:
        # A task has one update, so the hook gets no newer one to replace it. The task renders its fields
        # again when it resumes.
        on_rate_limit = "fail" if self.on_rate_limit == "coalesce" else self.on_rate_limit
        return self._push(
            self.hook.update_broadcast, context, validate_only=validate_only, on_rate_limit=on_rate_limit
        )

    def _completed(self, report: SendReport, key: RequestKey) -> SendReport:
        return {**report, "coalesced": key.replaced} if self.on_rate_limit == "coalesce" else report  # type: ignore[typeddict-unknown-key]

    def _wait_for(self, moment: datetime) -> NoReturn:
        if self.on_rate_limit == "fail":
            raise AirflowFailException(
                f"MoEngage accepts no update before {moment.isoformat()}: on_rate_limit='fail'."
            )
        super()._wait_for(moment)


class MoEngageEndBroadcastLiveActivityOperator(EndMixin, MoEngageBroadcastLiveActivityOperator):
    """
    End a broadcast Live Activity on every phone that shows it, at once or at an exact moment.

    :param broadcast_live_activity_id: id that the campaign was created with. (templated)
    :param content_state: last state to show, as a dict or JSON text; MoEngage requires it. By default the
        last state that the tasks in ``update_task_ids`` sent. (templated)
    :param alert: alert with ``title`` and ``body``, and optionally ``subtitle`` and ``sound``, as a dict or
        JSON text. (templated)
    :param dismissal_date: when the activity leaves the phones: aware datetime, ISO-8601 text with an offset,
        epoch seconds, or timedelta from the moment of sending; none by default. A past moment ends the
        activity at once. (templated)
    :param stale_date: when the content counts as outdated: aware datetime, ISO-8601 text with an offset,
        epoch seconds, or timedelta from the moment of sending; none by default. (templated)
    :param end_time: when to send the end: aware datetime or ISO-8601 text with an offset, or a duration from
        the ``run_after`` of the DAG run (timedelta, or text such as "PT105M"). None, the default, or a past
        moment means at once. (templated)
    :param lead_time: how long before ``end_time`` a worker resumes the task, as timedelta, seconds or
        ISO-8601 text such as "PT30S"; 20 seconds by default. A longer lead makes a late end less likely, but
        holds the worker slot longer. (templated)
    :param deferrable: wait in the triggerer until ``lead_time`` before the end, without a worker slot; True
        by default.
    :param end_on_kill: end the activity if the task is cancelled while it waits in the worker; False by
        default. (templated)
    :param update_task_ids: ids of the tasks in the same DAG run that start and update this activity. The end
        is skipped if none of them has sent anything.
    :param end_task_ids: ids of other tasks in the same DAG run that end this activity. If one of them has
        ended the activity, this task sends nothing.
    :param instance_id: id of the request, as text; MoEngage rejects a second request with the same id. By
        default it is derived from DAG, run, task and content, so that a retry cannot push twice, but a
        cleared task can. (templated)
    :param moengage_conn_id: id of the connection to the MoEngage workspace; "moengage_default" by default.
        (templated)
    :param content_state_schema: JSON Schema that the content state must satisfy, as a dict, JSON text, or
        path of a JSON or Swift file; none by default. (templated)
    :param extra_fields: fields of the request that this version does not know, as a dict or JSON text; none
        by default. They are added to the body after validation. (templated)
    :param validate_only: check everything and return the report, but send nothing; False by default.
        (templated)
    """

    def __init__(
        self,
        *,
        broadcast_live_activity_id: str,
        content_state: Object | None = None,
        alert: Object,
        dismissal_date: EpochMoment | None = None,
        stale_date: EpochMoment | None = None,
        end_time: Moment | None = None,
        lead_time: Duration = timedelta(seconds=20),
        deferrable: bool = True,
        end_on_kill: bool | str = False,
        update_task_ids: Sequence[str] = (),
        end_task_ids: Sequence[str] = (),
        instance_id: str | None = None,
        moengage_conn_id: str = "moengage_default",
        content_state_schema: Schema | None = None,
        extra_fields: Object | None = None,
        validate_only: bool | str = False,
        **kwargs: Unpack[BaseOperatorArguments],
    ) -> None:
        super().__init__(**kwargs)
        self._store(locals())

    template_fields: Sequence[str] = templated(__init__)
    template_fields_renderers: ClassVar[dict[str, str]] = renderers(template_fields)

    def end(
        self, context: Context, *, content_state: Any, release: ScheduledRelease | None, validate_only: bool
    ) -> SendReport:
        return self._push(
            self.hook.end_broadcast,
            context,
            release=release,
            content_state=content_state,
            validate_only=validate_only,
        )

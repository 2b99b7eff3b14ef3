"""Update and end Live Activities through Braze."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from airflow_provider_liveactivity.operators._arguments import renderers, templated
from airflow_provider_liveactivity.operators._scheduled_end import EndMixin
from airflow_provider_liveactivity.operators._start_update import UpdateMixin
from airflow_provider_liveactivity.operators.braze._base import BrazeLiveActivityOperator

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Unpack

    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_liveactivity._airflow_arguments import BaseOperatorArguments
    from airflow_provider_liveactivity.delivery.report import SendReport
    from airflow_provider_liveactivity.delivery.scheduled_release import ScheduledRelease
    from airflow_provider_liveactivity.models.arguments import Duration, Moment, Object, Schema


class BrazeUpdateLiveActivityOperator(UpdateMixin, BrazeLiveActivityOperator):
    """
    Update a Live Activity on every phone that shows it.

    :param activity_id: id that the activity was started with. (templated)
    :param content_state: whole state to show, as a dict or JSON text. (templated)
    :param notification: Apple push object of an alert, as a dict or JSON text; by default no alert.
        (templated)
    :param stale_date: when the content counts as outdated: aware datetime or ISO-8601 text with an offset, or
        a duration from the moment of sending (timedelta, or text such as "PT30M"); none by default.
        (templated)
    :param dismissal_date: when the activity leaves the lock screen: aware datetime or ISO-8601 text with an
        offset, or a duration from the moment of sending (timedelta, or text such as "PT30M"); none by
        default. Braze ignores it in an update. (templated)
    :param app_id: API identifier of the iOS app; by default the ``app_id`` of the connection. (templated)
    :param sequence: number, text or aware datetime that grows from state to state; none by default. An update
        whose sequence is not above the last one sent is dropped. Needs Airflow 3.3 or later and exactly one
        inlet, an asset. (templated)
    :param end_task_ids: ids of the tasks in the same DAG run that end the activity. An update after one of
        their ends is dropped.
    :param braze_conn_id: id of the connection to the Braze workspace; "braze_default" by default. (templated)
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
        activity_id: str,
        content_state: Object,
        notification: Object | None = None,
        stale_date: Moment | None = None,
        dismissal_date: Moment | None = None,
        app_id: str | None = None,
        sequence: Any = None,
        end_task_ids: Sequence[str] = (),
        braze_conn_id: str = "braze_default",
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
        update = self.hook.update_live_activity
        return update(**self._arguments_for(update, validate_only=validate_only))


class BrazeEndLiveActivityOperator(EndMixin, BrazeLiveActivityOperator):
    """
    End a Live Activity on every phone that shows it, at once or at an exact moment.

    :param activity_id: id that the activity was started with. (templated)
    :param content_state: last state to show, as a dict or JSON text; Braze requires it. By default the last
        state that the tasks in ``update_task_ids`` sent. (templated)
    :param notification: Apple push object of an alert, as a dict or JSON text; by default no alert.
        (templated)
    :param stale_date: when the content counts as outdated: aware datetime or ISO-8601 text with an offset, or
        a duration from the moment of sending (timedelta, or text such as "PT30M"); none by default.
        (templated)
    :param dismissal_date: when the ended activity leaves the lock screen: aware datetime or ISO-8601 text
        with an offset, or a duration from the moment of sending (timedelta, or text such as "PT30M"). A past
        moment means at once. By default iOS keeps the activity for up to four hours. (templated)
    :param app_id: API identifier of the iOS app; by default the ``app_id`` of the connection. (templated)
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
    :param braze_conn_id: id of the connection to the Braze workspace; "braze_default" by default. (templated)
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
        activity_id: str,
        content_state: Object | None = None,
        notification: Object | None = None,
        stale_date: Moment | None = None,
        dismissal_date: Moment | None = None,
        app_id: str | None = None,
        end_time: Moment | None = None,
        lead_time: Duration = timedelta(seconds=20),
        deferrable: bool = True,
        end_on_kill: bool | str = False,
        update_task_ids: Sequence[str] = (),
        end_task_ids: Sequence[str] = (),
        braze_conn_id: str = "braze_default",
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
        end = self.hook.end_live_activity
        changes = {"content_state": content_state, "release": release, "validate_only": validate_only}
        return end(**self._arguments_for(end, **changes))

"""Start, update and end Live Activities through Braze."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from airflow_provider_liveactivity.links import BrazeActivityLogLink, SandboxLink
from airflow_provider_liveactivity.operators._base import LiveActivityOperator
from airflow_provider_liveactivity.operators._end_time import END_FIELDS, END_RENDERERS
from airflow_provider_liveactivity.operators._redacted_fields import Redacted, RedactedFieldsMixin
from airflow_provider_liveactivity.operators._scheduled_end import EndMixin
from airflow_provider_liveactivity.operators._start_update import StartMixin, UpdateMixin

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_liveactivity.delivery.report import SendReport
    from airflow_provider_liveactivity.delivery.scheduled_release import ScheduledRelease
    from airflow_provider_liveactivity.hooks.braze import BrazeHook
    from airflow_provider_liveactivity.models.arguments import Moment, Object, Schema

_SHARED_FIELDS = (
    "activity_id",
    "content_state",
    "notification",
    "stale_date",
    "app_id",
    "braze_conn_id",
    "content_state_schema",
)
_SHARED_RENDERERS = {"content_state": "json", "notification": "json", "content_state_schema": "json"}


class BrazeLiveActivityOperator(LiveActivityOperator):
    """
    Base of the Braze operators.

    :param activity_id: id of the activity, as text. (templated)
    :param content_state: whole state to show, as a dict or JSON text. (templated)
    :param notification: Braze's Apple push object, as a dict or JSON text; none by default. (templated)
    :param stale_date: when the content counts as outdated: aware datetime, ISO-8601 text with an offset, or
        timedelta from the moment of sending; none by default. (templated)
    :param app_id: API identifier of the iOS app; by default the ``app_id`` of the connection. (templated)
    :param braze_conn_id: id of the connection to the Braze workspace; "braze_default" by default. (templated)
    :param content_state_schema: JSON Schema that the content state must satisfy, as a dict, JSON text or
        path; none by default. (templated)
    :param validate_only: check everything and return the report, but send nothing; False by default.
    """

    template_fields: Sequence[str] = _SHARED_FIELDS
    template_fields_renderers: ClassVar[dict[str, str]] = _SHARED_RENDERERS
    operator_extra_links = (BrazeActivityLogLink(), SandboxLink("activity_id"))
    ui_color = "#e8f0fe"

    def __init__(
        self,
        *,
        activity_id: str,
        content_state: Object,
        notification: Object | None = None,
        stale_date: Moment | None = None,
        app_id: str | None = None,
        braze_conn_id: str = "braze_default",
        content_state_schema: Schema | None = None,
        validate_only: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.activity_id = activity_id
        self.content_state = content_state
        self.notification = notification
        self.stale_date = stale_date
        self.app_id = app_id
        self.braze_conn_id = braze_conn_id
        self.content_state_schema = content_state_schema
        self.validate_only = validate_only

    @cached_property
    def hook(self) -> BrazeHook:
        """Hook of the operator's connection."""
        from airflow_provider_liveactivity.hooks.braze import BrazeHook

        return BrazeHook(self.braze_conn_id)

    def _shared(self, **changes: Any) -> dict[str, Any]:
        return {
            "activity_id": self.activity_id,
            "content_state": self.content_state,
            "notification": self.notification,
            "stale_date": self.stale_date,
            "app_id": self.app_id,
            "content_state_schema": self.content_state_schema,
            "validate_only": self.validate_only,
            **changes,
        }


class BrazeStartLiveActivityOperator(RedactedFieldsMixin, StartMixin, BrazeLiveActivityOperator):
    """
    Start a Live Activity on the phones of one audience.

    Give exactly one audience: ``external_user_ids`` and/or ``user_aliases``, ``segment_id``,
    ``custom_audience`` or ``sql``. A request contains up to 50 people. An accepted request is never sent
    again, even if the worker dies: a retry continues where the last attempt stopped (Airflow 3.3 and later).

    :param activity_attributes_type: name of the app's ``ActivityAttributes`` type. (templated)
    :param activity_attributes: static attributes, as a dict or JSON text. (templated)
    :param notification: Apple push object with ``alert.title`` and ``alert.body``, as a dict or JSON text.
        (templated)
    :param external_user_ids: external ids, as a list or its JSON text; none by default. (templated; not shown
        when rendered)
    :param user_aliases: aliases, as a list of ``{"alias_name": ..., "alias_label": ...}`` or its JSON text;
        none by default. (templated; not shown when rendered)
    :param segment_id: API identifier of a segment; none by default. (templated)
    :param custom_audience: connected audience object, as a dict or JSON text; none by default. (templated)
    :param sql: query, or path of a ``.sql`` file; none by default. One column is the external id; two columns
        are alias name and alias label. (templated)
    :param sql_conn_id: id of the connection to the database of ``sql``; none by default. (templated)
    :param parameters: parameters of ``sql``, in the style of the database's driver; none by default.
        (templated)
    :param max_workers: most requests in flight, each on its own connection; 128 by default, at most 256.
    :param max_requests_per_second: most requests per second; by default no limit.
    :param quota_reserve: share of Braze's hourly quota, 0 to 1, that is left to other traffic; 0.1 by
        default.
    :param on_unknown: what to do with a batch whose outcome is unknown: "skip" it, the default, so that no
        recipient gets two activities, but some may get none; "resend" it, so that some may get two; or "fail"
        the task.
    :param on_empty_audience: what to do if the audience is empty: "fail", the default, or "skip" the task.
    :param max_audience: most people, listed or queried, that the start may reach; no limit by default. A
        larger audience is an error before the first request. Not applied to segments, whose size only Braze
        knows. (templated)
    :param outcomes_path: folder for the outcome of every recipient: local path, or URL such as
        ``s3://conn_id@bucket/folder``. The files contain the ids of the people. By default only the report's
        counts are kept. (templated)
    :param on_too_slow: what to do if Braze's quota, or the rate, does not allow the send to be over before
        the activity's end or within 8 hours: "fail", the default, before anything is sent, or "warn" in the
        log.
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

    repeatable = False
    hidden_fields: ClassVar[dict[str, type[Redacted]]] = {
        "external_user_ids": Redacted,
        "user_aliases": Redacted,
    }
    template_fields: Sequence[str] = (
        *_SHARED_FIELDS,
        "activity_attributes_type",
        "activity_attributes",
        "external_user_ids",
        "user_aliases",
        "segment_id",
        "custom_audience",
        "sql",
        "sql_conn_id",
        "parameters",
        "max_audience",
        "outcomes_path",
        *END_FIELDS,
    )
    template_ext: Sequence[str] = (".sql",)
    template_fields_renderers: ClassVar[dict[str, str]] = {
        **_SHARED_RENDERERS,
        "activity_attributes": "json",
        "custom_audience": "json",
        "sql": "sql",
        "parameters": "json",
        **END_RENDERERS,
    }

    def __init__(
        self,
        *,
        activity_attributes_type: str,
        activity_attributes: Object,
        notification: Object,
        external_user_ids: Sequence[str] | str | None = None,
        user_aliases: Sequence[dict[str, str]] | str | None = None,
        segment_id: str | None = None,
        custom_audience: Object | None = None,
        sql: str | None = None,
        sql_conn_id: str | None = None,
        parameters: Any = None,
        max_workers: int = 128,
        max_requests_per_second: float | None = None,
        quota_reserve: float = 0.1,
        on_unknown: Literal["skip", "resend", "fail"] = "skip",
        on_empty_audience: Literal["fail", "skip"] = "fail",
        max_audience: int | str | None = None,
        outcomes_path: str | None = None,
        on_too_slow: Literal["fail", "warn"] = "fail",
        **kwargs: Any,
    ) -> None:
        super().__init__(notification=notification, **kwargs)
        self.activity_attributes_type = activity_attributes_type
        self.activity_attributes = activity_attributes
        self.external_user_ids = external_user_ids
        self.user_aliases = user_aliases
        self.segment_id = segment_id
        self.custom_audience = custom_audience
        self.sql = sql
        self.sql_conn_id = sql_conn_id
        self.parameters = parameters
        self.max_workers = max_workers
        self.max_requests_per_second = max_requests_per_second
        self.quota_reserve = quota_reserve
        self.on_unknown = on_unknown
        self.on_empty_audience = on_empty_audience
        self.max_audience = max_audience
        self.outcomes_path = outcomes_path
        self.on_too_slow = on_too_slow

    def _end_arguments(self) -> dict[str, Any]:
        return {"app_id": self.app_id}

    def send(self, context: Context) -> SendReport:
        return self.hook.start_live_activity(
            **self._shared(),
            activity_attributes_type=self.activity_attributes_type,
            activity_attributes=self.activity_attributes,
            external_user_ids=Redacted.reveal(self.external_user_ids),
            user_aliases=Redacted.reveal(self.user_aliases),
            segment_id=self.segment_id,
            custom_audience=self.custom_audience,
            sql=self.sql,
            sql_conn_id=self.sql_conn_id,
            parameters=self.parameters,
            max_audience=self.max_audience,
            max_workers=self.max_workers,
            max_requests_per_second=self.max_requests_per_second,
            quota_reserve=self.quota_reserve,
            on_unknown=self.on_unknown,
            outcomes_path=self.outcomes_path,
            end_time=self._end_moment(context),
            on_too_slow=self.on_too_slow,
            **self._kept_over_retries(context),
        )


class BrazeUpdateLiveActivityOperator(UpdateMixin, BrazeLiveActivityOperator):
    """
    Update a Live Activity on every phone that shows it.

    :param activity_id: id that the activity was started with. (templated)
    :param dismissal_date: when the activity leaves the lock screen: aware datetime, ISO-8601 text with an
        offset, or timedelta from the moment of sending; none by default. Braze ignores it in an update.
        (templated)
    :param end_task_ids: ids of the tasks in the same DAG run that end the activity. An update after one of
        their ends is dropped.
    :param sequence: number, text or aware datetime that grows from state to state; none by default. An update
        whose sequence is not above the last one sent is dropped. Needs Airflow 3.3 or later and exactly one
        inlet, an asset. (templated)
    """

    template_fields: Sequence[str] = (*_SHARED_FIELDS, "dismissal_date", "sequence")

    def __init__(self, *, dismissal_date: Moment | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dismissal_date = dismissal_date

    def update(self, context: Context, *, validate_only: bool) -> SendReport:
        return self.hook.update_live_activity(
            **self._shared(validate_only=validate_only), dismissal_date=self.dismissal_date
        )


class BrazeEndLiveActivityOperator(EndMixin, BrazeLiveActivityOperator):
    """
    End a Live Activity on every phone that shows it, at once or at an exact moment.

    :param activity_id: id that the activity was started with. (templated)
    :param content_state: last state to show, as a dict or JSON text; Braze requires it. By default the last
        state that the tasks in ``update_task_ids`` sent. (templated)
    :param dismissal_date: when the ended activity leaves the lock screen: aware datetime, ISO-8601 text with
        an offset, or timedelta from the moment of sending. A past moment means at once. By default iOS keeps
        the activity for up to four hours. (templated)
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

    template_fields: Sequence[str] = (*_SHARED_FIELDS, "dismissal_date", "end_time")

    def __init__(self, *, dismissal_date: Moment | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dismissal_date = dismissal_date

    def end(
        self, context: Context, *, content_state: Any, hold: ScheduledRelease | None, validate_only: bool
    ) -> SendReport:
        return self.hook.end_live_activity(
            **self._shared(content_state=content_state, validate_only=validate_only),
            dismissal_date=self.dismissal_date,
            release=hold,
        )

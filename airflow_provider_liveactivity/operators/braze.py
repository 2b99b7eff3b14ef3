"""Start, update and end Live Activities through Braze."""

from __future__ import annotations

import math
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

    :param activity_id: the id of the activity. (templated)
    :param content_state: object with the whole state to show, or its JSON text. (templated)
    :param notification: Braze's Apple push object, or its JSON text. (templated)
    :param stale_date: when the content counts as outdated: aware datetime, ISO-8601 text with an offset, or
        timedelta from the moment of sending. (templated)
    :param app_id: API identifier of the iOS app; by default the connection's. (templated)
    :param braze_conn_id: connection to the Braze workspace; "braze_default" by default. (templated)
    :param content_state_schema: JSON Schema, or its path, that the content state must satisfy. (templated)
    :param validate_only: do everything but send, and return the report; False by default.
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
        """The hook of the operator's connection."""
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

    Exactly one audience: ``external_user_ids`` and/or ``user_aliases``, ``segment_id``, ``custom_audience``
    or ``sql``. People are addressed in batches of 50. A batch that was accepted is never sent again, whatever
    dies: a retry goes on where the last attempt stopped (Airflow 3.3 and later).

    :param activity_attributes_type: name of the app's ``ActivityAttributes`` type. (templated)
    :param activity_attributes: object with the static attributes, or its JSON text. (templated)
    :param notification: Apple push object with ``alert.title`` and ``alert.body``. (templated)
    :param external_user_ids: list of external ids, or its JSON text. (templated; not shown when rendered)
    :param user_aliases: list of ``{"alias_name": ..., "alias_label": ...}``, or its JSON text. (templated;
        not shown when rendered)
    :param segment_id: API identifier of a segment. (templated)
    :param custom_audience: connected audience object, or its JSON text. (templated)
    :param sql: query, or a ``.sql`` file, whose one column is the external id, or whose two are alias name
        and alias label. (templated)
    :param sql_conn_id: connection to the database that the query is for. (templated)
    :param parameters: parameters of the query. (templated)
    :param max_workers: requests under way at once, each on its own connection; 128 by default.
    :param max_requests_per_second: None, the default, for as fast as the workers are.
    :param quota_reserve: share of Braze's hourly window, 0 to 1, left for other traffic; 0.1 by default.
    :param on_unknown: what becomes of a batch that left and was never answered: "skip" it (the default:
        nobody gets two cards, some may get none), "resend" it (some may get two), or "fail".
    :param on_empty_audience: "fail", the default, or "skip" the task.
    :param max_audience: the most people, listed or queried, that this may reach; more is an error before the
        first request. How many a segment has, only Braze knows. (templated)
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

    def _end_arguments(self) -> dict[str, Any]:
        return {"app_id": self.app_id}

    def send(self, context: Context) -> SendReport:
        from airflow_provider_liveactivity.delivery.options import DeliveryOptions
        from airflow_provider_liveactivity.delivery.rate_limit import MAX_WAIT_SECONDS

        memory = self._delivery_options(context)
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
            **memory,
            fan_out=DeliveryOptions(
                self.max_workers,
                self.max_requests_per_second,
                self.quota_reserve,
                self.on_unknown,
                # Without a checkpoint a deferral would forget what was sent: wait in place, however long.
                MAX_WAIT_SECONDS if memory["checkpoint"].durable else math.inf,
            ),
        )


class BrazeUpdateLiveActivityOperator(UpdateMixin, BrazeLiveActivityOperator):
    """
    Update a Live Activity on every phone that shows it.

    :param activity_id: the id that the activity was started with. (templated)
    :param dismissal_date: as ``stale_date``; without an end, Braze ignores it. (templated)
    :param end_task_ids: ids of the tasks that end the activity; what comes later than they do is dropped.
    :param sequence: number, text or moment; an update that is not above the last one sent is dropped. Needs
        Airflow 3.3 and one asset among the inlets. (templated)
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

    :param activity_id: the id that the activity was started with. (templated)
    :param content_state: the last state to show; Braze wants it here too. (templated)
    :param dismissal_date: as ``stale_date``: when the ended activity leaves the lock screen. A past moment
        means at once; by default iOS keeps it for up to four hours. (templated)
    :param end_time: when the end is to be sent; None, the default, for at once. (templated)
    :param lead_time: timedelta or seconds before ``end_time`` at which a worker takes over; 20 seconds by
        default.
    :param deferrable: hold no worker slot until then; True by default.
    :param end_on_kill: end the activity when the held task is cancelled; False by default.
    :param update_task_ids: ids of the tasks that start and update this activity; see ``EndMixin``.
    :param end_task_ids: ids of other tasks that may end it.
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
            hold=hold,
        )

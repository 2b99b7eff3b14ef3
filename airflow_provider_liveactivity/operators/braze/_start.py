"""Start Live Activities through Braze."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from airflow_provider_liveactivity.operators._arguments import renderers, templated
from airflow_provider_liveactivity.operators._redacted_fields import Redacted, RedactedFieldsMixin
from airflow_provider_liveactivity.operators._start_update import StartMixin
from airflow_provider_liveactivity.operators.braze._base import BrazeLiveActivityOperator

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Literal, Unpack

    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_liveactivity._airflow_arguments import BaseOperatorArguments
    from airflow_provider_liveactivity.delivery.report import SendReport
    from airflow_provider_liveactivity.models.arguments import Moment, Object, Schema


class BrazeStartLiveActivityOperator(RedactedFieldsMixin, StartMixin, BrazeLiveActivityOperator):
    """
    Start a Live Activity on the phones of one audience.

    Give exactly one audience: ``external_user_ids`` and/or ``user_aliases``, ``segment_id``,
    ``custom_audience`` or ``sql``. A request contains up to 50 recipients. An accepted request is never sent
    again, even if the worker dies: a retry continues where the last attempt stopped (Airflow 3.3 and later).

    :param activity_id: id of the activity, as text. (templated)
    :param activity_attributes_type: name of the app's ``ActivityAttributes`` type. (templated)
    :param activity_attributes: static attributes, as a dict or JSON text. (templated)
    :param content_state: whole state to show, as a dict or JSON text. (templated)
    :param notification: Apple push object with ``alert.title`` and ``alert.body``, as a dict or JSON text.
        (templated)
    :param stale_date: when the content counts as outdated: aware datetime or ISO-8601 text with an offset, or
        a duration from the moment of sending (timedelta, or text such as "PT30M"); none by default.
        (templated)
    :param app_id: API identifier of the iOS app; by default the ``app_id`` of the connection. (templated)
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
    :param max_audience: maximum number of recipients in a list or query that the start may reach; no limit by
        default. A larger audience is an error before the first request. Not applied to segments, whose size
        only Braze knows. (templated)
    :param on_empty_audience: what to do if the audience is empty: "fail", the default, or "skip" the task.
        (templated)
    :param max_workers: maximum number of requests in flight, each on its own connection; 128 by default, at
        most 256. (templated)
    :param max_requests_per_second: maximum number of requests per second; by default no limit. (templated)
    :param quota_reserve: share of Braze's hourly quota, 0 to 1, that is left to other traffic; 0.1 by
        default. (templated)
    :param on_unknown: what to do with a batch whose outcome is unknown: "skip" it, the default, so that no
        recipient gets two activities, but some may get none; "resend" it, so that some may get two; or "fail"
        the task. (templated)
    :param outcomes_path: folder for the outcome of every recipient: local path, or URL such as
        ``s3://conn_id@bucket/folder``. The files contain the ids of the recipients. By default only the
        report's counts are kept. (templated)
    :param on_too_slow: what to do if Braze's quota, or the rate, does not allow the send to finish before
        the activity's end or within 8 hours: "fail", the default, before anything is sent, or "warn" in the
        log. (templated)
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
    :param braze_conn_id: id of the connection to the Braze workspace; "braze_default" by default. (templated)
    :param content_state_schema: JSON Schema that the content state must satisfy, as a dict, JSON text, or
        path of a JSON or Swift file; none by default. (templated)
    :param attributes_schema: JSON Schema that the attributes must satisfy, as a dict, JSON text, or path of a
        JSON or Swift file; none by default. (templated)
    :param extra_fields: fields of the request that this version does not know, as a dict or JSON text; none
        by default. They are added to the body after validation. (templated)
    :param validate_only: check everything and return the report, but send nothing; False by default.
        (templated)
    """

    repeatable = False
    hidden_fields: ClassVar[dict[str, type[Redacted]]] = {
        "external_user_ids": Redacted,
        "user_aliases": Redacted,
    }
    audiences = (
        ("external_user_ids", "user_aliases"),
        ("segment_id",),
        ("custom_audience",),
        ("sql",),
    )

    def __init__(
        self,
        *,
        activity_id: str,
        activity_attributes_type: str,
        activity_attributes: Object,
        content_state: Object,
        notification: Object,
        stale_date: Moment | None = None,
        app_id: str | None = None,
        external_user_ids: Sequence[str] | str | None = None,
        user_aliases: Sequence[dict[str, str]] | str | None = None,
        segment_id: str | None = None,
        custom_audience: Object | None = None,
        sql: str | None = None,
        sql_conn_id: str | None = None,
        parameters: Any = None,
        max_audience: int | str | None = None,
        on_empty_audience: Literal["fail", "skip"] | str = "fail",
        max_workers: int | str = 128,
        max_requests_per_second: float | str | None = None,
        quota_reserve: float | str = 0.1,
        on_unknown: Literal["skip", "resend", "fail"] | str = "skip",
        outcomes_path: str | None = None,
        on_too_slow: Literal["fail", "warn"] | str = "fail",
        end_time: Moment | None = None,
        end_time_sql: str | None = None,
        end_time_sql_conn_id: str | None = None,
        end_time_parameters: Any = None,
        end_timezone: str | None = None,
        end_required: bool = False,
        on_past_end_time: Literal["fail", "skip", "send"] | str = "fail",
        on_lifetime_exceeded: Literal["fail", "warn"] | str = "fail",
        braze_conn_id: str = "braze_default",
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
        return {"app_id": self.app_id}

    def send(self, context: Context) -> SendReport:
        start = self.hook.start_live_activity
        kept = self._kept_over_retries(context)
        return start(**self._arguments_for(start, **kept, end_time=self._end_moment(context)))

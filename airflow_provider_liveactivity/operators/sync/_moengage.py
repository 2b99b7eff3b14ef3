"""Sync the Live Activities of single users through MoEngage."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from airflow_provider_liveactivity.links import SandboxLink
from airflow_provider_liveactivity.operators._arguments import renderers, templated
from airflow_provider_liveactivity.operators.moengage._base import MoEngageTask
from airflow_provider_liveactivity.operators.sync._base import SyncOperator

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime
    from typing import Unpack

    from airflow.providers.common.compat.sdk import Context
    from airflow.sdk import XComArg

    from airflow_provider_liveactivity._airflow_arguments import BaseOperatorArguments
    from airflow_provider_liveactivity.delivery.in_flight import OnUnknown
    from airflow_provider_liveactivity.delivery.report import SendReport
    from airflow_provider_liveactivity.models.arguments import Duration, EpochMoment, Object, Schema
    from airflow_provider_liveactivity.sync.plan import OnBadRow, OnEmpty, OnMissing
    from airflow_provider_liveactivity.sync.source import Rows


class MoEngageSyncLiveActivitiesOperator(SyncOperator, MoEngageTask):
    """
    Start, update and end the activities of MoEngage's users so that they match the rows of a query.

    Each row describes one activity of one user as it should be now. The columns are ``activity_id``,
    ``external_user_id``, ``transaction_id``, ``attribute_info``, ``content_state``,
    ``personalized_attributes``, ``end_time``, ``ended``, and any of the arguments from ``alert_id`` to
    ``dismissal_date`` and the extra fields, which then apply to its row. Each pass sends only what differs
    from the state table. No start is sent twice, even if processes die and runs overlap.

    :param sql: query whose rows are the activities, or path of a ``.sql`` file; this or ``rows``.
        (templated)
    :param sql_conn_id: id of the connection to the query's database. (templated)
    :param parameters: list or dict of the query's parameters, or its JSON text; None by default.
        (templated)
    :param rows: list of dicts, an XComArg of one, or a function that returns or yields dicts, called again
        for each pass. Values are never rendered as templates. (not shown when rendered)
    :param transform: function that takes a row and returns the fields of its activity as a dict; None,
        the default, takes the columns as the fields.
    :param state_table: name of the table that stores what was sent, with or without a schema;
        "live_activity_state" by default. It is created if it is missing. (templated)
    :param state_conn_id: id of the connection to the database of the state table; by default
        ``sql_conn_id``. (templated)
    :param alert_id: id of the alert in the dashboard, for all rows without the column; this or
        ``alert_reference_name``. (templated)
    :param alert_reference_name: reference name of the alert, for all rows without the column. (templated)
    :param stale_date: when the content counts as outdated, for all rows without the column: aware
        datetime, ISO-8601 text with an offset, epoch seconds, or timedelta from the moment of sending;
        None by default. (templated)
    :param dismissal_date: when the activity leaves the phone, for all rows without the column, in the
        same forms; None by default. (templated)
    :param on_missing: what to do with an activity that is on and has no row: "keep" it (the default), or
        "end" it with its last state. (templated)
    :param allow_end_all: whether ``on_missing="end"`` also applies to a query without rows, and so ends
        every activity; False by default. (templated)
    :param on_bad_row: what to do with a row that cannot be sent: "skip" it (the default), or "fail"
        before anything is sent. (templated)
    :param on_empty: what to do if there are no rows: "skip" (the default), or "fail". Ends that are due
        are sent in both cases. (templated)
    :param on_unknown: what to do with a start that may have been carried out: "skip" it (the default),
        "resend" it, which may show the activity twice, or "fail" after the pass. (templated)
    :param min_update_interval: minimum time between two updates of an activity: timedelta, seconds or
        ISO-8601 text. An update that comes earlier is held back, and the newest state is sent later.
        MoEngage accepts one request for a user's activity in five minutes, which is the minimum.
        (templated)
    :param poll_interval: time from one pass to the next: timedelta, seconds or ISO-8601 text. None, the
        default, makes one pass. (templated)
    :param until: moment of the last pass: aware datetime or ISO-8601 text with an offset. Needs
        ``poll_interval``. (templated)
    :param wake: function that takes a number of seconds and waits for them. It returns earlier, and a
        true value, if rows may have changed. None, the default, only waits.
    :param content_state_schema: JSON Schema that each content state must match, as a dict, JSON text, or path
        of a JSON or Swift file; None, the default, disables the check. (templated)
    :param attributes_schema: JSON Schema that ``attribute_info`` of each start must match, as a dict, JSON
        text, or path of a JSON or Swift file; None, the default, disables the check. (templated)
    :param extra_fields: fields of the start that this version does not know, as a dict or JSON text, for all
        rows without the column; none by default. They are added to the body after validation. (templated)
    :param update_extra_fields: the same for updates. (templated)
    :param end_extra_fields: the same for the end. (templated)
    :param outcomes_path: folder for the outcome of every start: local path, or URL such as
        ``s3://conn_id@bucket/folder``. The files contain the ids of the recipients. By default only the
        report's counts are kept. (templated)
    :param max_workers: maximum number of requests in flight, 1 to 256; 64 by default. (templated)
    :param max_requests_per_second: maximum number of requests per second; by default 166, below Inform's
        limit of 10,000 per minute. (templated)
    :param quota_reserve: share of the vendor's quota, 0 to 1, that is left to other traffic; 0.1 by
        default. (templated)
    :param validate_only: read the rows and build every request, but send nothing; False by default.
        (templated)
    :param moengage_conn_id: id of the connection to the MoEngage workspace; "moengage_default" by default.
        (templated)
    """

    operator_extra_links = (SandboxLink(),)

    def __init__(
        self,
        *,
        sql: str | None = None,
        sql_conn_id: str | None = None,
        parameters: Any = None,
        rows: Rows | XComArg | None = None,
        transform: Callable[[Any], Any] | None = None,
        state_table: str = "live_activity_state",
        state_conn_id: str | None = None,
        alert_id: str | None = None,
        alert_reference_name: str | None = None,
        stale_date: EpochMoment | None = None,
        dismissal_date: EpochMoment | None = None,
        on_missing: OnMissing | str = "keep",
        allow_end_all: bool | str = False,
        on_bad_row: OnBadRow | str = "skip",
        on_empty: OnEmpty | str = "skip",
        on_unknown: OnUnknown | str = "skip",
        min_update_interval: Duration | None = None,
        poll_interval: Duration | None = None,
        until: datetime | str | None = None,
        wake: Callable[[float], Any] | None = None,
        content_state_schema: Schema | None = None,
        attributes_schema: Schema | None = None,
        extra_fields: Object | None = None,
        update_extra_fields: Object | None = None,
        end_extra_fields: Object | None = None,
        outcomes_path: str | None = None,
        max_workers: int | str = 64,
        max_requests_per_second: float | str | None = 166,
        quota_reserve: float | str = 0.1,
        validate_only: bool | str = False,
        moengage_conn_id: str = "moengage_default",
        **kwargs: Unpack[BaseOperatorArguments],
    ) -> None:
        super().__init__(**kwargs)
        self._store(locals())

    template_fields: Sequence[str] = templated(__init__)
    template_fields_renderers: ClassVar[dict[str, str]] = renderers(template_fields)

    def send(self, context: Context) -> SendReport:
        return self._send_with(self.hook.sync_live_activities)

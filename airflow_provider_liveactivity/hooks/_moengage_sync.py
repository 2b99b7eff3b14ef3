"""Sync the Live Activities of MoEngage's users with the rows of a query."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from airflow_provider_liveactivity.delivery.options import DeliveryOptions
from airflow_provider_liveactivity.hooks._arguments import checked_arguments
from airflow_provider_liveactivity.hooks._audience_arguments import drop_blank
from airflow_provider_liveactivity.hooks._connection import host_of
from airflow_provider_liveactivity.hooks._moengage_connection import MoEngageCalls
from airflow_provider_liveactivity.hooks._moengage_users import MAX_PER_SECOND, MAX_WORKERS
from airflow_provider_liveactivity.hooks._plan import content_hash
from airflow_provider_liveactivity.hooks._sync import SyncArguments, SyncCalls
from airflow_provider_liveactivity.sync.messages import MoEngageMessages
from airflow_provider_liveactivity.vendors.moengage_inform import Inform

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from airflow_provider_liveactivity.delivery.in_flight import OnUnknown
    from airflow_provider_liveactivity.models.arguments import Duration, EpochMoment, Schema
    from airflow_provider_liveactivity.sync.plan import OnBadRow, OnEmpty, OnMissing
    from airflow_provider_liveactivity.sync.report import SyncReport
    from airflow_provider_liveactivity.sync.source import Rows


class MoEngageSync(SyncCalls, MoEngageCalls):
    """Base of the MoEngage hook: one activity of one user per row."""

    @checked_arguments()
    def sync_live_activities(
        self,
        *,
        sql: str | None = None,
        sql_conn_id: str | None = None,
        parameters: Any = None,
        rows: Rows | None = None,
        transform: Callable[[Any], Any] | None = None,
        state_table: str = "live_activity_state",
        state_conn_id: str | None = None,
        alert_id: str | None = None,
        alert_reference_name: str | None = None,
        stale_date: EpochMoment | None = None,
        dismissal_date: EpochMoment | None = None,
        on_missing: OnMissing = "keep",
        allow_end_all: bool = False,
        on_bad_row: OnBadRow = "skip",
        on_empty: OnEmpty = "skip",
        on_unknown: OnUnknown = "skip",
        min_update_interval: Duration | None = None,
        poll_interval: Duration | None = None,
        until: datetime | str | None = None,
        wake: Callable[[float], Any] | None = None,
        content_state_schema: Schema | None = None,
        max_workers: int = MAX_WORKERS,
        max_requests_per_second: float | None = MAX_PER_SECOND,
        quota_reserve: float = 0.1,
        validate_only: bool = False,
    ) -> SyncReport:
        """
        Start, update and end the Live Activities of single users so that they match the rows.

        Each row describes one activity of one user as it should be now. The columns are ``activity_id``,
        ``external_user_id``, ``transaction_id``, ``attribute_info``, ``content_state``,
        ``personalized_attributes``, ``end_time``, ``ended``, and any of the arguments from ``alert_id`` to
        ``dismissal_date``, which then applies to its row. A pass sends only what differs from the state
        table. No start is sent twice.

        :param sql: query whose rows are the activities; this or ``rows``.
        :param sql_conn_id: id of the connection to the query's database.
        :param parameters: list or dict of the query's parameters, or its JSON text; None by default.
        :param rows: list of dicts, or a function that returns or yields dicts, called again for each pass.
        :param transform: function that takes a row and returns the fields of its activity as a dict; None,
            the default, takes the columns as the fields.
        :param state_table: name of the table that stores what was sent, with or without a schema;
            "live_activity_state" by default. It is created if it is missing.
        :param state_conn_id: id of the connection to the database of the state table; by default
            ``sql_conn_id``.
        :param alert_id: id of the alert in the dashboard, for all rows without the column; this or
            ``alert_reference_name``.
        :param alert_reference_name: reference name of the alert, for all rows without the column.
        :param stale_date: when the content counts as outdated, for all rows without the column: aware
            datetime, ISO-8601 text with an offset, epoch seconds, or timedelta from the moment of sending;
            None by default.
        :param dismissal_date: when the activity leaves the phone, for all rows without the column, in the
            same forms; None by default.
        :param on_missing: what to do with an activity that is on and has no row: "keep" it (the default), or
            "end" it with its last state.
        :param allow_end_all: whether ``on_missing="end"`` also applies to a query without rows, and so ends
            every activity; False by default.
        :param on_bad_row: what to do with a row that cannot be sent: "skip" it (the default), or "fail"
            before anything is sent.
        :param on_empty: what to do if there are no rows: "skip" (the default), or "fail". Ends that are due
            are sent in both cases.
        :param on_unknown: what to do with a start that may have been carried out: "skip" it (the default),
            "resend" it, which may show the activity twice, or "fail" after the pass.
        :param min_update_interval: minimum time between two updates of an activity: timedelta, seconds or
            ISO-8601 text. An update that comes earlier is held back, and the newest state is sent later.
            MoEngage accepts one request for a user's activity in five minutes, which is the minimum.
        :param poll_interval: time from one pass to the next: timedelta, seconds or ISO-8601 text. None, the
            default, makes one pass.
        :param until: moment of the last pass: aware datetime or ISO-8601 text with an offset. Needs
            ``poll_interval``.
        :param wake: function that takes a number of seconds and waits for them. It returns earlier, and a
            true value, if rows may have changed. None, the default, only waits.
        :param content_state_schema: JSON Schema that each content state must match, as a dict, JSON text or
            path; None, the default, disables the check.
        :param max_workers: maximum number of requests in flight, 1 to 256; 64 by default.
        :param max_requests_per_second: maximum number of requests per second; by default 166, below Inform's
            limit of 10,000 per minute.
        :param quota_reserve: share of the vendor's quota, 0 to 1, that is left to other traffic; 0.1 by
            default.
        :param validate_only: read the rows and build every request, but send nothing; False by default.
        :raises InvalidPayload: if an argument or a column is wrong, or the state table belongs to another
            workspace or version, before anything is sent.
        :raises EmptyAudience: if there are no rows and ``on_empty="fail"``.
        :raises OutcomeUnknown: if ``on_unknown="fail"`` and a start may have been carried out.
        :raises LiveActivityError: if MoEngage cannot be reached or refuses the key; the next call continues.
        """
        workspace = self.workspace_for(partial(Inform, la_type="update"), "inform_api_key")
        assert isinstance(workspace.vendor, Inform)  # for the type checker: made here  # noqa: S101
        defaults = {
            "alert_id": drop_blank(alert_id),
            "alert_reference_name": drop_blank(alert_reference_name),
            "stale_date": drop_blank(stale_date),
            "dismissal_date": drop_blank(dismissal_date),
        }
        login = content_hash(self.get_connection(self.moengage_conn_id).login)[:16]
        return self._run_sync(
            SyncArguments(
                sql=sql,
                sql_conn_id=sql_conn_id,
                parameters=parameters,
                rows=rows,
                transform=transform,
                state_table=state_table,
                state_conn_id=state_conn_id,
                on_missing=on_missing,
                allow_end_all=allow_end_all,
                on_bad_row=on_bad_row,
                on_empty=on_empty,
                on_unknown=on_unknown,
                min_update_interval=min_update_interval,
                poll_interval=poll_interval,
                until=until,
                wake=wake,
            ),
            MoEngageMessages(
                workspace.vendor,
                {name: value for name, value in defaults.items() if value is not None},
                schema=drop_blank(content_state_schema),
            ),
            workspace,
            f"moengage {host_of(self.url)} {login}",
            DeliveryOptions(max_workers, max_requests_per_second, quota_reserve, on_unknown),
            validate_only=validate_only,
        )

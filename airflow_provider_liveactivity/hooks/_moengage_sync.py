"""Sync the Live Activities of MoEngage's users with the rows of a query."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from airflow_provider_liveactivity._blank import blank_to_none
from airflow_provider_liveactivity.hooks._arguments import checked_arguments
from airflow_provider_liveactivity.hooks._connection import host_of
from airflow_provider_liveactivity.hooks._moengage_connection import MoEngageCalls
from airflow_provider_liveactivity.hooks._moengage_users import MAX_PER_SECOND, MAX_WORKERS
from airflow_provider_liveactivity.hooks._plan import content_hash
from airflow_provider_liveactivity.hooks._shared_arguments import SyncArguments
from airflow_provider_liveactivity.hooks._sync import SyncCalls, defaults_of
from airflow_provider_liveactivity.models.schema import SchemaCheck
from airflow_provider_liveactivity.sync.moengage import MoEngageMessages
from airflow_provider_liveactivity.vendors.moengage_inform import Inform

if TYPE_CHECKING:
    from typing import Unpack

    from airflow_provider_liveactivity.models.arguments import EpochMoment
    from airflow_provider_liveactivity.sync.report import SyncReport

_FOR_ALL_ROWS = (
    "alert_id",
    "alert_reference_name",
    "stale_date",
    "dismissal_date",
    "extra_fields",
    "update_extra_fields",
    "end_extra_fields",
)


class MoEngageSyncArguments(SyncArguments, total=False):
    """
    Arguments of a sync, with those of ``SyncArguments``.

    By default 64 workers send at most 166 requests per second, below Inform's limit of 10,000 per minute.

    :param alert_id: id of the alert in the dashboard, for all rows without the column; this or
        ``alert_reference_name``.
    :param alert_reference_name: reference name of the alert, for all rows without the column.
    :param stale_date: when the content counts as outdated, for all rows without the column: aware datetime or
        ISO-8601 text with an offset, epoch seconds, or a duration from the moment of sending (timedelta, or
        text such as "PT30M"); None by default.
    :param dismissal_date: when the activity leaves the phone, for all rows without the column, in the same
        forms; None by default.
    """

    alert_id: str | None
    alert_reference_name: str | None
    stale_date: EpochMoment | None
    dismissal_date: EpochMoment | None


class MoEngageSync(SyncCalls, MoEngageCalls):
    """Base of the MoEngage hook: one activity of one user per row."""

    @checked_arguments(MoEngageSyncArguments)
    def sync_live_activities(self, **arguments: Unpack[MoEngageSyncArguments]) -> SyncReport:
        """
        Start, update and end the Live Activities of single users so that they match the rows.

        Each row describes one activity of one user as it should be now. The columns are ``activity_id``,
        ``external_user_id``, ``transaction_id``, ``attribute_info``, ``content_state``,
        ``personalized_attributes``, ``end_time``, ``ended``, and any of the arguments from ``alert_id`` to
        ``dismissal_date`` and the extra fields, which then apply to its row. A pass sends only what differs
        from the state table. No start is sent twice.

        :param arguments: see ``MoEngageSyncArguments``: ``sql`` or ``rows``, ``state_table`` and others.
        :raises InvalidPayload: if an argument or a column is wrong, or the state table belongs to another
            workspace or version, before anything is sent.
        :raises EmptyAudience: if there are no rows and ``on_empty="fail"``.
        :raises OutcomeUnknown: if ``on_unknown="fail"`` and a start may have been carried out.
        :raises LiveActivityError: if MoEngage cannot be reached or refuses the key; the next call continues.
        """
        workspace = self.workspace_for(partial(Inform, la_type="update"), "inform_api_key")
        assert isinstance(workspace.vendor, Inform)  # for the type checker: made here  # noqa: S101
        login = content_hash(self._connection.login)[:16]
        return self._run_sync(
            arguments,
            MoEngageMessages(
                workspace.vendor,
                defaults_of(arguments, *_FOR_ALL_ROWS),
                state_check=SchemaCheck.of(
                    blank_to_none(arguments.get("content_state_schema")), "content_state"
                ),
                attributes_check=SchemaCheck.of(
                    blank_to_none(arguments.get("attributes_schema")), "attribute_info"
                ),
            ),
            workspace,
            f"moengage {host_of(self.url)} {login}",
            max_workers=MAX_WORKERS,
            max_requests_per_second=MAX_PER_SECOND,
        )

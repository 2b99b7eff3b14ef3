"""Sync Braze's Live Activities with the rows of a query."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_provider_liveactivity._blank import blank_to_none
from airflow_provider_liveactivity.hooks._arguments import checked_arguments
from airflow_provider_liveactivity.hooks._braze_connection import BrazeConnection
from airflow_provider_liveactivity.hooks._connection import host_of
from airflow_provider_liveactivity.hooks._shared_arguments import SyncArguments
from airflow_provider_liveactivity.hooks._sync import SyncCalls, defaults_of
from airflow_provider_liveactivity.models.schema import SchemaCheck
from airflow_provider_liveactivity.sync.braze import BrazeMessages

if TYPE_CHECKING:
    from typing import Unpack

    from airflow_provider_liveactivity.models.arguments import Moment, Object
    from airflow_provider_liveactivity.sync.report import SyncReport

_FOR_ALL_ROWS = (
    "activity_attributes_type",
    "notification",
    "update_notification",
    "end_notification",
    "stale_date",
    "dismissal_date",
    "extra_fields",
    "update_extra_fields",
    "end_extra_fields",
)


class BrazeSyncArguments(SyncArguments, total=False):
    """
    Arguments of a sync, with those of ``SyncArguments``.

    :param activity_attributes_type: name of the app's ``ActivityAttributes`` type, for all rows without the
        column.
    :param notification: Apple push object of the start with ``alert.title`` and ``alert.body``, for all rows
        without the column.
    :param update_notification: Apple push object of updates, for all rows without the column; None, the
        default, sends updates without an alert.
    :param end_notification: Apple push object of the end, for all rows without the column; None, the default,
        ends without an alert.
    :param stale_date: when the content counts as outdated, for all rows without the column: aware datetime or
        ISO-8601 text with an offset, or a duration from the moment of sending (timedelta, or text such as
        "PT30M"); None by default.
    :param dismissal_date: when the ended activity leaves the lock screen, for all rows without the column, in
        the same forms; None by default.
    :param app_id: API identifier of the iOS app; by default the connection's.
    :param silent_updates: whether updates without an alert have low priority (``content-available``), which
        does not use up the app's budget of updates; False by default.
    """

    activity_attributes_type: str | None
    notification: Object | None
    update_notification: Object | None
    end_notification: Object | None
    stale_date: Moment | None
    dismissal_date: Moment | None
    app_id: str | None
    silent_updates: bool


class BrazeSync(SyncCalls, BrazeConnection):
    """Base of the Braze hook: one activity per row."""

    @checked_arguments(BrazeSyncArguments)
    def sync_live_activities(self, **arguments: Unpack[BrazeSyncArguments]) -> SyncReport:
        """
        Start, update and end Live Activities so that they match the rows.

        Each row describes one activity as it should be now. The columns are ``activity_id``; one of
        ``external_user_id``, ``external_user_ids`` and ``segment_id``; ``activity_attributes``,
        ``content_state``, ``end_time``, ``ended``, and any of the arguments from ``activity_attributes_type``
        to ``dismissal_date`` and the extra fields, which then apply to its row. A pass sends only what
        differs from the state table. No start is sent twice.

        :param arguments: see ``BrazeSyncArguments``: ``sql`` or ``rows``, ``state_table`` and others.
        :raises InvalidPayload: if an argument or a column is wrong, or the state table belongs to another
            workspace or version, before anything is sent.
        :raises EmptyAudience: if there are no rows and ``on_empty="fail"``.
        :raises OutcomeUnknown: if ``on_unknown="fail"`` and a start may have been carried out.
        :raises LiveActivityError: if Braze cannot be reached or refuses the key; the next call continues.
        """
        app = self._app_id(arguments.get("app_id"))
        return self._run_sync(
            arguments,
            BrazeMessages(
                self._braze,
                app,
                defaults_of(arguments, *_FOR_ALL_ROWS),
                silent_updates=arguments.get("silent_updates", False),
                state_check=SchemaCheck.of(
                    blank_to_none(arguments.get("content_state_schema")), "content_state"
                ),
                attributes_check=SchemaCheck.of(
                    blank_to_none(arguments.get("attributes_schema")), "activity_attributes"
                ),
            ),
            self.workspace,
            f"braze {host_of(self.url)} {app}",
        )

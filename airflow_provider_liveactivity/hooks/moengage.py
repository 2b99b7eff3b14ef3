"""Start, update and end Live Activities through an Airflow connection to MoEngage."""

from __future__ import annotations

import uuid
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar, Unpack

from airflow_provider_liveactivity.delivery.options import DeliveryOptions
from airflow_provider_liveactivity.hooks._arguments import checked_arguments, pick
from airflow_provider_liveactivity.hooks._moengage_broadcasts import Broadcasts, OnRate
from airflow_provider_liveactivity.hooks._moengage_campaigns import BroadcastCampaigns
from airflow_provider_liveactivity.hooks._moengage_connection_test import ProvableKeys
from airflow_provider_liveactivity.hooks._moengage_sync import MoEngageSync
from airflow_provider_liveactivity.hooks._moengage_users import UserActivities
from airflow_provider_liveactivity.hooks._shared_arguments import ContentArguments
from airflow_provider_liveactivity.models.moengage import EndBroadcast, StartBroadcast, UpdateBroadcast, flat
from airflow_provider_liveactivity.models.moments import utcnow
from airflow_provider_liveactivity.models.schema import check_schema
from airflow_provider_liveactivity.vendors.moengage import MoEngage

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from airflow_provider_liveactivity.delivery.scheduled_release import ScheduledRelease
    from airflow_provider_liveactivity.hooks._moengage_broadcasts import BroadcastReport
    from airflow_provider_liveactivity.http.connection import WorkspaceConfig
    from airflow_provider_liveactivity.http.retries import RetryConfig
    from airflow_provider_liveactivity.models.arguments import EpochMoment, Object, Schema

Body = TypeVar("Body", StartBroadcast, UpdateBroadcast, EndBroadcast)


class BroadcastArguments(ContentArguments, total=False):
    """
    Optional arguments of every broadcast, with those of ``ContentArguments``.

    :param dismissal_date: when the activity leaves the phones: aware datetime, ISO-8601 text with an offset,
        epoch seconds, or a duration from the moment of sending (timedelta, or text such as "PT30M"); None by
        default. A past moment ends the activity at once.
    :param instance_id: id of the request: MoEngage refuses a second request with the same id. By default a
        new one, which all attempts of this request share.
    :param possibly_sent_before: whether an earlier process may have sent this ``instance_id``; a refusal as a
        duplicate then counts as accepted. False by default.
    """

    dismissal_date: EpochMoment | None
    instance_id: str | None
    possibly_sent_before: bool


class BroadcastChangeArguments(BroadcastArguments, total=False):
    """
    Optional arguments of a broadcast update or end, with those of ``BroadcastArguments``.

    :param stale_date: when the content counts as outdated, in the forms of ``dismissal_date``; None by
        default.
    """

    stale_date: EpochMoment | None


class MoEngageHook(Broadcasts, BroadcastCampaigns, UserActivities, MoEngageSync, ProvableKeys):
    """
    Live Activities through MoEngage: broadcasts, their campaigns, and the activities of single users.

    The hook stays within MoEngage's limits for its own requests. As a context manager, it also sends the
    updates that ``on_rate_limit="coalesce"`` has held back, when the ``with`` block ends without an error.

    :param moengage_conn_id: id of a connection of the type ``moengage``; "moengage_default" by default. Its
        login is the workspace ID, and its password the key of the Push tile. Its extra contains
        ``data_center`` (01 to 06, or 101) unless there is a host, and ``campaign_api_key``, ``data_api_key``
        and ``inform_api_key`` for the calls that need them.
    :param retry: how often a request is sent; by default as ``http.retries.RetryConfig``.
    :param clock: function that returns the current time, for tests; the system's clock by default.
    """

    conn_name_attr = "moengage_conn_id"
    default_conn_name = "moengage_default"
    conn_type = "moengage"
    hook_name = "MoEngage"

    def __init__(
        self,
        moengage_conn_id: str = default_conn_name,
        *,
        retry: RetryConfig | None = None,
        clock: Callable[[], datetime] = utcnow,
    ) -> None:
        super().__init__(retry=retry, clock=clock)
        self.moengage_conn_id = moengage_conn_id

    @cached_property
    def workspace(self) -> WorkspaceConfig:
        """The workspace of the connection, which is read at the first use."""
        return self.workspace_for(MoEngage, "password")

    @cached_property
    def _moengage(self) -> MoEngage:
        vendor = self.workspace.vendor
        assert isinstance(vendor, MoEngage)  # for the type checker: this hook made it  # noqa: S101
        return vendor

    @checked_arguments(BroadcastArguments)
    def start_broadcast(
        self,
        *,
        broadcast_live_activity_id: str,
        attribute_type: str,
        attribute_info: Object,
        content_state: Object,
        alert: Object,
        attributes_schema: Schema | None = None,
        **arguments: Unpack[BroadcastArguments],
    ) -> BroadcastReport:
        """
        Start a broadcast Live Activity for the audience of its campaign.

        :param broadcast_live_activity_id: the id that the campaign was created with.
        :param attribute_type: name of the app's attributes type.
        :param attribute_info: object with the static attributes: dict, JSON text, pydantic model or
            dataclass.
        :param content_state: object with the first state, in the same forms.
        :param alert: object with ``title`` and ``body``, optionally ``subtitle`` and ``sound``: as above, or
            an ``Alert`` of ``models.moengage``.
        :param attributes_schema: JSON Schema that ``attribute_info`` must match, as a dict, JSON text, or
            path of a JSON or Swift file; None, the default, disables the check.
        :param arguments: optional arguments, see ``BroadcastArguments``: ``dismissal_date``, ``instance_id``,
            ``validate_only`` and others.
        :raises InvalidPayload: if an argument is wrong, before the first request. The message names the
            argument.
        :raises LiveActivityError: if MoEngage refuses the request or cannot be reached.
        """
        check_schema(attribute_info, attributes_schema, "attribute_info")
        body = self._body(
            StartBroadcast,
            arguments,
            broadcast_live_activity_id=broadcast_live_activity_id,
            content_state=content_state,
            alert=alert,
            attribute_type=attribute_type,
            attribute_info=attribute_info,
        )
        return self._broadcast(self._moengage.start(body), body, arguments)

    @checked_arguments(BroadcastChangeArguments)
    def update_broadcast(
        self,
        *,
        broadcast_live_activity_id: str,
        content_state: Object,
        alert: Object,
        on_rate_limit: OnRate = "wait",
        **arguments: Unpack[BroadcastChangeArguments],
    ) -> BroadcastReport:
        """
        Update a broadcast Live Activity on every phone that shows it.

        :param broadcast_live_activity_id: the id that the campaign was created with.
        :param content_state: object with the whole new state: dict, JSON text, pydantic model or dataclass.
        :param alert: object with ``title`` and ``body``, optionally ``subtitle`` and ``sound``: as above, or
            an ``Alert`` of ``models.moengage``.
        :param on_rate_limit: what to do with an update above MoEngage's limit of five per minute: "wait" (the
            default); "fail" with RateLimited; or "coalesce": hold the update back, and let the next one
            replace it. An update that is still held back when the hook's ``with`` block ends is sent then.
        :param arguments: optional arguments, see ``BroadcastChangeArguments``: ``stale_date``,
            ``dismissal_date``, ``instance_id``, ``validate_only`` and others.
        :raises InvalidPayload: if an argument is wrong, before the first request. The message names the
            argument.
        :raises LiveActivityError: if MoEngage refuses the request or cannot be reached.
        """
        body = self._body(
            UpdateBroadcast,
            arguments,
            broadcast_live_activity_id=broadcast_live_activity_id,
            content_state=content_state,
            alert=alert,
        )
        return self._broadcast(self._moengage.update(body), body, arguments, on_rate_limit)

    @checked_arguments(BroadcastChangeArguments)
    def end_broadcast(
        self,
        *,
        broadcast_live_activity_id: str,
        content_state: Object,
        alert: Object,
        release: ScheduledRelease | None = None,
        **arguments: Unpack[BroadcastChangeArguments],
    ) -> BroadcastReport:
        """
        End a broadcast Live Activity on every phone that shows it.

        :param broadcast_live_activity_id: the id that the campaign was created with.
        :param content_state: object with the last state, which MoEngage requires here too: dict, JSON text,
            pydantic model or dataclass.
        :param alert: object with ``title`` and ``body``, optionally ``subtitle`` and ``sound``: as above, or
            an ``Alert`` of ``models.moengage``.
        :param release: holds the request until its moment, from which durations count; None, the
            default, sends at once.
        :param arguments: optional arguments, see ``BroadcastChangeArguments``: ``dismissal_date``,
            ``stale_date``, ``instance_id``, ``validate_only`` and others.
        :raises InvalidPayload: if an argument is wrong, before the first request. The message names the
            argument.
        :raises LiveActivityError: if MoEngage refuses the request or cannot be reached.
        """
        body = self._body(
            EndBroadcast,
            arguments,
            release,
            broadcast_live_activity_id=broadcast_live_activity_id,
            content_state=content_state,
            alert=alert,
        )
        options = DeliveryOptions(max_workers=1, release=release)
        return self._broadcast(self._moengage.end(body), body, arguments, options=options)

    def _body(
        self,
        kind: type[Body],
        arguments: BroadcastChangeArguments | BroadcastArguments,
        release: ScheduledRelease | None = None,
        **fields: Any,
    ) -> Body:
        check_schema(fields["content_state"], arguments.get("content_state_schema"))
        fields |= pick(arguments, "dismissal_date", "stale_date", "extra_fields")
        given = arguments.get("instance_id")
        own = uuid.uuid4().hex if given in (None, "") else given
        return kind.build(now=self._sent_at(release), **flat(instance_id=own, **fields))

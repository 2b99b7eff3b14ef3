"""The Airflow connection to a MoEngage workspace, and its broadcast Live Activity calls."""

from __future__ import annotations

import uuid
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from airflow_provider_liveactivity.delivery.options import DeliveryOptions
from airflow_provider_liveactivity.hooks._arguments import checked_arguments
from airflow_provider_liveactivity.hooks._base import send_options
from airflow_provider_liveactivity.hooks._moengage_broadcasts import Broadcasts, OnRate
from airflow_provider_liveactivity.hooks._moengage_campaigns import BroadcastCampaigns
from airflow_provider_liveactivity.hooks._moengage_connection_test import ProvableKeys
from airflow_provider_liveactivity.hooks._moengage_users import UserActivities
from airflow_provider_liveactivity.models.moengage import EndBroadcast, StartBroadcast, UpdateBroadcast, flat
from airflow_provider_liveactivity.models.schema import check_schema
from airflow_provider_liveactivity.vendors.moengage import MoEngage

if TYPE_CHECKING:
    from datetime import datetime

    from airflow_provider_liveactivity.delivery.scheduled_release import ScheduledRelease
    from airflow_provider_liveactivity.hooks._moengage_broadcasts import BroadcastReport
    from airflow_provider_liveactivity.http.connection import WorkspaceConfig
    from airflow_provider_liveactivity.models.arguments import EpochMoment, Object, Schema

Body = TypeVar("Body", StartBroadcast, UpdateBroadcast, EndBroadcast)


class MoEngageHook(Broadcasts, BroadcastCampaigns, UserActivities, ProvableKeys):
    """
    Live Activities through MoEngage: broadcasts, the campaigns they need, and those of single users.

    The hook keeps to MoEngage's limits for everything that it sends itself. As a context manager it also
    sends, on leaving, the updates that ``on_rate_limit="coalesce"`` has held back.

    :param moengage_conn_id: connection of the type ``moengage``: its login is the workspace ID, its password
        the key of the Push tile, and its extra holds ``data_center`` (01 to 06, or 101) unless a host is
        given; ``campaign_api_key``, ``data_api_key`` and ``inform_api_key`` for what needs them.
    """

    conn_name_attr = "moengage_conn_id"
    default_conn_name = "moengage_default"
    conn_type = "moengage"
    hook_name = "MoEngage"

    def __init__(self, moengage_conn_id: str = default_conn_name, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.moengage_conn_id = moengage_conn_id

    @cached_property
    def workspace(self) -> WorkspaceConfig:
        """The workspace of the connection, read at first use."""
        return self.workspace_for(MoEngage, "password")

    @cached_property
    def _moengage(self) -> MoEngage:
        vendor = self.workspace.vendor
        assert isinstance(vendor, MoEngage)  # for the type checker: this hook made it  # noqa: S101
        return vendor

    @checked_arguments
    def start_broadcast(
        self,
        *,
        broadcast_live_activity_id: str,
        attribute_type: str,
        attribute_info: Object,
        content_state: Object,
        alert: Object,
        dismissal_date: EpochMoment | None = None,
        instance_id: str | None = None,
        content_state_schema: Schema | None = None,
        validate_only: bool = False,
        possibly_sent_before: bool = False,
    ) -> BroadcastReport:
        """
        Start a broadcast Live Activity for the audience of its campaign.

        :param broadcast_live_activity_id: the id that the campaign was created with.
        :param attribute_type: name of the app's attributes type.
        :param attribute_info: object with the static attributes, or its JSON text.
        :param content_state: object with the first state, or its JSON text.
        :param alert: object with ``title`` and ``body``, and optionally ``subtitle`` and ``sound``.
        :param dismissal_date: when the activity leaves the phones by itself: aware datetime, ISO-8601 text
            with an offset, epoch seconds, or timedelta from the moment of sending.
        :param instance_id: MoEngage refuses a second request with the same one; by default a new one, which
            stays the same over the tries of this request.
        :param content_state_schema: JSON Schema, or its path, that the content state must satisfy.
        :param validate_only: do everything but send, and return the report.
        :param possibly_sent_before: whether an earlier process may have sent this ``instance_id``.
        :raises InvalidPayload: before anything is sent, naming the argument.
        :raises LiveActivityError: where MoEngage refuses, or cannot be reached.
        """
        body = self._body(
            StartBroadcast,
            content_state_schema,
            broadcast_live_activity_id=broadcast_live_activity_id,
            instance_id=instance_id,
            content_state=content_state,
            alert=alert,
            dismissal_date=dismissal_date,
            attribute_type=attribute_type,
            attribute_info=attribute_info,
        )
        options = send_options(possibly_sent_before=possibly_sent_before)
        return self._broadcast(self._moengage.start(body), body, validate_only, options)

    @checked_arguments
    def update_broadcast(
        self,
        *,
        broadcast_live_activity_id: str,
        content_state: Object,
        alert: Object,
        dismissal_date: EpochMoment | None = None,
        stale_date: EpochMoment | None = None,
        instance_id: str | None = None,
        content_state_schema: Schema | None = None,
        on_rate_limit: OnRate = "wait",
        validate_only: bool = False,
        possibly_sent_before: bool = False,
    ) -> BroadcastReport:
        """
        Update a broadcast Live Activity on every phone that shows it.

        :param broadcast_live_activity_id: the id that the campaign was created with.
        :param content_state: object with the whole new state, or its JSON text.
        :param alert: object with ``title`` and ``body``, and optionally ``subtitle`` and ``sound``.
        :param dismissal_date: when the activity leaves the phones: aware datetime, ISO-8601 text with an
            offset, epoch seconds, or timedelta from the moment of sending; a past moment ends it at once.
        :param stale_date: when the content counts as outdated, in the same forms.
        :param instance_id: as on the start.
        :param content_state_schema: JSON Schema, or its path, that the content state must satisfy.
        :param on_rate_limit: what becomes of an update above five a minute: "wait" (the default), "fail" with
            RateLimited, or "coalesce": hold it back, and let the next one replace it. What is still held when
            the ``with`` block of the hook ends is sent then.
        :param validate_only: do everything but send, and return the report.
        :param possibly_sent_before: whether an earlier process may have sent this ``instance_id``.
        :raises InvalidPayload: before anything is sent, naming the argument.
        :raises LiveActivityError: where MoEngage refuses, or cannot be reached.
        """
        body = self._body(
            UpdateBroadcast,
            content_state_schema,
            broadcast_live_activity_id=broadcast_live_activity_id,
            instance_id=instance_id,
            content_state=content_state,
            alert=alert,
            dismissal_date=dismissal_date,
            stale_date=stale_date,
        )
        options = send_options(possibly_sent_before=possibly_sent_before)
        return self._broadcast(self._moengage.update(body), body, validate_only, options, on_rate_limit)

    @checked_arguments
    def end_broadcast(
        self,
        *,
        broadcast_live_activity_id: str,
        content_state: Object,
        alert: Object,
        dismissal_date: EpochMoment | None = None,
        stale_date: EpochMoment | None = None,
        instance_id: str | None = None,
        content_state_schema: Schema | None = None,
        validate_only: bool = False,
        hold: ScheduledRelease | None = None,
        possibly_sent_before: bool = False,
    ) -> BroadcastReport:
        """
        End a broadcast Live Activity on every phone that shows it.

        :param broadcast_live_activity_id: the id that the campaign was created with.
        :param content_state: object with the last state, which MoEngage wants here too, or its JSON text.
        :param alert: object with ``title`` and ``body``, and optionally ``subtitle`` and ``sound``.
        :param dismissal_date: when the ended activity leaves the lock screen: aware datetime, ISO-8601 text
            with an offset, epoch seconds, or timedelta from the moment of sending; a past moment means at
            once.
        :param stale_date: when the content counts as outdated, in the same forms.
        :param instance_id: as on the start.
        :param content_state_schema: JSON Schema, or its path, that the content state must satisfy.
        :param validate_only: do everything but send, and return the report.
        :param hold: keeps the request until its moment, from which a timedelta then counts.
        :param possibly_sent_before: whether an earlier process may have sent this ``instance_id``.
        :raises InvalidPayload: before anything is sent, naming the argument.
        :raises LiveActivityError: where MoEngage refuses, or cannot be reached.
        """
        body = self._body(
            EndBroadcast,
            content_state_schema,
            now=hold.release_time() if hold else None,
            broadcast_live_activity_id=broadcast_live_activity_id,
            instance_id=instance_id,
            content_state=content_state,
            alert=alert,
            dismissal_date=dismissal_date,
            stale_date=stale_date,
        )
        options = send_options(
            options=DeliveryOptions(max_workers=1, release=hold), possibly_sent_before=possibly_sent_before
        )
        return self._broadcast(self._moengage.end(body), body, validate_only, options)

    @staticmethod
    def _body(
        kind: type[Body],
        schema: Schema | None,
        *,
        instance_id: str | None,
        now: datetime | None = None,
        **fields: Any,
    ) -> Body:
        check_schema(fields["content_state"], schema)
        own = uuid.uuid4().hex if instance_id in (None, "") else instance_id
        return kind.build(now=now, **flat(instance_id=own, **fields))

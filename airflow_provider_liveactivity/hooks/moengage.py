"""The Airflow connection to a MoEngage workspace, and its broadcast Live Activity calls."""

from __future__ import annotations

import uuid
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar, Unpack

from airflow.providers.common.compat.sdk import mask_secret

from airflow_provider_liveactivity.delivery import FanOut
from airflow_provider_liveactivity.errors import InvalidConnection
from airflow_provider_liveactivity.hooks.base import LiveActivityHook, Plan, SendOptions
from airflow_provider_liveactivity.hooks.connection import base_url, proxy, secret, text, timeouts
from airflow_provider_liveactivity.models.moengage import EndBroadcast, StartBroadcast, UpdateBroadcast, flat
from airflow_provider_liveactivity.models.schema import check_schema
from airflow_provider_liveactivity.transport import Account
from airflow_provider_liveactivity.vendors.moengage import DATA_CENTERS, HOST_SUFFIXES, MoEngage

if TYPE_CHECKING:
    from datetime import datetime, timedelta
    from pathlib import Path

    from airflow.providers.common.compat.sdk import Connection

    from airflow_provider_liveactivity.report import SendReport
    from airflow_provider_liveactivity.schedule import Hold
    from airflow_provider_liveactivity.vendors.base import Request

    Moment = datetime | timedelta | str
    Object = dict[str, Any] | str
    Schema = dict[str, Any] | str | Path

Body = TypeVar("Body", StartBroadcast, UpdateBroadcast, EndBroadcast)


class MoEngageHook(LiveActivityHook):
    """
    Start, update and end broadcast Live Activities through MoEngage.

    :param moengage_conn_id: connection of the type ``moengage``: its login is the workspace ID, its password
        the key of the Push tile, and its extra holds ``data_center`` (01 to 06, or 101) unless a host is
        given.
    """

    conn_name_attr = "moengage_conn_id"
    default_conn_name = "moengage_default"
    conn_type = "moengage"
    hook_name = "MoEngage"

    def __init__(self, moengage_conn_id: str = default_conn_name, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.moengage_conn_id = moengage_conn_id

    @cached_property
    def account(self) -> Account:
        """The workspace of the connection, read at first use."""
        connection = self.get_connection(self.moengage_conn_id)
        workspace = secret(connection, connection.login, "the login, which is to hold the workspace ID,")
        key = secret(connection, connection.password, "the password, which is to hold the Push API key,")
        vendor = MoEngage(workspace, key)
        for hidden in vendor.secrets():  # Airflow knows the key, but not its Basic form
            mask_secret(hidden)
        return Account(vendor, _url(connection), timeouts(connection), proxy(connection))

    @cached_property
    def _moengage(self) -> MoEngage:
        vendor = self.account.vendor
        assert isinstance(vendor, MoEngage)  # for the type checker: this hook made it  # noqa: S101
        return vendor

    def start_broadcast(
        self,
        *,
        broadcast_live_activity_id: str,
        attribute_type: str,
        attribute_info: Object,
        content_state: Object,
        alert: Object,
        dismissal_date: Moment | None = None,
        instance_id: str | None = None,
        content_state_schema: Schema | None = None,
        validate_only: bool = False,
        **options: Unpack[SendOptions],
    ) -> SendReport:
        """
        Start a broadcast Live Activity for the audience of its campaign.

        :param broadcast_live_activity_id: the id that the campaign was created with.
        :param attribute_type: name of the app's attributes type.
        :param attribute_info: object with the static attributes, or its JSON text.
        :param content_state: object with the first state, or its JSON text.
        :param alert: object with ``title`` and ``body``, and optionally ``subtitle`` and ``sound``.
        :param dismissal_date: when the activity leaves the phones by itself: aware datetime, ISO-8601 text
            with an offset, or timedelta from the moment of sending.
        :param instance_id: MoEngage refuses a second request with the same one; by default a new one, which
            stays the same over the tries of this request.
        :param content_state_schema: JSON Schema, or its path, that the content state must satisfy.
        :param validate_only: do everything but send, and return the report.
        :param options: ``may_be_second``, whether an earlier process may have sent this ``instance_id``.
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
        return self._push(self._moengage.start(body), body, validate_only, options)

    def update_broadcast(
        self,
        *,
        broadcast_live_activity_id: str,
        content_state: Object,
        alert: Object,
        dismissal_date: Moment | None = None,
        stale_date: Moment | None = None,
        instance_id: str | None = None,
        content_state_schema: Schema | None = None,
        validate_only: bool = False,
        **options: Unpack[SendOptions],
    ) -> SendReport:
        """
        Update a broadcast Live Activity on every phone that shows it.

        :param broadcast_live_activity_id: the id that the campaign was created with.
        :param content_state: object with the whole new state, or its JSON text.
        :param alert: object with ``title`` and ``body``, and optionally ``subtitle`` and ``sound``.
        :param dismissal_date: when the activity leaves the phones: aware datetime, ISO-8601 text with an
            offset, or timedelta from the moment of sending; a past moment ends it at once.
        :param stale_date: likewise, when the content counts as outdated.
        :param instance_id: as on the start.
        :param content_state_schema: JSON Schema, or its path, that the content state must satisfy.
        :param validate_only: do everything but send, and return the report.
        :param options: ``may_be_second``, whether an earlier process may have sent this ``instance_id``.
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
        return self._push(self._moengage.update(body), body, validate_only, options)

    def end_broadcast(
        self,
        *,
        broadcast_live_activity_id: str,
        content_state: Object,
        alert: Object,
        dismissal_date: Moment | None = None,
        stale_date: Moment | None = None,
        instance_id: str | None = None,
        content_state_schema: Schema | None = None,
        validate_only: bool = False,
        hold: Hold | None = None,
        **options: Unpack[SendOptions],
    ) -> SendReport:
        """
        End a broadcast Live Activity on every phone that shows it.

        :param broadcast_live_activity_id: the id that the campaign was created with.
        :param content_state: object with the last state, which MoEngage wants here too, or its JSON text.
        :param alert: object with ``title`` and ``body``, and optionally ``subtitle`` and ``sound``.
        :param dismissal_date: when the ended activity leaves the lock screen: aware datetime, ISO-8601 text
            with an offset, or timedelta from the moment of sending.
        :param stale_date: likewise, when the content counts as outdated.
        :param instance_id: as on the start.
        :param content_state_schema: JSON Schema, or its path, that the content state must satisfy.
        :param validate_only: do everything but send, and return the report.
        :param hold: keeps the request until its moment, from which a timedelta then counts.
        :param options: ``may_be_second``, whether an earlier process may have sent this ``instance_id``.
        :raises InvalidPayload: before anything is sent, naming the argument.
        :raises LiveActivityError: where MoEngage refuses, or cannot be reached.
        """
        body = self._body(
            EndBroadcast,
            content_state_schema,
            now=hold.leaves_at() if hold else None,
            broadcast_live_activity_id=broadcast_live_activity_id,
            instance_id=instance_id,
            content_state=content_state,
            alert=alert,
            dismissal_date=dismissal_date,
            stale_date=stale_date,
        )
        options = {"fan_out": FanOut(max_workers=1, hold=hold), **options}
        return self._push(self._moengage.end(body), body, validate_only, options)

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
        return kind.build(now=now, **flat(instance_id=instance_id or uuid.uuid4().hex, **fields))

    def _push(
        self,
        request: Request,
        body: StartBroadcast | UpdateBroadcast,
        validate_only: bool,
        options: SendOptions,
    ) -> SendReport:
        plan = Plan.of(request, body.broadcast_live_activity_id, body.ios.content_state)
        return self._deliver(plan, validate_only=validate_only, **options)


def _url(connection: Connection) -> str:
    """Take the connection's host, or the one of its data center."""
    if connection.host:
        return base_url(connection, HOST_SUFFIXES)
    data_center = text(connection.extra_dejson, "data_center")
    if data_center not in DATA_CENTERS:
        raise InvalidConnection(
            f"connection {connection.conn_id!r}: data_center must be one of {', '.join(DATA_CENTERS)} "
            "(the number in your dashboard's address), or a host must be given."
        )
    return f"https://api-{data_center}.moengage.com"

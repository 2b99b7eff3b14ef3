"""Start, update and end Live Activities through an Airflow connection to Braze."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_provider_liveactivity.audience import Audience, check_audience
from airflow_provider_liveactivity.delivery.batch_requests import AudienceRequests
from airflow_provider_liveactivity.delivery.options import DeliveryOptions
from airflow_provider_liveactivity.errors import InvalidPayload
from airflow_provider_liveactivity.hooks._arguments import checked_arguments
from airflow_provider_liveactivity.hooks._audience_arguments import build_audience, drop_blank
from airflow_provider_liveactivity.hooks._base import SendPlan, content_hash, send_options
from airflow_provider_liveactivity.hooks._braze_connection import BrazeConnection
from airflow_provider_liveactivity.models.braze import (
    MAX_ALIAS_BYTES,
    MAX_PEOPLE_PER_REQUEST,
    StartContent,
    StartLiveActivity,
    UpdateLiveActivity,
)
from airflow_provider_liveactivity.models.schema import check_schema

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from airflow_provider_liveactivity.delivery.checkpoint import Checkpoint
    from airflow_provider_liveactivity.delivery.progress import Progress
    from airflow_provider_liveactivity.delivery.report import SendReport
    from airflow_provider_liveactivity.delivery.scheduled_release import ScheduledRelease
    from airflow_provider_liveactivity.models.arguments import Moment, Object, Schema


class BrazeHook(BrazeConnection):
    """
    Start, update and end Live Activities through Braze.

    :param braze_conn_id: id of a connection of the type ``braze``; "braze_default" by default. Its host is
        the instance of the workspace, such as US-01, or its REST endpoint; its password is the REST API key.
        Its extra may contain ``app_id``, ``connect_timeout`` and ``read_timeout``, and ``instance`` in place
        of a host.
    """

    conn_name_attr = "braze_conn_id"
    default_conn_name = "braze_default"
    conn_type = "braze"
    hook_name = "Braze"

    def __init__(self, braze_conn_id: str = default_conn_name, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.braze_conn_id = braze_conn_id

    @checked_arguments
    def start_live_activity(
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
        content_state_schema: Schema | None = None,
        validate_only: bool = False,
        fan_out: DeliveryOptions | None = None,
        checkpoint: Checkpoint | None = None,
        on_progress: Callable[[Progress], None] | None = None,
    ) -> SendReport:
        """
        Start a Live Activity on the phones of one audience.

        Give exactly one audience: ``external_user_ids`` and/or ``user_aliases``, ``segment_id``,
        ``custom_audience`` or ``sql``. One request addresses up to 50 people of a list or query.

        :param activity_id: id of your choice, by which updates and the end name the activity.
        :param activity_attributes_type: name of the app's ``ActivityAttributes`` type.
        :param activity_attributes: object with the static attributes, or its JSON text.
        :param content_state: object with the first state, or its JSON text.
        :param notification: Apple push object with ``alert.title`` and ``alert.body``, or its JSON text.
        :param stale_date: when the content counts as outdated: aware datetime, ISO-8601 text with an offset,
            or timedelta from the moment of sending; None by default.
        :param app_id: API identifier of the iOS app; by default the connection's.
        :param external_user_ids: list of external ids, or its JSON text.
        :param user_aliases: list of ``{"alias_name": ..., "alias_label": ...}``, or its JSON text.
        :param segment_id: API identifier of a segment.
        :param custom_audience: connected audience object, or its JSON text.
        :param sql: query that returns the people: one column is the external id, two are alias name and alias
            label.
        :param sql_conn_id: id of the connection to the query's database.
        :param parameters: list or dict of the query's parameters, or its JSON text.
        :param max_audience: maximum number of people, listed or queried: a number, or its digits as text. A
            larger audience is an error before the first request. None, the default, sets no limit. Only Braze
            knows the size of a segment.
        :param content_state_schema: JSON Schema that the content state must match, as a dict, JSON text or
            path; None, the default, disables the check.
        :param validate_only: do everything except send, and return the report; False by default.
        :param fan_out: how the send uses workers and quota; None for the defaults of ``DeliveryOptions``.
        :param checkpoint: where the send stores its state between attempts; None, the default, for nowhere.
        :param on_progress: function that receives the progress about every 5 seconds; None, the default, logs
            it.
        :raises InvalidPayload: if an argument is wrong, before the first request. The message names the
            argument.
        :raises EmptyAudience: if a list or query has no people.
        :raises PartiallySent: if an error stopped the send after some requests had left.
        :raises InvalidConnection: if the connection is wrong, or neither it nor the call has an app id.
        :raises LiveActivityError: if Braze refuses the request or cannot be reached.
        """
        content = {
            "app_id": self._app_id(app_id),
            "activity_id": activity_id,
            "activity_attributes_type": activity_attributes_type,
            "activity_attributes": activity_attributes,
            "content_state": content_state,
            "notification": notification,
            "stale_date": stale_date,
        }
        check_schema(content_state, content_state_schema)
        audience = build_audience(
            external_user_ids=external_user_ids,
            user_aliases=user_aliases,
            sql=sql,
            sql_conn_id=sql_conn_id,
            parameters=parameters,
            max_alias_bytes=MAX_ALIAS_BYTES,
        )
        one = {"segment_id": drop_blank(segment_id), "custom_audience": drop_blank(custom_audience)}
        if audience is None:
            plan = self._start_for_one(content, **one)
        elif all(value is None for value in one.values()):
            plan = self._start_for_people(content, audience, max_audience)
        else:
            raise InvalidPayload(
                "exactly one audience is needed: people (external_user_ids, user_aliases or sql), "
                "segment_id, or custom_audience."
            )
        options = send_options(options=fan_out, checkpoint=checkpoint, on_progress=on_progress)
        return self._deliver(plan, validate_only=validate_only, **options)

    def _start_for_one(self, content: dict[str, Any], **audience: Any) -> SendPlan:
        body = StartLiveActivity.build(**content, **audience)
        request = self._braze.start(body)
        key = content_hash(content, audience)
        return SendPlan.single(request, body.activity_id, body.content_state, key, warnings=body.warnings())

    def _start_for_people(
        self, content: dict[str, Any], audience: Audience, max_audience: int | str | None
    ) -> SendPlan:
        shared = StartContent.build(**content)
        requests = self._braze.starts(shared)
        return SendPlan(
            "start",
            shared.activity_id,
            shared.content_state,
            AudienceRequests(
                audience,
                MAX_PEOPLE_PER_REQUEST,
                lambda batch: requests.request(batch.external_user_ids, batch.user_aliases),
            ),
            content_hash(content, audience.fingerprint),
            audience,
            check_audience(audience, max_audience=max_audience),
            warnings=shared.warnings(),
        )

    @checked_arguments
    def update_live_activity(
        self,
        *,
        activity_id: str,
        content_state: Object,
        notification: Object | None = None,
        stale_date: Moment | None = None,
        dismissal_date: Moment | None = None,
        app_id: str | None = None,
        content_state_schema: Schema | None = None,
        validate_only: bool = False,
    ) -> SendReport:
        """
        Update a Live Activity on every phone that shows it.

        :param activity_id: the id that the activity was started with.
        :param content_state: object with the whole new state, or its JSON text.
        :param notification: Apple push object for an alert with the update, or its JSON text; None, the
            default, for no alert.
        :param stale_date: when the content counts as outdated: aware datetime, ISO-8601 text with an offset,
            or timedelta from the moment of sending; None by default.
        :param dismissal_date: when the ended activity leaves the lock screen: aware datetime, ISO-8601 text
            with an offset, or timedelta from the moment of sending; None by default. Braze ignores it without
            an end.
        :param app_id: API identifier of the iOS app; by default the connection's.
        :param content_state_schema: JSON Schema that the content state must match, as a dict, JSON text or
            path; None, the default, disables the check.
        :param validate_only: do everything except send, and return the report; False by default.
        :raises InvalidPayload: if an argument is wrong, before the first request. The message names the
            argument.
        :raises InvalidConnection: if the connection is wrong, or neither it nor the call has an app id.
        :raises LiveActivityError: if Braze refuses the request or cannot be reached.
        """
        return self._change(
            content_state_schema,
            end=False,
            validate_only=validate_only,
            activity_id=activity_id,
            content_state=content_state,
            notification=notification,
            stale_date=stale_date,
            dismissal_date=dismissal_date,
            app_id=self._app_id(app_id),
        )

    @checked_arguments
    def end_live_activity(
        self,
        *,
        activity_id: str,
        content_state: Object,
        notification: Object | None = None,
        stale_date: Moment | None = None,
        dismissal_date: Moment | None = None,
        app_id: str | None = None,
        content_state_schema: Schema | None = None,
        validate_only: bool = False,
        hold: ScheduledRelease | None = None,
    ) -> SendReport:
        """
        End a Live Activity on every phone that shows it.

        :param activity_id: the id that the activity was started with.
        :param content_state: object with the last state, which Braze requires here too, or its JSON text.
        :param notification: Apple push object for an alert with the end, or its JSON text; None, the default,
            for no alert.
        :param stale_date: when the content counts as outdated: aware datetime, ISO-8601 text with an offset,
            or timedelta from the moment of sending; None by default.
        :param dismissal_date: when the ended activity leaves the lock screen: aware datetime, ISO-8601 text
            with an offset, or timedelta from the moment of sending. A past moment means at once. By default
            iOS keeps the activity for up to four hours.
        :param app_id: API identifier of the iOS app; by default the connection's.
        :param content_state_schema: JSON Schema that the content state must match, as a dict, JSON text or
            path; None, the default, disables the check.
        :param validate_only: do everything except send, and return the report; False by default.
        :param hold: keeps the request until its moment, from which a timedelta then counts; None, the
            default, sends at once.
        :raises InvalidPayload: if an argument is wrong, before the first request. The message names the
            argument.
        :raises InvalidConnection: if the connection is wrong, or neither it nor the call has an app id.
        :raises LiveActivityError: if Braze refuses the request or cannot be reached.
        """
        return self._change(
            content_state_schema,
            end=True,
            validate_only=validate_only,
            hold=hold,
            activity_id=activity_id,
            content_state=content_state,
            notification=notification,
            stale_date=stale_date,
            dismissal_date=dismissal_date,
            app_id=self._app_id(app_id),
        )

    def _change(
        self,
        schema: Schema | None,
        *,
        end: bool,
        validate_only: bool,
        hold: ScheduledRelease | None = None,
        **fields: Any,
    ) -> SendReport:
        check_schema(fields["content_state"], schema)
        body = UpdateLiveActivity.build(now=hold.release_time() if hold else None, end_activity=end, **fields)
        request = self._braze.update(body)
        plan = SendPlan.single(request, body.activity_id, body.content_state, warnings=body.warnings())
        return self._deliver(
            plan, validate_only=validate_only, options=DeliveryOptions(max_workers=1, release=hold)
        )

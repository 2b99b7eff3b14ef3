"""Start, update and end Live Activities through an Airflow connection to Braze."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Unpack

from airflow_provider_liveactivity._blank import blank_to_none
from airflow_provider_liveactivity.audience import Audience, check_audience
from airflow_provider_liveactivity.delivery.batch_requests import AudienceRequests
from airflow_provider_liveactivity.delivery.options import DeliveryOptions
from airflow_provider_liveactivity.errors import InvalidPayload
from airflow_provider_liveactivity.hooks._arguments import checked_arguments, pick
from airflow_provider_liveactivity.hooks._audience_arguments import build_audience
from airflow_provider_liveactivity.hooks._braze_sync import BrazeSync
from airflow_provider_liveactivity.hooks._plan import Delivery, SendPlan, content_hash
from airflow_provider_liveactivity.hooks._shared_arguments import (
    ContentArguments,
    QueryArguments,
    StartDeliveryArguments,
)
from airflow_provider_liveactivity.models.braze import (
    MAX_ALIAS_BYTES,
    MAX_PEOPLE_PER_REQUEST,
    StartContent,
    StartLiveActivity,
    UpdateLiveActivity,
)
from airflow_provider_liveactivity.models.moments import utcnow
from airflow_provider_liveactivity.models.schema import check_schema

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from airflow_provider_liveactivity.delivery.report import SendReport
    from airflow_provider_liveactivity.delivery.scheduled_release import ScheduledRelease
    from airflow_provider_liveactivity.http.retries import RetryConfig
    from airflow_provider_liveactivity.models.arguments import Moment, Object, Schema


class BrazeArguments(ContentArguments, total=False):
    """
    Optional arguments of every call of the Braze hook, with those of ``ContentArguments``.

    :param stale_date: when the content counts as outdated: aware datetime, ISO-8601 text with an offset, or a
        duration from the moment of sending (timedelta, or text such as "PT30M"); None by default.
    :param app_id: API identifier of the iOS app; by default the connection's.
    """

    stale_date: Moment | None
    app_id: str | None


class BrazeStartArguments(BrazeArguments, QueryArguments, StartDeliveryArguments, total=False):
    """
    Optional arguments of a start, with those of ``BrazeArguments`` and ``StartDeliveryArguments``.

    Exactly one audience is required: ``external_user_ids`` and/or ``user_aliases``, ``segment_id``,
    ``custom_audience``, or ``sql`` of ``QueryArguments``. One column of the query is the external id, two are
    alias name and alias label. ``max_audience`` does not apply to a segment, whose size only Braze knows.

    :param external_user_ids: list of external ids, or its JSON text.
    :param user_aliases: list of ``{"alias_name": ..., "alias_label": ...}``, or its JSON text.
    :param segment_id: API identifier of a segment.
    :param custom_audience: connected audience object, or its JSON text.
    :param attributes_schema: JSON Schema that the attributes must match, as a dict, JSON text, or path of a
        JSON or Swift file; None, the default, disables the check.
    """

    external_user_ids: Sequence[str] | str | None
    user_aliases: Sequence[dict[str, str]] | str | None
    segment_id: str | None
    custom_audience: Object | None
    attributes_schema: Schema | None


_CONTENT = ("stale_date", "extra_fields")


class BrazeHook(BrazeSync):
    """
    Start, update and end Live Activities through Braze.

    :param braze_conn_id: id of a connection of the type ``braze``; "braze_default" by default. Its host is
        the instance of the workspace, such as US-01, or its REST endpoint; its password is the REST API key.
        Its extra may contain ``app_id``, ``connect_timeout`` and ``read_timeout``, and ``instance`` in place
        of a host.
    :param retry: how often a request is sent; by default as ``http.retries.RetryConfig``.
    :param clock: function that returns the current time, for tests; the system's clock by default.
    """

    conn_name_attr = "braze_conn_id"
    default_conn_name = "braze_default"
    conn_type = "braze"
    hook_name = "Braze"

    def __init__(
        self,
        braze_conn_id: str = default_conn_name,
        *,
        retry: RetryConfig | None = None,
        clock: Callable[[], datetime] = utcnow,
    ) -> None:
        super().__init__(retry=retry, clock=clock)
        self.braze_conn_id = braze_conn_id

    @checked_arguments(BrazeStartArguments)
    def start_live_activity(
        self,
        *,
        activity_id: str,
        activity_attributes_type: str,
        activity_attributes: Object,
        content_state: Object,
        notification: Object,
        **arguments: Unpack[BrazeStartArguments],
    ) -> SendReport:
        """
        Start a Live Activity on the phones of one audience. One request addresses up to 50 recipients.

        :param activity_id: id of your choice, by which updates and the end name the activity.
        :param activity_attributes_type: name of the app's ``ActivityAttributes`` type.
        :param activity_attributes: object with the static attributes: dict, JSON text, pydantic model or
            dataclass.
        :param content_state: object with the first state, in the same forms.
        :param notification: Apple push object with ``alert.title`` and ``alert.body``: as above, or a
            ``Notification`` of ``models.braze``.
        :param arguments: optional arguments, see ``BrazeStartArguments``: the audience, ``stale_date``,
            ``app_id``, ``max_workers``, ``context`` and others. By default 128 workers send as fast as the
            quota allows, and recipients whose outcome is unknown are skipped.
        :raises InvalidPayload: if an argument is wrong, before the first request. The message names the
            argument.
        :raises EmptyAudience: if a list or query has no recipients.
        :raises PartiallySent: if an error stopped the send after some requests had left.
        :raises InvalidConnection: if the connection is wrong, or neither it nor the call has an app id.
        :raises LiveActivityError: if Braze refuses the request or cannot be reached.
        """
        content = {
            "app_id": self._app_id(arguments.get("app_id")),
            "activity_id": activity_id,
            "activity_attributes_type": activity_attributes_type,
            "activity_attributes": activity_attributes,
            "content_state": content_state,
            "notification": notification,
            **pick(arguments, *_CONTENT),
        }
        check_schema(content_state, arguments.get("content_state_schema"))
        check_schema(activity_attributes, arguments.get("attributes_schema"), "activity_attributes")
        audience = build_audience(arguments, max_alias_bytes=MAX_ALIAS_BYTES)
        one = {name: blank_to_none(arguments.get(name)) for name in ("segment_id", "custom_audience")}
        if audience is None:
            plan = self._start_for_one(content, **one)
        elif all(value is None for value in one.values()):
            plan = self._start_for_people(content, audience, arguments.get("max_audience"))
        else:
            raise InvalidPayload(
                "exactly one audience is needed: recipients (external_user_ids, user_aliases or sql), "
                "segment_id, or custom_audience."
            )
        return self._deliver(
            plan, Delivery.of(arguments), validate_only=arguments.get("validate_only", False)
        )

    def _start_for_one(self, content: dict[str, Any], **audience: Any) -> SendPlan:
        body = StartLiveActivity.build(now=self._clock(), **content, **audience)
        request = self._braze.start(body)
        key = content_hash(content, audience)
        return SendPlan.single(
            self.workspace, request, body.activity_id, body.push, key, warnings=body.warnings()
        )

    def _start_for_people(
        self, content: dict[str, Any], audience: Audience, max_audience: int | str | None
    ) -> SendPlan:
        shared = StartContent.build(now=self._clock(), **content)
        requests = self._braze.starts(shared)
        return SendPlan(
            self.workspace,
            "start",
            shared.activity_id,
            AudienceRequests(
                audience,
                MAX_PEOPLE_PER_REQUEST,
                lambda batch: requests.request(batch.external_user_ids, batch.user_aliases),
                shared.activity_id,
            ),
            shared.push,
            content_hash(content, audience.fingerprint),
            audience,
            check_audience(audience, max_audience=max_audience),
            warnings=shared.warnings(),
        )

    @checked_arguments(BrazeArguments)
    def update_live_activity(
        self,
        *,
        activity_id: str,
        content_state: Object,
        notification: Object | None = None,
        dismissal_date: Moment | None = None,
        **arguments: Unpack[BrazeArguments],
    ) -> SendReport:
        """
        Update a Live Activity on every phone that shows it.

        :param activity_id: the id that the activity was started with.
        :param content_state: object with the whole new state: dict, JSON text, pydantic model or dataclass.
        :param notification: Apple push object for an alert with the update, in the same forms; None, the
            default, for no alert.
        :param dismissal_date: when the ended activity leaves the lock screen, in the forms of ``stale_date``;
            None by default. Braze ignores it without an end.
        :param arguments: optional arguments, see ``BrazeArguments``: ``stale_date``, ``app_id``,
            ``validate_only`` and others.
        :raises InvalidPayload: if an argument is wrong, before the first request. The message names the
            argument.
        :raises InvalidConnection: if the connection is wrong, or neither it nor the call has an app id.
        :raises LiveActivityError: if Braze refuses the request or cannot be reached.
        """
        return self._change(
            arguments,
            activity_id=activity_id,
            content_state=content_state,
            notification=notification,
            dismissal_date=dismissal_date,
        )

    @checked_arguments(BrazeArguments)
    def end_live_activity(
        self,
        *,
        activity_id: str,
        content_state: Object,
        notification: Object | None = None,
        dismissal_date: Moment | None = None,
        release: ScheduledRelease | None = None,
        **arguments: Unpack[BrazeArguments],
    ) -> SendReport:
        """
        End a Live Activity on every phone that shows it.

        :param activity_id: the id that the activity was started with.
        :param content_state: object with the last state, which Braze requires here too: dict, JSON text,
            pydantic model or dataclass.
        :param notification: Apple push object for an alert with the end, in the same forms; None, the
            default, for no alert.
        :param dismissal_date: when the ended activity leaves the lock screen, in the forms of ``stale_date``.
            A past moment means at once. By default iOS keeps the activity for up to four hours.
        :param release: holds the request until its moment, from which durations count; None, the
            default, sends at once.
        :param arguments: optional arguments, see ``BrazeArguments``: ``stale_date``, ``app_id``,
            ``validate_only`` and others.
        :raises InvalidPayload: if an argument is wrong, before the first request. The message names the
            argument.
        :raises InvalidConnection: if the connection is wrong, or neither it nor the call has an app id.
        :raises LiveActivityError: if Braze refuses the request or cannot be reached.
        """
        return self._change(
            arguments,
            release,
            end_activity=True,
            activity_id=activity_id,
            content_state=content_state,
            notification=notification,
            dismissal_date=dismissal_date,
        )

    def _change(
        self, arguments: BrazeArguments, release: ScheduledRelease | None = None, **fields: Any
    ) -> SendReport:
        check_schema(fields["content_state"], arguments.get("content_state_schema"))
        body = UpdateLiveActivity.build(
            now=self._sent_at(release),
            app_id=self._app_id(arguments.get("app_id")),
            **fields,
            **pick(arguments, *_CONTENT),
        )
        plan = SendPlan.single(
            self.workspace,
            self._braze.update(body),
            body.activity_id,
            body.push,
            warnings=body.warnings(),
        )
        delivery = Delivery(DeliveryOptions(max_workers=1, release=release))
        return self._deliver(plan, delivery, validate_only=arguments.get("validate_only", False))

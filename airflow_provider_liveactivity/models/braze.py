"""Bodies of Braze's ``/messages/live_activity/start`` and ``/messages/live_activity/update``."""

from __future__ import annotations

import warnings
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, Tag, model_validator

from airflow_provider_liveactivity.errors import PayloadTooLarge
from airflow_provider_liveactivity.models.braze_audience import ConnectedAudience
from airflow_provider_liveactivity.models.common import (
    BrazeDate,
    JsonObject,
    Text,
    VendorModel,
    encode,
    parse_object,
    text_or_object,
)

#: https://www.braze.com/docs/api/endpoints/messaging/live_activity/start: external ids and aliases together.
MAX_PEOPLE_PER_REQUEST = 50
#: https://developer.apple.com/documentation/activitykit/displaying-live-data-with-live-activities: static
#: attributes and dynamic state together. Braze accepts more, and the phone then shows nothing.
MAX_ACTIVITY_BYTES = 4096
#: The Braze SDK's ``pushTokenTag``, which an activity id becomes on the device.
MAX_ACTIVITY_ID_BYTES = 256


def _check_id(activity_id: str) -> str:
    if not activity_id.strip() or not activity_id.isprintable():
        raise ValueError("must be text that can be read: not blank, without line breaks and the like")
    if len(activity_id.encode()) >= MAX_ACTIVITY_ID_BYTES:
        warnings.warn(
            f"activity_id has {MAX_ACTIVITY_ID_BYTES} bytes or more, which Braze's SDK may refuse.",
            stacklevel=2,
        )
    return activity_id


ActivityId = Annotated[Text, AfterValidator(_check_id)]


class Alert(VendorModel):
    """The alert of a push; Braze spells with underscores what Apple spells with hyphens."""

    body: Text | None = None
    title: Text | None = None
    title_loc_key: Text | None = None
    title_loc_args: list[str] | None = None
    action_loc_key: Text | None = None
    loc_key: Text | None = None
    loc_args: list[str] | None = None
    sound: Text | None = None


AlertTextOrObject = Annotated[
    Annotated[Text, Tag("(text)")] | Annotated[Alert, Tag("(object)")],
    Discriminator(text_or_object),
]


class Notification(VendorModel):
    """
    Braze's Apple push object.

    Source: https://www.braze.com/docs/api/objects_filters/messaging/apple_object
    """

    alert: AlertTextOrObject | None = None
    content_available: Annotated[bool | None, Field(alias="content-available")] = None
    sound: Text | None = None
    badge: int | None = None
    interruption_level: Literal["passive", "active", "time-sensitive", "critical"] | None = None
    relevance_score: Annotated[float, Field(ge=0.0, le=1.0)] | None = None
    expiry: BrazeDate | None = None
    apns_priority: Annotated[int, Field(ge=1, le=10)] | None = None
    mutable_content: bool | None = None
    collapse_id: Text | None = None
    category: Text | None = None
    buttons: list[JsonObject] | None = None
    asset_url: Text | None = None
    asset_file_type: Text | None = None
    custom_uri: Text | None = None
    use_webview: bool | None = None
    extra: JsonObject | None = None
    message_variation_id: Text | None = None
    notification_group_thread_id: Text | None = None
    send_to_most_recent_device_only: bool | None = None

    @model_validator(mode="after")
    def _rules(self) -> Self:
        if not self.content_available:
            if not self.alert:
                raise ValueError("needs an alert, unless content-available is true")
            if isinstance(self.alert, Alert) and self.alert.body is None:
                raise ValueError("alert needs a body, unless content-available is true")
        if self.extra and (taken := {"ab", "aps"} & self.extra.keys()):
            raise ValueError(f"extra may not have the key {' or '.join(sorted(taken))}, which Braze keeps")
        return self


def _as_object(value: Any) -> Any:
    return value if isinstance(value, VendorModel) else parse_object(value)


NotificationObject = Annotated[Notification, BeforeValidator(_as_object)]
AudienceObject = Annotated[ConnectedAudience, BeforeValidator(_as_object)]


class UserAlias(VendorModel):
    """A user addressed by an alias."""

    alias_name: Text
    alias_label: Text


class StartContent(VendorModel):
    """What a start shows, without whom it is for."""

    app_id: Text
    activity_id: ActivityId
    activity_attributes_type: Text
    activity_attributes: JsonObject
    content_state: JsonObject
    notification: NotificationObject
    stale_date: BrazeDate | None = None

    @model_validator(mode="before")
    @classmethod
    def _no_dismissal_on_start(cls, data: Any) -> Any:
        if isinstance(data, dict) and "dismissal_date" in data:
            raise ValueError("dismissal_date is not a field of a start; give it to the call that ends it")
        return data

    @model_validator(mode="after")
    def _alert_is_whole(self) -> Self:
        alert = self.notification.alert
        if not isinstance(alert, Alert) or alert.title is None or alert.body is None:
            # Apple requires an alert on the event "start".
            raise ValueError("notification.alert needs a title and a body on a start")
        return self

    def check_size(self) -> None:
        """Refuse attributes and state that no phone would show."""
        _check_activity_size(self.activity_attributes, self.content_state)


class StartLiveActivity(StartContent):
    """
    Body of a start: what it shows and exactly one audience.

    Source: https://www.braze.com/docs/api/endpoints/messaging/live_activity/start
    """

    # repr=False: a debugger or a traceback with values must not show who gets it.
    external_user_ids: Annotated[list[Text] | None, Field(repr=False)] = None
    user_aliases: Annotated[list[UserAlias] | None, Field(repr=False)] = None
    segment_id: Text | None = None
    custom_audience: AudienceObject | None = None

    @model_validator(mode="after")
    def _one_audience(self) -> Self:
        lists = [people for people in (self.external_user_ids, self.user_aliases) if people is not None]
        people = sum(map(len, lists))
        methods = [bool(lists), self.segment_id is not None, self.custom_audience is not None]
        if sum(methods) != 1:
            raise ValueError(
                f"exactly one audience is needed, {sum(methods)} given: external_user_ids and/or "
                "user_aliases, or segment_id, or custom_audience"
            )
        if lists and not people:
            raise ValueError("external_user_ids and user_aliases hold nobody")
        if people > MAX_PEOPLE_PER_REQUEST:
            raise ValueError(
                f"external_user_ids and user_aliases hold {people} people; "
                f"a request takes {MAX_PEOPLE_PER_REQUEST} together"
            )
        return self


class UpdateLiveActivity(VendorModel):
    """
    Body of an update, and with ``end_activity`` of an end.

    A ``dismissal_date`` before now takes an ended activity off the lock screen at once; without
    ``end_activity`` it does nothing of the kind.
    Source: https://www.braze.com/docs/api/endpoints/messaging/live_activity/update
    """

    app_id: Text
    activity_id: ActivityId
    content_state: JsonObject
    end_activity: bool = False
    dismissal_date: BrazeDate | None = None
    stale_date: BrazeDate | None = None
    notification: NotificationObject | None = None

    def check_size(self) -> None:
        """Refuse a state that no phone would show; the attributes were fixed at the start."""
        _check_activity_size(self.content_state)


def _check_activity_size(*parts: dict[str, Any]) -> None:
    size = sum(len(encode(part)) for part in parts)
    if size > MAX_ACTIVITY_BYTES:
        what = "activity_attributes and content_state have" if len(parts) > 1 else "content_state has"
        raise PayloadTooLarge(f"{what} {size} bytes; a phone shows nothing above {MAX_ACTIVITY_BYTES}.")

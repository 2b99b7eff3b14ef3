"""Bodies of Braze's ``/messages/live_activity/start`` and ``/messages/live_activity/update``."""

from __future__ import annotations

import unicodedata
from functools import cached_property
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, Tag, model_validator

from airflow_provider_liveactivity.models.apns import (
    Push,
    null_warnings,
    stale_date_warnings,
)
from airflow_provider_liveactivity.models.braze_audience import ConnectedAudience
from airflow_provider_liveactivity.models.common import (
    BrazeDate,
    Flag,
    JsonObject,
    Number,
    RequestBody,
    Text,
    VendorModel,
    Whole,
    field_names,
    text_or_object,
)
from airflow_provider_liveactivity.models.extra_fields import Envelopes  # noqa: TC001
from airflow_provider_liveactivity.models.objects import to_object

#: External ids and aliases together. Source:
#: https://www.braze.com/docs/api/endpoints/messaging/live_activity/start
MAX_PEOPLE_PER_REQUEST = 50
#: Limit of the Braze SDK for a ``pushTokenTag``, which is the activity id on the device. An activity with a
#: longer id starts, but no update or end reaches it.
MAX_ACTIVITY_ID_BYTES = 256
#: For the name and for the label. Source: https://www.braze.com/docs/api/objects_filters/user_alias_object
MAX_ALIAS_BYTES = 236
#: Control characters, line and paragraph separators. Joiners and no-break spaces are legal: apps use them.
_UNREADABLE = {"Cc", "Zl", "Zp"}


def _check_id(activity_id: str) -> str:
    if not activity_id.strip() or not _UNREADABLE.isdisjoint(map(unicodedata.category, activity_id)):
        raise ValueError("must be text that is not blank and has no line breaks or control characters")
    if (size := len(activity_id.encode())) > MAX_ACTIVITY_ID_BYTES:
        raise ValueError(
            f"has {size} bytes; Braze's SDK takes {MAX_ACTIVITY_ID_BYTES}; an activity with a longer id "
            "gets no updates"
        )
    return activity_id


def _check_alias(text: str) -> str:
    if not text.strip():
        raise ValueError("must not be blank")
    if (size := len(text.encode())) > MAX_ALIAS_BYTES:
        raise ValueError(f"has {size} bytes; Braze takes {MAX_ALIAS_BYTES}")
    return text


ActivityId = Annotated[Text, AfterValidator(_check_id)]
AliasText = Annotated[Text, AfterValidator(_check_alias)]


class Alert(VendorModel):
    """The alert of a push. Braze's names have underscores where Apple's have hyphens."""

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


class Button(VendorModel):
    """A button below a push. Its category decides which other fields it needs."""

    action_id: Text
    action: Literal["OPEN_APP", "URI", "DEEP_LINK", "CLOSE"] | None = None
    uri: Text | None = None
    use_webview: Flag | None = None


class Notification(VendorModel):
    """
    Braze's Apple push object.

    Source: https://www.braze.com/docs/api/objects_filters/messaging/apple_object
    """

    alert: AlertTextOrObject | None = None
    content_available: Annotated[Flag | None, Field(alias="content-available")] = None
    sound: Text | None = None
    badge: Whole | None = None
    interruption_level: Literal["passive", "active", "time-sensitive", "critical"] | None = None
    relevance_score: Annotated[Number, Field(ge=0.0, le=1.0)] | None = None
    expiry: BrazeDate | None = None
    apns_priority: Annotated[Whole, Field(ge=1, le=10)] | None = None
    mutable_content: Flag | None = None
    collapse_id: Text | None = None
    category: Text | None = None
    buttons: list[Button] | None = None
    asset_url: Text | None = None
    asset_file_type: Literal["aif", "gif", "jpg", "m4a", "mp3", "mp4", "png", "wav"] | None = None
    custom_uri: Text | None = None
    use_webview: Flag | None = None
    extra: JsonObject | None = None
    message_variation_id: Text | None = None
    notification_group_thread_id: Text | None = None
    send_to_most_recent_device_only: Flag | None = None

    @model_validator(mode="after")
    def _rules(self) -> Self:
        if not self.content_available:
            if not self.alert:
                raise ValueError("needs an alert, unless content-available is true")
            if isinstance(self.alert, Alert) and self.alert.body is None:
                raise ValueError("alert needs a body, unless content-available is true")
        if self.extra and (taken := {"ab", "aps"} & self.extra.keys()):
            raise ValueError(f"extra may not have the key {' or '.join(sorted(taken))}, which Braze keeps")
        if self.asset_url is not None and self.asset_file_type is None:
            raise ValueError("asset_url needs asset_file_type")
        return self

    def warnings(self) -> list[str]:
        if self.sound is None:
            return []
        return [
            "notification.sound: for a Live Activity, Braze requires the sound inside notification.alert."
        ]


def _notification(value: Any) -> Any:
    return value if isinstance(value, Notification) else to_object(value)


NotificationObject = Annotated[Notification, BeforeValidator(_notification)]
AudienceObject = Annotated[ConnectedAudience, BeforeValidator(to_object)]


class UserAlias(VendorModel):
    """A user who is addressed by an alias."""

    alias_name: Annotated[AliasText, Field(repr=False)]
    alias_label: Annotated[AliasText, Field(repr=False)]


#: Fields of a start that name its audience.
_AUDIENCES = ("external_user_ids", "user_aliases", "segment_id", "custom_audience")
#: Braze's objects to which ``extra_fields`` can add.
_ENVELOPES = {"notification": field_names(Notification), "notification.alert": field_names(Alert)}


class StartContent(RequestBody):
    """The content of a start, without its audience."""

    envelopes: ClassVar[Envelopes] = {**_ENVELOPES, "": _AUDIENCES}

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
            raise ValueError("dismissal_date is not a field of a start; pass it to the end")
        return data

    @model_validator(mode="after")
    def _alert_is_whole(self) -> Self:
        alert = self.notification.alert
        if not isinstance(alert, Alert) or alert.title is None or alert.body is None:
            # Apple requires an alert for the event "start".
            raise ValueError("notification.alert of a start needs a title and a body")
        return self

    def check_size(self) -> None:
        self.push.check_size()

    @cached_property
    def push(self) -> Push:
        """The push that phones receive."""
        return Push(
            "start",
            content_state=self.content_state,
            attributes=self.activity_attributes,
            # Braze adds this attribute, which names the activity to the app.
            added_attributes={"brazeActivityId": self.activity_id},
            attributes_type=self.activity_attributes_type,
            alert=_alert_of(self.notification),
            stale_date=self.stale_date,
        )

    def warnings(self) -> list[str]:
        return [
            *null_warnings(self.content_state),
            *null_warnings(self.activity_attributes, "activity_attributes"),
            *self.notification.warnings(),
            *stale_date_warnings(self.stale_date),
        ]


class StartLiveActivity(StartContent):
    """
    Body of a start: its content and exactly one audience.

    Source: https://www.braze.com/docs/api/endpoints/messaging/live_activity/start
    """

    # repr=False: a debugger or a traceback with values must not show the recipients.
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
            raise ValueError("external_user_ids and user_aliases are empty")
        if people > MAX_PEOPLE_PER_REQUEST:
            raise ValueError(
                f"external_user_ids and user_aliases have {people} recipients; a request accepts "
                f"{MAX_PEOPLE_PER_REQUEST} together"
            )
        return self


class UpdateLiveActivity(RequestBody):
    """
    Body of an update, or of an end if ``end_activity`` is true.

    A past ``dismissal_date`` removes an ended activity from the lock screen at once. Without
    ``end_activity``, Braze ignores the date.

    Source: https://www.braze.com/docs/api/endpoints/messaging/live_activity/update
    """

    envelopes: ClassVar[Envelopes] = _ENVELOPES

    app_id: Text
    activity_id: ActivityId
    content_state: JsonObject
    end_activity: Flag = False
    dismissal_date: BrazeDate | None = None
    stale_date: BrazeDate | None = None
    notification: NotificationObject | None = None

    def check_size(self) -> None:
        self.push.check_size()

    @cached_property
    def push(self) -> Push:
        """The push that phones receive."""
        return Push(
            "end" if self.end_activity else "update",
            content_state=self.content_state,
            alert=_alert_of(self.notification),
            stale_date=self.stale_date,
            dismissal_date=self.dismissal_date,
        )

    def warnings(self) -> list[str]:
        return [
            *null_warnings(self.content_state),
            *(self.notification.warnings() if self.notification else ()),
            *(() if self.end_activity else stale_date_warnings(self.stale_date)),
        ]


def _alert_of(notification: Notification | None) -> dict[str, Any] | str | None:
    alert = notification.alert if notification else None
    return alert.to_json() if isinstance(alert, Alert) else alert

"""
Bodies that Braze's Live Activity endpoints accept.

Written from the vendor's documents alone, without the models of the package: the sandbox must not repeat
their mistakes.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from airflow_provider_liveactivity.sandbox.checks import Object, Strict, Text

MAX_ALIAS = 236


def _date(value: Any) -> datetime:
    # The documents require only ISO 8601. A date without an offset is read as UTC, and a day as its
    # beginning.
    if not isinstance(value, str):
        raise ValueError("must be an ISO 8601 string")
    moment = datetime.fromisoformat(value)
    return moment if moment.utcoffset() is not None else moment.replace(tzinfo=UTC)


def _alias(value: str) -> str:
    if len(value.encode()) > MAX_ALIAS:
        raise ValueError(f"must be at most {MAX_ALIAS} bytes")
    return value


def _extra(value: Object) -> Object:
    if value.keys() & {"ab", "aps"}:
        raise ValueError("must not contain ab or aps")
    return value


Date = Annotated[datetime, BeforeValidator(_date)]
AliasText = Annotated[Text, AfterValidator(_alias)]


class Alert(Strict):
    """Alert object of an Apple push."""

    body: str | None = None
    title: str | None = None
    title_loc_key: str | None = None
    title_loc_args: list[str] | None = None
    action_loc_key: str | None = None
    loc_key: str | None = None
    loc_args: list[str] | None = None
    sound: str | None = None


class Button(Strict):
    """A push action button."""

    action_id: Text
    action: Literal["OPEN_APP", "URI", "DEEP_LINK", "CLOSE"] | None = None
    uri: str | None = None
    use_webview: bool | None = None


class Notification(Strict):
    """Apple push object as an update may carry it."""

    alert: str | Alert | None = None
    content_available: bool | None = Field(default=None, alias="content-available")
    sound: str | None = None
    interruption_level: Literal["passive", "active", "time-sensitive", "critical"] | None = None
    relevance_score: Annotated[float, Field(ge=0, le=1)] | None = None
    expiry: Date | None = None
    apns_priority: Annotated[int, Field(ge=1, le=10)] | None = None
    badge: int | None = None
    extra: Annotated[Object, AfterValidator(_extra)] | None = None
    mutable_content: bool | None = None
    collapse_id: str | None = None
    category: str | None = None
    buttons: list[Button] | None = None
    asset_url: str | None = None
    asset_file_type: Literal["aif", "gif", "jpg", "m4a", "mp3", "mp4", "png", "wav"] | None = None
    custom_uri: str | None = None
    use_webview: bool | None = None
    message_variation_id: str | None = None
    notification_group_thread_id: str | None = None
    send_to_most_recent_device_only: bool | None = None

    @model_validator(mode="after")
    def _alert_unless_silent(self) -> Self:
        if not self.content_available:
            if self.alert is None:
                raise ValueError("alert is required unless content-available is true")
            if isinstance(self.alert, Alert) and not self.alert.body:
                raise ValueError("alert.body is required unless content-available is true")
        if self.asset_url is not None and self.asset_file_type is None:
            raise ValueError("asset_file_type is required if asset_url is present")
        return self


class StartNotification(Notification):
    """Apple push object of a start, for which Apple requires an alert."""

    alert: Alert

    @model_validator(mode="after")
    def _title_and_body(self) -> Self:
        if not (self.alert.body and self.alert.title):
            raise ValueError("alert.title and alert.body are required to start a Live Activity")
        return self


class UserAlias(Strict):
    """One user alias."""

    alias_name: AliasText
    alias_label: AliasText


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_date(value: Any) -> bool:
    try:
        return isinstance(value, str) and bool(datetime.fromisoformat(value))
    except ValueError:
        return False


def _fits(comparison: str, value: Any) -> bool:
    """Return whether a value has the documented type of a comparison."""
    values = value if isinstance(value, list) and value else [value]
    match comparison:
        case "exists" | "does_not_exist":  # a value is allowed, but not required
            return True
        case "after" | "before":
            return _is_date(value)
        case "matches_regex" | "does_not_match_regex":
            return isinstance(value, str)
        case "is_any_of" | "is_none_of":
            return all(isinstance(one, str) for one in values)
        case "includes_value" | "does_not_include_value":
            return all(isinstance(one, str | int | float) for one in values)
        case "equals" | "not_equal" | "does_not_equal":
            return isinstance(value, str | int | float)
        case _:  # greater, less, and days
            return _is_number(value)


class AttributeFilter(Strict):
    """Filter of a connected audience on a custom attribute."""

    custom_attribute_name: Text
    # Only older documents have "does_not_equal", for booleans.
    comparison: Literal[
        "equals", "not_equal", "does_not_equal", "matches_regex", "does_not_match_regex", "exists",
        "does_not_exist", "is_any_of", "is_none_of", "includes_value", "does_not_include_value",
        "greater_than", "greater_than_or_equal_to", "less_than", "less_than_or_equal_to",
        "less_than_x_days_ago", "greater_than_x_days_ago",
        "less_than_x_days_in_the_future", "greater_than_x_days_in_the_future", "after", "before",
    ]  # fmt: skip
    value: Any = None

    @model_validator(mode="after")
    def _value(self) -> Self:
        if not _fits(self.comparison, self.value):
            raise ValueError("value does not fit the comparison")
        return self


class SubscriptionFilter(Strict):
    """Filter of a connected audience on a subscription status."""

    comparison: Literal["is", "is_not"]
    value: Literal["opted_in", "subscribed", "unsubscribed"]


class LastUsedFilter(Strict):
    """Filter of a connected audience on the last use of the app."""

    comparison: Literal["after", "before"]
    value: Date


class Audience(Strict):
    """Connected audience: one filter, or AND or OR over more of them."""

    AND: Annotated[list[Audience], Field(min_length=1)] | None = None
    OR: Annotated[list[Audience], Field(min_length=1)] | None = None
    custom_attribute: AttributeFilter | None = None
    push_subscription_status: SubscriptionFilter | None = None
    email_subscription_status: SubscriptionFilter | None = None
    last_used_app: LastUsedFilter | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if len(self.model_fields_set) != 1:
            raise ValueError("must be exactly one filter, AND or OR")
        return self


class Message(Strict):
    """The fields that start and update share."""

    app_id: Text
    activity_id: Text
    content_state: Object
    stale_date: Date | None = None
    notification: Notification | None = None


class StartBody(Message):
    """Body of /messages/live_activity/start; the newest documents no longer have ``dismissal_date``."""

    activity_attributes_type: Text
    activity_attributes: Object
    notification: StartNotification
    external_user_ids: list[Text] | None = None
    user_aliases: list[UserAlias] | None = None
    segment_id: Text | None = None
    custom_audience: Audience | None = None


class UpdateBody(Message):
    """Body of /messages/live_activity/update, which has no audience."""

    end_activity: bool = False
    dismissal_date: Date | None = None

"""Bodies that MoEngage's campaign and segment endpoints accept, written from the vendor's schema alone."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from airflow_provider_liveactivity.sandbox.checks import Object, Strict, Text

Email = Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+\.?[^@\s]*$")]


OPERATORS = {
    "bool": {"is", "exists"},
    "double": {"in", "between", "lessThan", "greaterThan", "exists"},
    "string": {
        "in", "contains", "containsInTheFollowing", "startWithInTheFollowing", "endsWithInTheFollowing",
        "exists", "is",
    },
    "datetime": {"inTheLast", "on", "between", "before", "after", "inTheNext", "exists", "today"},
}  # fmt: skip


class UserAttributes(Strict):
    """A filter on an attribute of the user's profile."""

    filter_type: Literal["user_attributes"]
    name: Text
    data_type: Literal["string", "double", "datetime", "bool"]
    operator: Text
    value: Any = None
    value1: str | float | None = None
    category: str | None = None
    project_name: str | None = None
    case_sensitive: bool = False
    negate: bool = False

    @model_validator(mode="after")
    def _value_fits(self) -> UserAttributes:
        if self.operator not in OPERATORS[self.data_type]:
            raise PydanticCustomError("value_error", "operator does not belong to the data_type")
        if self.operator == "in" and not isinstance(self.value, list):
            raise PydanticCustomError("list_type", "value must be an array with the operator in")
        return self


class Actions(Strict):
    """A filter on what the user did."""

    filter_type: Literal["actions"]
    action_name: Text
    executed: bool | None = None
    execution: dict[str, Any] | None = None
    attributes: dict[str, Any] | None = None
    primary_time_range: dict[str, Any] | None = None
    condition: str | None = None


class CustomSegment(Strict):
    """A filter that names a saved segment."""

    filter_type: Literal["custom_segments"]
    id: Text
    name: str | None = None


class NestedFilters(Strict):
    """Nested filters; the segment pages have them, the published schema does not."""

    filter_type: Literal["nested_filters"]
    filter_operator: Literal["and", "or"]
    filters: Annotated[list[Filter], Field(min_length=1)]


Filter = Annotated[
    UserAttributes | Actions | CustomSegment | NestedFilters, Field(discriminator="filter_type")
]


class FilterGroup(Strict):
    """Filters under one operator."""

    filter_operator: Literal["and", "or"]
    filters: list[Filter]


class Segmentation(Strict):
    """The audience of a campaign."""

    included_filters: FilterGroup | None = None
    excluded_filters: FilterGroup | None = None
    is_all_user_campaign: bool = False
    send_campaign_to_opt_out_users: bool = False

    @model_validator(mode="after")
    def _one_audience(self) -> Segmentation:
        if not self.is_all_user_campaign and self.included_filters is None:
            raise PydanticCustomError("missing", "included_filters key is mandatory field")
        return self


class IosDevices(Strict):
    """The devices of a campaign; one of three flags must be true."""

    send_to_all_eligible_device: bool = False
    exclude_provisional_push_devices: bool = False
    send_to_only_provisional_push_enabled_devices: bool = False

    @model_validator(mode="after")
    def _one(self) -> IosDevices:
        if not any(getattr(self, name) for name in type(self).model_fields):
            raise PydanticCustomError("value_error", "one of the ios keys must be true")
        return self


class Platforms(Strict):
    """Details by platform; a Live Activity is for iOS alone."""

    ios: IosDevices


class Basics(Strict):
    """Name and id of a campaign."""

    name: Text
    platforms: Annotated[list[Literal["IOS"]], Field(min_length=1)]
    broadcast_live_activity_id: Text
    platform_specific_details: Platforms
    tags: list[str] | None = None
    team: str | None = None


class PushContent(Strict):
    """The content of a push campaign."""

    push: Object


class Content(Strict):
    """The content of a campaign; the start sets the content of a Live Activity."""

    content: PushContent


class Schedule(Strict):
    """When a campaign becomes active."""

    delivery_type: Literal["ASAP", "AT_FIXED_TIME"]
    start_time: str | None = None
    expiry_time: str | None = None


class CampaignBody(Strict):
    """Body of POST /core-services/v1/campaigns; every field is required, empty objects included."""

    request_id: Text
    channel: Literal["PUSH"]
    campaign_delivery_type: Literal["BROADCAST_LIVE_ACTIVITY"]
    created_by: Email
    basic_details: Basics
    campaign_content: Content
    segmentation_details: Segmentation
    scheduling_details: Schedule
    delivery_controls: Object
    advanced: Object
    conversion_goal_details: Object | None = None
    control_group_details: Object | None = None
    utm_params: Object | None = None


class SearchFields(Strict):
    """The fields of a search."""

    channels: list[Literal["PUSH", "EMAIL", "SMS"]] | None = None
    delivery_type: list[str] | None = None
    created_by: list[Email] | None = None
    name: str | None = None
    id: str | None = None
    status: list[str] | None = None
    tags: list[str] | None = None


class SearchBody(Strict):
    """Body of POST /core-services/v1/campaigns/search."""

    request_id: Text
    limit: Annotated[int, Field(ge=1, le=15)]
    page: Annotated[int, Field(ge=1)]
    campaign_fields: SearchFields | None = None


class SegmentBody(Strict):
    """Body of POST /v3/custom-segments."""

    name: Text
    included_filters: FilterGroup

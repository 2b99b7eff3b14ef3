"""Bodies of MoEngage's campaign and segment APIs, as far as a broadcast Live Activity needs them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

from airflow_provider_liveactivity.models.common import JsonObject, Text, VendorModel, parse_object
from airflow_provider_liveactivity.models.moengage import BroadcastId  # noqa: TC001

#: People that are named in the campaign itself. MoEngage publishes no limit for an ``in`` filter.
MAX_IDS_IN_CAMPAIGN = 1_000
#: People that a filter segment may name. MoEngage calls these segments ELASTIC_SEARCH and answers 413 to a
#: query that is too long; so many terms is where Elasticsearch itself ends by default.
MAX_IDS_IN_SEGMENT = 65_536

_REQUIRED = {
    "user_attributes": ("name", "data_type", "operator"),
    "actions": ("action_name",),
    "custom_segments": ("id",),
    "nested_filters": ("filter_operator", "filters"),
    "psychographic_event": ("action_name",),
}


def _check_filter(value: dict[str, Any]) -> dict[str, Any]:
    """Require what every filter of a kind has; the rest of the language is MoEngage's own."""
    kind = value.get("filter_type")
    if kind not in _REQUIRED:
        raise ValueError(f"needs a filter_type: one of {', '.join(_REQUIRED)}")
    missing = [name for name in _REQUIRED[kind] if value.get(name) in (None, "", [])]
    if missing:
        raise ValueError(f"of the type {kind} needs {' and '.join(missing)}")
    return value


def _group(value: Any) -> Any:
    """Take a bare list for filters that must all hold."""
    if isinstance(value, str) and value.lstrip().startswith("["):
        value = parse_object(f'{{"filters": {value}}}')["filters"]
    if isinstance(value, list | tuple):
        return {"filter_operator": "and", "filters": list(value)}
    return value if isinstance(value, FilterGroup) else parse_object(value)


Filter = Annotated[JsonObject, AfterValidator(_check_filter)]
Email = Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+$")]


class FilterGroup(VendorModel):
    """Filters that must all hold, or any of which must."""

    filter_operator: Literal["and", "or"]
    filters: Annotated[list[Filter], Field(min_length=1, repr=False)]  # they may name people


FilterObject = Annotated[FilterGroup, BeforeValidator(_group)]


class SegmentationDetails(VendorModel):
    """Who the campaign is for."""

    included_filters: FilterObject | None = None
    excluded_filters: FilterObject | None = None
    is_all_user_campaign: Literal[True] | None = None


class BasicDetails(VendorModel):
    """The campaign's name, and the id by which start, update and end refer to it."""

    name: Text
    platforms: tuple[Literal["IOS"]] = ("IOS",)
    # Checked here, because a created campaign counts against the quota and cannot be stopped.
    broadcast_live_activity_id: BroadcastId
    tags: list[Text] | None = None
    #: One of three keys must be true for iOS; Live Activities need no other choice.
    platform_specific_details: JsonObject = Field(
        default_factory=lambda: {"ios": {"send_to_all_eligible_device": True}}
    )


class CreateCampaign(VendorModel):
    """
    Body that creates the campaign of a broadcast Live Activity.

    MoEngage shows no sample with this delivery type, so this follows its published schema, empty objects
    included: content and alert come with the start.
    Source: https://www.moengage.com/docs/api/create-campaigns/create-campaign
    """

    request_id: Text
    channel: Literal["PUSH"] = "PUSH"
    campaign_delivery_type: Literal["BROADCAST_LIVE_ACTIVITY"] = "BROADCAST_LIVE_ACTIVITY"
    created_by: Email
    basic_details: BasicDetails
    campaign_content: JsonObject = Field(default_factory=lambda: {"content": {"push": {}}})
    segmentation_details: SegmentationDetails
    scheduling_details: JsonObject = Field(default_factory=lambda: {"delivery_type": "ASAP"})
    delivery_controls: JsonObject = Field(default_factory=dict)
    advanced: JsonObject = Field(default_factory=dict)

    def in_segment(self, segment_id: str) -> CreateCampaign:
        """Return the same campaign for a saved segment."""
        details = SegmentationDetails.build(**by_segment(segment_id))
        return self.model_copy(update={"segmentation_details": details})


class SearchCampaigns(VendorModel):
    """
    Body that looks for broadcast campaigns of one name.

    Source: https://www.moengage.com/docs/api/get-campaign-details/search-campaigns
    """

    request_id: Text
    limit: Literal[15] = 15
    page: int = 1
    campaign_fields: JsonObject


class FilterSegment(VendorModel):
    """
    Body that creates a segment from filters.

    Source: https://www.moengage.com/docs/api/filter-segments/create-filter-segment
    """

    name: Text
    included_filters: FilterObject


def by_segment(segment_id: str) -> dict[str, Any]:
    """Return the filters that a saved segment stands for."""
    return {"included_filters": [{"filter_type": "custom_segments", "id": segment_id}]}


def by_ids(external_user_ids: list[str]) -> dict[str, Any]:
    """Return the filters that let exactly these people in: by default MoEngage would not mind the case."""
    uid = {
        "filter_type": "user_attributes",
        "data_type": "string",
        "name": "uid",
        "operator": "in",
        "value": external_user_ids,
        "case_sensitive": True,
    }
    return {"included_filters": [uid]}

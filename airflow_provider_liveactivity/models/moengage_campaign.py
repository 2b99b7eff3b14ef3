"""Bodies of MoEngage's campaign and segment APIs, as far as a broadcast Live Activity needs them."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

from airflow_provider_liveactivity.models.common import (
    JsonObject,
    RequestBody,
    Text,
    VendorModel,
    field_names,
)
from airflow_provider_liveactivity.models.extra_fields import Envelopes  # noqa: TC001
from airflow_provider_liveactivity.models.moengage import BroadcastId  # noqa: TC001
from airflow_provider_liveactivity.models.objects import to_object

#: Maximum number of recipients that a campaign names itself. MoEngage documents no limit for an ``in``
#: filter.
MAX_IDS_IN_CAMPAIGN = 1_000
#: Maximum number of recipients that a filter segment names. MoEngage calls these segments ELASTIC_SEARCH and
#: answers 413 to a query that is too long; this is the default limit of Elasticsearch for terms.
MAX_IDS_IN_SEGMENT = 65_536

_REQUIRED = {
    "user_attributes": ("name", "data_type", "operator"),
    "actions": ("action_name",),
    "custom_segments": ("id",),
    "nested_filters": ("filter_operator", "filters"),
    "psychographic_event": ("action_name",),
}


def _check_filter(value: dict[str, Any]) -> dict[str, Any]:
    """Check the fields that every filter of a kind requires; MoEngage checks the rest."""
    kind = value.get("filter_type")
    if kind not in _REQUIRED:
        raise ValueError(f"needs a filter_type: one of {', '.join(_REQUIRED)}")
    missing = [name for name in _REQUIRED[kind] if value.get(name) in (None, "", [])]
    if missing:
        raise ValueError(f"of the type {kind} needs {' and '.join(missing)}")
    return value


def _group(value: Any) -> Any:
    """Convert a bare list to a group of filters that must all match."""
    if isinstance(value, str) and value.lstrip().startswith("["):
        value = to_object(f'{{"filters": {value}}}')["filters"]
    if isinstance(value, list | tuple):
        return {"filter_operator": "and", "filters": list(value)}
    return to_object(value)


Filter = Annotated[JsonObject, AfterValidator(_check_filter)]
Email = Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+$")]


class FilterGroup(VendorModel):
    """Filters of which all must match ("and"), or at least one ("or")."""

    filter_operator: Literal["and", "or"]
    filters: Annotated[list[Filter], Field(min_length=1, repr=False)]  # they may name recipients


FilterObject = Annotated[FilterGroup, BeforeValidator(_group)]


class SegmentationDetails(VendorModel):
    """The audience of a campaign."""

    included_filters: FilterObject | None = None
    excluded_filters: FilterObject | None = None
    is_all_user_campaign: Literal[True] | None = None


class BasicDetails(VendorModel):
    """The name of a campaign, and the id by which start, update and end name the activity."""

    name: Text
    platforms: tuple[Literal["IOS"]] = ("IOS",)
    # Checked here, because a created campaign counts against the quota and cannot be stopped.
    broadcast_live_activity_id: BroadcastId
    tags: list[Text] | None = None
    #: iOS requires that one of three keys is true; Live Activities need no other choice.
    platform_specific_details: JsonObject = Field(
        default_factory=lambda: {"ios": {"send_to_all_eligible_device": True}}
    )


class CreateCampaign(RequestBody):
    """
    Body that creates the campaign of a broadcast Live Activity.

    MoEngage documents no sample with this delivery type. The body therefore follows the published schema,
    with its empty objects: content and alert come with the start.

    Source: https://www.moengage.com/docs/api/create-campaigns/create-campaign
    """

    envelopes: ClassVar[Envelopes] = {
        "basic_details": field_names(BasicDetails),
        "segmentation_details": field_names(SegmentationDetails),
        "scheduling_details": (),
        "delivery_controls": (),
        "advanced": (),
    }

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
        """
        Return a copy of the campaign whose audience is a saved segment.

        :param segment_id: id of the segment.
        """
        details = SegmentationDetails.build(**by_segment(segment_id))
        return self.model_copy(update={"segmentation_details": details})


class SearchCampaigns(VendorModel):
    """
    Body that searches for broadcast campaigns by name.

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
    """
    Return the filters that match a saved segment.

    :param segment_id: id of the segment.
    """
    return {"included_filters": [{"filter_type": "custom_segments", "id": segment_id}]}


def by_ids(external_user_ids: list[str]) -> dict[str, Any]:
    """
    Return the filters that match exactly these recipients; MoEngage ignores case by default.

    :param external_user_ids: list of user ids.
    """
    uid = {
        "filter_type": "user_attributes",
        "data_type": "string",
        "name": "uid",
        "operator": "in",
        "value": external_user_ids,
        "case_sensitive": True,
    }
    return {"included_filters": [uid]}

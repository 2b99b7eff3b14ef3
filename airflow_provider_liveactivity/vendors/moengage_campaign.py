"""
MoEngage's campaigns and segments: models to requests, answers to errors.

Sources: https://www.moengage.com/docs/api/create-campaigns/create-campaign and
https://www.moengage.com/docs/api/filter-segments/create-filter-segment
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import quote

from airflow_provider_liveactivity.errors import InvalidPayload, LiveActivityError, PayloadTooLarge
from airflow_provider_liveactivity.models.common import encode
from airflow_provider_liveactivity.vendors.base import (
    MAX_LISTING_BYTES,
    Request,
    Response,
    RetrySafety,
    error_context,
)
from airflow_provider_liveactivity.vendors.moengage_workspace import Workspace, error_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_provider_liveactivity.models.moengage_campaign import (
        CreateCampaign,
        FilterSegment,
        SearchCampaigns,
    )

CREATE_PATH = "/core-services/v1/campaigns"
SEARCH_PATH = "/core-services/v1/campaigns/search"
SEGMENTS_PATH = "/v3/custom-segments"

_SEEN_BEFORE = ("already", "duplicate", "exist", "reuse", "been used", "unique")


class Campaigns(Workspace):
    """A workspace's campaigns, by the key of the tile that begins with "Campaign report"."""

    #: 5 a minute, 25 an hour, 100 a day: a response does not say which of them is used up.
    window: ClassVar[timedelta] = timedelta(days=1)
    key_advice: ClassVar[str] = (
        "campaign_api_key in its extra the key of the tile 'Campaign report/Business events/Custom "
        "templates/Catalog API/Inform Report' (not the Push key)"
    )

    def create(self, body: CreateCampaign) -> Request:
        """Return the request that creates a campaign."""
        # A request_id that created a campaign creates no second one for an hour at least.
        fields = body.to_json()
        return Request(
            "create",
            CREATE_PATH,
            encode(fields),
            RetrySafety.IDEMPOTENT_WITH_KEY,
            self._headers(),
            ids=tuple(user_ids(fields)),
        )

    def search(self, body: SearchCampaigns) -> Request:
        """Return the request that looks for campaigns."""
        return Request(
            "search",
            SEARCH_PATH,
            encode(body.to_json()),
            RetrySafety.IDEMPOTENT,
            self._headers(),
            max_response_bytes=MAX_LISTING_BYTES,
        )

    def is_duplicate(self, response: Response) -> bool:
        """
        Return whether this ``request_id`` has created a campaign before.

        That it fails is documented, the words in which it does are not: any refusal that speaks of the
        request_id as known will do.
        """
        said = response.text.lower()
        return (
            response.status in (400, 403, 409)
            and any(spelling in said for spelling in ("request_id", "request id", "requestid"))
            and any(word in said for word in _SEEN_BEFORE)
        )

    def to_error(self, request: Request, response: Response) -> LiveActivityError:
        """Return the error for a response that refuses the request, with what to change."""
        if self.is_duplicate(response):
            return InvalidPayload(
                "this request_id has created a campaign before; leave request_id out, or use another.",
                **error_context(self.name, request, response),
            )
        return super().to_error(request, response)


class Segments(Workspace):
    """A workspace's segments, by the key of the Data tile."""

    #: 50 a minute, 200 an hour, 1,000 a day.
    window: ClassVar[timedelta] = timedelta(days=1)
    key_advice: ClassVar[str] = "data_api_key in its extra the key of the Data tile (not the Push key)"

    def create(self, body: FilterSegment) -> Request:
        """Return the request that creates a segment from filters."""
        # A second segment with the same filters is refused, and the first one named.
        fields = body.to_json()
        return Request(
            "segment",
            SEGMENTS_PATH,
            encode(fields),
            RetrySafety.IDEMPOTENT_WITH_KEY,
            self._headers(),
            ids=tuple(user_ids(fields)),
        )

    def find(self, name: str) -> Request:
        """Return the request that lists the segments of one name."""
        path = f"{SEGMENTS_PATH}?name={quote(name, safe='')}"
        return Request(
            "segments",
            path,
            b"",
            RetrySafety.IDEMPOTENT,
            self._headers(),
            method="GET",
            max_response_bytes=MAX_LISTING_BYTES,
        )

    def is_duplicate(self, response: Response) -> bool:
        """Return whether there is a segment of this name, or with these filters."""
        return response.status == 409

    def to_error(self, request: Request, response: Response) -> LiveActivityError:
        """Return the error for a response that refuses the request, with what to change."""
        context = error_context(self.name, request, response)
        match response.status:
            case 400 if "client not found" in str(error_of(response).get("message")).lower():
                return InvalidPayload(
                    "MoEngage does not know the workspace; check the connection's login, which is to hold "
                    "the workspace ID, and its data center.",
                    **context,
                )
            case 409:
                return InvalidPayload("another segment has this name or these filters.", **context)
            case 413:
                return PayloadTooLarge(
                    "so many ids are more than a filter of MoEngage holds; make a file segment of them, and "
                    "create the campaign with its segment_id.",
                    **context,
                )
            case _:
                return super().to_error(request, response)


def user_ids(value: Any) -> Iterator[str]:
    """Yield the user ids that the filters in a body name."""
    if isinstance(value, dict):
        if value.get("name") == "uid" and isinstance(value.get("value"), list):
            yield from map(str, value["value"])
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from user_ids(item)

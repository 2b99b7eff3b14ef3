"""
Convert models to requests for MoEngage's campaigns and segments, and its responses to errors.

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
    """A workspace's campaigns, through the key of the tile that begins with "Campaign report"."""

    #: 5 a minute, 25 an hour, 100 a day. A response does not say which of these limits is reached.
    window: ClassVar[timedelta] = timedelta(days=1)
    key_advice: ClassVar[str] = (
        "campaign_api_key in its extra the key of the tile 'Campaign report/Business events/Custom "
        "templates/Catalog API/Inform Report' (not the Push key)"
    )

    def create(self, body: CreateCampaign) -> Request:
        """
        Return the request that creates a campaign.

        :param body: the body.
        """
        # MoEngage creates one campaign for a request_id, for at least an hour.
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
        """
        Return the request that searches for campaigns.

        :param body: the body.
        """
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
        Return whether MoEngage reports that this ``request_id`` has created a campaign before.

        MoEngage documents that such a request fails, but not its message. Any refusal whose message says that
        the request_id was used before therefore counts.
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
    """A workspace's segments, through the key of the Data tile."""

    #: 50 a minute, 200 an hour, 1,000 a day.
    window: ClassVar[timedelta] = timedelta(days=1)
    rate_limit_advice: ClassVar[str] = (
        " MoEngage answers the same if the workspace has 1,000 active segments: archive some of them."
    )
    key_advice: ClassVar[str] = "data_api_key in its extra the key of the Data tile (not the Push key)"

    def create(self, body: FilterSegment) -> Request:
        """
        Return the request that creates a segment from filters.

        :param body: the body.
        """
        # MoEngage refuses a second segment with the same filters, and names the first one.
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
        """
        Return the request that lists the segments with a name.

        :param name: name of the segment.
        """
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
        """Return whether a segment with this name or these filters exists."""
        return response.status == 409

    def to_error(self, request: Request, response: Response) -> LiveActivityError:
        """Return the error for a response that refuses the request, with what to change."""
        context = error_context(self.name, request, response)
        match response.status:
            case 400 if "client not found" in str(error_of(response).get("message")).lower():
                return InvalidPayload(
                    "MoEngage does not know the workspace; check that the connection's login is "
                    "the workspace ID, and check its data center.",
                    **context,
                )
            case 409:
                return InvalidPayload("another segment has this name or these filters.", **context)
            case 413:
                return PayloadTooLarge(
                    "a MoEngage filter cannot contain this many ids; create a file segment with these ids, "
                    "and create the campaign with its segment_id.",
                    **context,
                )
            case _:
                return super().to_error(request, response)


def user_ids(value: Any) -> Iterator[str]:
    """
    Yield the user ids in the filters of a body.

    :param value: a body, or a part of one.
    """
    if isinstance(value, dict):
        if value.get("name") == "uid" and isinstance(value.get("value"), list):
            yield from map(str, value["value"])
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from user_ids(item)

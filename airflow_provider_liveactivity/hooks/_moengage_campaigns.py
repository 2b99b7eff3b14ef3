"""Create the campaigns of broadcast Live Activities, which define their audience."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any, Unpack

from airflow_provider_liveactivity.delivery.report import SendCounts, SendReport
from airflow_provider_liveactivity.delivery.rolling_limit import RateLimit
from airflow_provider_liveactivity.errors import LiveActivityError
from airflow_provider_liveactivity.hooks._arguments import checked_arguments
from airflow_provider_liveactivity.hooks._moengage_audience import campaign_audience
from airflow_provider_liveactivity.hooks._moengage_connection import MoEngageCalls
from airflow_provider_liveactivity.hooks._shared_arguments import QueryArguments
from airflow_provider_liveactivity.http.redaction import redact
from airflow_provider_liveactivity.models.moengage_campaign import (
    CreateCampaign,
    FilterSegment,
    SearchCampaigns,
)
from airflow_provider_liveactivity.vendors.moengage_campaign import Campaigns, Segments

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow_provider_liveactivity.http.connection import WorkspaceConfig
    from airflow_provider_liveactivity.models.arguments import Object
    from airflow_provider_liveactivity.vendors.base import Response

#: The strictest of the limits in MoEngage's documentation, which counts campaigns here and requests there.
CREATIONS = (
    RateLimit("new campaigns", 5, 60),
    RateLimit("new campaigns", 25, 3_600),
    RateLimit("new campaigns", 100, 86_400),
)
SEGMENT_REQUESTS = (
    RateLimit("segments", 50, 60),
    RateLimit("segments", 200, 3_600),
    RateLimit("segments", 1_000, 86_400),
)


#: Statuses of campaigns that this attempt cannot have created.
_OVER = {"stopped", "archived", "expired"}
_MOST_PAGES = 10


class CampaignReport(SendReport):
    """
    A SendReport with the ids that the next steps need.

    :param campaign_id: MoEngage's id of the campaign; None if an earlier attempt created the campaign and the
        search did not find it.
    :param channel_id: id of the APNs channel; None if the response has none. MoEngage's pages disagree on
        whether it has one.
    :param segment_id: id of the segment in the audience, given or created for many ids; None for none.
    :param request_id: id under which the campaign was created.
    :param answer: MoEngage's response; None if there is none.
    """

    campaign_id: str | None
    channel_id: str | None
    segment_id: str | None
    request_id: str
    answer: Any


class CampaignArguments(QueryArguments, total=False):
    """
    Optional arguments of a campaign, with those of ``QueryArguments``, whose query has one column.

    Exactly one audience is required: ``segment_id``, ``all_users``, ``filters``, ``external_user_ids`` or
    ``sql``.

    :param segment_id: id of a saved segment.
    :param all_users: all users, if True; False by default.
    :param filters: MoEngage's own filters, as a list of filters that must all match, as an object with
        ``filter_operator`` and ``filters``, or as JSON text of either.
    :param external_user_ids: list of user ids, or its JSON text.
    :param tags: list of tags of the campaign.
    :param request_id: id for which MoEngage creates only one campaign. By default a new one, which all
        attempts of this call share.
    :param possibly_sent_before: whether an earlier process may have sent this ``request_id``; the hook then
        searches for the campaign first. False by default.
    :param extra_fields: object with fields that this provider does not know, or its JSON text. They are added
        to the request body after validation, and never replace a field. None by default.
    :param validate_only: do everything except send, and return the report; False by default.
    """

    segment_id: str | None
    all_users: bool
    filters: dict[str, Any] | list[dict[str, Any]] | str | None
    external_user_ids: Sequence[str] | str | None
    tags: list[str] | None
    request_id: str | None
    possibly_sent_before: bool
    extra_fields: Object | None
    validate_only: bool


class BroadcastCampaigns(MoEngageCalls):
    """Create campaigns."""

    @checked_arguments(CampaignArguments)
    def create_broadcast_campaign(
        self,
        *,
        name: str,
        broadcast_live_activity_id: str,
        created_by: str,
        **arguments: Unpack[CampaignArguments],
    ) -> CampaignReport:
        """
        Create the campaign of a broadcast Live Activity, for exactly one audience.

        The campaign itself names up to 1,000 recipients. For more recipients, the hook first creates a
        segment, which requires the Data key. The audience cannot be changed afterwards.

        :param name: name of the campaign in the dashboard.
        :param broadcast_live_activity_id: id of your choice, by which start, update and end name the
            activity.
        :param created_by: e-mail address of a user of the dashboard.
        :param arguments: further arguments, see ``CampaignArguments``: the audience, ``tags``,
            ``validate_only`` and others.
        :raises InvalidPayload: if an argument is wrong, before the first request. The message names the
            argument.
        :raises EmptyAudience: if a list or query has no recipients.
        :raises LiveActivityError: if MoEngage refuses the request or cannot be reached.
        """
        validate_only = arguments.get("validate_only", False)
        possibly_sent_before = arguments.get("possibly_sent_before", False)
        segment_id = arguments.get("segment_id")
        audience = campaign_audience(segment_id, arguments)
        basics: dict[str, Any] = {"name": name, "broadcast_live_activity_id": broadcast_live_activity_id}
        if (tags := arguments.get("tags")) is not None:
            basics["tags"] = tags
        body = CreateCampaign.build(
            request_id=arguments.get("request_id") or uuid.uuid4().hex,
            created_by=created_by,
            basic_details=basics,
            segmentation_details=audience.details,
            extra_fields=arguments.get("extra_fields"),
        )
        named = audience.named
        tally = SendCounts(duplicates=named.duplicates, nulls=named.nulls) if named else SendCounts()
        answer: dict[str, Any] = {}
        if not validate_only:
            workspace = self.workspace_for(Campaigns, "campaign_api_key")
            answer = self._find(workspace, body, tally) if possibly_sent_before else {}
            if not answer and audience.segment is not None:
                segment_id = self._segment(audience.segment, tally)
                body = body.in_segment(segment_id)
            answer = answer or self._create(workspace, body, tally, possibly_sent_before)
            tally.accepted = audience.people or 1
        report = tally.report(
            vendor=Campaigns.name,
            verb="create",
            activity_id=broadcast_live_activity_id,
            content_state={},
            validate_only=validate_only,
            recipients=audience.people or 1,
        )
        return CampaignReport(
            **report,
            campaign_id=_campaign_id(answer),
            channel_id=_channel_id(answer),
            segment_id=segment_id,
            request_id=body.request_id,
            answer=answer or None,
        )

    def _create(
        self, workspace: WorkspaceConfig, body: CreateCampaign, tally: SendCounts, possibly_sent_before: bool
    ) -> dict[str, Any]:
        tally.waited_seconds += self.rates.acquire(CREATIONS)
        request = workspace.vendor.create(body)  # type: ignore[attr-defined]
        sent = self._request(request, workspace=workspace, possibly_sent_before=possibly_sent_before)
        tally.add_attempts(sent.attempts, sent.sent_at)
        if sent.accepted().status < 300:
            return _shown(sent.accepted(), request.ids)
        return self._find(workspace, body, tally)  # an earlier attempt created it

    def _find(self, workspace: WorkspaceConfig, body: CreateCampaign, tally: SendCounts) -> dict[str, Any]:
        """Return the campaign that an earlier attempt created; empty if there is none."""
        for page in range(1, _MOST_PAGES + 1):
            search = SearchCampaigns.build(
                request_id=uuid.uuid4().hex,
                page=page,
                campaign_fields={
                    "channels": ["PUSH"],
                    "delivery_type": ["BROADCAST_LIVE_ACTIVITY"],
                    "name": body.basic_details.name,
                    "created_by": [body.created_by],
                },
            )
            sent = self._request(workspace.vendor.search(search), workspace=workspace)  # type: ignore[attr-defined]
            tally.add_attempts(sent.attempts, None)
            answer = sent.accepted().json()
            found = answer if isinstance(answer, list) else []
            for campaign in map(_object, found):
                if _is_the_same(campaign, body):
                    # The other fields are the audience, with filters and ids.
                    return {k: v for k, v in campaign.items() if isinstance(v, str) and k != "created_by"}
            if len(found) < search.limit:
                break
        return {}

    def _segment(self, body: FilterSegment, tally: SendCounts) -> str:
        """Return the id of the segment with these filters; create it if it does not exist."""
        workspace = self.workspace_for(Segments, "data_api_key")
        vendor: Any = workspace.vendor
        tally.waited_seconds += self.rates.acquire(SEGMENT_REQUESTS)
        sent = self._request(vendor.create(body), workspace=workspace, possibly_sent_before=True)
        tally.add_attempts(sent.attempts, None)
        answer = sent.accepted().fields()
        made, conflict = _object(answer.get("data")), _object(answer.get("error"))
        segment_id = made.get("id") or conflict.get("existing_cs_id")
        if not segment_id:  # the name is taken: it is derived from the ids, so it is this segment
            tally.waited_seconds += self.rates.acquire(SEGMENT_REQUESTS)
            sent = self._request(vendor.find(body.name), workspace=workspace)
            tally.add_attempts(sent.attempts, None)
            listed = sent.accepted().fields().get("data")
            found = [_object(one) for one in listed] if isinstance(listed, list) else []
            segment_id = next((one.get("id") for one in found if one.get("name") == body.name), None)
        if not segment_id:
            raise LiveActivityError(
                "MoEngage reports that the segment exists, but does not list it.", vendor=vendor.name
            )
        return str(segment_id)


def _is_the_same(campaign: dict[str, Any], body: CreateCampaign) -> bool:
    basics, wanted = _object(campaign.get("basic_details")), body.basic_details
    if str(campaign.get("status")).lower() in _OVER or basics.get("name") != wanted.name:
        return False
    # MoEngage does not document that the response repeats the id; the name is the user's own too.
    return basics.get("broadcast_live_activity_id") in (None, wanted.broadcast_live_activity_id)


def _object(value: Any) -> dict[str, Any]:
    """Return a part of a response if it is an object, as documented; else an empty object."""
    return value if isinstance(value, dict) else {}


def _shown(response: Response, ids: Sequence[str]) -> dict[str, Any]:
    """Return a response to a creation, which becomes an XCom, without the fields that repeat user ids."""
    fields = response.json()
    if not isinstance(fields, dict):
        return {"status": response.status}
    return {name: value for name, value in fields.items() if _has_no_id(value, ids)}


def _has_no_id(value: Any, ids: Sequence[str]) -> bool:
    text = json.dumps(value)[:2_000]
    return redact(text, (), ids) == text


def _campaign_id(answer: dict[str, Any]) -> str | None:
    data = answer.get("data")
    found = answer.get("campaign_id") or (data.get("campaign_id") if isinstance(data, dict) else None)
    return str(found) if found else None


def _channel_id(answer: dict[str, Any]) -> str | None:
    """Return the id of the APNs channel, whose field no page of MoEngage names; None if there is none."""
    for fields in (answer, answer.get("data")):
        for name, value in fields.items() if isinstance(fields, dict) else ():
            if name.lower().replace("_", "").endswith("channelid") and isinstance(value, str):
                return value
    return None

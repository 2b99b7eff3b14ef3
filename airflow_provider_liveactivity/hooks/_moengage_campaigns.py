"""Campaigns that broadcast Live Activities: MoEngage keeps the audience there."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

from airflow_provider_liveactivity.delivery.report import SendCounts, SendReport
from airflow_provider_liveactivity.delivery.rolling_limit import RateLimit
from airflow_provider_liveactivity.errors import LiveActivityError, RateLimited
from airflow_provider_liveactivity.hooks._arguments import checked_arguments
from airflow_provider_liveactivity.hooks._moengage_audience import campaign_audience
from airflow_provider_liveactivity.hooks._moengage_connection import MoEngageCalls
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
    from airflow_provider_liveactivity.vendors.base import Response

#: The strictest of the limits on MoEngage's page, which counts campaigns here and requests there.
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


#: Campaigns that no attempt of now can have created.
_OVER = {"stopped", "archived", "expired"}
_MOST_PAGES = 10


class CampaignReport(SendReport):
    """
    A SendReport, and what is needed to go on.

    :param campaign_id: MoEngage's id of the campaign; None where an earlier attempt had created it and it was
        not to be found.
    :param channel_id: the APNs channel, where the answer has it: MoEngage's pages disagree about that.
    :param segment_id: the segment that is addressed: the given one, or the one made for many ids.
    :param request_id: under which the campaign was asked for.
    :param answer: MoEngage's own answer.
    """

    campaign_id: str | None
    channel_id: str | None
    segment_id: str | None
    request_id: str
    answer: Any


class BroadcastCampaigns(MoEngageCalls):
    """The calls about campaigns."""

    @checked_arguments
    def create_broadcast_campaign(
        self,
        *,
        name: str,
        broadcast_live_activity_id: str,
        created_by: str,
        segment_id: str | None = None,
        all_users: bool = False,
        filters: dict[str, Any] | list[dict[str, Any]] | str | None = None,
        external_user_ids: Sequence[str] | str | None = None,
        sql: str | None = None,
        sql_conn_id: str | None = None,
        parameters: Any = None,
        max_audience: int | str | None = None,
        tags: list[str] | None = None,
        request_id: str | None = None,
        possibly_sent_before: bool = False,
        validate_only: bool = False,
    ) -> CampaignReport:
        """
        Create the campaign that a broadcast Live Activity is started with, for one audience.

        Up to 1,000 people are named in the campaign; for more a segment is made first, which needs the Data
        key. The audience cannot be changed afterwards.

        :param name: the campaign's name in the dashboard.
        :param broadcast_live_activity_id: an id of your choice, by which start, update and end refer to it.
        :param created_by: e-mail address of a user of the dashboard.
        :param segment_id: id of a saved segment.
        :param all_users: everybody.
        :param filters: MoEngage's own filters: a list of which all must hold, or an object with
            ``filter_operator`` and ``filters``.
        :param external_user_ids: list of user ids.
        :param sql: query whose one column is the user id.
        :param sql_conn_id: connection to the database that the query is for.
        :param parameters: parameters of the query.
        :param max_audience: the most people this may name; more is an error before the first request.
        :param tags: tags of the campaign.
        :param request_id: MoEngage creates one campaign for it; by default a new one, which stays the same
            over the tries of this request.
        :param possibly_sent_before: whether an earlier process may have sent this ``request_id``; then the
            hook looks for the campaign first.
        :param validate_only: do everything but send, and return the report.
        :raises InvalidPayload: before anything is sent, naming the argument.
        :raises LiveActivityError: where MoEngage refuses, or cannot be reached.
        """
        audience = campaign_audience(
            segment_id=segment_id,
            all_users=all_users,
            filters=filters,
            external_user_ids=external_user_ids,
            sql=sql,
            sql_conn_id=sql_conn_id,
            parameters=parameters,
            max_audience=max_audience,
        )
        basics = {"name": name, "broadcast_live_activity_id": broadcast_live_activity_id, "tags": tags}
        body = CreateCampaign.build(
            request_id=request_id or uuid.uuid4().hex,
            created_by=created_by,
            basic_details={name: value for name, value in basics.items() if value is not None},
            segmentation_details=audience.details,
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
        return self._find(workspace, body, tally)  # an earlier try had created it

    def _find(self, workspace: WorkspaceConfig, body: CreateCampaign, tally: SendCounts) -> dict[str, Any]:
        """Return the campaign that an earlier attempt has created, or nothing."""
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
                    # The rest of it is the audience, filters with ids included.
                    return {k: v for k, v in campaign.items() if isinstance(v, str) and k != "created_by"}
            if len(found) < search.limit:
                break
        return {}

    def _segment(self, body: FilterSegment, tally: SendCounts) -> str:
        """Return the id of the segment with these filters, made now or before."""
        workspace = self.workspace_for(Segments, "data_api_key")
        vendor: Any = workspace.vendor
        tally.waited_seconds += self.rates.acquire(SEGMENT_REQUESTS)
        try:
            sent = self._request(vendor.create(body), workspace=workspace, possibly_sent_before=True)
        except RateLimited as error:
            raise RateLimited(
                f"{error.message} MoEngage answers the same if the workspace has 1,000 active segments: "
                "archive some of them.",
                reset_at=error.reset_at,
                vendor=error.vendor,
                endpoint=error.endpoint,
                status=error.status,
                request_id=error.request_id,
            ) from None
        tally.add_attempts(sent.attempts, None)
        answer = sent.accepted().fields()
        made, conflict = _object(answer.get("data")), _object(answer.get("error"))
        segment_id = made.get("id") or conflict.get("existing_cs_id")
        if not segment_id:  # the name is taken: it is made of the ids, so it is the same segment
            tally.waited_seconds += self.rates.acquire(SEGMENT_REQUESTS)
            sent = self._request(vendor.find(body.name), workspace=workspace)
            tally.add_attempts(sent.attempts, None)
            listed = sent.accepted().fields().get("data")
            found = [_object(one) for one in listed] if isinstance(listed, list) else []
            segment_id = next((one.get("id") for one in found if one.get("name") == body.name), None)
        if not segment_id:
            raise LiveActivityError(
                "MoEngage says that the segment exists, and does not list it.", vendor=vendor.name
            )
        return str(segment_id)


def _is_the_same(campaign: dict[str, Any], body: CreateCampaign) -> bool:
    basics, wanted = _object(campaign.get("basic_details")), body.basic_details
    if str(campaign.get("status")).lower() in _OVER or basics.get("name") != wanted.name:
        return False
    # That the answer repeats the id is not documented; the name is ours too.
    return basics.get("broadcast_live_activity_id") in (None, wanted.broadcast_live_activity_id)


def _object(value: Any) -> dict[str, Any]:
    """Return a part of an answer where it is an object, as documented, and an empty one elsewhere."""
    return value if isinstance(value, dict) else {}


def _shown(response: Response, ids: Sequence[str]) -> dict[str, Any]:
    """Return the response to a creation, which becomes an XCom, without fields that repeat user ids."""
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
    """Look for the APNs channel, whose field no page names."""
    for fields in (answer, answer.get("data")):
        for name, value in fields.items() if isinstance(fields, dict) else ():
            if name.lower().replace("_", "").endswith("channelid") and isinstance(value, str):
                return value
    return None

"""MoEngage: campaigns that broadcast Live Activities."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any

from airflow_provider_liveactivity.sandbox.checks import Refused, parse
from airflow_provider_liveactivity.sandbox.gateway import Answer, Rejection, Request
from airflow_provider_liveactivity.sandbox.moengage_basic import (
    WorkspaceEndpoints,
    count,
    look,
    refusal,
    reset_headers,
)
from airflow_provider_liveactivity.sandbox.moengage_campaign_models import CampaignBody, SearchBody
from airflow_provider_liveactivity.sandbox.moengage_segments import people

CREATE = ("POST", "/core-services/v1/campaigns")
SEARCH = ("POST", "/core-services/v1/campaigns/search")
REQUEST_ID_LIFE = timedelta(hours=1)
SEARCHES = {1: 10, 60: 100, 3600: 6000}


class MoEngageCampaigns(WorkspaceEndpoints):
    """The campaign endpoints; they take the Campaign key."""

    def failure(self, status: int, reset_in: float | None) -> Answer:
        if status == 429:
            answer = _rate_limited()
            answer.headers = reset_headers(5, self.sandbox.now(), reset_in)
            return answer
        message = "Something went wrong. Please contact Moengage team"
        return _error(status, "Internal Server Error", message).answer

    def answer(self, request: Request) -> Answer:
        if (request.method, request.path) not in (CREATE, SEARCH):
            return _error(404, "Not Found", "Not Found").answer  # not documented
        settings = self.sandbox.settings
        wrong = refusal(request, settings.moengage_workspace, settings.moengage_campaign_key)
        if wrong is not None:
            return _unauthorized("APP_KEY" if wrong == "app key" else "APP_SECRET_KEY")
        try:
            if (request.method, request.path) == SEARCH:
                return self._search(parse(SearchBody, request.body))
            return self._create(parse(CampaignBody, request.body))
        except Refused as refused:
            problem = refused.problems[0]
            target = problem.target.rpartition(".")[2]
            known = {"missing": f"{target} key is mandatory field"}.get(problem.code, problem.message)
            return _error(400, "Bad Request", known, problem.target).answer
        except Rejection as rejection:
            return rejection.answer

    def _create(self, body: CampaignBody) -> Answer:
        sandbox, now = self.sandbox, self.sandbox.now()
        settings = sandbox.settings
        used_at = sandbox.moengage_request_ids.get(body.request_id)
        if (
            used_at is not None and now < used_at + REQUEST_ID_LIFE
        ):  # the failure is documented, its form is not
            raise _error(
                400, "Bad Request", "request_id has already been used", "request_id", body.request_id
            )
        windows = {
            60: settings.moengage_campaigns_per_minute,
            3600: settings.moengage_campaigns_per_hour,
            86_400: settings.moengage_campaigns_per_day,
        }
        quota = look(sandbox, "campaigns", windows, now)
        if not quota.allowed:
            answer = _rate_limited()
            answer.headers = reset_headers(quota.limit, now, quota.reset - now.timestamp())
            return answer
        users = people(sandbox, body.segmentation_details)
        if users is None:
            raise _error(400, "Bad Request", "segment not found", "segmentation_details", body.request_id)
        count(sandbox, "campaigns", windows, now)
        sandbox.moengage_request_ids[body.request_id] = now
        campaign_id = f"camp_{secrets.token_hex(8)}"
        sandbox.moengage_campaigns[campaign_id] = (body, now)
        sandbox.put_campaign(body.basic_details.broadcast_live_activity_id, users)
        content = {"campaign_id": campaign_id}
        if settings.moengage_channel_id:
            content["channel_id"] = secrets.token_urlsafe(18)
        return Answer(201, content)

    def _search(self, body: SearchBody) -> Answer:
        sandbox, now = self.sandbox, self.sandbox.now()
        if not look(sandbox, "searches", SEARCHES, now).allowed:
            return _rate_limited()
        count(sandbox, "searches", SEARCHES, now)
        fields = body.campaign_fields
        found: list[dict[str, Any]] = []
        for campaign_id, (campaign, created_at) in sandbox.moengage_campaigns.items():
            basics = campaign.basic_details
            if fields and (
                (fields.name is not None and fields.name != basics.name)
                or (fields.id is not None and fields.id != campaign_id)
                or (fields.created_by is not None and campaign.created_by not in fields.created_by)
                or campaign.channel not in (fields.channels or [campaign.channel])
                or campaign.campaign_delivery_type
                not in (fields.delivery_type or [campaign.campaign_delivery_type])
            ):
                continue
            details = campaign.model_dump(exclude_unset=True, exclude={"request_id"})
            found.append(
                {
                    "campaign_id": campaign_id,
                    "status": self._status(basics.broadcast_live_activity_id),
                    "created_at": f"{created_at:%Y-%m-%d %H:%M:%S.%f}",
                    **details,
                }
            )
        start = (body.page - 1) * body.limit
        return Answer(200, found[start : start + body.limit])

    def _status(self, activity_id: str) -> str:
        # As in the examples of the pages; the schema has the first in capitals, and not the second.
        activity = self.sandbox.activities.get(("moengage", activity_id))
        return "Expired" if activity and activity.ended else "Active"


def _rate_limited() -> Answer:
    details = [{"target": "rate_limit", "message": "Rate limiting breached"}]
    error = {"code": "429 conflict", "message": "rate_limit", "target": "", "details": details}
    return Answer(429, {"error": {**error, "request_id": secrets.token_hex(5)}})


def _unauthorized(target: str) -> Answer:
    inner = {"code": "InvalidValue", "target": target, "message": f"Invalid {target} is provided."}
    details = [{"code": "InvalidValue", "target": target, "message": [inner]}]
    error = {"code": "401 Authentication error", "message": "Authentication required", "details": details}
    return Answer(401, {"error": {**error, "request_id": ""}})


def _error(status: int, title: str, message: str, target: str = "", request_id: str = "") -> Rejection:
    error = {
        "code": f"{status} {title}",
        "message": message,
        "target": target,
        "details": [{"target": target, "message": message}],
        "request_id": request_id,
    }
    return Rejection(status, {"error": error})

"""MoEngage: segments that consist of filters, and the users of an audience."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from airflow_provider_liveactivity.sandbox.audiences import everyone, segment_users
from airflow_provider_liveactivity.sandbox.checks import Refused, parse
from airflow_provider_liveactivity.sandbox.gateway import Answer, Request
from airflow_provider_liveactivity.sandbox.moengage_basic import (
    WorkspaceEndpoints,
    count,
    look,
    refusal,
    reset_headers,
)
from airflow_provider_liveactivity.sandbox.moengage_campaign_models import (
    CustomSegment,
    FilterGroup,
    NestedFilters,
    Segmentation,
    SegmentBody,
    UserAttributes,
)

if TYPE_CHECKING:
    from airflow_provider_liveactivity.sandbox.state import Sandbox

PATH = "/v3/custom-segments"
LIMITS = {60: 50, 3600: 200, 86_400: 1000}


class MoEngageSegments(WorkspaceEndpoints):
    """The segment endpoints; they take the Data key."""

    def failure(self, status: int, reset_in: float | None) -> Answer:
        if status == 429:
            answer = _error(429, "Too Many Requests", "API rate limit breached. Current limit: 50/1 mins")
            answer.headers = reset_headers(50, self.sandbox.now(), reset_in)
            return answer
        message = "An unexpected error was encountered while processing this request."
        return _error(status, "Internal Server Error", f"{message} Please contact MoEngage Team")

    def answer(self, request: Request) -> Answer:
        if request.path != PATH or request.method not in ("GET", "POST"):
            return _error(404, "Entity Not Found", "Not Found")
        sandbox, settings, now = self.sandbox, self.sandbox.settings, self.sandbox.now()
        wrong = refusal(request, settings.moengage_workspace, settings.moengage_data_key)
        if wrong == "missing" and "moe-appkey" not in request.headers:
            message = "MoEngage Client not found. Please check values for headers - MOE-APPKEY or MOE-DBNAME"
            return _error(400, "Request Error", message)
        if wrong == "secret":
            message = "APP_SECRET key mismatch. Please login to the dashboard to verify key"
            return _error(401, "Authentication required", message)
        if wrong:
            return _error(401, "Authentication required", "Invalid APP_KEY used in Authentication Header")
        quota = look(sandbox, "segments", LIMITS, now)
        if not quota.allowed:
            return self.failure(429, quota.reset - now.timestamp())
        count(sandbox, "segments", LIMITS, now)
        return self._list(request) if request.method == "GET" else self._create(request)

    def _list(self, request: Request) -> Answer:
        (name,) = parse_qs(request.query).get("name", [None])
        segments = self.sandbox.segments.values()
        found = [
            {"name": one.name, "id": one.segment_id, "type": "ELASTIC_SEARCH", "source": "API"}
            for one in segments
            if name is None or one.name == name
        ]
        return Answer(200, {"data": found, "response_id": secrets.token_hex(4), "type": "custom_segment"})

    def _create(self, request: Request) -> Answer:
        try:
            body = parse(SegmentBody, request.body)
        except Refused:
            message = "Please check the documentation to ensure that the request has been formed correctly."
            return _error(400, "Invalid request", f"Invalid request format. {message}")
        sandbox = self.sandbox
        segmentation = Segmentation.model_validate(body.model_dump(exclude_unset=True, exclude={"name"}))
        filters = segmentation.model_dump_json(exclude_unset=True)
        users = people(sandbox, segmentation)
        if users is None:
            return _error(
                400, "Invalid Request", "Invalid request. Please ensure that the filters are correct"
            )
        if len(users) > sandbox.settings.moengage_filter_ids:
            message = "The query is too large to execute. Please reduce the filters."
            return _error(413, "Query length limit exceeded", message)
        if any(one.name == body.name for one in sandbox.segments.values()):
            message = f"Another custom-segment already exists with the same name: {body.name}."
            return _error(409, "Resource not created", f"{message} Please change the custom-segment name.")
        if (existing := sandbox.moengage_filters.get(filters)) is not None:
            segment = sandbox.segments[existing]
            message = f"Another custom-segment already exists containing the given filters: {segment.name}."
            more = {"existing_cs_name": segment.name, "existing_cs_id": existing}
            return _error(409, "Resource not created", f"{message} Please reuse the same", **more)
        if len(sandbox.segments) >= sandbox.settings.moengage_max_segments:
            limit = sandbox.settings.moengage_max_segments
            message = "Total active segments limit breached. Request rejected!"
            return _error(429, "Too Many Requests", message, actual_count=len(sandbox.segments), limit=limit)
        segment = sandbox.put_segment(secrets.token_hex(12), body.name, users)
        sandbox.moengage_filters[filters] = segment.segment_id
        data = {"name": body.name, "id": segment.segment_id, "type": "ELASTIC_SEARCH", "source": "API"}
        return Answer(201, {"data": data, "response_id": secrets.token_hex(4), "type": "custom_segment"})


def people(sandbox: Sandbox, segmentation: Segmentation) -> list[str] | None:
    """
    Return the users of an audience; None if it names a segment that does not exist.

    Filters on ids and segments are applied. The sandbox has no attributes and actions of users, so a
    filter on these matches every known user.

    :param sandbox: the state.
    :param segmentation: the audience.
    """
    all_users = everyone(sandbox)
    if segmentation.is_all_user_campaign or segmentation.included_filters is None:
        included: list[str] | None = all_users
    else:
        included = _group(sandbox, segmentation.included_filters, all_users)
    excluded: list[str] | None = []
    if segmentation.excluded_filters is not None:
        excluded = _group(sandbox, segmentation.excluded_filters, all_users)
    if included is None or excluded is None:
        return None
    out = set(excluded)
    return [user for user in dict.fromkeys(included) if user not in out]


def _group(sandbox: Sandbox, group: FilterGroup | NestedFilters, all_users: list[str]) -> list[str] | None:
    parts: list[list[str]] = []
    for one in group.filters:
        if isinstance(one, NestedFilters):
            nested = _group(sandbox, one, all_users)
            if nested is None:
                return None
            parts.append(nested)
            continue
        if isinstance(one, CustomSegment):
            users = segment_users(sandbox, one.id)
            if users is None:
                return None
            parts.append(users)
        elif isinstance(one, UserAttributes) and one.name == "uid" and one.operator == "in":
            parts.append(one.value)
        else:
            parts.append(all_users)
    if group.filter_operator == "or":
        return [user for part in parts for user in part]
    common = set.intersection(*map(set, parts)) if parts else set()
    return [user for user in (parts[0] if parts else []) if user in common]


def _error(status: int, code: str, message: str, **more: Any) -> Answer:
    error = {"code": code, "message": message, **more}
    return Answer(status, {"response_id": secrets.token_hex(4), "type": "custom_segment", "error": error})

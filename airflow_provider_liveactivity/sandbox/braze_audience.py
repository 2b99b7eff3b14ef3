"""Braze: the users that a start addresses, and the segment endpoints."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from airflow_provider_liveactivity.sandbox.audiences import everyone, segment_users
from airflow_provider_liveactivity.sandbox.gateway import Answer, Rejection, Request

if TYPE_CHECKING:
    from airflow_provider_liveactivity.sandbox.braze_models import StartBody
    from airflow_provider_liveactivity.sandbox.state import Sandbox

MAX_IDS = 50
PAGE = 100
TOO_MANY = "The max number of external_ids and aliases per request was exceeded"


def bad_request(*errors: str) -> Rejection:
    """
    Return a 400 in Braze's usual envelope.

    :param errors: what is wrong.
    """
    return Rejection(400, {"message": "Bad Request", "errors": list(errors)})


def users_of(sandbox: Sandbox, body: StartBody) -> list[str]:
    """
    Return the users that a start addresses, each once.

    :param sandbox: the state.
    :param body: body of the start.
    :raises Rejection: if the start has no recipient, too many, or two kinds of audience.
    """
    ids, aliases = body.external_user_ids or [], body.user_aliases or []
    methods = (bool(ids or aliases), body.segment_id is not None, body.custom_audience is not None)
    # Braze does not document its response to two kinds; a client must not send two.
    if sum(methods) > 1:
        raise bad_request("use one of: external_user_ids and user_aliases, segment_id, custom_audience")
    if not any(methods):
        raise Rejection(400, {"message": "No Recipients"})
    if len(ids) + len(aliases) > MAX_IDS:
        raise Rejection(400, {"message": TOO_MANY})
    if body.segment_id is not None:
        found = segment_users(sandbox, body.segment_id)
        if found is None:
            raise bad_request("segment_id: unknown segment")
        return found
    if body.custom_audience is not None:
        return everyone(sandbox)  # the sandbox has no attributes: each known user matches
    known = sandbox.known_users
    users = dict.fromkeys([*ids, *(f"{alias.alias_label}:{alias.alias_name}" for alias in aliases)])
    return [user for user in users if user in known] if sandbox.settings.known_users_only else list(users)


def list_segments(sandbox: Sandbox, request: Request) -> Answer:
    """
    Answer /segments/list.

    :param sandbox: the state.
    :param request: the request.
    :raises Rejection: for a wrong page or direction.
    """
    query = parse_qs(request.query)
    page, direction = query.get("page", ["0"])[0], query.get("sort_direction", ["asc"])[0]
    if not page.isdecimal() or direction not in ("asc", "desc"):
        raise bad_request("page must be a whole number and sort_direction asc or desc")
    newest_first = direction == "desc"
    segments = sorted(sandbox.segments.values(), key=lambda s: s.created_at, reverse=newest_first)
    shown = [
        {"id": s.segment_id, "name": s.name, "analytics_tracking_enabled": True, "tags": []}
        for s in segments[int(page) * PAGE :][:PAGE]
    ]
    return Answer(200, {"segments": shown, "message": "success"})


def describe_segment(sandbox: Sandbox, request: Request) -> Answer:
    """
    Answer /segments/details.

    :param sandbox: the state.
    :param request: the request.
    :raises Rejection: for an unknown segment; Braze does not document its response.
    """
    segment = sandbox.segments.get(parse_qs(request.query).get("segment_id", [""])[0])
    if segment is None:
        raise bad_request("segment_id: unknown segment")
    details = {
        "message": "success",
        "created_at": segment.created_at.isoformat(timespec="seconds"),
        "updated_at": segment.updated_at.isoformat(timespec="seconds"),
        "name": segment.name,
        "description": "",
        "text_description": "",
        "tags": [],
        "teams": [],
    }
    return Answer(200, details)

"""MoEngage: start, update and end of a broadcast Live Activity."""

from __future__ import annotations

import base64
import math
import secrets
from typing import Literal

from airflow_provider_liveactivity.sandbox.audiences import campaign_users
from airflow_provider_liveactivity.sandbox.checks import Problem, Refused, parse
from airflow_provider_liveactivity.sandbox.gateway import Answer, Rejection, Request
from airflow_provider_liveactivity.sandbox.limits import Quota, RollingWindow
from airflow_provider_liveactivity.sandbox.moengage_basic import HEADERS, WorkspaceEndpoints
from airflow_provider_liveactivity.sandbox.moengage_models import PushBody, StartBody
from airflow_provider_liveactivity.sandbox.phones import Push, Start, set_dismissal

MAX_BODY = 5120
TOO_LARGE = f"Payload size exceeded for IOS. Max size is {MAX_BODY} bytes"
ACTIVITY_HEADER = "X-Broadcast-Live-Activity-Id"
Verb = Literal["start", "update", "end"]
VERBS: dict[tuple[str, str], Verb] = {
    ("POST", "/v1.0/live-activity/broadcast/start"): "start",
    ("POST", "/v1.0/live-activity/broadcast/update"): "update",
    ("POST", "/v1.0/live-activity/broadcast/end"): "end",
}


class MoEngage(WorkspaceEndpoints):
    """The broadcast endpoints; they take the Push key."""

    def failure(self, status: int, reset_in: float | None) -> Answer:
        if status != 429:
            return _error(status, "ServerError", "Internal Server Error, something went wrong").answer
        answer = Answer(429, [])
        if reset_in is not None:
            limit = self.sandbox.settings.moengage_pushes_per_activity
            reset = math.ceil(self.sandbox.now().timestamp() + reset_in)
            answer.headers = _headers(limit, 0, reset)
        return answer

    def answer(self, request: Request) -> Answer:
        verb = VERBS.get((request.method, request.path))
        if verb is None:
            return _error(404, "NotFound", "Not Found").answer  # not documented
        try:
            body = self._checked(verb, request)
            quota = self._quota(verb, body.broadcast_live_activity_id)
            answer = self._carry_out(verb, body) if quota.allowed else Answer(429, [])
        except Rejection as rejection:
            return rejection.answer
        except Refused as refused:
            details = [problem._asdict() for problem in refused.problems]
            return _error(400, "PayloadError", "Mandatory fields are missing or invalid", details).answer
        answer.headers = _headers(quota.limit, quota.remaining, quota.reset)
        return answer

    def _checked(self, verb: Verb, request: Request) -> StartBody | PushBody:
        self._authenticate(request)
        if len(request.body) > MAX_BODY:
            # MoEngage does not document what counts; the whole body is the strictest reading.
            raise _error(413, "PayloadSizeError", TOO_LARGE)
        if request.media_type != "application/json":
            raise Refused([Problem("value_error", "Content-Type", "Must be application/json")])
        body = parse(StartBody, request.body) if verb == "start" else parse(PushBody, request.body)
        header = request.headers.get(ACTIVITY_HEADER.lower())
        # Older documents require the header on update and end, newer ones leave it out.
        if header is None and verb != "start" and self.sandbox.settings.moengage_activity_header:
            raise Refused([Problem("missing", ACTIVITY_HEADER, "Field required")])
        if header not in (None, body.broadcast_live_activity_id):
            raise Refused([Problem("value_error", ACTIVITY_HEADER, "Must equal broadcast_live_activity_id")])
        return body

    def _authenticate(self, request: Request) -> None:
        settings = self.sandbox.settings
        scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
        app_key = request.headers.get("x-moe-appkey", "")
        if not encoded or not app_key:
            raise _error(401, "AuthError", "Authorization header or X-MOE-APPKEY is missing")
        try:
            user, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
        except ValueError:
            user = password = ""
        if scheme.lower() != "basic" or not user == app_key == settings.moengage_workspace:
            raise _error(401, "AuthError", "Invalid App Key")
        if password != settings.moengage_push_key:
            raise _error(401, "AuthError", "Invalid Data Key")
        if not settings.moengage_enabled:  # described in prose only: neither code nor message is documented
            raise _forbidden("Live Activities is not enabled for this workspace")

    def _quota(self, verb: Verb, activity_id: str) -> Quota:
        settings, now = self.sandbox.settings, self.sandbox.now()
        if verb == "start":
            limits = {"start": settings.moengage_starts_per_minute}
        else:
            # Not documented: one limit for update and end together, or two. One is the strict reading.
            limits = {
                "push": settings.moengage_pushes_per_minute,
                f"push {activity_id}": settings.moengage_pushes_per_activity,
            }
        buckets = {name: self.sandbox.moengage_buckets.setdefault(name, RollingWindow()) for name in limits}
        quotas = [bucket.look(now, limits[name]) for name, bucket in buckets.items()]
        tightest = min(quotas, key=lambda quota: quota.remaining)
        if not settings.moengage_limits_on:
            return tightest._replace(allowed=True)
        if tightest.allowed:
            for bucket in buckets.values():
                bucket.count(now)
            tightest = tightest._replace(remaining=tightest.remaining - 1)
        return tightest

    def _carry_out(self, verb: Verb, body: StartBody | PushBody) -> Answer:
        sandbox, activity_id = self.sandbox, body.broadcast_live_activity_id
        if campaign_users(sandbox, activity_id) is None:
            raise _forbidden(f"Campaign not found for {activity_id}")
        if not sandbox.settings.moengage_p8:
            raise _forbidden("Only IOS token auth is allowed, please upload .p8 file")
        # Each id is for one request, on any endpoint: the documents list the error for all three.
        if body.instance_id in sandbox.instance_ids:
            raise _forbidden("Duplicate Request, please use different instance_id")
        recipients = None
        if isinstance(body, StartBody):
            recipients = self._start(body)
        else:
            self._push(body, ends=verb == "end")
        instance_id = body.instance_id or f"{sandbox.now().timestamp() * 1000:.0f}-{secrets.token_hex(4)}"
        sandbox.instance_ids.add(instance_id)
        return Answer(
            200, {"data": {"instance_id": instance_id, "message": "success"}}, recipients=recipients
        )

    def _start(self, body: StartBody) -> int:
        sandbox, activity_id, ios = self.sandbox, body.broadcast_live_activity_id, body.ios
        before = sandbox.activities.get(("moengage", activity_id))
        if before and len(before.starts) >= sandbox.settings.moengage_max_instances:
            raise _forbidden("Max Instances Limit Reached")
        start = Start(
            sandbox.now(),
            ios.content_state,
            ios.alert.model_dump(exclude_unset=True),
            dismissal_date=ios.dismissal_date,
            attributes_type=ios.attribute_type,
            attributes=ios.attribute_info,
        )
        users = sandbox.campaigns[activity_id]
        sandbox.start("moengage", activity_id, start, users)
        return len(users)

    def _push(self, body: PushBody, *, ends: bool) -> None:
        sandbox, activity_id, ios = self.sandbox, body.broadcast_live_activity_id, body.ios
        now, activity = sandbox.now(), sandbox.activities.get(("moengage", activity_id))
        if activity is None or activity.ended:
            raise _forbidden("Invalid Action")
        # The 403 does not say which date it means. Here it is the date that was set before, not the one in
        # the request, because the field's text says that a past date ends the activity at once. A setting
        # adds the latter.
        start = activity.starts[-1]
        dates = [set_dismissal(start, activity.pushes[start.first_push :])]
        if sandbox.settings.moengage_past_dismissal:
            dates.append(ios.dismissal_date)
        if any(date is not None and date <= now for date in dates):
            raise _forbidden("Dismissal date is already passed")
        alert = ios.alert.model_dump(exclude_unset=True)
        push = Push(now, ios.content_state, alert, ios.stale_date, ios.dismissal_date, ends)
        sandbox.push("moengage", activity_id, push)


def _forbidden(message: str) -> Rejection:
    return _error(403, "OperationNotAllowed", message)


def _error(status: int, code: str, message: str, details: list[dict[str, str]] | None = None) -> Rejection:
    error: dict[str, object] = {"code": code, "message": message}
    if details is not None:
        error["details"] = details
    return Rejection(status, {"error": error})


def _headers(*values: int) -> dict[str, str]:
    return dict(zip(HEADERS, map(str, values), strict=True))

"""Braze: Live Activity start and update, segment list and details."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING
from uuid import uuid4

from airflow_provider_liveactivity.sandbox.apns import MAX_PUSH, arrives
from airflow_provider_liveactivity.sandbox.braze_audience import (
    bad_request,
    describe_segment,
    list_segments,
    users_of,
)
from airflow_provider_liveactivity.sandbox.braze_models import Message, StartBody, UpdateBody
from airflow_provider_liveactivity.sandbox.checks import Refused, parse
from airflow_provider_liveactivity.sandbox.gateway import Answer, Rejection, Request
from airflow_provider_liveactivity.sandbox.phones import Push, Start, Vendor

if TYPE_CHECKING:
    from airflow_provider_liveactivity.sandbox.state import Sandbox

MAX_BODY = 4 * 1024 * 1024
MAX_NOTIFICATION = 1912
MAX_TAG = 256  # bytes: the SDK refuses a longer activity_id, so no push reaches the activity
HEADERS = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")
NOT_JSON = (
    "\nProblem:\n  message body does not match declared format\nResolution:\n  when specifying "
    "application/json as content-type, you must pass valid application/json in the request's 'body' "
)
# Braze documents no messages for these.
FAILURES = {
    429: "Rate limit exceeded",
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
}


class Braze:
    """
    Braze's endpoints.

    :param sandbox: the state.
    """

    vendor: Vendor = "braze"

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.routes: dict[tuple[str, str], tuple[str, Callable[[Request], Answer]]] = {
            ("POST", "/messages/live_activity/start"): ("messages.live_activity.start", self._start),
            ("POST", "/messages/live_activity/update"): ("messages.live_activity.update", self._update),
            ("GET", "/segments/list"): ("segments.list", partial(list_segments, sandbox)),
            ("GET", "/segments/details"): ("segments.details", partial(describe_segment, sandbox)),
        }

    def failure(self, status: int, reset_in: float | None) -> Answer:
        """
        Answer with 429 or 5xx as Braze would.

        :param status: the status.
        :param reset_in: for 429, seconds until the reset in the headers; None leaves them out.
        """
        answer = Answer(status, {"message": FAILURES.get(status)}, {"X-Request-Id": str(uuid4())})
        if status == 429 and reset_in is not None:
            reset = math.ceil(self.sandbox.now().timestamp() + reset_in)
            answer.headers.update(_headers(self.sandbox.settings.braze_limit, 0, reset))
        return answer

    def answer(self, request: Request) -> Answer:
        """
        Carry out a request and answer it.

        :param request: the request.
        """
        settings = self.sandbox.settings
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or key != settings.braze_key:
            # As in Braze's own response: the body repeats the key, and the headers are empty.
            answer = Answer(401, {"message": f"Invalid API key: {key}" if key else "Unauthorized"})
            quota_headers = _headers("", "", "")
        else:
            quota = self.sandbox.braze_bucket.take(
                self.sandbox.now(), settings.braze_limit, settings.braze_window, settings.braze_limit_on
            )
            answer = self._route(request) if quota.allowed else Answer(429, {"message": FAILURES[429]})
            quota_headers = _headers(quota.limit, quota.remaining, quota.reset)
        answer.headers.update(quota_headers)
        answer.headers["X-Request-Id"] = str(uuid4())
        return answer

    def _route(self, request: Request) -> Answer:
        permission, endpoint = self.routes.get((request.method, request.path), ("", None))
        # As documented: a trailing slash is "Access Denied", any other wrong URL is "Invalid URL".
        if endpoint is None and (request.method, request.path.rstrip("/")) not in self.routes:
            return Answer(404, {"message": "Invalid URL"})
        if endpoint is None or permission not in self.sandbox.settings.braze_permissions:
            return Answer(403, {"message": "Access Denied"})
        try:
            if request.method == "POST":
                _check_form(request)
            return endpoint(request)
        except Rejection as rejection:
            return rejection.answer
        except Refused as refused:
            errors = [f"{problem.target}: {problem.message}" for problem in refused.problems]
            return Answer(400, {"error": NOT_JSON}) if refused.no_json else bad_request(*errors).answer

    def _start(self, request: Request) -> Answer:
        body = parse(StartBody, request.body)
        self._check(body)
        users = users_of(self.sandbox, body)
        start = Start(
            self.sandbox.now(),
            body.content_state,
            body.notification.alert.model_dump(exclude_unset=True),
            body.stale_date,
            attributes_type=body.activity_attributes_type,
            attributes=body.activity_attributes,
        )
        # A push is less than twice as large as its request: a small request needs no check.
        if len(request.body) > MAX_PUSH // 2 and not arrives(
            "start",
            content_state=start.content_state,
            attributes_type=start.attributes_type,
            attributes={**start.attributes, "brazeActivityId": body.activity_id},
            alert=start.alert,
            stale_date=body.stale_date and int(body.stale_date.timestamp()),
        ):
            self.sandbox.too_large += 1  # accepted anyway, because Braze cannot know that no phone shows it
            users = []
        self.sandbox.start("braze", body.activity_id, start, users)
        return Answer(201, {"message": "success"}, recipients=len(users))

    def _update(self, request: Request) -> Answer:
        body = parse(UpdateBody, request.body)
        self._check(body)
        alert = body.notification.model_dump(exclude_unset=True).get("alert") if body.notification else None
        push = Push(
            self.sandbox.now(),
            body.content_state,
            alert,
            body.stale_date,
            body.dismissal_date,
            body.end_activity,
        )
        fits = arrives(
            "end" if body.end_activity else "update",
            content_state=body.content_state,
            alert=alert,
            stale_date=body.stale_date and int(body.stale_date.timestamp()),
            dismissal_date=body.dismissal_date and int(body.dismissal_date.timestamp()),
        )
        self.sandbox.too_large += not fits
        # Braze answers the same for an activity that was never started.
        if fits and len(body.activity_id.encode()) <= MAX_TAG:
            self.sandbox.push("braze", body.activity_id, push)
        return Answer(201, {"message": "success"})

    def _check(self, body: Message) -> None:
        if body.app_id not in self.sandbox.settings.braze_app_ids:
            raise bad_request("app_id: unknown app")  # Braze does not document its response
        notification = body.notification
        # Documented for other messages of Braze; not known for Live Activities.
        if notification and len(notification.model_dump_json(exclude_unset=True)) > MAX_NOTIFICATION:
            raise Rejection(400, {"message": "Apple Push Length Exceeded"})


def _check_form(request: Request) -> None:
    if request.media_type != "application/json":
        raise Rejection(415, {"message": "Unsupported Media Type"})
    if len(request.body) > MAX_BODY:
        raise Rejection(413, {"message": "Request Entity Too Large"})


def _headers(*values: object) -> dict[str, str]:
    return dict(zip(HEADERS, map(str, values), strict=True))

"""MoEngage: the Inform API, which starts, updates and ends the Live Activity of a single user."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import StringConstraints

from airflow_provider_liveactivity.sandbox.apns import arrives
from airflow_provider_liveactivity.sandbox.checks import Object, Refused, Strict, Text, parse
from airflow_provider_liveactivity.sandbox.gateway import Answer, Rejection, Request
from airflow_provider_liveactivity.sandbox.moengage_basic import (
    WorkspaceEndpoints,
    count,
    look,
    refusal,
    reset_headers,
)
from airflow_provider_liveactivity.sandbox.phones import Push, Start

PATH = "/v1.0/alerts/send"
MAX_ATTRIBUTE = 1500


class Activity(Strict):
    """The fields of the Live Activity."""

    la_type: Literal["start", "update", "end"]
    attribute_info: Object | None = None
    content_state: Object | None = None  # fields that are left out come from the alert's template


class PushPayload(Strict):
    """The payload of the push channel."""

    recipient: Text | None = None
    personalized_attributes: Object | None = None
    sender_attributes: list[str] | None = None
    personalized_attachments: dict[str, str] | None = None
    live_activity_attributes: Activity


class Payloads(Strict):
    """Payloads by channel; a Live Activity has only this channel."""

    PUSH: PushPayload


class AlertBody(Strict):
    """Body of /v1.0/alerts/send."""

    alert_id: Text | None = None
    alert_reference_name: Text | None = None
    user_id: Text | None = None
    transaction_id: Annotated[str, StringConstraints(min_length=1, max_length=50)]
    payloads: Payloads


class MoEngageInform(WorkspaceEndpoints):
    """The Inform endpoint; it takes the Inform key."""

    def failure(self, status: int, reset_in: float | None) -> Answer:
        if status == 429:
            answer = _error(429, 140110, "Rate Limit", "Too many requests").answer
            limit = self.sandbox.settings.moengage_alerts_per_minute
            answer.headers = reset_headers(limit, self.sandbox.now(), reset_in)
            return answer
        return _error(status, 140109, "Internal Server Error", "Unexpected error occurred").answer

    def answer(self, request: Request) -> Answer:
        settings, now = self.sandbox.settings, self.sandbox.now()
        if (request.method, request.path) != ("POST", PATH):
            return _error(404, 120000, "NOT_FOUND", "Not Found").answer  # not documented
        if refusal(request, settings.moengage_workspace, settings.moengage_inform_key) is not None:
            return _error(401, 120001, "UNAUTHORIZED", "Invalid App Key or Basic Auth").answer
        limits = {60: settings.moengage_alerts_per_minute}
        quota = look(self.sandbox, "alerts", limits, now)
        if not quota.allowed:
            return self.failure(429, quota.reset - now.timestamp())
        try:
            body = parse(AlertBody, request.body)
            self._check(body, now)
        except Refused as refused:
            return _of(refused).answer
        except Rejection as rejection:
            return rejection.answer
        count(self.sandbox, "alerts", limits, now)
        self._carry_out(body, now)
        content = {"message": "Successfully Received", "request_id": secrets.token_hex(8)}
        return Answer(200, content, recipients=1 if _la_type(body) == "start" else None)

    def _check(self, body: AlertBody, now: datetime) -> None:
        settings, push = self.sandbox.settings, body.payloads.PUSH
        alerts = settings.moengage_alerts
        if not (body.alert_id or body.alert_reference_name) or (
            alerts and body.alert_id not in alerts and body.alert_reference_name not in alerts
        ):
            raise _error(400, 120002, "BAD_REQUEST", "Invalid Alert ID")
        if push.recipient is None and (settings.moengage_recipient_required or body.user_id is None):
            raise _error(400, 120012, "BAD_REQUEST", "Invalid Recipient")
        if body.user_id in settings.moengage_invalid_recipients:
            raise _error(400, 120012, "BAD_REQUEST", "Invalid Recipient")
        activity = push.live_activity_attributes
        if any(
            isinstance(value, str) and len(value) > MAX_ATTRIBUTE
            for fields in (push.personalized_attributes, activity.attribute_info, activity.content_state)
            for value in _leaves(fields)
        ):
            raise _error(400, 120007, "BAD_REQUEST", "Attribute length exceeded")
        dismissal = _date(push.personalized_attributes, "dismissal_date")
        if dismissal is not None and dismissal <= now:
            raise _error(400, 120006, "BAD_REQUEST", "Dismissal date is in the past")
        # Not documented: whether start, update and end count separately. The sentence has no exception.
        key = f"{body.transaction_id} {_la_type(body) if settings.moengage_duplicates_by_type else ''}"
        last = self.sandbox.moengage_transactions.get(key)
        if last is not None and now < last + timedelta(seconds=settings.moengage_duplicate_seconds):
            raise _error(409, 120105, "DUPLICATE_REQUEST_RECEIVED", "Duplicate Transaction ID")
        self.sandbox.moengage_transactions[key] = now

    def _carry_out(self, body: AlertBody, now: datetime) -> None:
        sandbox, push = self.sandbox, body.payloads.PUSH
        activity, attributes = push.live_activity_attributes, push.personalized_attributes
        dates = (_date(attributes, "stale_date"), _date(attributes, "dismissal_date"))
        state = activity.content_state or {}
        attributes_of_start = {
            "attributes": activity.attribute_info or {},
            "attributes_type": "",
            "alert": {},
        }
        if not arrives(
            activity.la_type,
            content_state=activity.content_state,
            **(attributes_of_start if activity.la_type == "start" else {}),
        ):
            sandbox.too_large += 1
            return
        # The activity of one user; the transaction_id connects its calls.
        if activity.la_type == "start":
            start = Start(now, state, None, *dates, attributes=activity.attribute_info or {})
            user = body.user_id or push.recipient or ""
            sandbox.start("moengage", body.transaction_id, start, [user])
        else:
            change = Push(now, state, None, *dates, activity.la_type == "end")
            sandbox.push("moengage", body.transaction_id, change)


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        for item in value.values():
            yield from _leaves(item)
    else:
        yield value


def _la_type(body: AlertBody) -> str:
    return body.payloads.PUSH.live_activity_attributes.la_type


def _date(attributes: dict[str, Any] | None, name: str) -> datetime | None:
    """Read a date as epoch seconds, as at the other endpoints; its format is not documented."""
    value = (attributes or {}).get(name)
    if value is None:
        return None
    text = str(value)
    if not text.isdecimal() or int(text) >= 253_402_300_800:  # beyond the year 9999: milliseconds
        raise _error(400, 120006, "BAD_REQUEST", f"Invalid payload: {name}")
    return datetime.fromtimestamp(int(text), UTC)


def _of(refused: Refused) -> Rejection:
    for problem in refused.problems:
        if problem.target == "transaction_id":
            if problem.code == "string_too_long":
                return _error(400, 120004, "BAD_REQUEST", "Transaction ID is too long")
            return _error(400, 120003, "BAD_REQUEST", "Transaction ID is missing")
    return _error(400, 120006, "BAD_REQUEST", f"Invalid payload: {refused.problems[0].target}")


def _error(status: int, code: int, name: str, message: str) -> Rejection:
    return Rejection(status, {"message": message, "err_code": name, "status_code": code})

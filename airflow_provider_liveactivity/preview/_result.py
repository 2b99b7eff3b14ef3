"""Describe a dry run: recipients, requests, sizes, one request, and the card on the lock screen."""

from __future__ import annotations

import json
import shlex
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from airflow_provider_liveactivity.http.redaction import REDACTED, redact_header
from airflow_provider_liveactivity.models.apns import MAX_PUSH_BYTES
from airflow_provider_liveactivity.models.moengage import MAX_REQUEST_BYTES
from airflow_provider_liveactivity.vendors.moengage import MoEngage

if TYPE_CHECKING:
    from airflow_provider_liveactivity.hooks._plan import DryRun
    from airflow_provider_liveactivity.http.connection import WorkspaceConfig
    from airflow_provider_liveactivity.models.apns import Push
    from airflow_provider_liveactivity.vendors.base import Request

#: Fields of a body that name recipients, or a part of a person's activity.
_PERSONAL = {"external_user_ids", "user_aliases", "user_id", "recipient", "transaction_id"}
_STATUSES = {"start": "on", "update": "on", "end": "ended"}


@dataclass(frozen=True, slots=True)
class Preview:
    """
    What a task would send. No field contains a key or an external id.

    :param dag_id: id of the DAG.
    :param task_id: id of the task.
    :param vendor: "braze" or "moengage".
    :param verb: "start", "update" or "end".
    :param activity_id: the vendor's name of the activity.
    :param recipients: number of recipients; None if only the vendor knows it.
    :param audience: who gets the activity, in words.
    :param requests: number of requests.
    :param duplicates: number of ids that were in the audience more than once.
    :param nulls: number of rows of the audience without an id.
    :param seconds: expected duration at the vendor's quota; None for a single request, and if the quota
        allows none.
    :param until: expected moment of the last response, as ISO-8601 text; None if ``seconds`` is None.
    :param push_bytes: number of bytes that the push has at least; vendors and templates add to it.
    :param push_limit: number of bytes that Apple accepts.
    :param request_bytes: number of bytes of the body of the first request.
    :param request_limit: number of bytes that the vendor accepts; None if the vendor documents no limit that
        a request can reach.
    :param warnings: warnings about content that is sent anyway.
    :param url: URL of the first request.
    :param body: body of the first request, with numbers in place of recipients.
    :param curl: the first request as a command, with a masked key.
    :param activity: the activity as the card shows it.
    """

    dag_id: str
    task_id: str
    vendor: str
    verb: str
    activity_id: str
    recipients: int | None
    audience: str
    requests: int
    duplicates: int
    nulls: int
    seconds: float | None
    until: str | None
    push_bytes: int
    push_limit: int
    request_bytes: int
    request_limit: int | None
    warnings: list[str]
    url: str
    body: dict[str, Any]
    curl: str
    activity: dict[str, Any]

    def to_json(self) -> dict[str, Any]:
        """Return the preview as a JSON object."""
        return asdict(self)

    def to_html(self) -> str:
        """Return the preview as a web page that needs no other file and no network."""
        from airflow_provider_liveactivity.preview._html import page

        return page(self)


def describe(
    dag_id: str, task_id: str, found: DryRun, started_with: Push | None, warnings: list[str]
) -> Preview:
    """
    Return the preview of a dry run.

    :param dag_id: id of the DAG.
    :param task_id: id of the task.
    :param found: the dry run.
    :param started_with: push of the activity's start, for the attributes of the card; None if not known.
    :param warnings: warnings about the preview itself.
    """
    plan, report, workspace = found.plan, found.report, found.plan.workspace
    body = _without_people(json.loads(found.first.body))
    expected = found.expected
    if expected is not None and expected.end is None:
        warnings, expected = [*warnings, f"the send never ends: {expected}."], None
    return Preview(
        dag_id=dag_id,
        task_id=task_id,
        vendor=workspace.vendor.name,
        verb=plan.verb,
        activity_id=plan.activity_id,
        recipients=report["recipients"] if plan.audience is not None else None,
        audience=_audience(found),
        requests=report["requests"],
        duplicates=report["duplicates"],
        nulls=report["nulls"],
        seconds=None if expected is None else round(expected.seconds, 3),
        until=None
        if expected is None or expected.end is None
        else expected.end.isoformat(timespec="seconds"),
        push_bytes=plan.push.size,
        push_limit=MAX_PUSH_BYTES,
        request_bytes=len(found.first.body),
        request_limit=MAX_REQUEST_BYTES if isinstance(workspace.vendor, MoEngage) else None,
        warnings=[*plan.warnings, *warnings],
        url=workspace.base_url + found.first.path,
        body=body,
        curl=_curl(found.first, workspace, body),
        activity=_card(found, started_with),
    )


def _audience(found: DryRun) -> str:
    plan, body = found.plan, json.loads(found.first.body)
    if plan.audience is not None:
        return "the recipients of a list or a query"
    if plan.verb != "start":
        return "every phone that shows the activity"
    if "segment_id" in body:
        return "the recipients of a segment, whose number only the vendor knows"
    if "custom_audience" in body:
        return "the recipients of a connected audience, whose number only the vendor knows"
    return "the audience of the campaign, whose number only the vendor knows"


def _without_people(value: Any) -> Any:
    """Return a body with the number of recipients in place of their ids."""
    if isinstance(value, list):
        return [_without_people(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        name: _hidden(item) if name in _PERSONAL else _without_people(item) for name, item in value.items()
    }


def _hidden(value: Any) -> str:
    return f"<{len(value):,} recipients>" if isinstance(value, list) else REDACTED


def _curl(request: Request, workspace: WorkspaceConfig, body: dict[str, Any]) -> str:
    secrets = workspace.vendor.secrets()
    headers = {name: redact_header(value, secrets) for name, value in request.headers.items()}
    words = [
        f"curl --request {request.method} {shlex.quote(workspace.base_url + request.path)}",
        *(f"--header {shlex.quote(f'{name}: {value}')}" for name, value in headers.items()),
        f"--data {shlex.quote(json.dumps(body, ensure_ascii=False))}",
    ]
    return " \\\n  ".join(words)


def _card(found: DryRun, started_with: Push | None) -> dict[str, Any]:
    """Return the activity in the form that the renderer of cards takes."""
    plan, push, now = found.plan, found.plan.push, datetime.now(UTC).isoformat()
    start = push if push.event == "start" or started_with is None else started_with
    return {
        "vendor": found.plan.workspace.vendor.name,
        "activity_id": plan.activity_id,
        "attributes_type": start.attributes_type or None,
        "attributes": start.attributes or {},
        "content_state": plan.content_state,
        "alert": push.alert or None,
        "status": _STATUSES[push.event],
        "cards": 1,
        "started_at": now,
        "updated_at": now,
        "ended_at": now if push.event == "end" else None,
        "stale_date": None if push.stale_date is None else push.stale_date.isoformat(),
        "dismissal_at": None if push.dismissal_date is None else push.dismissal_date.isoformat(),
    }

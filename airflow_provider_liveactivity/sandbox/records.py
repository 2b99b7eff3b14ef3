"""The log of requests to the vendors."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from pydantic_core import from_json

if TYPE_CHECKING:
    from airflow_provider_liveactivity.sandbox.phones import Vendor

ACTIVITY_FIELDS = ("activity_id", "broadcast_live_activity_id", "transaction_id")


@dataclass(slots=True, eq=False)
class Record:
    """
    One request to a vendor.

    :param number: number of the request, from 1.
    :param received_at: when the body was complete.
    :param vendor: ``braze`` or ``moengage``.
    :param method: HTTP method.
    :param path: path without the query.
    :param status: status of the response; None if there was no response.
    :param fault: the fault that hit the request.
    :param carried_out: whether the request took effect.
    :param recipients: number of phones that a start reached; None for other requests.
    :param headers: headers, with credentials hidden; empty once the record is old.
    :param body: body as received; None once the record is old.
    """

    number: int
    received_at: datetime
    vendor: Vendor
    method: str
    path: str
    status: int | None = None
    fault: str | None = None
    carried_out: bool = False
    recipients: int | None = None
    headers: Sequence[tuple[str, str]] = ()
    body: bytes | None = None

    @property
    def content(self) -> Any:
        """The body as JSON; as text if it is not JSON."""
        if not self.body:
            return None
        try:
            content = from_json(self.body, allow_inf_nan=False)
            json.dumps(content, allow_nan=False)  # from_json reads 1e999 as infinity
        except ValueError:
            return self.body.decode("utf-8", "replace")
        return content

    @property
    def activity_id(self) -> str | None:
        """The activity that the body is about; None if the body names none, or is no longer stored."""
        content = self.content
        named = (content.get(field) for field in ACTIVITY_FIELDS) if isinstance(content, dict) else ()
        return next((name for name in named if isinstance(name, str)), None)

    @property
    def verb(self) -> str:
        """What the request asks for: start, update, end, or the last part of its path."""
        name = self.path.rstrip("/").rpartition("/")[2]
        content = self.content
        if name == "update" and isinstance(content, dict) and content.get("end_activity") is True:
            return "end"
        if name == "send":  # the Inform API has one path for all three
            try:
                return str(content["payloads"]["PUSH"]["live_activity_attributes"]["la_type"])
            except (KeyError, TypeError):
                return name
        return name

    def names(self, activity_id: str) -> bool:
        """
        Return whether the body is about an activity; False if the body is no longer stored.

        :param activity_id: the vendor's id of the activity.
        """
        body = self.body or b""
        # Parsing thousands of bodies is slow, so skip bodies that contain the id in no spelling of JSON.
        spellings = (json.dumps(activity_id, ensure_ascii=ascii_only)[1:-1] for ascii_only in (True, False))
        if not any(spelling.encode() in body for spelling in spellings):
            return False
        return self.activity_id == activity_id

    def brief(self) -> dict[str, Any]:
        """Return what the time line shows."""
        return {
            "number": self.number,
            "received_at": iso(self.received_at),
            "vendor": self.vendor,
            "verb": self.verb,
            "path": self.path,
            "activity_id": self.activity_id,
            "status": self.status,
            "fault": self.fault,
            "carried_out": self.carried_out,
            "recipients": self.recipients,
        }

    def shown(self) -> dict[str, Any]:
        """Return the request as plain JSON."""
        return {
            "number": self.number,
            "received_at": iso(self.received_at),
            "vendor": self.vendor,
            "method": self.method,
            "path": self.path,
            "status": self.status,
            "fault": self.fault,
            "carried_out": self.carried_out,
            "recipients": self.recipients,
            "headers": dict(self.headers),
            "body": self.content,
        }


def iso(moment: datetime | None) -> str | None:
    """
    Write a moment with microseconds.

    :param moment: an aware datetime.
    """
    return moment.isoformat(timespec="microseconds") if moment else None

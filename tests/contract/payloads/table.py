"""
What a table of payloads is made of.

Where each rule is from:

- START, UPD: https://www.braze.com/docs/api/endpoints/messaging/live_activity/start and …/update
- CA: https://www.braze.com/docs/api/objects_filters/connected_audience
- APP: https://www.braze.com/docs/api/objects_filters/messaging/apple_object
- ALIAS: https://www.braze.com/docs/api/objects_filters/user_alias_object
- SDK: the Braze Swift SDK's rule for a ``pushTokenTag``
- APPLE: https://developer.apple.com/documentation/usernotifications/sending-notification-requests-to-apns
- LA, INFORM, CAMPAIGN, SEGMENT: MoEngage's published OpenAPI files of these APIs, of August 2026
- ALERT: MoEngage's page about creating an Inform alert
- REF: MoEngage's reference of audience, schedule and delivery of campaigns
- HTTP: what a header may carry
- OURS: no page says it; ``docs/vendor-contracts.md`` says why
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any, NamedTuple

from tests.support.sandbox_clients import (
    BRAZE_START,
    BRAZE_UPDATE,
    MOENGAGE_PUSH,
    MOENGAGE_START,
    WITHOUT,
    changed,
)

__all__ = ["WITHOUT", "Row", "body_of", "filling"]

USER: dict[str, Any] = {
    "alert_id": "a-1",
    "user_id": "ada",
    "transaction_id": "t-1",
    "payloads": {"PUSH": {"live_activity_attributes": {"content_state": {"eta": 12}}}},
}
CAMPAIGN: dict[str, Any] = {
    "request_id": "r-1",
    "channel": "PUSH",
    "campaign_delivery_type": "BROADCAST_LIVE_ACTIVITY",
    "created_by": "ada@example.com",
    "basic_details": {
        "name": "Match",
        "platforms": ["IOS"],
        "broadcast_live_activity_id": "match-7",
        "platform_specific_details": {"ios": {"send_to_all_eligible_device": True}},
    },
    "campaign_content": {"content": {"push": {}}},
    "segmentation_details": {"is_all_user_campaign": True},
    "scheduling_details": {"delivery_type": "ASAP"},
    "delivery_controls": {},
    "advanced": {},
}
#: The smallest body of each call, to which a row's changes are made.
BASES: dict[str, dict[str, Any]] = {
    "start": BRAZE_START,
    "update": BRAZE_UPDATE,
    "end": {**BRAZE_UPDATE, "end_activity": True},
    "broadcast start": MOENGAGE_START,
    "broadcast update": MOENGAGE_PUSH,
    "broadcast end": MOENGAGE_PUSH,
    **{
        f"user {verb}": changed(USER, {"payloads.PUSH.live_activity_attributes.la_type": verb})
        for verb in ("start", "update", "end")
    },
    "campaign": CAMPAIGN,
}


class Row(NamedTuple):
    """
    One payload.

    :param call: name of a call in ``BASES``.
    :param changes: to its smallest body: dotted name → value; ``WITHOUT`` takes a field away.
    :param why: what the row is about, and where the rule is from.
    :param vendor_takes: why the vendor accepts what the client refuses.
    :param client_takes: why the client accepts what the vendor refuses.
    """

    call: str
    changes: dict[str, Any]
    why: str
    vendor_takes: str = ""
    client_takes: str = ""


def body_of(row: Row) -> dict[str, Any]:
    """Return the body of a row."""
    return deepcopy(changed(BASES[row.call], row.changes))


def filling(size: int, frame: int) -> str:
    """Return text that fills a frame of so many bytes up to a size."""
    return "x" * (size - frame)

"""
Find the users of audiences that a vendor stores: segments, campaigns, and all users.

A strict sandbox knows only what was registered. With ``invented_users``, it invents the users of any other
audience, so that a first DAG reaches phones without preparation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from airflow_provider_liveactivity.sandbox.state import Sandbox


def segment_users(sandbox: Sandbox, segment_id: str) -> list[str] | None:
    """
    Return the users of a segment; None if it does not exist.

    :param sandbox: the state.
    :param segment_id: id of the segment.
    """
    if segment_id not in sandbox.segments and sandbox.settings.invented_users:
        sandbox.put_segment(segment_id, segment_id, _invented(sandbox, segment_id))
    segment = sandbox.segments.get(segment_id)
    return segment.users if segment else None


def campaign_users(sandbox: Sandbox, broadcast_live_activity_id: str) -> list[str] | None:
    """
    Return the users of the campaign of a broadcast; None if there is no campaign.

    :param sandbox: the state.
    :param broadcast_live_activity_id: id of the activity.
    """
    if broadcast_live_activity_id not in sandbox.campaigns and sandbox.settings.invented_users:
        users = _invented(sandbox, broadcast_live_activity_id)
        sandbox.put_campaign(broadcast_live_activity_id, users)
    return sandbox.campaigns.get(broadcast_live_activity_id)


def everyone(sandbox: Sandbox) -> list[str]:
    """
    Return all users of registered segments.

    :param sandbox: the state.
    """
    if not sandbox.known_users and sandbox.settings.invented_users:
        sandbox.known_users.update(dict.fromkeys(_invented(sandbox, "user")))
    return list(sandbox.known_users)


def _invented(sandbox: Sandbox, audience: str) -> list[str]:
    return [f"{audience}-{number:03}" for number in range(1, sandbox.settings.invented_users + 1)]

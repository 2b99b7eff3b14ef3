"""The request of every contender: a start for 50 people of a usual size."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

KEY = "benchmark-key"
PATH = "/messages/live_activity/start"
HEADERS = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
PEOPLE_PER_REQUEST = 50

CONTENT: dict[str, Any] = {
    "app_id": "5b2f6f1c-0d51-4d43-9d0e-8a1d6a8f6c11",
    "activity_id": "final-2026",
    "activity_attributes_type": "MatchAttributes",
    "activity_attributes": {
        "home": {"name": "Harbour City Rovers", "short": "HCR", "crest": "crests/hcr.png"},
        "away": {"name": "Northern Athletic", "short": "NAT", "crest": "crests/nat.png"},
        "competition": "Cup final",
        "venue": "Docklands Stadium",
        "kick_off": "2026-05-30T19:00:00+00:00",
    },
    "content_state": {"home_goals": 0, "away_goals": 0, "minute": 0, "phase": "first_half", "events": []},
    "notification": {
        "alert": {"title": "Kick-off", "body": "Harbour City Rovers against Northern Athletic has begun"}
    },
}


def external_id(number: int) -> str:
    """Return the id of a person: 36 characters, as long as a UUID."""
    return f"b7e14a02-9c3d-4f60-8a51-{number:012d}"


def starts(people: list[str]) -> Iterator[dict[str, Any]]:
    """Yield the bodies of the requests that start an activity for these people."""
    for first in range(0, len(people), PEOPLE_PER_REQUEST):
        yield CONTENT | {"external_user_ids": people[first : first + PEOPLE_PER_REQUEST]}

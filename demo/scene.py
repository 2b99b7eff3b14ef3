"""A scene for pictures and measurements: matches, flights, orders and a festival on any number of phones."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

NAMES = ("ada", "bob", "eve", "kim", "lea", "max", "zoe")
IDS_PER_REQUEST = 50


@dataclass(frozen=True)
class Subject:
    """What an activity is about."""

    activity_id: str
    attributes_type: str
    attributes: dict[str, Any]
    state: dict[str, Any]
    title: str
    body: str

    @property
    def alert(self) -> dict[str, Any]:
        """The notification of a start or an update."""
        return {"alert": {"title": self.title, "body": self.body}}


def _match(
    activity_id: str, home: str, away: str, score: tuple[int, int], title: str, **more: Any
) -> Subject:
    state = {"home": score[0], "away": score[1], **more}
    body = f"{home} {score[0]} – {score[1]} {away}"
    return Subject(activity_id, "MatchAttributes", {"home": home, "away": away}, state, title, body)


def _flight(number: str, origin: str, destination: str, status: str, delay: int, body: str) -> Subject:
    attributes = {"flight": number, "origin": origin, "destination": destination}
    state = {"status": status, "delayMinutes": delay}
    activity_id = f"flight/{number.replace(' ', '')}"
    return Subject(activity_id, "FlightAttributes", attributes, state, number, body)


def _order(number: int, restaurant: str, status: str, minutes: int, body: str) -> Subject:
    state = {"status": status, "minutesLeft": minutes}
    attributes = {"restaurant": restaurant}
    return Subject(f"order/{number}", "OrderAttributes", attributes, state, restaurant, body)


SUBJECTS = (
    _match(
        "match/northside-southside", "Northside", "Southside", (2, 1), "Goal!", phase="Second half", minute=63
    ),
    _flight("UA 1545", "EWR", "IAH", "In the air", 12, "New arrival time"),
    _order(4711, "Luigi’s", "On the way", 8, "Your courier is almost there"),
    Subject(
        "festival/by-the-river",
        "FestivalAttributes",
        {"name": "By the river"},
        {"stage": "Main stage", "queueMinutes": 14, "visitors": 20_345, "open": True},
        "By the river",
        "The gates are open",
    ),
    _match("match/city-county", "City", "County", (0, 1), "Goal!", phase="First half", minute=23),
    _flight("B6 725", "JFK", "BQN", "Boarding", 0, "Boarding has begun"),
    _order(4712, "Green Bowl", "Preparing", 21, "In the kitchen"),
    _match("match/rovers-wanderers", "Rovers", "Wanderers", (3, 3), "Full time", phase="Full time"),
)
BROADCAST, TWICE, STALE, ENDED = SUBJECTS[3], SUBJECTS[4], SUBJECTS[5], SUBJECTS[7]


class Scene:
    """
    A client of a sandbox that makes a scene.

    :param url: URL of the sandbox.
    """

    def __init__(self, url: str) -> None:
        self._client = httpx.Client(base_url=url, trust_env=False, timeout=30)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def start(self, subject: Subject, users: list[str], suffix: str = "") -> None:
        """Start an activity; the suffix tells apart activities about the same subject."""
        for first in range(0, len(users), IDS_PER_REQUEST):
            self._post(
                "start",
                activity_id=subject.activity_id + suffix,
                activity_attributes_type=subject.attributes_type,
                activity_attributes=subject.attributes,
                content_state=subject.state,
                notification=subject.alert,
                external_user_ids=users[first : first + IDS_PER_REQUEST],
            )

    def update(
        self, subject: Subject, suffix: str = "", headers: dict[str, str] | None = None, **body: Any
    ) -> None:
        """Update an activity, by default with the subject's state."""
        content = {"content_state": subject.state, **body}
        with suppress(httpx.RemoteProtocolError):  # a fault that closes the connection
            self._post("update", headers, activity_id=subject.activity_id + suffix, **content)

    def broadcast(self, verb: str, users: list[str] | None = None) -> None:
        """Start or update the broadcast, through MoEngage."""
        activity_id = BROADCAST.activity_id
        if users:
            self._client.put(f"/sandbox/campaigns/{activity_id}", json={"users": users})
        ios = {"content_state": BROADCAST.state, **BROADCAST.alert}
        if verb == "start":
            ios |= {"attribute_type": BROADCAST.attributes_type, "attribute_info": BROADCAST.attributes}
        self._client.post(
            f"/v1.0/live-activity/broadcast/{verb}",
            json={"broadcast_live_activity_id": activity_id, "ios": ios},
            headers={"X-MOE-APPKEY": "SANDBOX", "X-Broadcast-Live-Activity-Id": activity_id},
            auth=("SANDBOX", "sandbox-push-key"),
        )

    def pass_time(self, minutes: int, wait: Callable[[float], None]) -> None:
        """
        Send updates every few seconds, of which some fail.

        :param minutes: how long.
        :param wait: lets so many seconds pass.
        """
        for step in range(minutes * 12):
            wait(5)
            for subject in SUBJECTS[step % 3 : len(SUBJECTS) - step % 4 : 2]:
                if subject is BROADCAST and step % 4 == 0:
                    self.broadcast("update")
                elif subject not in (BROADCAST, STALE, ENDED):
                    self.update(subject, notification=subject.alert)
            if step % 9 == 4:
                fault = ("429", "503", "drop_after")[step % 3]
                self.update(SUBJECTS[0], headers={"X-Sandbox-Fault": fault})

    def fill(self, phones: int, now: datetime | None = None) -> None:
        """
        Start an activity about each subject, and let one be stale, one ended, and one be on a phone twice.

        :param phones: number of phones of all activities together.
        :param now: the sandbox's present moment; None for the real one.
        """
        now = now or datetime.now(UTC)
        for index, subject in enumerate(SUBJECTS):
            share = phones // len(SUBJECTS) + (index < phones % len(SUBJECTS))
            users = [f"{NAMES[number % len(NAMES)]}-{index}-{number:03}" for number in range(share)]
            if subject is BROADCAST:
                self.broadcast("start", users)
            else:
                self.start(subject, users)
            if subject is TWICE:
                self.start(subject, users[:1])
        if phones >= len(SUBJECTS):
            self.update(STALE, stale_date=(now - timedelta(minutes=4)).isoformat())
            self.update(ENDED, end_activity=True, notification=ENDED.alert)
        if phones:
            for fault in ("429", "500"):
                self._post("update", {"X-Sandbox-Fault": fault}, activity_id="x", content_state={})
            self._post("update", app_id="another", activity_id="x", content_state={})

    def _post(self, verb: str, headers: dict[str, str] | None = None, /, **body: Any) -> None:
        content = {"app_id": "sandbox-app", **body}
        headers = {"Authorization": "Bearer sandbox-braze-key", **(headers or {})}
        self._client.post(f"/messages/live_activity/{verb}", json=content, headers=headers)

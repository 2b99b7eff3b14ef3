"""
Compute what the phones of one Live Activity show.

To store a million phones, the sandbox stores one dictionary entry for each: user → the start that created the
card. Starts and pushes are stored once and shared. What a phone shows is computed when it is read.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

TOKEN_LIFE = timedelta(hours=8)  # update tokens expire with the activity, eight hours after its start
SCREEN_LIFE = timedelta(hours=12)  # iOS then removes an activity that was not ended
DISMISSAL = timedelta(hours=4)  # how long an ended activity stays on the lock screen at most

Vendor = Literal["braze", "moengage"]
Status = Literal["running", "stale", "ended", "dismissed"]


@dataclass(slots=True, eq=False)
class Push:
    """One update or end, which every phone that can receive it has received."""

    at: datetime
    content_state: dict[str, Any]
    alert: Any = None
    stale_date: datetime | None = None
    dismissal_date: datetime | None = None
    ends: bool = False


@dataclass(slots=True, eq=False)
class Start(Push):
    """One start request; its cards differ only in their users."""

    attributes_type: str = ""
    attributes: dict[str, Any] = field(default_factory=dict)
    first_push: int = 0  # number of pushes before the card existed
    phones: int = 0  # phones whose newest card is of this start
    users: Sequence[str] = ()


@dataclass(slots=True)
class Card:
    """
    What a phone shows of one start at one moment.

    ``missed`` counts pushes of the activity that did not reach this card: it had ended already, or was eight
    hours old, when they were sent.
    """

    status: Status
    last: Push
    arrived: range  # which pushes of the activity
    missed: int
    ended_at: datetime | None
    dismissal_at: datetime | None


class Activity:
    """
    One Live Activity and the phones that have its card.

    :param vendor: ``braze`` or ``moengage``.
    :param activity_id: the vendor's id of the activity.
    """

    def __init__(self, vendor: Vendor, activity_id: str) -> None:
        self.vendor = vendor
        self.activity_id = activity_id
        self.cards: dict[str, Start] = {}
        self.older_cards: dict[str, list[Start]] = {}  # only users with two cards at once
        self.starts: list[Start] = []
        self.pushes: list[Push] = []
        self.started = 0  # cards created so far
        self.started_twice = 0  # users who ever had two cards at once
        self._times: list[datetime] = []
        self._ends: list[int] = []

    def start(self, start: Start, users: Sequence[str]) -> None:
        """
        Add a card to the phone of each user.

        :param start: the start, shared by all its cards.
        :param users: the users, without repetitions.
        """
        start.first_push = len(self.pushes)
        self.starts.append(start)
        start.phones = len(users)
        start.users = users
        self.started += len(users)
        if not self.cards.keys().isdisjoint(users):
            for user in users:
                if user in self.cards:
                    self._start_again(user, start.at)
        self.cards.update(dict.fromkeys(users, start))

    def _start_again(self, user: str, now: datetime) -> None:
        # A new card replaces an ended one, and is added to one that has not ended.
        before = self.cards[user]
        before.phones -= 1
        if self.card(before, now).status in ("running", "stale"):
            older = self.older_cards.setdefault(user, [])
            self.started_twice += not older
            older.append(before)
        else:
            self.older_cards.pop(user, None)

    def push(self, push: Push) -> None:
        """
        Send an update or an end to every phone that can still receive it.

        :param push: the push.
        """
        if push.ends:
            self._ends.append(len(self.pushes))
        self.pushes.append(push)
        self._times.append(push.at)

    @property
    def ended(self) -> bool:
        """Whether the last start was followed by an end."""
        return bool(self.starts and self._ends and self._ends[-1] >= self.starts[-1].first_push)

    def card(self, start: Start, now: datetime) -> Card:
        """
        Return the cards of one start.

        :param start: the start.
        :param now: the time for which the cards are computed.
        """
        token_dies = start.at + TOKEN_LIFE
        first, last = start.first_push, bisect_left(self._times, token_dies, start.first_push)
        end = bisect_left(self._ends, first)
        end_push = None
        if end < len(self._ends) and self._ends[end] < last:
            end_push = self.pushes[self._ends[end]]
            last = self._ends[end] + 1
        arrived = range(first, last)
        newest = self.pushes[last - 1] if arrived else start
        dismissal = self._dismissal(start, arrived, end_push, now)
        status: Status = "running"
        if now >= (dismissal or start.at + SCREEN_LIFE):
            status = "dismissed"
        elif end_push:
            status = "ended"
        # As on a phone, an update without a stale date removes the earlier date.
        elif now >= token_dies or (newest.stale_date and now >= newest.stale_date):
            status = "stale"
        ended_at = end_push.at if end_push else None
        return Card(status, newest, arrived, len(self.pushes) - last, ended_at, dismissal)

    def _dismissal(
        self, start: Start, arrived: range, end_push: Push | None, now: datetime
    ) -> datetime | None:
        if end_push:
            latest = end_push.at + DISMISSAL
            return max(end_push.at, min(end_push.dismissal_date or latest, latest))
        if now >= start.at + SCREEN_LIFE:
            return start.at + SCREEN_LIFE
        if self.vendor == "braze":  # without an end, Braze ignores the dismissal date
            return None
        return set_dismissal(start, self.pushes[arrived.start : arrived.stop])


def set_dismissal(start: Start, pushes: Sequence[Push]) -> datetime | None:
    """
    Return the dismissal date that was set last.

    :param start: the start.
    :param pushes: the pushes after the start.
    """
    return next(
        (push.dismissal_date for push in reversed(pushes) if push.dismissal_date), start.dismissal_date
    )

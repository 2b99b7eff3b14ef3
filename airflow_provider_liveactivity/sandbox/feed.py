"""
Tell a page what has changed since the last event, in as few bytes as possible.

One push reaches every phone of an activity. A page therefore learns of it once, for groups of starts whose
cards look the same, and not once per phone. A page learns the users of a start once, too.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any

from airflow_provider_liveactivity.sandbox import views
from airflow_provider_liveactivity.sandbox.records import iso

if TYPE_CHECKING:
    from datetime import datetime

    from airflow_provider_liveactivity.sandbox.phones import Activity, Push, Start, Vendor
    from airflow_provider_liveactivity.sandbox.state import Sandbox

MAX_PHONES = 20_000  # phones that one page gets; it counts the others
PHONES_PER_EVENT = 2_000  # a larger event would block the page while it is parsed
REQUESTS_PER_EVENT = 500
ACTIVITIES_PER_EVENT = 500
SECONDS_PER_LOOK = 1.0  # how often the feed looks at cards that only time changes
SECONDS_PER_START = 50e-6  # an activity with many starts is looked at less often

View = dict[str, Any]
Key = tuple["Vendor", str]


@dataclass(slots=True)
class _Told:
    """What a page knows of one activity."""

    number: int
    starts: int = 0
    users: int = 0  # of the next start
    attributes: dict[str, int] = field(default_factory=dict)
    views: list[View] = field(default_factory=list)
    counts: View = field(default_factory=dict)
    twice: int = 0
    next_look: float = 0.0
    over: bool = False  # no card is left that time could change


class Feed:
    """
    The changes for one page.

    :param sandbox: the state.
    :param activity_id: only this activity; None for all.
    """

    def __init__(self, sandbox: Sandbox, activity_id: str | None = None) -> None:
        self._sandbox = sandbox
        self._only = activity_id
        self._begin()

    def _begin(self) -> None:
        self._resets = self._sandbox.resets
        self._fresh = True
        self._told: dict[Key, _Told] = {}
        self._dirty: dict[Key, None] = {}
        self._later: dict[Key, None] = {}
        self._seen_changes = 0
        self._seen_requests = 0
        self._phones = 0
        self._last_look = 0.0

    def events(self) -> Iterator[View]:
        """Return the events that bring a page up to date; the first one after a reset says so."""
        with self._sandbox.lock:
            if self._resets != self._sandbox.resets:
                self._begin()
            self._find_dirty()
        first = True
        while first or self._dirty:
            first = False
            with self._sandbox.lock:
                event = self._event()
            yield event  # without the lock: the browser may read slowly

    def _find_dirty(self) -> None:
        changes = reversed(self._sandbox.changed.items())
        keys = [key for key, change in _until(changes, self._seen_changes) if self._only in (None, key[1])]
        self._seen_changes = self._sandbox.changes
        self._dirty, self._later = self._later, {}
        # On a first visit the latest activity comes first: its phones are certain to be among those drawn.
        self._dirty.update(dict.fromkeys(keys if self._fresh else reversed(keys)))
        if time.monotonic() - self._last_look >= SECONDS_PER_LOOK:
            self._last_look = time.monotonic()
            self._dirty.update(dict.fromkeys(key for key, told in self._told.items() if not told.over))

    def _event(self) -> View:
        sandbox, now = self._sandbox, self._sandbox.now()
        event: View = {
            "now": iso(now),
            "reset": self._fresh,
            "activities": list(self._activities(now)),
            **self._requests(),
            "quotas": views.quotas(sandbox),
            "faults": [fault.model_dump() for fault in sandbox.faults],
            "max_phones": MAX_PHONES,
        }
        self._fresh = False
        return event

    def _activities(self, now: datetime) -> Iterator[View]:
        room = PHONES_PER_EVENT
        for key in list(islice(self._dirty, ACTIVITIES_PER_EVENT)):
            if room <= 0:
                return
            del self._dirty[key]
            activity = self._sandbox.activities.get(key)
            if activity is None:
                continue
            told = self._told.get(key)
            new = told is None
            if told is None:
                told = self._told[key] = _Told(len(self._told))
            elif told.next_look > time.monotonic():
                self._later[key] = None
                continue
            change = self._change(activity, told, now, room)
            room -= sum(len(users) for _, users in change.get("phones", ()))
            if told.starts < len(activity.starts) and self._phones < MAX_PHONES:
                self._later[key] = None
            if new:
                change |= {"vendor": activity.vendor, "activity_id": activity.activity_id}
            if change:
                yield {"n": told.number, **change}

    def _change(self, activity: Activity, told: _Told, now: datetime, room: int) -> View:
        change: View = {}
        known = len(told.attributes)
        first, phones = told.starts, self._phones_of(activity, told, room)
        if phones:
            change["phones"] = phones
        last = told.starts + (told.users > 0)
        starts = [
            [i, told.attributes.setdefault(_attributes(start), len(told.attributes)), iso(start.at)]
            for i, start in enumerate(activity.starts[first:last], first)
        ]
        if starts:
            change["starts"] = starts
            change["attributes"] = [json.loads(text) for text in islice(told.attributes, known, None)]
        groups, counts = _groups(activity, now, last)
        told.over = counts["dismissed"] == counts.total()
        told.next_look = time.monotonic() + len(activity.starts) * SECONDS_PER_START
        if groups != told.views or starts:
            change["views"] = told.views = groups
        if (totals := _counts(activity, counts)) != told.counts:
            change["counts"] = told.counts = totals
        if activity.started_twice != told.twice:
            told.twice = activity.started_twice
            twice = islice(activity.older_cards.items(), MAX_PHONES)
            change["twice"] = {user: 1 + len(older) for user, older in twice}
        return change

    def _phones_of(self, activity: Activity, told: _Told, room: int) -> list[tuple[int, list[str]]]:
        phones = []
        room = min(room, MAX_PHONES - self._phones)
        while room > 0 and told.starts < len(activity.starts):
            users = activity.starts[told.starts].users
            part = list(users[told.users : told.users + room])
            phones.append((told.starts, part))
            room -= len(part)
            self._phones += len(part)
            told.users += len(part)
            if told.users >= len(users):
                told.starts, told.users = told.starts + 1, 0
        return phones

    def _requests(self) -> View:
        records = self._sandbox.records
        new = _until(((record, record.number) for record in reversed(records)), self._seen_requests)
        shown = [record for record, _ in islice(new, REQUESTS_PER_EVENT)]
        arrived = self._sandbox.requests - self._seen_requests
        self._seen_requests = self._sandbox.requests
        return {
            "requests": [record.brief() for record in reversed(shown)],
            "requests_left_out": arrived - len(shown),
        }


def _until(items: Iterable[tuple[Any, int]], seen: int) -> Iterator[tuple[Any, int]]:
    for item in items:
        if item[1] <= seen:
            return
        yield item


def _attributes(start: Start) -> str:
    return json.dumps({"type": start.attributes_type, "attributes": start.attributes}, separators=(",", ":"))


def _groups(activity: Activity, now: datetime, told: int) -> tuple[list[View], Counter[str]]:
    """Return groups of starts whose cards look the same, and the number of phones by status."""
    groups: dict[tuple[Any, ...], View] = {}
    counts = Counter[str]()
    for i, start in enumerate(activity.starts):
        card = activity.card(start, now)
        counts[card.status] += start.phones
        if i >= told:
            continue
        content = id(card.last) if card.arrived else json.dumps([start.content_state, start.alert])
        key = (card.status, content, card.missed, card.ended_at, card.dismissal_at)
        group = groups.get(key)
        if group is None:
            group = groups[key] = {"starts": [], **_view(card.last, card.status, card.missed)}
            group |= {"ended_at": iso(card.ended_at), "dismissal_at": iso(card.dismissal_at)}
        ranges = group["starts"]
        if ranges and ranges[-1][1] == i:
            ranges[-1][1] = i + 1
        else:
            ranges.append([i, i + 1])
    return list(groups.values()), counts


def _view(last: Push, status: str, missed: int) -> View:
    return {
        "status": "on" if status == "running" else status,
        "content_state": last.content_state,
        "alert": last.alert,
        "updated_at": iso(last.at),
        "stale_date": iso(last.stale_date),
        "missed": missed,
    }


def _counts(activity: Activity, counts: Counter[str]) -> View:
    return {
        "phones": len(activity.cards),
        "on": counts["running"],
        **{status: counts[status] for status in ("stale", "ended", "dismissed")},
        "started_twice": activity.started_twice,
        "pushes": len(activity.pushes),
    }

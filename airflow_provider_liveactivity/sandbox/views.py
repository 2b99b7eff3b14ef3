"""The sandbox's state as plain JSON, for its API and its page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

from airflow_provider_liveactivity.sandbox.limits import RollingWindow
from airflow_provider_liveactivity.sandbox.records import iso

if TYPE_CHECKING:
    from airflow_provider_liveactivity.sandbox.phones import Activity, Push, Start, Vendor
    from airflow_provider_liveactivity.sandbox.state import Sandbox

View = dict[str, Any]


def phones(
    sandbox: Sandbox,
    activity_id: str | None = None,
    user: str | None = None,
    limit: int = 60,
    offset: int = 0,
) -> View:
    """
    Return the phones with a card, latest first.

    :param sandbox: the state.
    :param activity_id: only those of this activity.
    :param user: only this user's.
    :param limit: maximum number of items.
    :param offset: number of items to skip.
    """
    with sandbox.lock:
        now, found = sandbox.now(), _activities(sandbox, activity_id)
        total = sum(user in a.cards for a in found) if user else sum(len(a.cards) for a in found)
        chosen = islice(_cards(found, user), offset, offset + limit)
        return {"total": total, "phones": [_phone(*card, now) for card in chosen]}


def activities(sandbox: Sandbox, activity_id: str | None = None, limit: int = 100, offset: int = 0) -> View:
    """
    Return the activities with counts of their phones, latest start first.

    :param sandbox: the state.
    :param activity_id: only this one.
    :param limit: maximum number of items.
    :param offset: number of items to skip.
    """
    with sandbox.lock:
        now, found = sandbox.now(), _activities(sandbox, activity_id)
        return {
            "total": len(found),
            "activities": [_activity(a, now) for a in found[offset : offset + limit]],
        }


def requests(
    sandbox: Sandbox,
    path: str | None = None,
    since: int = 0,
    limit: int = 100,
    activity_id: str | None = None,
) -> View:
    """
    Return the latest requests up to the limit, oldest first.

    :param sandbox: the state.
    :param path: only those to this path.
    :param since: only those with a higher number.
    :param limit: maximum number of items.
    :param activity_id: only those about this activity, as long as their bodies are kept.
    """
    with sandbox.lock:
        chosen: list[View] = []
        total = 0
        for record in reversed(sandbox.records):
            if record.number <= since:
                break
            if path is not None and record.path != path:
                continue
            if activity_id is not None and not record.names(activity_id):
                continue
            total += 1
            if len(chosen) < limit:
                chosen.append(record.shown())
        return {"total": total, "requests": chosen[::-1]}


def summary(sandbox: Sandbox, activity_id: str | None = None) -> View:
    """
    Return all counts.

    ``running``, ``stale_cards``, ``ended`` and ``dismissed`` count phones by the newest card of each
    activity. A stale card is still on a lock screen although its stale date is past, or although no update
    or end can reach it any more. ``started`` counts cards, ``started_twice`` counts users who ever had two
    cards of one activity at once, and ``too_large`` counts pushes that no phone shows because of their size.

    :param sandbox: the state.
    :param activity_id: only this activity; ``requests`` and ``too_large`` still count all.
    """
    with sandbox.lock:
        now, found, statuses = sandbox.now(), _activities(sandbox, activity_id), Counter[str]()
        for activity in found:
            statuses.update(_statuses(activity, now))
        return {
            "now": iso(now),
            "requests": sandbox.requests,
            "activities": len(found),
            "started": sum(activity.started for activity in found),
            "started_twice": sum(activity.started_twice for activity in found),
            "running": statuses["running"],
            "stale_cards": statuses["stale"],
            "ended": statuses["ended"],
            "dismissed": statuses["dismissed"],
            "too_large": sandbox.too_large,
            "faults_planned": len(sandbox.faults),
        }


def history(sandbox: Sandbox, vendor: Vendor, activity_id: str, user: str, limit: int = 100) -> View | None:
    """
    Return what a phone saw of an activity, latest first: its start, the pushes that arrived, those it missed.

    :param sandbox: the state.
    :param vendor: ``braze`` or ``moengage``.
    :param activity_id: the vendor's id of the activity.
    :param user: whose phone.
    :param limit: maximum number of events.
    """
    with sandbox.lock:
        activity = sandbox.activities.get((vendor, activity_id))
        start = activity.cards.get(user) if activity else None
        if activity is None or start is None:
            return None
        card = activity.card(start, sandbox.now())
        after = range(start.first_push, len(activity.pushes))
        events = []
        for number in after[::-1][:limit]:
            push = activity.pushes[number]
            verb = "end" if push.ends else "update"
            events.append(_event(push, verb, missed=number not in card.arrived))
        if len(events) < limit:
            events.append(_event(start, "start", missed=False))
        arrived = activity.pushes[card.arrived.start : card.arrived.stop]
        updates = sum(not push.ends for push in arrived)
        return {"total": 1 + len(after), "updates": updates, "missed": card.missed, "events": events}


def _event(push: Push, verb: str, *, missed: bool) -> View:
    return {
        "at": iso(push.at),
        "verb": verb,
        "alert": push.alert,
        "content_state": push.content_state,
        "missed": missed,
    }


def quotas(sandbox: Sandbox) -> list[View]:
    """
    Return the quotas that a workspace uses up, with what is left of them.

    :param sandbox: the state.
    """
    settings, now = sandbox.settings, sandbox.now()
    braze = sandbox.braze_bucket.look(now, settings.braze_limit, settings.braze_window)
    rows = [("braze", "requests", settings.braze_window, settings.braze_limit_on, braze)]
    for name, bucket, limit in (
        ("starts", "start", settings.moengage_starts_per_minute),
        ("updates, ends", "push", settings.moengage_pushes_per_minute),
    ):
        quota = sandbox.moengage_buckets.setdefault(bucket, RollingWindow()).look(now, limit)
        rows.append(("moengage", name, 60, settings.moengage_limits_on, quota))
    return [
        {
            "vendor": vendor,
            "name": name,
            "seconds": seconds,
            "enforced": enforced,
            "limit": quota.limit,
            "remaining": quota.remaining,
            "reset": quota.reset,
        }
        for vendor, name, seconds, enforced, quota in rows
    ]


def _activities(sandbox: Sandbox, activity_id: str | None) -> list[Activity]:
    if activity_id is None:
        return list(reversed(sandbox.activities.values()))
    found = (
        sandbox.activities.get(("braze", activity_id)),
        sandbox.activities.get(("moengage", activity_id)),
    )
    return [activity for activity in found if activity]


def _cards(found: list[Activity], user: str | None) -> Iterator[tuple[Activity, str, Start]]:
    for activity in found:
        if user is None:
            yield from ((activity, who, start) for who, start in reversed(activity.cards.items()))
        elif user in activity.cards:
            yield activity, user, activity.cards[user]


def _phone(activity: Activity, user: str, start: Start, now: datetime) -> View:
    card = activity.card(start, now)
    arrived = activity.pushes[card.arrived.start : card.arrived.stop]
    alerts = [start.alert, *(push.alert for push in arrived)]
    return {
        "user": user,
        "vendor": activity.vendor,
        "activity_id": activity.activity_id,
        "status": card.status,
        "cards": 1 + len(activity.older_cards.get(user, ())),
        "attributes_type": start.attributes_type,
        "attributes": start.attributes,
        "content_state": card.last.content_state,
        "alerts": [alert for alert in alerts if alert is not None],
        "updates": sum(not push.ends for push in arrived),
        "missed": card.missed,
        "stale_date": iso(card.last.stale_date),
        "started_at": iso(start.at),
        "ended_at": iso(card.ended_at),
        "dismissal_at": iso(card.dismissal_at),
    }


def _activity(activity: Activity, now: datetime) -> View:
    statuses = _statuses(activity, now)
    return {
        "vendor": activity.vendor,
        "activity_id": activity.activity_id,
        "phones": len(activity.cards),
        "started": activity.started,
        "started_twice": activity.started_twice,
        **{status: statuses[status] for status in ("running", "stale", "ended", "dismissed")},
        "start_requests": len(activity.starts),
        "updates": sum(not push.ends for push in activity.pushes),
        "ends": sum(push.ends for push in activity.pushes),
        "first_started_at": iso(activity.starts[0].at) if activity.starts else None,
        "last_push_at": iso(activity.pushes[-1].at) if activity.pushes else None,
        "content_state": (activity.pushes or activity.starts)[-1].content_state,
    }


def _statuses(activity: Activity, now: datetime) -> Counter[str]:
    statuses = Counter[str]()
    for start in activity.starts:
        if start.phones:
            statuses[activity.card(start, now).status] += start.phones
    return statuses

"""The state of the sandbox."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from airflow_provider_liveactivity.sandbox.faults import PlannedFault
from airflow_provider_liveactivity.sandbox.limits import ClockWindow, RollingWindow
from airflow_provider_liveactivity.sandbox.moengage_campaign_models import CampaignBody
from airflow_provider_liveactivity.sandbox.phones import Activity, Push, Start, Vendor
from airflow_provider_liveactivity.sandbox.records import Record
from airflow_provider_liveactivity.sandbox.settings import Settings

MAX_RECORDS = 250_000


@dataclass(slots=True, eq=False)
class Segment:
    """
    A saved segment.

    :param segment_id: id of the segment.
    :param name: its name.
    :param users: external ids, without repetitions.
    :param created_at: when it was registered.
    :param updated_at: when its users were last replaced.
    """

    segment_id: str
    name: str
    users: list[str]
    created_at: datetime
    updated_at: datetime


class Sandbox:
    """
    The state behind both vendors.

    Requests change the state from the event loop, tests may read it from another thread: both hold ``lock``.

    :param settings: the settings.
    :param now: the clock; aware datetimes that never go back.
    """

    def __init__(self, settings: Settings | None = None, now: Callable[[], datetime] | None = None) -> None:
        self.lock = threading.RLock()
        self.now = now or (lambda: datetime.now(UTC))
        self.resets = 0  # a page that reads changes begins anew after a reset
        self.initial_settings = self.settings = settings or Settings()
        self.reset()

    def reset(self, *, settings: bool = False) -> None:
        """
        Forget activities, requests, faults, audiences and used quota.

        :param settings: whether to reset the settings too.
        """
        with self.lock:
            if settings:
                self.settings = self.initial_settings
            self.activities: dict[tuple[Vendor, str], Activity] = {}
            self.resets += 1
            self.changes = 0  # starts and pushes so far
            self.changed: dict[tuple[Vendor, str], int] = {}  # activity → its last change, latest at the end
            self.segments: dict[str, Segment] = {}
            self.known_users: dict[str, None] = {}
            self.campaigns: dict[str, list[str]] = {}
            self.instance_ids: set[str] = set()
            self.faults: list[PlannedFault] = []
            self.records: deque[Record] = deque(maxlen=MAX_RECORDS)
            self.requests = 0
            self.too_large = 0
            self.braze_bucket = ClockWindow()
            self.moengage_buckets: dict[str, RollingWindow] = {}
            self.moengage_windows: dict[str, RollingWindow] = {}
            self.moengage_campaigns: dict[str, tuple[CampaignBody, datetime]] = {}
            self.moengage_request_ids: dict[str, datetime] = {}
            self.moengage_filters: dict[str, str] = {}
            self.moengage_transactions: dict[str, datetime] = {}

    def change_settings(self, **changes: Any) -> Settings:
        """
        Change some settings.

        :param changes: names and new values.
        :raises pydantic.ValidationError: for an unknown name or a wrong type.
        """
        with self.lock:
            self.settings = self.settings.changed(changes)
            return self.settings

    def put_segment(self, segment_id: str, name: str, users: Iterable[str]) -> Segment:
        """
        Register a segment or replace it.

        :param segment_id: id of the segment.
        :param name: its name.
        :param users: external ids.
        """
        with self.lock:
            before, now = self.segments.get(segment_id), self.now()
            segment = Segment(
                segment_id, name, list(dict.fromkeys(users)), before.created_at if before else now, now
            )
            self.segments[segment_id] = segment
            self.known_users.update(dict.fromkeys(segment.users))
            return segment

    def put_campaign(self, broadcast_live_activity_id: str, users: Iterable[str]) -> None:
        """
        Register a broadcast campaign with its audience, or replace the audience.

        :param broadcast_live_activity_id: id of the activity.
        :param users: user ids.
        """
        with self.lock:
            self.campaigns[broadcast_live_activity_id] = list(dict.fromkeys(users))

    def add_fault(self, fault: str, **details: Any) -> PlannedFault:
        """
        Plan a fault.

        :param fault: a name from ``FAULTS``.
        :param details: ``path``, ``times``, ``skip``, ``reset_in``.
        """
        planned = PlannedFault(fault=fault, **details)
        with self.lock:
            self.faults.append(planned)
        return planned

    def clear_faults(self, fault: str | None = None) -> None:
        """
        Forget planned faults.

        :param fault: only those of this name.
        """
        with self.lock:
            self.faults[:] = [planned for planned in self.faults if fault not in (None, planned.fault)]

    def find_record(self, number: int) -> Record | None:
        """
        Return a request of the log; None if there is none of this number.

        :param number: number of the request, from 1.
        """
        with self.lock:
            oldest = self.records[0].number if self.records else 0
            found = 0 < oldest <= number < oldest + len(self.records)
            return self.records[number - oldest] if found else None

    def record(self, record: Record) -> None:
        """
        Add a request to the log, and drop the body of an old one.

        :param record: the request.
        """
        self.records.append(record)
        keep = self.settings.keep_requests
        if len(self.records) > keep:
            old = self.records[-1 - keep]
            old.body, old.headers = None, ()

    def activity(self, vendor: Vendor, activity_id: str) -> Activity:
        """
        Return an activity; a new one if it does not exist.

        :param vendor: ``braze`` or ``moengage``.
        :param activity_id: the vendor's id of the activity.
        """
        key = (vendor, activity_id)
        if key not in self.activities:
            self.activities[key] = Activity(vendor, activity_id)
        return self.activities[key]

    def start(self, vendor: Vendor, activity_id: str, start: Start, users: Sequence[str]) -> None:
        """
        Carry out a start.

        :param vendor: ``braze`` or ``moengage``.
        :param activity_id: the vendor's id of the activity.
        :param start: the start.
        :param users: users without repetitions.
        """
        # A new start moves an activity to the end: the page shows the latest first.
        activity = self.activity(vendor, activity_id)
        if next(reversed(self.activities)) != (vendor, activity_id):
            self.activities[vendor, activity_id] = self.activities.pop((vendor, activity_id))
        activity.start(start, users)
        self._note_change(vendor, activity_id)

    def push(self, vendor: Vendor, activity_id: str, push: Push) -> None:
        """
        Carry out an update or an end.

        :param vendor: ``braze`` or ``moengage``.
        :param activity_id: the vendor's id of the activity.
        :param push: the push.
        """
        self.activity(vendor, activity_id).push(push)
        self._note_change(vendor, activity_id)

    def _note_change(self, vendor: Vendor, activity_id: str) -> None:
        self.changes += 1
        self.changed.pop((vendor, activity_id), None)
        self.changed[vendor, activity_id] = self.changes

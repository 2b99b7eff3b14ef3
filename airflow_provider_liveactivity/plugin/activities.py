"""
Say what the phones show of an activity, from its tasks and its record.

An activity is on if its record exists, or if it was started without a record and no end was sent. It is over
if its start left a record that no longer exists: every end deletes the record, whichever DAG run sends it.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from airflow_provider_liveactivity.models.end_time import MAX_LIFETIME
from airflow_provider_liveactivity.models.moments import to_moment

if TYPE_CHECKING:
    from airflow_provider_liveactivity.plugin.tasks import Task

Status = Literal["starting", "on", "stale", "ended", "dismissed"]
#: iOS removes an ended activity after this time, unless the end says otherwise.
_KEPT_BY_IOS = timedelta(hours=4)
#: Counts of recipients in the report of a start.
COUNTS = ("recipients", "accepted", "unknown", "rejected")


@dataclass
class Activity:
    """
    One life of an activity, from its start to its end.

    :param vendor: "braze" or "moengage".
    :param activity_id: id by which the vendor knows the activity.
    :param start: task that started it; None if Airflow has forgotten the task.
    :param further_starts: tasks of the same DAG run that started it for further recipients, oldest first.
    :param record: record of the safety net; None if the activity has none, or has ended.
    :param updates: tasks that sent its updates, oldest first.
    :param end: task that ended it; None if no task of the period did.
    """

    vendor: str
    activity_id: str
    start: Task | None
    record: dict[str, Any] | None = None
    updates: list[Task] = field(default_factory=list)
    end: Task | None = None
    further_starts: list[Task] = field(default_factory=list)

    @property
    def key(self) -> str:
        """Text that identifies this life in the page."""
        if self.start is not None:
            return "\n".join(map(str, self.start.key))
        record = self.record or {}
        return "\n".join((self.vendor, str(record.get("conn_id")), self.activity_id))

    @property
    def starts(self) -> list[Task]:
        """All tasks that started it, oldest first."""
        return [] if self.start is None else [self.start, *self.further_starts]

    @property
    def report(self) -> dict[str, Any]:
        """Report of the start, or of all its starts together; empty while the start runs."""
        reports = [task.report for task in self.starts if task.report is not None]
        if len(reports) <= 1:
            return reports[0] if reports else {}
        counts = {name: sum(report.get(name, 0) for report in reports) for name in COUNTS}
        return {**reports[-1], **counts, "first_sent_at": reports[0].get("first_sent_at")}

    @property
    def start_ids(self) -> set[str]:
        """The known identities of its starts: the reports of its tasks contain one of them."""
        sources = [self.record or {}, *(task.report or {} for task in self.starts)]
        return {source["start_id"] for source in sources if source.get("start_id") is not None}

    @property
    def conn_id(self) -> str | None:
        """Connection to the vendor's workspace; None if Airflow has forgotten it."""
        if self.record is not None:
            return str(self.record["conn_id"])
        return self.start.conn_id if self.start is not None else None

    @property
    def is_starting(self) -> bool:
        """Whether its start is being sent, waits for quota, or has reached phones and will be retried."""
        has_sent = bool(self.record or self.report)
        return any(task.is_active or (task.state == "up_for_retry" and has_sent) for task in self.starts)

    @cached_property
    def started_at(self) -> datetime | None:
        """Moment of the first request."""
        return moment(self.report.get("first_sent_at") or (self.record or {}).get("started_at"))

    @cached_property
    def updated_at(self) -> datetime | None:
        """Moment of the last state that was sent."""
        known = [
            *(task.sent_at for task in self.updates),
            moment((self.record or {}).get("updated_at")),
            self.started_at,
        ]
        return max((at for at in known if at is not None), default=None)

    @cached_property
    def end_time(self) -> datetime | None:
        """When the activity is due to end; None if that is not known."""
        if self.record is not None:
            return moment(self.record.get("end_time"))
        if self.start is None:
            return None
        return moment(self.start.fields.get("end_time"), self.start.run_after)

    @property
    def content_state(self) -> Any:
        """The last state that was sent."""
        if self.end is not None:
            return (self.end.report or {}).get("content_state")
        if self.record is not None:
            return self.record.get("content_state")
        last = self.updates[-1].report if self.updates else self.report
        return (last or {}).get("content_state")

    @cached_property
    def stale_date(self) -> datetime | None:
        """When the content of the last message counts as outdated."""
        task = self.updates[-1] if self.updates else self.start
        return moment(task.fields.get("stale_date"), self.updated_at) if task is not None else None

    @cached_property
    def lives_until(self) -> datetime | None:
        """When iOS ends the activity by itself."""
        return self.started_at + MAX_LIFETIME if self.started_at is not None else None

    @cached_property
    def ended_at(self) -> datetime | None:
        """Moment of the end, if a task of the period sent it."""
        return self.end.sent_at if self.end is not None else None

    @cached_property
    def dismissal_at(self) -> datetime | None:
        """When an ended activity leaves the lock screen."""
        if self.end is None or self.ended_at is None:
            return None
        chosen = moment(self.end.fields.get("dismissal_date"), self.ended_at)
        return chosen or self.ended_at + _KEPT_BY_IOS

    def status(self, now: datetime) -> Status:
        """
        Return what the phones show.

        :param now: the present.
        """
        if self.is_over(now):
            gone_at = self.dismissal_at
            return "dismissed" if gone_at is not None and gone_at <= now else "ended"
        if self.is_starting:
            return "starting"
        stale = self.stale_date
        return "stale" if stale is not None and stale <= now else "on"

    def is_over(self, now: datetime) -> bool:
        """
        Return whether the activity has ended.

        :param now: the present.
        """
        if self.end is not None:
            return True
        if self.lives_until is not None and self.lives_until <= now:
            return True
        return self.record is None and self.report.get("start_id") is not None


def moment(value: Any, counted_from: datetime | None = None) -> datetime | None:
    """
    Return a stored or rendered moment; None if it is missing or cannot be read.

    :param value: ISO-8601 text of a moment or a duration, or a datetime; None for none.
    :param counted_from: beginning of a duration; None if the value is no duration.
    """
    with suppress(ValueError):
        return None if value in (None, "", "None") else to_moment(value, now=counted_from)
    return None

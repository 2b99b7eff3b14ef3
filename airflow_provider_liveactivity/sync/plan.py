"""Decide what an activity needs: compare its row with the state table."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal, get_args

from airflow_provider_liveactivity.delivery.in_flight import OnUnknown
from airflow_provider_liveactivity.errors import InvalidPayload
from airflow_provider_liveactivity.models.end_time import MAX_LIFETIME
from airflow_provider_liveactivity.sync.schema import LIVE

if TYPE_CHECKING:
    from airflow_provider_liveactivity.sync.records import Stored, Writer
    from airflow_provider_liveactivity.sync.rows import Row

#: A refused request is sent again when its row changes, and otherwise after this time: the cause may lie
#: outside of the row, such as an alert that is not published.
REJECTED_RETRY = timedelta(minutes=15)

Step = Literal[
    "start",
    "restart",
    "update",
    "end",
    "end_overdue",
    "touch",
    "expire",
    "unchanged",
    "held_back",
    "left",
    "missing",
]
OnMissing = Literal["keep", "end"]
OnBadRow = Literal["skip", "fail"]
OnEmpty = Literal["skip", "fail"]


@dataclass(frozen=True, slots=True)
class SyncOptions:
    """
    How a sync handles missing rows, bad rows and unknown outcomes.

    :param on_missing: what to do with an activity that is on and whose row is missing; "keep" by default.
    :param allow_end_all: whether ``on_missing="end"`` also applies to a query without rows; False by default.
    :param on_bad_row: whether a bad row is skipped or fails the sync before anything is sent; "skip" by
        default.
    :param on_empty: what to do if the query returns no rows; "skip" by default.
    :param on_unknown: what to do with starts that may have been carried out; "skip" by default.
    :param min_update_interval: minimum time between two updates of an activity; zero by default.
    :raises InvalidPayload: naming the option that has a wrong value.
    """

    on_missing: OnMissing = "keep"
    allow_end_all: bool = False
    on_bad_row: OnBadRow = "skip"
    on_empty: OnEmpty = "skip"
    on_unknown: OnUnknown = "skip"
    min_update_interval: timedelta = timedelta(0)

    def __post_init__(self) -> None:
        for name, allowed in (
            ("on_missing", get_args(OnMissing)),
            ("on_bad_row", get_args(OnBadRow)),
            ("on_empty", get_args(OnEmpty)),
            ("on_unknown", get_args(OnUnknown)),
        ):
            if (value := getattr(self, name)) not in allowed:
                raise InvalidPayload(f"{name} must be one of {', '.join(allowed)}, not {value!r}.")


@dataclass(frozen=True, slots=True)
class Planner:
    """
    Decide what the activities of one pass need.

    :param options: the options of the sync.
    :param now: moment of the pass.
    :param read_from: number of the pass before its query began; later rows of the table are newer than what
        the pass knows.
    :param spacing: minimum time that the vendor requires between two requests for one activity.
    :param ends_missing: whether activities without a row are ended.
    :param writer: who plans; only the task's own activities can be missing.
    """

    options: SyncOptions
    now: datetime
    read_from: int
    spacing: timedelta
    ends_missing: bool
    writer: Writer

    def step(self, row: Row, stored: Stored | None) -> Step:
        """
        Return what an activity with a row needs.

        :param row: the row; it may be bad, and then only a due end is sent.
        :param stored: what the table contains; None if nothing.
        :raises InvalidPayload: if ``end_time`` of a new row is in the past or too late.
        """
        if row.fields is None:
            ends = row.ended or (row.due is not None and row.due <= self.now)
            return "unchanged" if stored is None else self._without_row(stored, ends=ends)
        if stored is None or stored.status == "failed":
            return self._start(row, stored)
        if stored.status not in LIVE:
            return "left" if stored.status == "starting" else "unchanged"
        if stored.owner is not None:
            return "left"
        if stored.sequence >= self.read_from:
            return "end_overdue" if self._is_due(stored) else "left"
        return self._live(row, stored)

    def missing(self, stored: Stored) -> Step:
        """
        Return what an activity without a row needs.

        :param stored: what the table contains.
        """
        mine = stored.is_of(self.writer)
        step = self._without_row(stored, ends=self.ends_missing and mine)
        return "unchanged" if step == "missing" and not mine else step

    def _start(self, row: Row, stored: Stored | None) -> Step:
        if row.ended:
            return "unchanged"
        if row.due is not None and row.due <= self.now:
            raise InvalidPayload("end_time of a new activity is in the past.")
        if row.due is not None and row.due > self.now + MAX_LIFETIME:
            raise InvalidPayload("end_time is more than 8 hours away: iOS ends an activity after 8 hours.")
        if stored is None:
            return "start"
        return "unchanged" if self._was_refused(row, stored) else "restart"

    def _live(self, row: Row, stored: Stored) -> Step:
        if row.ended or (row.due is not None and row.due <= self.now):
            return self._end(stored, "end")
        if self._is_over(stored):
            return "expire"
        refused = self._was_refused(row, stored)
        if stored.status == "unknown" and self.options.on_unknown == "resend" and not refused:
            return "restart"
        if row.state_hash != stored.state_hash and not refused:
            spacing = max(self.options.min_update_interval, self.spacing)
            return "held_back" if self._wrote_within(spacing, stored) else "update"
        return "touch" if moves_end(row, stored) else "unchanged"

    def _without_row(self, stored: Stored, *, ends: bool) -> Step:
        if stored.status not in LIVE:
            return "unchanged"
        if stored.owner is not None:
            return "left"
        if self._is_due(stored):
            return self._end(stored, "end_overdue")
        if self._is_over(stored):
            return "expire"
        if stored.sequence >= self.read_from:
            return "left"
        return self._end(stored, "end") if ends else "missing"

    def _end(self, stored: Stored, step: Step) -> Step:
        if stored.rejected_hash == "end" and self._wrote_within(REJECTED_RETRY, stored):
            return "unchanged"
        return "held_back" if self._wrote_within(self.spacing, stored) else step

    def _is_due(self, stored: Stored) -> bool:
        return stored.due is not None and stored.due <= self.now

    def _is_over(self, stored: Stored) -> bool:
        return stored.started_at + MAX_LIFETIME <= self.now

    def _was_refused(self, row: Row, stored: Stored) -> bool:
        same = stored.rejected_hash is not None and stored.rejected_hash == row.row_hash
        return same and self._wrote_within(REJECTED_RETRY, stored)

    def _wrote_within(self, duration: timedelta, stored: Stored) -> bool:
        # Another worker's clock may be ahead, and a clock may have been set back.
        return abs(self.now - stored.updated_at) < duration


def moves_end(row: Row, stored: Stored) -> bool:
    """
    Return whether a row changes when or how its activity ends.

    :param row: the row.
    :param stored: what the table knows.
    """
    return (row.due, row.kept) != (stored.due, stored.kept)

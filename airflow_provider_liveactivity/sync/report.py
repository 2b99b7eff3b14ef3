"""Define the report of a sync, which becomes the XCom of the task."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, NotRequired, TypedDict, cast

#: Maximum number of bad rows that a report names.
MAX_PROBLEMS = 20


class Problem(TypedDict):
    """A bad row: its number in the query, from 1, and what is wrong. The reason contains no values."""

    row: int
    reason: str


class SyncReport(TypedDict):
    """
    What a sync returns: plain JSON without ids.

    ``rows``, ``unchanged``, ``bad_rows``, ``left`` and ``missing`` describe the last pass; all other numbers
    add up over all ``passes``. ``bad_rows`` were not sent; ``problems`` names the first 20 of them.
    ``rejected`` requests were refused by the vendor. ``unknown`` starts may have been carried out; they are
    not sent again. ``failed`` requests were not carried out, or may not have been, and the next pass repeats
    them. ``held_back`` requests wait for ``min_update_interval``. ``left`` activities belonged to another run
    at that moment. ``missing`` activities are on, but not in the query. ``expired`` activities were closed
    without a request, 8 hours after their start. ``requests`` counts HTTP requests, with retries. ``send_id``
    identifies the sync in the files of ``outcomes_path``; it is missing without them.
    """

    vendor: str
    rows: int
    started: int
    updated: int
    ended: int
    unchanged: int
    bad_rows: int
    rejected: int
    unknown: int
    failed: int
    held_back: int
    left: int
    missing: int
    expired: int
    requests: int
    passes: int
    seconds: float
    validate_only: bool
    problems: list[Problem]
    send_id: NotRequired[str]


@dataclass(slots=True)
class SyncCounts:
    """The counts of a sync over its passes."""

    rows: int = 0
    started: int = 0
    updated: int = 0
    ended: int = 0
    unchanged: int = 0
    bad_rows: int = 0
    rejected: int = 0
    unknown: int = 0
    failed: int = 0
    held_back: int = 0
    left: int = 0
    missing: int = 0
    expired: int = 0
    requests: int = 0
    passes: int = 0
    problems: list[Problem] = field(default_factory=list)

    def begin_pass(self) -> None:
        """Forget the numbers that describe one pass."""
        self.rows = self.unchanged = self.bad_rows = self.left = self.missing = 0
        self.problems = []

    def add_problem(self, row: int, reason: str) -> None:
        """
        Count a bad row.

        :param row: number of the row, from 1.
        :param reason: what is wrong, without values.
        """
        self.bad_rows += 1
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append({"row": row, "reason": reason})

    @property
    def outcomes(self) -> dict[str, int]:
        """Requests by outcome; each is for one activity."""
        accepted = self.started + self.updated + self.ended
        return {"accepted": accepted, "rejected": self.rejected, "unknown": self.unknown}

    def report(self, *, vendor: str, seconds: float, validate_only: bool, send_id: str = "") -> SyncReport:
        """
        Return the report.

        :param vendor: name of the vendor.
        :param seconds: duration of the sync.
        :param validate_only: whether nothing was sent.
        :param send_id: id of the sync in the files of outcomes; empty, the default, if there are none.
        """
        found: dict[str, Any] = {
            **asdict(self),
            "vendor": vendor,
            "seconds": round(seconds, 3),
            "validate_only": validate_only,
            **({"send_id": send_id} if send_id else {}),
        }
        return cast("SyncReport", {name: found[name] for name in SyncReport.__annotations__ if name in found})

"""How far a send is and how fast it goes, for the log and the UI."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow_provider_liveactivity.delivery.report import Tally

_TELL_SECONDS = 5.0
_MEASURE_SECONDS = 0.25


@dataclass(frozen=True, slots=True)
class Progress:
    """
    How far a send is.

    :param sent: people over all attempts whose request was answered, or never will be.
    :param total: people in all, where it is known.
    :param unknown: how many of those sent may or may not have been reached.
    :param people_per_second: speed since it was last told.
    :param requests_per_second: likewise.
    :param quota_left: requests left in the vendor's window, where it says.
    """

    sent: int
    total: int | None
    unknown: int
    people_per_second: float
    requests_per_second: float
    quota_left: int | None

    @property
    def percent(self) -> float | None:
        """The share of the people, from 0 to 100."""
        return round(100 * self.sent / self.total, 1) if self.total else None

    @property
    def seconds_left(self) -> int | None:
        """How long it takes at the present speed."""
        if self.total is None or not self.people_per_second:
            return None
        return round(max(self.total - self.sent, 0) / self.people_per_second)

    def __str__(self) -> str:
        parts = [f"{self.sent:,} sent" if self.total is None else f"{self.sent:,} of {self.total:,} sent"]
        if self.percent is not None:
            parts.append(f"{self.percent:.0f} %")
        parts.append(f"{self.people_per_second:,.0f} people/s in {self.requests_per_second:,.0f} requests/s")
        if self.seconds_left is not None:
            parts.append(f"about {self.seconds_left:,} s left")
        if self.unknown:
            parts.append(f"{self.unknown:,} unknown")
        if self.quota_left is not None:
            parts.append(f"{self.quota_left:,} requests left in the vendor's window")
        return ", ".join(parts)

    def to_json(self) -> dict[str, Any]:
        """Return it as plain JSON, without what is not known."""
        values = {
            "sent": self.sent,
            "total": self.total,
            "percent": self.percent,
            "unknown": self.unknown,
            "people_per_second": round(self.people_per_second),
            "requests_per_second": round(self.requests_per_second),
            "seconds_left": self.seconds_left,
            "quota_left": self.quota_left,
        }
        return {name: value for name, value in values.items() if value is not None}


class Meter:
    """
    Measures the speed of a send.

    :param tally: the counts it begins with.
    """

    def __init__(self, tally: Tally, timer: Callable[[], float] = time.monotonic) -> None:
        self._timer = timer
        self._measured = timer(), tally.requests
        self._told = timer(), tally.requests, tally.recipients
        #: Of the last quarter of a second that had any; None before there is one.
        self.requests_per_second: float | None = None
        #: Whether anything was told so far.
        self.has_told = False

    def measure(self, tally: Tally) -> bool:
        """Take the speed of the moment; return whether it is time to tell how far it is."""
        now = self._timer()
        measured_at, requests = self._measured
        if (seconds := now - measured_at) >= _MEASURE_SECONDS:
            if tally.requests > requests:  # a pause says nothing about the speed after it
                self.requests_per_second = (tally.requests - requests) / seconds
            self._measured = now, tally.requests
        return now - self._told[0] >= _TELL_SECONDS

    def progress(self, tally: Tally, total: int | None, quota_left: int | None) -> Progress:
        """Return how far the send is, and how fast it was since this was last asked."""
        now = self._timer(), tally.requests, tally.recipients
        seconds, requests, people = (new - old for new, old in zip(now, self._told, strict=True))
        seconds = max(seconds, 0.001)
        self._told, self.has_told = now, True
        return Progress(
            tally.recipients, total, tally.unknown, people / seconds, requests / seconds, quota_left
        )

"""Measure the progress and the speed of a send, for the log and the UI."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airflow_provider_liveactivity.models.moments import in_words

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow_provider_liveactivity.delivery.report import SendCounts

_REPORT_SECONDS = 5.0
_MEASURE_SECONDS = 0.25


@dataclass(frozen=True, slots=True)
class Progress:
    """
    The progress of a send.

    :param sent: recipients over all attempts whose outcome is final.
    :param total: recipients in all, if known.
    :param unknown: recipients among those sent whose outcome is unknown.
    :param people_per_second: recipients per second since the last report.
    :param requests_per_second: requests per second since the last report.
    :param quota_left: requests left in the vendor's quota window, if the vendor says.
    """

    sent: int
    total: int | None
    unknown: int
    people_per_second: float
    requests_per_second: float
    quota_left: int | None

    @property
    def percent(self) -> float | None:
        """Share of the recipients, 0 to 100."""
        return round(100 * self.sent / self.total, 1) if self.total else None

    @property
    def seconds_left(self) -> int | None:
        """Seconds until the end at the present speed."""
        if self.total is None or not self.people_per_second:
            return None
        return round(max(self.total - self.sent, 0) / self.people_per_second)

    def __str__(self) -> str:
        parts = [f"{self.sent:,} sent" if self.total is None else f"{self.sent:,} of {self.total:,} sent"]
        if self.percent is not None:
            parts.append(f"{self.percent:.0f} %")
        speed = f"{self.people_per_second:,.0f} recipients/s in {self.requests_per_second:,.0f} requests/s"
        parts.append(speed)
        if self.seconds_left:
            parts.append(f"about {in_words(self.seconds_left)} left")
        if self.unknown:
            parts.append(f"{self.unknown:,} unknown")
        if self.quota_left is not None:
            parts.append(f"{self.quota_left:,} requests left in the vendor's quota")
        return ", ".join(parts)

    def to_json(self) -> dict[str, Any]:
        """Return the known values as plain JSON."""
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


class ThroughputMeter:
    """
    Measures the speed of a send.

    :param counts: the counts at the beginning.
    :param timer: returns seconds that only increase.
    """

    def __init__(self, counts: SendCounts, timer: Callable[[], float] = time.monotonic) -> None:
        self._timer = timer
        self._measured = timer(), counts.requests
        self._reported = timer(), counts.requests, counts.recipients
        #: Throughput of the last quarter of a second with any request; None before the first one.
        self.requests_per_second: float | None = None
        #: Whether the progress was reported.
        self.has_reported = False

    def measure(self, counts: SendCounts) -> bool:
        """Measure the throughput; return whether a report of the progress is due."""
        now = self._timer()
        measured_at, requests = self._measured
        if (seconds := now - measured_at) >= _MEASURE_SECONDS:
            if (
                counts.requests > requests
            ):  # ignore pauses: the throughput after a pause is what it was before
                self.requests_per_second = (counts.requests - requests) / seconds
            self._measured = now, counts.requests
        return now - self._reported[0] >= _REPORT_SECONDS

    def progress(self, counts: SendCounts, total: int | None, quota_left: int | None) -> Progress:
        """Return the progress, with the speed since the last call."""
        now = self._timer(), counts.requests, counts.recipients
        seconds, requests, people = (new - old for new, old in zip(now, self._reported, strict=True))
        seconds = max(seconds, 0.001)
        self._reported, self.has_reported = now, True
        return Progress(
            counts.recipients, total, counts.unknown, people / seconds, requests / seconds, quota_left
        )

"""How far a send is and how fast it goes, for the log and the UI."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow_provider_liveactivity.report import Tally

_EVERY_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Progress:
    """
    How far a send is.

    :param tally: counts over all attempts.
    :param total: people in all, where it is known.
    :param people_per_second: speed over the last seconds.
    :param quota_remaining: requests left in the vendor's window, where it says.
    """

    tally: Tally
    total: int | None
    people_per_second: float
    quota_remaining: int | None

    def __str__(self) -> str:
        done, total, speed = self.tally.recipients, self.total, self.people_per_second
        parts = [f"{done:,} sent" if total is None else f"{done:,} of {total:,} sent"]
        if total:
            parts.append(f"{done / total:.0%}")
        parts.append(f"{speed:,.0f} a second")
        if total and speed:
            parts.append(f"about {max(total - done, 0) / speed:,.0f} s left")
        if self.tally.unknown:
            parts.append(f"{self.tally.unknown:,} unknown")
        if self.quota_remaining is not None:
            parts.append(f"{self.quota_remaining:,} requests left in the vendor's window")
        return ", ".join(parts)


class Meter:
    """Measures the speed of a send between one look and the next."""

    def __init__(self, timer: Callable[[], float] = time.monotonic) -> None:
        self._timer = timer
        self._at = timer()
        self._requests = self._people = 0
        self._told_at = self._at
        self.requests_per_second = 0.0
        self.people_per_second = 0.0

    def read(self, tally: Tally) -> bool:
        """Take the speed once a second; return whether it is time to tell somebody."""
        now = self._timer()
        if (seconds := now - self._at) >= 1.0:
            self.requests_per_second = (tally.requests - self._requests) / seconds
            self.people_per_second = (tally.recipients - self._people) / seconds
            self._at, self._requests, self._people = now, tally.requests, tally.recipients
        if now - self._told_at < _EVERY_SECONDS:
            return False
        self._told_at = now
        return True

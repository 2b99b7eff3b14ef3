"""Measure a send that is larger than the quota: idle time after a reset, and requests beyond the reserve."""

from __future__ import annotations

import statistics
from collections.abc import Iterator

from benchmarks.child import measure
from benchmarks.server import Bench, Window
from benchmarks.table import Table

LIMIT = 600
WINDOW_SECONDS = 3
RESERVE = 0.1
WORKERS = 48
LATENCY = 0.05


def run(server: Bench, databases: dict[str, str], *, quick: bool) -> Iterator[Table]:
    """Send more requests than several quota windows allow."""
    windows = 4 if quick else 8
    requests = round(LIMIT * (1 - RESERVE)) * windows
    source, where = next(iter(databases.items()))
    server.set(latency=LATENCY, limit=LIMIT, window=WINDOW_SECONDS)
    measured = measure(
        "engine",
        server.url,
        requests,
        source=source,
        where=where,
        max_workers=WORKERS,
        quota_reserve=RESERVE,
    )
    seen = server.set()
    # The first window had begun before, and the one after it is not typical either.
    idle = [window.first_at - window.start for window in seen.windows[2:]]
    spent = [window.last_at - window.first_at for window in seen.windows if window.accepted > LIMIT / 2]
    yield Table(
        f"Quota: {LIMIT} requests in {WINDOW_SECONDS} s, reserve {RESERVE:.0%}, {WORKERS} workers, "
        f"{LATENCY * 1000:.0f} ms latency",
        [
            {"figure": "requests", "value": requests},
            {"figure": "windows", "value": len(seen.windows)},
            {"figure": "seconds in all", "value": measured.seconds},
            {"figure": "429s received", "value": seen.refused},
            {"figure": "most requests beyond the reserve, in a window", "value": _beyond(seen.windows)},
            {"figure": "idle after a reset, median ms", "value": statistics.median(idle) * 1000},
            {"figure": "idle after a reset, worst ms", "value": max(idle) * 1000},
            {"figure": "window spent within, median ms", "value": statistics.median(spent) * 1000},
        ],
        "The reset header has whole seconds, as at the vendor.",
    )


def _beyond(windows: list[Window]) -> int:
    return max(0, *(window.accepted - round(LIMIT * (1 - RESERVE)) for window in windows))

"""How often the metrics of a send are emitted, and how many packets that takes."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import pytest

from airflow_provider_liveactivity.http.client import SendResult
from airflow_provider_liveactivity.vendors.base import Quota, Request, RetrySafety
from tests.support.airflow_versions import needs_observability
from tests.support.fake_vendor import Audience, Vendor, make_sender
from tests.support.state_store import CrashingStore, ProcessDied

pytestmark = needs_observability

START = Request("start", "/start", b"{}", RetrySafety.NOT_IDEMPOTENT, recipients=50)


@dataclass
class Stats:
    """Airflow's module of the same name, as far as it is used."""

    packets: list[tuple[str, Any]] = field(default_factory=list)

    def incr(self, name: str, count: int, *, tags: dict[str, str]) -> None:
        """Count a packet of a counter."""
        self.packets.append((name, count))

    timing = gauge = incr


@pytest.fixture
def stats(monkeypatch: pytest.MonkeyPatch) -> Stats:
    from airflow.sdk import observability

    stats = Stats()
    monkeypatch.setattr(observability, "stats", stats, raising=False)
    return stats


def test_requests_are_counted_and_emitted_every_five_seconds(stats: Stats) -> None:
    from airflow_provider_liveactivity.hooks._metrics import Metrics

    now = SimpleNamespace(seconds=100.0)
    metrics = Metrics("braze", monotonic=lambda: cast("float", now.seconds))
    for _ in range(7_000):
        metrics.observe(START, SendResult(1, seconds=0.1), Quota(remaining=9))
    assert stats.packets == []
    now.seconds += 5.0
    metrics.observe(START, SendResult(1, seconds=0.1), Quota(remaining=9))
    assert ("liveactivity.requests", 7_001) in stats.packets
    assert len(stats.packets) <= 60
    stats.packets.clear()
    metrics.emit()
    assert stats.packets == []


def test_a_request_that_never_left_is_not_counted(stats: Stats) -> None:
    from airflow_provider_liveactivity.hooks._metrics import Metrics

    metrics = Metrics("braze")
    metrics.observe(START, SendResult(0), Quota())
    metrics.emit()
    assert stats.packets == []


def test_the_retry_after_a_killed_worker_adds_what_that_one_left_unknown() -> None:
    killed, audience = CrashingStore(die_at=(2, False)), Audience(40)
    with pytest.raises(ProcessDied):
        make_sender(audience, Vendor(), killed).run()
    send = make_sender(audience, Vendor(), killed.for_next_process())
    counts = send.run()
    assert counts.unknown
    assert send.added["unknown"] == counts.unknown

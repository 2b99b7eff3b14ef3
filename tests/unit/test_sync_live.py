"""Live mode: one task reads again and again, on an injected clock."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_liveactivity.errors import InvalidPayload, SendStopped
from airflow_provider_liveactivity.sync.runner import LiveMode
from tests.support.clock import NOW
from tests.support.sync_bench import Bench, minutes

EVERY_10_SECONDS = timedelta(seconds=10)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    bench.engine.dispose()


def test_changes_are_sent_within_the_interval_over_the_same_connections(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Any] = []
    client = bench.vendor.client

    def make(*args: Any) -> Any:
        made.append(args)
        return client(*args)

    monkeypatch.setattr(bench.vendor, "client", make)
    sent: dict[int, float] = {}
    changed: dict[int, float] = {}

    def change(state: int) -> None:
        changed[state] = bench.clock.seconds
        bench.rows = [bench.row("a", state)]

    bench.rows = [bench.row("a")]
    for state in range(1, 20):
        bench.clock.call_at(NOW + timedelta(seconds=17 * state), partial(change, state))
    bench.vendor.on_request = lambda: sent.setdefault(len(bench.vendor.requests), bench.clock.seconds)
    report = bench.sync(live=LiveMode(EVERY_10_SECONDS, NOW + minutes(6)))
    assert report["updated"] == 19
    assert report["passes"] == 37
    waited = [sent[state] - changed[state] for state in changed]
    assert max(waited) <= 10
    assert statistics.median(waited) <= 5.2
    assert len(made) <= 2  # one for each worker


def test_the_last_pass_is_at_the_moment_itself_and_ends_what_is_due_then(bench: Bench) -> None:
    bench.rows = [bench.row("a", end_time=NOW + timedelta(seconds=25))]
    report = bench.sync(live=LiveMode(EVERY_10_SECONDS, NOW + timedelta(seconds=25)))
    assert (report["passes"], report["ended"]) == (4, 1)
    assert bench.clock.moment == NOW + timedelta(seconds=25)


def test_an_event_wakes_the_task_before_the_interval_is_over(bench: Bench) -> None:
    bench.rows = [bench.row("a")]
    asked: list[float] = []

    def wake(seconds: float) -> bool:
        asked.append(seconds)
        bench.clock.advance(seconds=0.5)
        if len(asked) == 1:
            bench.rows = [bench.row("a", 1)]
            return True
        bench.clock.advance(seconds=seconds)
        return False

    report = bench.sync(live=LiveMode(minutes(1), NOW + minutes(1), wake))
    assert report["updated"] == 1
    assert max(asked) <= 1  # a stop is noticed within a second


def test_a_task_that_is_asked_to_stop_leaves_between_two_passes(bench: Bench) -> None:
    bench.rows = [bench.row("a")]
    sync: Any = None

    def stop(seconds: float) -> None:
        sync.stop()

    sync = bench.make(sleep=stop)
    with pytest.raises(SendStopped):
        sync.run(LiveMode(EVERY_10_SECONDS, NOW + minutes(1)))
    assert sync.counts.passes == 1
    assert bench.statuses() == {"a": "on"}


def test_updates_within_the_interval_of_an_activity_coalesce_to_the_newest(bench: Bench) -> None:
    bench.rows = [bench.row("a")]
    for state in range(1, 7):
        moment = NOW + timedelta(seconds=9 * state)
        bench.clock.call_at(moment, partial(setattr, bench, "rows", [bench.row("a", state)]))
    live = LiveMode(EVERY_10_SECONDS, NOW + minutes(2))
    report = bench.sync(live=live, min_update_interval=timedelta(seconds=30))
    assert bench.vendor.shown["a"] == [{"state": state} for state in (0, 3, 6)]
    assert report["held_back"] == 4


def test_rows_that_can_be_read_once_only_are_refused(bench: Bench) -> None:
    with pytest.raises(InvalidPayload, match="rows must be a list of dicts, or a function"):
        bench.sync(iter([bench.row("a")]))


def test_an_interval_of_nothing_is_refused() -> None:
    with pytest.raises(InvalidPayload, match="poll_interval must be longer than 0"):
        LiveMode(timedelta(0), NOW)

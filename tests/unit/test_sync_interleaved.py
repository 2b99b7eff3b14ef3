"""Runs that overlap and die at any point, on an unreliable vendor: the promises hold whatever happens."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from airflow_provider_liveactivity.errors import LiveActivityError
from airflow_provider_liveactivity.sync.plan import REJECTED_RETRY
from airflow_provider_liveactivity.sync.records import Writer
from tests.support.profiles import examples
from tests.support.state_store import ProcessDied
from tests.support.sync_bench import OUTCOMES, Bench

NAMES = ["a", "b", "c", "d"]
#: Accesses of a pass: 1 begin, 2 end, 3 recover, 4 read, 5 the first claim, then results and claims in turn.
POINTS = st.sampled_from([5, 2, 4, 5, 6, 7, 5, 8, 3])
FATES = st.lists(st.sampled_from(["accept", "accept", "accept", *OUTCOMES]), min_size=1, max_size=4)
LEASE_AND_RETRY = max(timedelta(minutes=6), REJECTED_RETRY)


def die() -> None:
    raise ProcessDied


class Runs(RuleBasedStateMachine):
    """Activities that come, change, end and vanish; and passes of several runs."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory()
        self.bench = Bench(Path(self._folder.name))
        self.version = 0
        self.world: dict[str, dict[str, Any]] = {}

    @initialize()
    def begin(self) -> None:
        """Begin with two activities that are on."""
        for name in NAMES[:2]:
            self.change(name, None)
        self._run(["accept"])

    def teardown(self) -> None:
        self.bench.engine.dispose()
        self._folder.cleanup()

    @rule(name=st.sampled_from(NAMES), minutes=st.sampled_from([None, 5, 60]))
    def change(self, name: str, minutes: int | None) -> None:
        """Let an activity come, or change its state and its end."""
        self.version += 1
        fields: dict[str, Any] = (
            {"end_time": self.bench.clock() + timedelta(minutes=minutes)} if minutes else {}
        )
        self.world[name] = self.bench.row(name, self.version, **fields)

    @precondition(lambda self: self.world)
    @rule(data=st.data())
    def end(self, data: st.DataObject) -> None:
        """End an activity."""
        name = data.draw(st.sampled_from(sorted(self.world)))
        self.world[name] = {**self.world[name], "ended": True}

    @precondition(lambda self: self.world)
    @rule(data=st.data())
    def vanish(self, data: st.DataObject) -> None:
        """Take a row out of the query."""
        del self.world[data.draw(st.sampled_from(sorted(self.world)))]

    @rule(minutes=st.sampled_from([1, 5, 20]))
    def wait(self, minutes: int) -> None:
        """Let time pass."""
        self.bench.clock.advance(minutes=minutes)

    @rule(fates=FATES)
    def run(self, fates: list[str]) -> None:
        """Make a pass without interruption."""
        self._run(fates)

    @rule(fates=FATES, point=POINTS, dies=st.booleans(), change=st.booleans())
    def overlap(self, fates: list[str], point: int, *, dies: bool, change: bool) -> None:
        """Make a pass inside of another one, which may then die."""

        def other() -> None:
            if change:
                self._change_all()
            self._run(["accept"])

        self._change_all()
        interrupt = {point: other}
        if dies:
            interrupt[point + 1] = die
        self._run(fates, interrupt)

    def _change_all(self) -> None:
        for name in self.world:
            self.version += 1
            self.world[name] = {**self.world[name], "content_state": {"state": self.version}}

    @rule(fates=FATES, point=POINTS, retries=st.booleans())
    def crash(self, fates: list[str], point: int, *, retries: bool) -> None:
        """Let the process die at some point of its pass; a retry may follow at once."""
        writer = Writer("dag", "run", "task", "0" * 16)
        self._run(fates, {point: die}, writer)
        if retries:
            self._run(["accept"], None, writer)

    def _run(
        self,
        fates: list[str],
        interrupt: dict[int, Callable[[], Any]] | None = None,
        writer: Writer | None = None,
    ) -> None:
        answers = iter(fates)
        before = self.bench.vendor.fate
        self.bench.vendor.fate = lambda verb, name: next(answers, "accept")
        sync = self.bench.make(
            lambda: [dict(row) for row in self.world.values()], interrupt=interrupt, writer=writer
        )
        try:
            with suppress(ProcessDied, LiveActivityError):
                sync.run()
        finally:
            self.bench.vendor.fate = before

    @invariant()
    def nothing_was_started_twice(self) -> None:
        assert max(self.bench.vendor.starts.values(), default=0) <= 1

    @invariant()
    def no_old_state_follows_a_newer_one(self) -> None:
        for states in self.bench.vendor.shown.values():
            shown = [state["state"] for state in states]
            assert shown == sorted(shown)

    @rule()
    def settle(self) -> None:
        """After all leases and waits are over, one good pass brings the phones to what the rows say."""
        self.bench.clock.advance(seconds=LEASE_AND_RETRY.total_seconds())
        now = self.bench.clock()
        for name, row in list(self.world.items()):
            if row.get("end_time", now) < now and name not in self.bench.statuses():
                del self.world[name]  # a new row whose end is over is bad
        self._run(["accept"])
        statuses = self.bench.statuses()
        assert "starting" not in statuses.values()
        on = {name for name, status in statuses.items() if status in {"on", "unknown"}}
        for name in on:
            stored = self.bench.stored(name)
            assert stored.owner is None
            if name not in self.world:
                assert stored.due is None or stored.due > str(now)[:19]
                continue
            wanted = self.world[name]
            assert not wanted.get("ended")
            assert wanted.get("end_time", now + timedelta(1)) > now
            if self.bench.vendor.starts[name]:
                assert self.bench.vendor.shown[name][-1] == wanted["content_state"]


TestRuns = Runs.TestCase
TestRuns.settings = settings(
    max_examples=examples(25),
    stateful_step_count=20,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)

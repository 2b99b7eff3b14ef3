"""A sync in bad surroundings: a database that fails, rows that cannot end, a clock that is set, a stop."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from airflow_provider_liveactivity.errors import LiveActivityError, SendStopped
from airflow_provider_liveactivity.http.client import SendResult
from airflow_provider_liveactivity.sync.plan import REJECTED_RETRY
from airflow_provider_liveactivity.sync.records import Writer
from airflow_provider_liveactivity.sync.row_vendor import TooSoon
from airflow_provider_liveactivity.sync.runner import LiveMode
from airflow_provider_liveactivity.sync.source import read_query
from tests.support.clock import NOW
from tests.support.sync_bench import Bench, minutes


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    bench.engine.dispose()


@pytest.mark.parametrize("event", ["INSERT", "UPDATE"])
def test_an_error_of_the_state_database_shows_no_values_and_leaves_no_start_to_be_repeated(
    bench: Bench, caplog: pytest.LogCaptureFixture, event: str
) -> None:
    """SQLAlchemy quotes all bound parameters, and PostgreSQL the failing row."""
    bench.sync([])
    fails = f"CREATE TRIGGER t BEFORE {event} ON state BEGIN INSERT INTO absent VALUES (1); END"
    with bench.engine.begin() as connection:
        connection.execute(sa.text(fails))
    rows = [
        bench.row(
            "secret", '{"name": "secret"}', end_notification={"alert": {"title": "secret", "body": "b"}}
        )
    ]
    with pytest.raises(LiveActivityError, match="state table") as caught:
        bench.sync(rows)
    logging.getLogger("airflow_provider_liveactivity").error("failed", exc_info=caught.value)
    assert "secret" not in caplog.text
    assert caught.value.retryable
    with bench.engine.begin() as connection:
        connection.execute(sa.text("DROP TRIGGER t"))
    bench.clock.advance(minutes=6)
    bench.sync(rows)
    assert bench.vendor.starts == {"secret": 1}


def test_rows_of_another_task_on_the_same_table_are_not_missing(bench: Bench) -> None:
    orders, returns = Writer("dag", "r1", "orders"), Writer("dag", "r1", "returns")
    bench.sync([bench.row("order-1"), bench.row("order-2")], writer=orders)
    report = bench.sync([bench.row("return")], writer=returns, on_missing="end")
    assert (report["ended"], report["missing"]) == (0, 0)
    assert bench.sync([bench.row("order-1")], writer=orders, on_missing="end")["ended"] == 1
    assert bench.vendor.ended == {"order-2"}


UNUSABLE_ENDS: list[dict[str, Any]] = [
    {"end_notification": "{no json"},
    {"dismissal_date": datetime(2026, 7, 22, 13)},  # noqa: DTZ001
    {"end_notification": {"alert": {"title": "x" * 2_000, "body": "x" * 2_000}}},
]


@pytest.mark.parametrize("fields", UNUSABLE_ENDS)
def test_a_row_whose_end_cannot_be_sent_is_bad_before_its_start(bench: Bench, fields: dict[str, Any]) -> None:
    report = bench.sync([bench.row("a", end_time=NOW + minutes(5), **fields)])
    assert (report["bad_rows"], report["started"]) == (1, 0)


@pytest.mark.parametrize("fields", UNUSABLE_ENDS)
@pytest.mark.parametrize("state", [0, 1])
def test_an_unusable_end_does_not_replace_a_usable_one(
    bench: Bench, fields: dict[str, Any], state: int
) -> None:
    bench.sync([bench.row("a", end_time=NOW + minutes(5))])
    report = bench.sync([bench.row("a", state, end_time=NOW + minutes(5), **fields)])
    assert (report["bad_rows"], report["updated"]) == (1, 0)
    bench.clock.advance(minutes=5)
    assert bench.sync([])["ended"] == 1


@pytest.mark.parametrize("content_state", [None, {"text": "x" * 4_096}, {"eta": float("nan")}])
def test_an_ended_row_without_a_usable_state_ends_with_the_last_one(bench: Bench, content_state: Any) -> None:
    bench.sync([bench.row("a", 7)])
    report = bench.sync([{**bench.row("a"), "content_state": content_state, "ended": True}])
    assert (report["ended"], report["bad_rows"]) == (1, 1)
    assert bench.vendor.shown["a"] == [{"state": 7}, {"state": 7}]


def test_of_two_rows_of_one_activity_neither_ends_it(bench: Bench) -> None:
    bench.sync([bench.row("a")])
    assert bench.sync([bench.row("a", ended=True), bench.row("a")])["ended"] == 0


def test_a_change_that_is_refused_as_too_soon_after_a_lost_attempt_is_not_certain(bench: Bench) -> None:
    """MoEngage carries out the first attempt, its answer is lost, and it refuses the second as too soon."""
    bench.sync([bench.row("a", 0)])
    answer = bench.vendor.answer

    def lost_then_refused(request: Any) -> SendResult:
        answer(request)
        return SendResult(2, error=TooSoon("409.", status=409), outcome_unknown=True)

    bench.vendor.answer = lost_then_refused  # type: ignore[method-assign]
    bench.sync([bench.row("a", 1)])
    bench.vendor.answer = answer  # type: ignore[method-assign]
    bench.sync([bench.row("a", 0)])
    assert bench.vendor.shown["a"][-1] == {"state": 0}


def test_the_end_of_an_activity_moves_while_its_update_is_held_back(bench: Bench) -> None:
    bench.sync([bench.row("a", end_time=NOW + minutes(60))])
    moved = bench.row("a", 1, end_time=NOW + minutes(10))
    assert bench.sync([moved], min_update_interval=minutes(30))["held_back"] == 1
    bench.clock.advance(minutes=10)
    assert bench.sync([])["ended"] == 1


def test_a_refused_second_start_is_not_repeated_by_every_pass(bench: Bench) -> None:
    bench.sync([bench.row("on")])
    bench.vendor.fate = lambda verb, _: "lost"
    bench.sync([bench.row("on"), bench.row("a")])
    bench.vendor.fate = lambda verb, _: "reject"
    assert bench.sync([bench.row("a")], on_unknown="resend")["rejected"] == 1
    assert bench.sync([bench.row("a")], on_unknown="resend")["requests"] == 0
    bench.clock.advance(seconds=REJECTED_RETRY.total_seconds())
    bench.vendor.fate = lambda verb, _: "accept"
    assert bench.sync([bench.row("a")], on_unknown="resend")["started"] == 1


def test_an_unknown_activity_is_not_started_again_after_its_eight_hours(bench: Bench) -> None:
    bench.vendor.fate = lambda verb, _: "lost_but_carried_out"
    bench.sync([bench.row("a")])
    bench.clock.advance(hours=8)
    assert bench.sync([bench.row("a")], on_unknown="resend")["expired"] == 1


def test_a_clock_that_is_set_back_does_not_stop_the_passes(bench: Bench) -> None:
    bench.rows = [bench.row("a")]
    waits: list[float] = []

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 1:
            bench.clock.advance(hours=-1)
            bench.rows = [bench.row("a", 1)]
        elif len(waits) > 100:
            sync.stop()
        bench.clock.advance(seconds=seconds)

    sync = bench.make(sleep=sleep)
    with pytest.raises(SendStopped):
        sync.run(LiveMode(timedelta(seconds=10), NOW + minutes(1)))
    assert bench.vendor.shown["a"][-1] == {"state": 1}


def test_a_stop_is_noticed_between_two_blocks_of_rows_without_changes(bench: Bench) -> None:
    rows = [bench.row(f"order-{number}") for number in range(2_000)]
    bench.sync(rows, workers=64)
    reads: list[Any] = []
    sync = bench.make(rows)
    read = sync._table.read

    def stopping(keys: Any) -> Any:
        reads.append(keys)
        sync.stop()
        return read(keys)

    sync._table.read = stopping  # type: ignore[method-assign]
    with pytest.raises(SendStopped):
        sync.run()
    assert len(reads) == 1


def test_a_task_that_is_asked_to_stop_reads_no_rows_again(bench: Bench) -> None:
    read: list[int] = []

    def rows() -> list[dict[str, Any]]:
        read.append(1)
        return [bench.row("a")]

    def stop(_: float) -> None:
        sync.stop()

    sync = bench.make(rows, sleep=stop)
    with pytest.raises(SendStopped):
        sync.run(LiveMode(timedelta(seconds=10), NOW + minutes(1)))
    assert len(read) == 1


def test_names_that_a_database_returns_in_capitals_are_columns(tmp_path: Path) -> None:
    class Hook:
        conn_type = "sqlite"

        def get_conn(self) -> sqlite3.Connection:
            return sqlite3.connect(tmp_path / "rows.sqlite")

    (row,) = read_query(Hook(), "SELECT 1 AS ACTIVITY_ID, 2 AS Content", None)()
    assert row == {"activity_id": 1, "Content": 2}


@pytest.mark.parametrize(
    "fields",
    [{"external_user_ids": "[" * 100_000, "external_user_id": None}, {"external_user_id": "x" * 998}],
)
def test_ids_that_no_vendor_has_make_a_bad_row(bench: Bench, fields: dict[str, Any]) -> None:
    report = bench.sync([bench.row("good"), {**bench.row("bad"), **fields}])
    assert (report["started"], report["bad_rows"]) == (1, 1)

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import httpx
import pytest

from airflow_provider_liveactivity.sandbox import RunningSandbox
from demo import braze_events, deliveries

OPENS_AT = datetime(2026, 11, 24, 18, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
Run = Callable[..., str]


def phones(sandbox: RunningSandbox) -> dict[int, dict[str, Any]]:
    shown = httpx.get(f"{sandbox.url}/sandbox/phones").json()["phones"]
    return {phone["attributes"]["orderNumber"]: phone for phone in shown}


def requests(sandbox: RunningSandbox) -> list[str]:
    sent = httpx.get(f"{sandbox.url}/sandbox/requests").json()["requests"]
    return sorted(request["path"].rpartition("/")[2] for request in sent)


class Shop:
    """Orders in the warehouse of a test, placed ten minutes ago, and what happens to them."""

    def __init__(self, warehouse: Path) -> None:
        self._warehouse = warehouse
        self._placed_at = datetime.now(UTC) - 10 * MINUTE
        deliveries.load(warehouse, self._placed_at, orders=0)

    def tell(self, minute: int, **events: str) -> None:
        """Write the event of each order, by its number, in a minute after it was placed."""
        with duckdb.connect(self._warehouse) as connection:
            for name, status in events.items():
                number = int(name.removeprefix("order_"))
                key, moment = f"{number:04}-{self._placed_at:%m%d}", self._placed_at + minute * MINUTE
                if not minute:
                    order = [key, number, f"guest-{number}", "Green Bowl"]
                    connection.execute("INSERT INTO orders VALUES (?, ?, ?, ?)", order)
                connection.execute(
                    "INSERT INTO order_events VALUES (?, ?, ?, ?)", [key, status, 30 - minute, moment]
                )


@pytest.fixture
def shop(sandbox: RunningSandbox, tmp_path: Path) -> Shop:
    return Shop(tmp_path / "warehouse.duckdb")


def test_each_run_sends_what_has_changed_of_the_orders(run: Run, sandbox: RunningSandbox, shop: Shop) -> None:
    shop.tell(0, order_1="Placed", order_2="Placed", order_3="Placed")
    run("deliveries")

    assert requests(sandbox) == ["start"] * 3
    assert {phone["user"] for phone in phones(sandbox).values()} == {"guest-1", "guest-2", "guest-3"}
    assert phones(sandbox)[1]["content_state"] == {"status": "Placed", "minutesLeft": 30}

    shop.tell(5, order_1="Nearby", order_2="Delivered", order_4="Placed")
    shop.tell(0, order_4="Placed")
    run("deliveries", until="2025-07-22T22:00:00Z", poll_interval="PT1S")  # it is over: one pass

    assert requests(sandbox) == ["start"] * 4 + ["update"] * 2
    shown = phones(sandbox)
    assert {number: phone["status"] for number, phone in shown.items()} == {
        1: "running", 2: "ended", 3: "running", 4: "running"
    }  # fmt: skip
    assert shown[1]["alerts"][-1]["body"] == "Your courier is almost there"
    assert shown[2]["content_state"] == {"status": "Delivered", "minutesLeft": 25}
    assert {phone["cards"] for phone in shown.values()} == {1}


def test_without_orders_nothing_is_sent(run: Run, sandbox: RunningSandbox, shop: Shop) -> None:
    run("deliveries")

    assert requests(sandbox) == []


def test_reconciling_tells_the_starts_without_an_event_from_those_that_failed_on_the_phone(
    run: Run, sandbox: RunningSandbox, shop: Shop, tmp_path: Path
) -> None:
    shop.tell(0, order_1="Placed", order_2="Placed", order_3="Placed", order_4="Placed")
    run("deliveries")
    database = tmp_path / "sync_state.sqlite"
    outcomes = {1: "Success", 2: "BadDeviceToken"}
    braze_events.load(
        database, phones(sandbox).values(), lambda phone: outcomes.get(phone["attributes"]["orderNumber"])
    )
    with closing(sqlite3.connect(database)) as connection, connection:
        lost = "UPDATE live_activity_state SET status = 'unknown' WHERE activity_id LIKE 'order/0004-%'"
        connection.execute(lost)

    later = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    for _ in range(2):  # the second run replaces the table
        run("reconcile_with_braze", started_before=later)

    with closing(sqlite3.connect(database)) as connection:
        found = connection.execute(
            "SELECT activity_id, finding FROM live_activity_findings ORDER BY 1"
        ).fetchall()
    assert {int(activity_id[6:10]): finding for activity_id, finding in found} == {
        1: "on the phone",
        2: "failed on the phone",
        3: "started, no event",
        4: "unknown, no event",
    }


def test_reconciling_compares_one_day(run: Run, sandbox: RunningSandbox, shop: Shop, tmp_path: Path) -> None:
    shop.tell(0, order_1="Placed")
    run("deliveries")
    braze_events.load(tmp_path / "sync_state.sqlite", [])

    run("reconcile_with_braze", started_before="2025-07-22T12:00:00Z")

    with closing(sqlite3.connect(tmp_path / "sync_state.sqlite")) as connection:
        assert connection.execute("SELECT count(*) FROM live_activity_findings").fetchone() == (0,)


@pytest.fixture(scope="module")
def rush(tmp_path_factory: pytest.TempPathFactory) -> duckdb.DuckDBPyConnection:
    path = tmp_path_factory.mktemp("rush") / "warehouse.duckdb"
    deliveries.load(path, OPENS_AT, lasts=timedelta(hours=1))
    return duckdb.connect(path, read_only=True)


def test_every_order_of_a_rush_is_over_in_its_time(rush: duckdb.DuckDBPyConnection) -> None:
    over = "SELECT count(*), max(happened_at) FROM order_events WHERE status IN ('Delivered', 'Cancelled')"
    later = OPENS_AT + timedelta(seconds=deliveries.PERIOD_SECONDS)
    found = rush.execute(f"{over} AND happened_at < ?", [later]).fetchone()

    assert found is not None
    assert found[0] == deliveries.ORDERS
    assert found[1] <= OPENS_AT + timedelta(seconds=deliveries.RUSH_SECONDS)


def test_an_order_goes_through_the_kitchen_and_over_the_road(rush: duckdb.DuckDBPyConnection) -> None:
    ways = rush.execute(
        "SELECT DISTINCT list(status ORDER BY happened_at) FROM order_events GROUP BY order_key"
    ).fetchall()

    assert sorted(way for (way,) in ways) == [
        ["Placed", "Cooking", "Cancelled"],
        ["Placed", "Cooking", "On the way", "Nearby", "Delivered"],
    ]


def test_the_orders_are_the_same_on_every_machine(rush: duckdb.DuckDBPyConnection) -> None:
    first = rush.execute(
        "SELECT order_key, external_id, restaurant, min(happened_at), max(minutes_left)"
        " FROM orders JOIN order_events USING (order_key) GROUP BY ALL ORDER BY order_key LIMIT 1"
    ).fetchone()

    placed_at = OPENS_AT + timedelta(seconds=49.614)
    assert first == ("0001-1124T180000Z", "guest-15dac3875ad0", "Lucky Noodle", placed_at, 32)

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb
import pytest

from demo import warehouse
from demo.stack import connections

NOON = datetime(2026, 7, 22, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def query(path: Path, sql: str) -> list[Any]:
    with duckdb.connect(path, read_only=True) as connection:
        return connection.execute(sql).fetchall()


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("warehouse") / "warehouse.duckdb"
    warehouse.load(path, NOON, lasts=HOUR)
    return path


def test_a_bank_of_flights_leaves_and_lands_within_its_time(path: Path) -> None:
    first_bank = list(warehouse.timetable(path).values())[:14]
    lands_at = [flight.lands_at for flight in first_bank]
    assert all(moment.tzinfo for moment in lands_at)
    assert max(lands_at) == NOON + timedelta(seconds=warehouse.BANK_SECONDS)

    (departs_at,) = query(path, "SELECT min(departs_at) FROM flights")[0]
    assert departs_at == NOON


def test_there_is_always_a_next_bank(path: Path) -> None:
    departures = query(path, "SELECT departs_at FROM flights ORDER BY departs_at")
    moments = [moment for (moment,) in departures]
    period = timedelta(seconds=warehouse.PERIOD_SECONDS)
    assert max(after - before for before, after in pairwise(moments)) < period
    assert moments[-1] > NOON + HOUR - period


def test_flights_keep_their_order_their_route_and_their_delay(path: Path) -> None:
    # US 2126 to Boston was 45 minutes late that day, and landed 72 minutes late.
    rows = query(
        path,
        "SELECT origin, destination, scheduled_departure, departure_delay, arrival_delay FROM flights"
        " WHERE flight = 'US 2126' AND departs_at < TIMESTAMPTZ '2026-07-22 12:02:00+00'",
    )
    assert rows == [("LGA", "BOS", "12:00", 45, 72)]


def test_two_flights_of_a_bank_need_more_than_one_request(path: Path) -> None:
    sizes = query(
        path,
        "SELECT count(*) FROM passengers JOIN flights USING (flight_key)"
        " WHERE departs_at < TIMESTAMPTZ '2026-07-22 12:02:00+00' GROUP BY flight_key",
    )
    assert len(sizes) == 14
    assert sum(size > 50 for (size,) in sizes) == 2


def test_the_same_people_sit_in_the_same_seats_on_every_machine(path: Path) -> None:
    seats = query(
        path,
        "SELECT DISTINCT flight, seat, external_id FROM passengers JOIN flights USING (flight_key)"
        " WHERE flight = 'US 2126' ORDER BY seat LIMIT 2",
    )
    assert seats == [("US 2126", "1A", "pax-f0be2dbeaa06"), ("US 2126", "1B", "pax-b52dd1f815b2")]


def test_tasks_may_read_it_all_at_once(path: Path) -> None:
    connection = json.loads(connections("http://127.0.0.1:1", path)["AIRFLOW_CONN_WAREHOUSE"])
    assert connection["extra"] == {"read_only": True}

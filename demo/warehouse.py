"""The warehouse: a real day of flights in a DuckDB file, on a compressed clock."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import duckdb

HERE = Path(__file__).parent
BANK_SECONDS = 100  # from a bank's first departure to its last landing
PERIOD_SECONDS = 240  # from one bank to the next


class Flight(NamedTuple):
    """
    A flight, as the demo shows it.

    :param flight_key: unique in the warehouse.
    :param flight: carrier and number.
    :param origin: airport code.
    :param destination: airport code.
    :param delay: minutes by which it left late; negative is early.
    :param lands_at: on the demo's clock.
    """

    flight_key: str
    flight: str
    origin: str
    destination: str
    delay: int
    lands_at: datetime


def load(
    path: Path,
    first_departure: datetime,
    *,
    bank_size: int = 14,
    bank_seconds: int = BANK_SECONDS,
    period_seconds: int = PERIOD_SECONDS,
    lasts: timedelta = timedelta(hours=12),
) -> None:
    """
    Write flights, passengers and matches.

    :param path: the file to create; it must not exist.
    :param first_departure: departure of the first bank, on the demo's clock.
    :param bank_size: number of flights in a bank.
    :param bank_seconds: seconds from the first departure of a bank to its last landing.
    :param period_seconds: seconds from one bank to the next.
    :param lasts: how long banks keep leaving.
    """
    variables = {
        "csv": str(HERE / "flights_2013-07-22.csv"),
        "first_departure": first_departure,
        "bank_size": bank_size,
        "bank_seconds": bank_seconds,
        "period_seconds": period_seconds,
        "banks": max(1, int(lasts.total_seconds() // period_seconds)),
    }
    with duckdb.connect(path) as connection:
        for name, value in variables.items():
            connection.execute(f"SET VARIABLE {name} = $value", {"value": value})
        connection.execute((HERE / "warehouse.sql").read_text())


def timetable(path: Path) -> dict[str, Flight]:
    """Return the flights by their key, in the order in which they leave."""
    with duckdb.connect(path, read_only=True) as connection:
        rows = connection.execute(
            "SELECT flight_key, flight, origin, destination, departure_delay, lands_at FROM flights"
            " ORDER BY departs_at, flight_key"
        ).fetchall()
    return {flight.flight_key: flight for flight in map(Flight._make, rows)}

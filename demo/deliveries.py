"""The orders of a food delivery, in the same DuckDB file as the flights, on a compressed clock."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import duckdb

HERE = Path(__file__).parent
ORDERS = 120
RUSH_SECONDS = 100  # from the first order of a rush to its last delivery, at most
PERIOD_SECONDS = 900  # from one rush to the next


def load(
    path: Path,
    opens_at: datetime,
    *,
    orders: int = ORDERS,
    rush_seconds: int = RUSH_SECONDS,
    period_seconds: int = PERIOD_SECONDS,
    lasts: timedelta = timedelta(hours=12),
) -> None:
    """
    Write orders and their events.

    :param path: the DuckDB file; it must not contain these tables.
    :param opens_at: start of the first rush.
    :param orders: number of orders in a rush.
    :param rush_seconds: seconds that a rush of 100 minutes is compressed to.
    :param period_seconds: seconds from one rush to the next.
    :param lasts: how long rushes keep coming.
    """
    variables = {
        "opens_at": opens_at,
        "orders": orders,
        "rush_seconds": rush_seconds,
        "period_seconds": period_seconds,
        "rushes": max(1, int(lasts.total_seconds() // period_seconds)),
    }
    with duckdb.connect(path) as connection:
        for name, value in variables.items():
            connection.execute(f"SET VARIABLE {name} = $value", {"value": value})
        connection.execute((HERE / "deliveries.sql").read_text())

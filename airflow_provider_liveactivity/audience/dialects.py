"""Describe where databases differ from standard SQL: names, comparison and reading."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

#: Unusual names, because a table of the same name in the query would be read as a recursion by SQLite.
AUDIENCE = "live_activity_audience"
PEOPLE = "live_activity_people"


@dataclass(frozen=True, slots=True)
class Dialect:
    """
    The SQL of one family of databases. ``{}`` and ``{0}`` stand for a column.

    :param text: the column as text that the database compares and sorts character by character, as Python
        does. A collation that ignores case would treat two recipients as one.
    :param sample: one value of a column that is not null, as the driver returns it; the value that is least
        like an id if a column may mix types. The survey applies it to groups of rows, and then to the results
        of the groups.
    :param length: the length of text in characters.
    :param size: the length of text in bytes of UTF-8.
    :param setup: statement to run on each cursor before any other; empty, the default, for none.
    :param names_columns: whether ``WITH name (columns) AS`` may name the columns of a query; True by default.
    """

    # VARCHAR without a length means 256, 80 or even 30 characters to some databases, which cut text silently.
    # Text that is cut at 4,000 characters is refused later, because no vendor accepts such long ids.
    text: str = "CAST({} AS VARCHAR(4000))"
    # Types without MAX, such as JSON, are never ids. MAX needs no second scan.
    sample: str = "MAX({0})"
    length: str = "LENGTH({})"
    size: str = "OCTET_LENGTH({})"
    setup: str = ""
    names_columns: bool = True


_TRINO = Dialect(size="LENGTH(TO_UTF8({}))")

_DIALECTS = {
    "postgres": Dialect(
        'CAST({} AS text) COLLATE "C"',
        # Before version 18, PostgreSQL has no MAX of a UUID. It keeps the rows of a common table expression
        # that is named twice, so this does not run the query a second time.
        sample=f"(SELECT {{0}} FROM {AUDIENCE} WHERE {{0}} IS NOT NULL LIMIT 1)",
    ),
    # DuckDB's default is ten times as large, in the memory of the task.
    "duckdb": Dialect(
        'CAST({} AS VARCHAR) COLLATE "C"', size="STRLEN({})", setup="SET streaming_buffer_size = '1MB'"
    ),
    "sqlite": Dialect(
        "CAST({} AS TEXT) COLLATE BINARY",
        # MAX puts bytes above text and text above numbers, but a float among text and whole numbers.
        sample="COALESCE(MAX(CASE WHEN typeof({0}) = 'real' THEN {0} END), MAX({0}))",
        size="LENGTH(CAST({} AS BLOB))",
    ),
    "mysql": Dialect("CONVERT({} USING utf8mb4) COLLATE utf8mb4_bin", length="CHAR_LENGTH({})"),
    "mssql": Dialect(
        "CAST({} AS NVARCHAR(4000)) COLLATE Latin1_General_BIN2",
        length="LEN({})",
        size="DATALENGTH(CAST({} COLLATE Latin1_General_100_BIN2_UTF8 AS VARCHAR(8000)))",
    ),
    "oracle": Dialect("CAST({} AS VARCHAR2(4000))", size="LENGTHB({})"),
    "redshift": Dialect("COLLATE(CAST({} AS VARCHAR(4000)), 'case_sensitive')"),
    "gcpbigquery": Dialect("CAST({} AS STRING)", size="BYTE_LENGTH({})", names_columns=False),
    "databricks": Dialect("CAST({} AS STRING)"),
    "trino": _TRINO,
    "presto": _TRINO,
    "athena": _TRINO,
}

#: Dialect names of hooks that serve many databases, if they differ from the connection type.
_ALSO_KNOWN_AS = {"postgresql": "postgres", "mariadb": "mysql", "bigquery": "gcpbigquery"}


def dialect_of(hook: Any) -> Dialect:
    """
    Return the dialect of a hook's database; standard SQL if the database is unknown.

    The connection type decides, then the name of the SQLAlchemy dialect.

    :param hook: any ``DbApiHook``.
    """
    if found := _DIALECTS.get(hook.conn_type):
        return found
    try:
        name = hook.dialect_name  # ODBC and JDBC: from the connection's extra; some hooks have no name
    except Exception:  # noqa: BLE001
        name = ""
    return _DIALECTS.get(_ALSO_KNOWN_AS.get(name, name), Dialect())

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
    :param sample: one value of a column that is not null, as the driver gives it, taken while the rows are
        counted; the oddest value where a column may mix types. It is applied within groups of rows, and then
        once more to what the groups gave.
    :param length: the length of text in characters.
    :param size: the length of text in bytes of UTF-8.
    :param setup: run on each cursor before anything else.
    :param names_columns: whether ``WITH name (columns) AS`` may name the columns of a query.
    """

    # VARCHAR without a length means 256, 80 or even 30 characters to some, who cut off the rest unasked. What
    # is cut at 4,000 is refused afterwards: no vendor has ids of that length.
    text: str = "CAST({} AS VARCHAR(4000))"
    # Types without a maximum, such as JSON, are types that no id has. And it costs no second scan.
    sample: str = "MAX({0})"
    length: str = "LENGTH({})"
    size: str = "OCTET_LENGTH({})"
    setup: str = ""
    names_columns: bool = True


_TRINO = Dialect(size="LENGTH(TO_UTF8({}))")

_DIALECTS = {
    "postgres": Dialect(
        'CAST({} AS text) COLLATE "C"',
        # Before version 18 there is no MAX of a UUID. PostgreSQL keeps the rows of a common table expression
        # that is named twice, so that this runs the query no second time.
        sample=f"(SELECT {{0}} FROM {AUDIENCE} WHERE {{0}} IS NOT NULL LIMIT 1)",
    ),
    # DuckDB reads ahead in the memory of the task: ten times as much, left alone.
    "duckdb": Dialect(
        'CAST({} AS VARCHAR) COLLATE "C"', size="STRLEN({})", setup="SET streaming_buffer_size = '1MB'"
    ),
    "sqlite": Dialect(
        "CAST({} AS TEXT) COLLATE BINARY",
        # MAX puts bytes above text, and text above numbers, but a float among text and whole numbers.
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

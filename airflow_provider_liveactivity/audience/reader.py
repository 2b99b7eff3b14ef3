"""Rows from a database, through the connection of an Airflow hook, a part at a time."""

from __future__ import annotations

from contextlib import suppress
from importlib import import_module
from typing import TYPE_CHECKING, Any, Self, TypeVar

from airflow_provider_liveactivity.audience.base import AudienceUnavailable
from airflow_provider_liveactivity.audience.dialects import AUDIENCE
from airflow_provider_liveactivity.errors import InvalidPayload, LiveActivityError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

T = TypeVar("T")


class Reader:
    """
    One connection, open for as long as the ``with`` block lasts.

    :param hook: any ``DbApiHook``.
    :param parameters: of every statement.
    :param setup: statement to run on each cursor before its own, or nothing.
    """

    def __init__(self, hook: Any, parameters: Any, setup: str) -> None:
        self._hook = hook
        self._parameters = parameters
        self._setup = setup

    def __enter__(self) -> Self:
        self._connection = self._hook.get_conn()
        self._open: list[Any] = [self._connection]
        return self

    def __exit__(self, *error: object) -> None:
        # The connection first: MySQL's cursor would read its result to the end before it closes.
        for one in self._open:
            with suppress(Exception):
                one.close()
        if getattr(self._hook, "_sql_conn", None) is self._connection:
            self._hook._sql_conn = None  # noqa: SLF001 - else Databricks' hook would hand out the closed one again

    def columns(self, statement: str) -> tuple[str, ...]:
        """
        Return the names of the columns of a statement that gives no rows.

        :raises InvalidPayload: where the database refuses it. Its words are about the query, as no row was
            read, and come along as the cause.
        """
        try:
            cursor = self._execute(statement)
            cursor.fetchall()
            names = tuple(column[0] for column in cursor.description or ())
            cursor.close()
        except Exception as error:
            raise _refusal(error) from error
        return names

    def row(self, statement: str) -> Any:
        """Return the only row of a statement that gives no more than one, or None."""
        every = [row for rows in self.rows(statement, 1) for row in rows]
        return every[0] if every else None

    def rows(self, statement: str, size: int) -> Iterator[Any]:
        """
        Yield the rows of a statement, so many at a time.

        :raises AudienceUnavailable: where the database fails.
        """
        count = 0
        cursor = redact_driver_errors(lambda: self._execute(statement), count)
        while rows := redact_driver_errors(lambda: cursor.fetchmany(size), count):
            count += len(rows)
            yield rows
        cursor.close()

    def _execute(self, statement: str) -> Any:
        cursor = streaming_cursor(self._connection)
        self._open.append(cursor)
        if self._setup:
            cursor.execute(self._setup)
        # Not even an empty list unasked: with one, some drivers take each % for a placeholder.
        cursor.execute(statement, *([self._parameters] if self._parameters else []))
        return cursor


def streaming_cursor(connection: Any) -> Any:
    """Return a cursor that leaves the rows in the database until they are fetched, as tuples."""
    driver = type(connection).__module__.partition(".")[0]
    if driver == "psycopg":
        return connection.cursor(name=AUDIENCE, row_factory=import_module("psycopg.rows").tuple_row)
    if driver == "psycopg2":
        return connection.cursor(name=AUDIENCE, cursor_factory=import_module("psycopg2.extensions").cursor)
    if driver in {"MySQLdb", "pymysql"}:
        return connection.cursor(import_module(f"{driver}.cursors").SSCursor)
    return connection.cursor()


def redact_driver_errors(call: Callable[[], T], count: int) -> T:
    """Call the driver; its errors are told by type only, because their words may quote ids."""
    try:
        return call()
    except Exception as error:  # noqa: BLE001 - drivers have no base class in common
        failure = _failure(error, count)
    raise failure  # outside, so that the driver's error is not its context either


def _failure(error: Exception, count: int) -> LiveActivityError:
    happened = f"after {count:,} rows ({_kind(error)})"
    if _is_any(error, "DataError", "ProgrammingError"):
        return InvalidPayload(f"the database cannot go on with the audience's query {happened}.")
    return AudienceUnavailable(f"the audience's database failed {happened}.")


def _refusal(error: Exception) -> LiveActivityError:
    # SQLite calls a misspelt table an operational error.
    if _is_any(error, "InterfaceError", "OperationalError") and _module(error) != "sqlite3":
        return _failure(error, 0)
    return InvalidPayload(
        f"the database refuses the audience's query ({_kind(error)}). It must be one SELECT that can "
        "become a common table expression; put what cannot into a view or a table, and select from that."
    )


def _is_any(error: Exception, *names: str) -> bool:
    """Tell an error by its classes' names: PEP 249 sets the names, but each driver has its own classes."""
    return not {one.__name__ for one in type(error).__mro__}.isdisjoint(names)


def _kind(error: Exception) -> str:
    state = getattr(error, "sqlstate", None) or getattr(error, "pgcode", None)
    return f"{_module(error)}.{type(error).__name__}" + (f", SQLSTATE {state}" if state else "")


def _module(error: Exception) -> str:
    return type(error).__module__.partition(".")[0].lstrip("_")

"""Read rows from a database in parts, through the connection of an Airflow hook."""

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
    One connection, which stays open for the length of the ``with`` block.

    :param hook: any ``DbApiHook``.
    :param parameters: parameters of every statement, in the style of the driver; None for none.
    :param setup: statement to run on each cursor before its own; empty for none.
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
        # Close the connection first: MySQL's cursor would read its whole result before it closes.
        for one in self._open:
            with suppress(Exception):
                one.close()
        if getattr(self._hook, "_sql_conn", None) is self._connection:
            self._hook._sql_conn = None  # noqa: SLF001 - otherwise Databricks' hook would return the closed connection again

    def columns(self, statement: str) -> tuple[str, ...]:
        """
        Return the names of the columns of a statement that returns no rows.

        :param statement: the statement.
        :raises InvalidPayload: if the database refuses the statement. The driver's error is the cause: it may
            be shown, because no row was read.
        :raises AudienceUnavailable: if the database fails.
        """
        try:
            cursor = self.execute(statement)
            cursor.fetchall()
            names = tuple(column[0] for column in cursor.description or ())
            cursor.close()
        except Exception as error:
            raise _refusal(error) from error
        return names

    def row(self, statement: str) -> Any:
        """
        Return the row of a statement that returns at most one row; None if it returns no row.

        :param statement: the statement.
        :raises InvalidPayload: if the database cannot carry out the statement.
        :raises AudienceUnavailable: if the database fails.
        """
        every = [row for rows in self.rows(statement, 1) for row in rows]
        return every[0] if every else None

    def rows(self, statement: str, size: int) -> Iterator[Any]:
        """
        Yield the rows of a statement in lists.

        :param statement: the statement.
        :param size: maximum number of rows in a list.
        :raises InvalidPayload: if the database cannot carry out the statement.
        :raises AudienceUnavailable: if the database fails.
        """
        count = 0
        cursor = redact_driver_errors(lambda: self.execute(statement), count)
        while rows := redact_driver_errors(lambda: cursor.fetchmany(size), count):
            count += len(rows)
            yield rows
        cursor.close()

    def execute(self, statement: str) -> Any:
        """
        Return the cursor of a statement, whose rows stay in the database until they are fetched.

        :param statement: the statement. Errors of the driver are raised as they are.
        """
        cursor = streaming_cursor(self._connection)
        self._open.append(cursor)
        if self._setup:
            cursor.execute(self._setup)
        # Without parameters, pass none: with an empty list, some drivers read each % as a placeholder.
        cursor.execute(statement, *([self._parameters] if self._parameters else []))
        return cursor


def streaming_cursor(connection: Any) -> Any:
    """
    Return a cursor that returns tuples and leaves the rows in the database until they are fetched.

    :param connection: an open connection of any driver.
    """
    driver = type(connection).__module__.partition(".")[0]
    if driver == "psycopg":
        return connection.cursor(name=AUDIENCE, row_factory=import_module("psycopg.rows").tuple_row)
    if driver == "psycopg2":
        return connection.cursor(name=AUDIENCE, cursor_factory=import_module("psycopg2.extensions").cursor)
    if driver in {"MySQLdb", "pymysql"}:
        return connection.cursor(import_module(f"{driver}.cursors").SSCursor)
    return connection.cursor()


def redact_driver_errors(call: Callable[[], T], count: int) -> T:
    """
    Call the driver, and replace its error by one that names only the type, because its message may quote ids.

    :param call: the call of the driver.
    :param count: number of rows read before, for the error.
    :raises InvalidPayload: if the database cannot carry out the statement.
    :raises AudienceUnavailable: if the database fails.
    """
    try:
        return call()
    except Exception as error:  # noqa: BLE001 - drivers have no base class in common
        failure = _failure(error, count)
    raise failure  # raised here, so that the driver's error does not become its context


def _failure(error: Exception, count: int) -> LiveActivityError:
    happened = f"after {count:,} rows ({error_kind(error)})"
    if is_error_of(error, "DataError", "ProgrammingError"):
        return InvalidPayload(f"the database cannot continue the audience's query {happened}.")
    return AudienceUnavailable(f"the audience's database failed {happened}.")


def _refusal(error: Exception) -> LiveActivityError:
    # SQLite reports an unknown table as an operational error.
    if is_error_of(error, "InterfaceError", "OperationalError") and _module(error) != "sqlite3":
        return _failure(error, 0)
    first_line = str(error).partition("\n")[0]
    return InvalidPayload(
        f"the database refuses the audience's query: {first_line} ({error_kind(error)}) The query must be "
        "one SELECT that can become a common table expression; put what cannot into a view or a table, and "
        "select from that."
    )


def is_error_of(error: Exception, *names: str) -> bool:
    """
    Return whether an error has a class of one of these names: PEP 249 defines only the names.

    :param error: error of any driver.
    :param names: names of classes, such as "DataError".
    """
    return not {one.__name__ for one in type(error).__mro__}.isdisjoint(names)


def error_kind(error: Exception) -> str:
    """
    Return the kind of a driver's error without its message, which may quote values.

    :param error: error of any driver.
    """
    state = getattr(error, "sqlstate", None) or getattr(error, "pgcode", None)
    return f"{_module(error)}.{type(error).__name__}" + (f", SQLSTATE {state}" if state else "")


def _module(error: Exception) -> str:
    return type(error).__module__.partition(".")[0].lstrip("_")

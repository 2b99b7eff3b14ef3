"""Read the rows of a pass: from a query, a list, or a function that yields dicts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

from airflow_provider_liveactivity.audience.dialects import dialect_of
from airflow_provider_liveactivity.audience.reader import Reader, error_kind, is_error_of
from airflow_provider_liveactivity.errors import InvalidPayload, LiveActivityError
from airflow_provider_liveactivity.sync.fields import BadRow

if TYPE_CHECKING:
    from airflow_provider_liveactivity.sync.rows import Columns, Row

    Given = Mapping[str, Any]

_BLOCK = 1_000
#: Function of a user that makes the fields of an activity from a row.
Transform = Callable[[Any], Any]
#: Rows, or a function that returns them again for each pass.
Rows = Sequence[Any] | Callable[[], Iterable[Any]]


class RowsUnavailable(LiveActivityError):
    """The database with the rows fails; a retry may succeed."""

    retryable = True


class Source:
    """
    The rows of each pass.

    :param columns: the columns that the vendor's rows may have.
    :param read: returns an iterator of rows for each pass.
    :param transform: makes the fields of an activity from a row; None, the default, takes the row as it is.
    """

    def __init__(
        self, columns: Columns, read: Callable[[], Iterator[Any]], transform: Transform | None = None
    ) -> None:
        self._columns = columns
        self._read = read
        self._transform = transform
        self._checked: Any = None

    def blocks(self) -> Iterator[list[Any]]:
        """Yield the rows in lists."""
        rows = self._read()
        while block := list(islice(rows, _BLOCK)):
            yield block

    def parse(self, number: int, given: Any) -> Row:
        """
        Return a row.

        :param number: number of the row, from 1.
        :param given: the row as it was read.
        :raises BadRow: if a value of the row is wrong, or ``transform`` fails.
        :raises InvalidPayload: if the row has an unknown column.
        """
        if self._transform is not None:
            try:
                given = self._transform(given)
            except Exception as error:  # noqa: BLE001 - a user's function; its message may quote values
                raise BadRow(f"transform raised {type(error).__name__}") from None
        if not isinstance(given, Mapping):
            raise InvalidPayload(f"each row must be a dict, not {type(given).__name__}.")
        if (names := given.keys()) != self._checked:
            self._columns.check(names)
            self._checked = set(names)
        return self._columns.parse(number, given)


def read_rows(rows: Any) -> Callable[[], Iterator[Any]]:
    """
    Return a reader of rows that are not in a database.

    :param rows: list of dicts, or a function that returns or yields dicts.
    :raises InvalidPayload: if ``rows`` is neither.
    """
    if callable(rows):
        return lambda: iter(rows())
    if isinstance(rows, list | tuple):
        return lambda: iter(rows)
    raise InvalidPayload(
        f"rows must be a list of dicts, or a function that yields dicts, not {type(rows).__name__}."
    )


def read_query(hook: Any, sql: str, parameters: Any) -> Callable[[], Iterator[Any]]:
    """
    Return a reader of the rows of a query, which stay in the database until they are fetched.

    :param hook: any ``DbApiHook``.
    :param sql: the query.
    :param parameters: parameters of the query; None for none.
    """

    def read() -> Iterator[Any]:
        failure: LiveActivityError | None = None
        try:
            with Reader(hook, parameters, dialect_of(hook).setup) as reader:
                cursor = reader.execute(sql)
                rows = cursor.fetchmany(_BLOCK)  # psycopg2 knows the columns after the first fetch
                names = [_name(column[0]) for column in cursor.description or ()]
                _check_twins(names)
                while rows:
                    yield from (dict(zip(names, row, strict=True)) for row in rows)
                    rows = cursor.fetchmany(_BLOCK)
        except LiveActivityError:
            raise
        except Exception as error:  # noqa: BLE001 - drivers have no base class in common
            failure = _failure(error)
        if failure is not None:
            raise failure  # here, so that the driver's error, which may quote values, is not its context

    return read


def _name(column: str) -> str:
    # Snowflake and Oracle return names that were not quoted in capitals.
    return column.lower() if column.isupper() else column


def _check_twins(names: list[str]) -> None:
    if twins := sorted({name for name in names if names.count(name) > 1}):
        raise InvalidPayload(f"the query has several columns with the name {', '.join(twins)}.")


def _failure(error: Exception) -> LiveActivityError:
    kind = error_kind(error)
    # SQLite reports an unknown table as an operational error.
    is_unknown_name = (
        kind == "sqlite3.OperationalError" and getattr(error, "sqlite_errorname", "") == "SQLITE_ERROR"
    )
    if is_unknown_name or is_error_of(error, "DataError", "ProgrammingError"):
        return InvalidPayload(f"the database refuses sql ({kind}); run the query by hand to see why.")
    return RowsUnavailable(f"the database with the rows failed ({kind}).")

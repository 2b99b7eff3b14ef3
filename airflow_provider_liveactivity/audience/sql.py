"""Read an audience from a database, which sorts and streams it; check every row while reading."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, compress, islice
from operator import lt
from typing import TYPE_CHECKING, Any, NamedTuple

from airflow_provider_liveactivity.audience.base import Batch, fingerprint
from airflow_provider_liveactivity.audience.dialects import dialect_of
from airflow_provider_liveactivity.audience.ids import (
    MAX_ID_BYTES,
    check_length,
    is_numeric,
    to_ids,
    too_long,
)
from airflow_provider_liveactivity.audience.reader import Reader
from airflow_provider_liveactivity.audience.statements import AudienceQuery, single_statement
from airflow_provider_liveactivity.errors import InvalidPayload

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator


class _Column(NamedTuple):
    """
    Measures of all values of a column, from the database.

    :param longest: length of the longest value in characters.
    :param largest: length of the longest value in bytes of UTF-8.
    :param fractions: number of values with a fraction, if the values are numbers.
    :param sample: one value, as the driver returns it.
    """

    longest: Any
    largest: Any
    fractions: Any
    sample: Any

    def __repr__(self) -> str:
        """Return the measures without the sample, which is a person's id."""
        return f"<column of {self.longest} characters, {self.largest} bytes, {self.fractions} fractions>"

    def check(self, number: int, max_bytes: int) -> bool:
        """
        Check the values of the column, and return whether they are numbers.

        :param number: number of the column, from 1, for the error.
        :param max_bytes: maximum length of a value in bytes of UTF-8.
        :raises InvalidPayload: if the column has a value that cannot be an id.
        """
        numeric = self.sample is not None and is_numeric(self.sample, number)
        if numeric and self.fractions:
            raise InvalidPayload(
                f"column {number} of the audience holds numbers that are not whole "
                f"({int(self.fractions):,} of them); is it the right column?"
            )
        if int(self.largest or 0) > max_bytes:
            raise too_long(max_bytes)
        return numeric


@dataclass(frozen=True, slots=True)
class AudienceStats:
    """
    What is known of an audience before it is read.

    :param statements: the statements of its query.
    :param numeric: for each column, whether it holds numbers.
    :param total: number of recipients.
    :param duplicates: number of rows that repeat a person.
    :param nulls: number of rows without a person.
    :param longest: for each column, the length of its longest text in characters.
    """

    statements: AudienceQuery
    numeric: tuple[bool, ...]
    total: int
    duplicates: int
    nulls: int
    longest: tuple[int, ...]  # characters, for each column


class SqlAudience:
    """
    The recipients that a query returns: one column is the external id, two are alias name and alias label.

    The database sorts the recipients as text, character by character, and returns each person once; the
    reader checks both on every row. The order is therefore the same on a retry, and the recipients behind a
    key were not read before, even if rows have been added or removed since.

    :param hook: any ``DbApiHook``.
    :param sql: one SELECT; it may begin with WITH.
    :param parameters: parameters of the query, in the style of its driver; None by default.
    :param max_id_bytes: maximum length of an id in bytes of UTF-8; 997 by default.
    :param max_alias_bytes: maximum length of a value in bytes of UTF-8 if there are several columns;
        ``max_id_bytes`` by default.
    :param max_columns: maximum number of columns: 2, the default, or 3 if a person has two details.
    :param fetch_size: number of rows held in memory at once; 10,000 by default.
    :raises InvalidPayload: if ``sql`` is not a single query, or ``hook`` is not a SQL hook.
    """

    def __init__(
        self,
        hook: Any,
        sql: str,
        parameters: Any = None,
        *,
        max_id_bytes: int = MAX_ID_BYTES,
        max_alias_bytes: int | None = None,
        max_columns: int = 2,
        fetch_size: int = 10_000,
    ) -> None:
        if not (hasattr(hook, "get_conn") and hasattr(type(hook), "placeholder")):
            raise InvalidPayload(
                f"{type(hook).__name__} is not a SQL hook; a query needs the connection of a SQL database."
            )
        self._hook = hook
        self._query = single_statement(sql)
        self._dialect = dialect_of(hook)
        # psycopg reads a tuple as a list of parameters, and a list as one parameter.
        self._parameters = tuple(parameters) if isinstance(parameters, list) else parameters
        self._max_id_bytes = max_id_bytes
        self._max_alias_bytes = max_alias_bytes or max_id_bytes
        self._max_columns = max_columns
        self._fetch_size = fetch_size
        self.duplicates = 0
        self.nulls = 0

    @cached_property
    def fingerprint(self) -> str:
        """Hash of connection id, query and parameters."""
        conn_id = self._hook.get_conn_id() if hasattr(self._hook, "get_conn_id") else None
        return fingerprint("sql", conn_id, self._query, self._parameters)

    def total(self) -> int:
        """
        Return the number of recipients, after the database has checked every row.

        :raises InvalidPayload: if the database refuses the query, or its values cannot be ids.
        :raises AudienceUnavailable: if the database fails.
        """
        self._reset_counts()
        return self._survey.total

    def _reset_counts(self) -> None:
        """Reset the counts to those of the survey; a read adds what only the read can find."""
        self.duplicates, self.nulls = self._survey.duplicates, self._survey.nulls

    @property
    def columns(self) -> dict[str, int]:
        """Length of the longest text in each column in characters, by the database's name of the column."""
        return dict(zip(self._survey.statements.columns, self._survey.longest, strict=True))

    @property
    def _max_bytes(self) -> int:
        return self._max_id_bytes if len(self._survey.numeric) == 1 else self._max_alias_bytes

    def batches(self, size: int = 50, after: Any = None, boundary: Any = None) -> Generator[Batch]:
        """
        Yield the recipients in batches. A key is the last person of a batch, as the id or as [name, label].

        :param size: maximum number of recipients in a batch; 50 by default.
        :param after: key of an earlier batch: skip the recipients up to it; None, the default, skips no one.
        :param boundary: key of an earlier batch: no batch has recipients on both sides of it; None by
            default.
        :raises InvalidPayload: if a value cannot be an id, or the rows are not sorted.
        :raises AudienceUnavailable: if the database fails.
        """
        self._reset_counts()
        if not self._survey.total:
            return
        waiting: list[Any] = []
        for people, is_end in _divided(self._read(_person(after)), _person(boundary)):
            waiting += people
            whole = len(waiting) if is_end else len(waiting) - len(waiting) % size
            for start in range(0, whole, size):
                yield self._batch(waiting[start : start + size])
            del waiting[:whole]
        if waiting:
            yield self._batch(waiting)

    def _reader(self) -> Reader:
        return Reader(self._hook, self._parameters, self._dialect.setup)

    def _batch(self, people: list[Any]) -> Batch:
        if len(self._survey.numeric) == 1:
            return Batch(tuple(people), (), people[-1])
        return Batch((), tuple(people), list(people[-1]))

    @cached_property
    def _survey(self) -> AudienceStats:
        probe = AudienceQuery(self._query, self._dialect).probe()
        with self._reader() as reader:
            columns = reader.columns(probe)
            if not 1 <= len(columns) <= self._max_columns:
                meaning = (
                    "one is the external id, two are alias name and alias label"
                    if self._max_columns == 2
                    else "the first is the user id, and a push token and a transaction_id may follow"
                )
                raise InvalidPayload(f"the audience's query has {len(columns)} columns; {meaning}.")
            statements = AudienceQuery(self._query, self._dialect, columns)
            rows, present, people, *measures = reader.row(statements.survey())
        rows, present, people = (int(count or 0) for count in (rows, present, people))
        width = len(_Column._fields)
        surveyed = [_Column(*measures[start : start + width]) for start in range(0, len(measures), width)]
        limit = self._max_id_bytes if len(columns) == 1 else self._max_alias_bytes
        return AudienceStats(
            statements,
            tuple(column.check(number, limit) for number, column in enumerate(surveyed, start=1)),
            people,
            duplicates=present - people,
            nulls=rows - present,
            longest=tuple(int(column.longest or 0) for column in surveyed),
        )

    def _read(self, after: Any) -> Iterator[list[Any]]:
        """Yield the recipients after ``after`` in ascending order, in lists."""
        last: Any = None
        statement = self._survey.statements.people(duplicates=self._survey.duplicates > 0)
        with self._reader() as reader:
            for rows in reader.rows(statement, self._fetch_size):
                people = self._ascending(self._people(rows), last)
                if not people:
                    continue
                last = people[-1]
                if after is not None:
                    people = people[bisect_right(people, after) :]
                    if not people:
                        continue
                    after = None
                check_length(people if isinstance(last, str) else [*chain(*people)], self._max_bytes)
                yield people

    def _people(self, rows: list[Any]) -> list[Any]:
        """Return the recipients of some rows, without rows that are blank in Python but not in SQL."""
        columns = [
            to_ids([row[place] for row in rows], numeric=numeric)
            for place, numeric in enumerate(self._survey.numeric)
        ]
        people = columns[0] if len(columns) == 1 else list(zip(*columns, strict=True))
        if all(map(all, columns)):
            return people
        not_blank = [all(texts) for texts in zip(*columns, strict=True)]
        self.nulls += not_blank.count(False)
        return list(compress(people, not_blank))

    def _ascending(self, people: list[Any], last: Any) -> list[Any]:
        """
        Return the recipients after ``last``, each once; check that they ascend.

        This check ensures on any database that no recipient gets two requests.
        """
        line = people if last is None else [last, *people]
        if all(map(lt, line, islice(line, 1, None))):
            return people
        if any(map(lt, islice(line, 1, None), line)):
            raise InvalidPayload(
                "the database does not sort the audience character by character, so a retry could not "
                "resume; give the column a binary collation in the query."
            )
        once = [one for one in dict.fromkeys(people) if one != last]
        self.duplicates += len(people) - len(once)
        return once


def _person(key: Any) -> Any:
    """Return the person of a key; JSON has turned a tuple into a list."""
    return tuple(key) if isinstance(key, list) else key


def _divided(parts: Iterable[list[Any]], boundary: Any) -> Iterator[tuple[list[Any], bool]]:
    """Yield ascending recipients in parts, each with whether a batch must end after the part."""
    for part in parts:
        people = part
        if boundary is not None and people[-1] >= boundary:
            place = bisect_right(people, boundary)
            yield people[:place], True
            people, boundary = people[place:], None
        yield people, False

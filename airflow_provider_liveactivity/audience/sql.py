"""An audience that lives in a database: sorted there, streamed from there, and checked on the way."""

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
    What the database knows of all values of a column.

    :param longest: characters of the longest.
    :param largest: bytes of the largest.
    :param fractions: how many have a fraction, if they are numbers.
    :param sample: one of them, as the driver gives it.
    """

    longest: Any
    largest: Any
    fractions: Any
    sample: Any

    def __repr__(self) -> str:
        """Return the measures: the sample is a person's id."""
        return f"<column of {self.longest} characters, {self.largest} bytes, {self.fractions} fractions>"

    def check(self, number: int, max_bytes: int) -> bool:
        """
        Return whether the column holds numbers.

        :param number: of the column, from 1.
        :param max_bytes: the most bytes that a value may have.
        :raises InvalidPayload: where the column has a value that is no id.
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
    """What is known of an audience before it is read."""

    statements: AudienceQuery
    numeric: tuple[bool, ...]
    total: int
    duplicates: int
    nulls: int
    longest: tuple[int, ...]  # characters, of each column


class SqlAudience:
    """
    The people that a query returns: one column is the external id, two are alias name and alias label.

    The database sorts them as text, character by character, and gives each of them once; that it does is seen
    on every row. So the order is the same on a retry, and whoever comes behind a key was not read yet, also
    where rows have come and gone since.

    :param hook: any ``DbApiHook``.
    :param sql: one SELECT; it may begin with WITH.
    :param parameters: of the query, in the style of its driver.
    :param max_id_bytes: the longest id that the vendor can have, in UTF-8.
    :param max_alias_bytes: the longest text of several columns; by default ``max_id_bytes``.
    :param max_columns: how many columns the query may have: 2, or 3 where a person has two details.
    :param fetch_size: rows held at once.
    :raises InvalidPayload: where sql is not one query, or the hook is none for SQL.
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
            raise InvalidPayload(f"{type(hook).__name__} has no SQL to query an audience with.")
        self._hook = hook
        self._query = single_statement(sql)
        self._dialect = dialect_of(hook)
        # psycopg takes a tuple for a list of parameters, and a list for one of them.
        self._parameters = tuple(parameters) if isinstance(parameters, list) else parameters
        self._max_id_bytes = max_id_bytes
        self._max_alias_bytes = max_alias_bytes or max_id_bytes
        self._max_columns = max_columns
        self._fetch_size = fetch_size
        self.duplicates = 0
        self.nulls = 0

    @cached_property
    def fingerprint(self) -> str:
        """A hash of connection id, query and parameters."""
        conn_id = self._hook.get_conn_id() if hasattr(self._hook, "get_conn_id") else None
        return fingerprint("sql", conn_id, self._query, self._parameters)

    def total(self) -> int:
        """
        Return how many people there are; this checks every row, and reads none.

        :raises InvalidPayload: for a query that the database refuses, or whose values cannot be ids.
        :raises AudienceUnavailable: where the database fails.
        """
        self.duplicates, self.nulls = self._survey.duplicates, self._survey.nulls
        return self._survey.total

    @property
    def columns(self) -> dict[str, int]:
        """The columns of the query by the database's names: the most characters that a text of each has."""
        return dict(zip(self._survey.statements.columns, self._survey.longest, strict=True))

    @property
    def _max_bytes(self) -> int:
        return self._max_id_bytes if len(self._survey.numeric) == 1 else self._max_alias_bytes

    def batches(self, size: int = 50, after: Any = None, boundary: Any = None) -> Generator[Batch]:
        """
        Yield the people in batches; a key is a person, as the id or as [name, label].

        :param size: people in a batch, at most.
        :param after: key of an earlier batch: the people up to it are left out.
        :param boundary: key of an earlier batch: no batch has people on both sides of it.
        :raises InvalidPayload: for values that cannot be ids, or an order that is none.
        :raises AudienceUnavailable: where the database fails.
        """
        if not self.total():
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
        with self._reader() as reader:
            columns = reader.columns(AudienceQuery(self._query, self._dialect).probe())
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
        """Yield everybody behind a person, in ascending order, many at a time."""
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
        """Return the people of some rows, without those who are somebody to the database only."""
        columns = [
            to_ids([row[place] for row in rows], numeric=numeric)
            for place, numeric in enumerate(self._survey.numeric)
        ]
        people = columns[0] if len(columns) == 1 else list(zip(*columns, strict=True))
        if all(map(all, columns)):
            return people
        somebody = [all(texts) for texts in zip(*columns, strict=True)]
        self.nulls += somebody.count(False)
        return list(compress(people, somebody))

    def _ascending(self, people: list[Any], last: Any) -> list[Any]:
        """
        Return those behind the last, each of them once; they must ascend.

        Nobody is sent to twice because order and uniqueness are seen here, whatever the database promises.
        """
        line = people if last is None else [last, *people]
        if all(map(lt, line, islice(line, 1, None))):
            return people
        if any(map(lt, islice(line, 1, None), line)):
            raise InvalidPayload(
                "the database does not sort the audience character by character, so that a retry could not "
                "take it up again; give the column a binary collation in the query."
            )
        once = [one for one in dict.fromkeys(people) if one != last]
        self.duplicates += len(people) - len(once)
        return once


def _person(key: Any) -> Any:
    """Return the person whom a key names; JSON has turned tuples into lists."""
    return tuple(key) if isinstance(key, list) else key


def _divided(parts: Iterable[list[Any]], boundary: Any) -> Iterator[tuple[list[Any], bool]]:
    """Yield ascending people part by part, and whether a batch must end behind each part."""
    for part in parts:
        people = part
        if boundary is not None and people[-1] >= boundary:
            place = bisect_right(people, boundary)
            yield people[:place], True
            people, boundary = people[place:], None
        yield people, False

"""Store the rows of one pass outside of memory, sorted and without duplicates."""

from __future__ import annotations

import itertools
import json
import sqlite3
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Self

from airflow_provider_liveactivity.sync.fields import BadRow
from airflow_provider_liveactivity.sync.rows import Row

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from airflow_provider_liveactivity.sync.report import SyncCounts
    from airflow_provider_liveactivity.sync.source import Source

_BLOCK = 500
_CREATE = """
    CREATE TABLE snapshot (
        key TEXT PRIMARY KEY, number INTEGER, fields TEXT, state_hash TEXT, kept TEXT, due REAL, ended INTEGER
    ) WITHOUT ROWID
"""
#: If an activity has a second row, both rows are bad, because neither is known to be right.
_INSERT = """
    INSERT INTO snapshot VALUES (?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (key) DO UPDATE SET fields = NULL, due = NULL, ended = 0
"""
_ENDING = "(fields IS NULL OR ended OR ifnull(due <= ?, 0))"


class Snapshot:
    """
    The rows of one pass; use it as a context manager.

    The rows are in a private temporary database of SQLite, which spills to a file without a name when it
    outgrows its cache, and is gone when the process ends. The query is therefore read to its end before the
    first request leaves, and holds no cursor while requests wait for the vendor's quota.
    """

    def __init__(self) -> None:
        #: Number of rows read.
        self.rows = 0
        #: Whether every row names its activity, so that an activity without a row is really missing.
        self.complete = True
        self._twins: set[str] = set()  # keys of activities with several rows

    def __enter__(self) -> Self:
        self._database = sqlite3.connect("", isolation_level=None)
        self._database.execute("PRAGMA journal_mode = OFF")
        self._database.execute("PRAGMA synchronous = OFF")
        self._database.execute(_CREATE)
        return self

    def __exit__(self, *error: object) -> None:
        self._database.close()

    def read(self, source: Source, counts: SyncCounts) -> None:
        """
        Read all rows, and count the bad ones.

        :param source: the rows.
        :param counts: where bad rows are counted.
        :raises InvalidPayload: if a column is not known, or the database refuses the query.
        """
        numbers = itertools.count(1)
        for block in source.blocks():
            rows: list[Row] = []
            for given in block:
                number = next(numbers)
                try:
                    rows.append(source.parse(number, given))
                except BadRow as bad:
                    counts.add_problem(number, bad.message)
                    if bad.key is None:
                        self.complete = False
                    else:
                        rows.append(Row(number, bad.key, ended=bad.ended))
            self._add(rows, counts)
            self.rows += len(block)
        counts.rows = self.rows

    def _add(self, rows: Sequence[Row], counts: SyncCounts) -> None:
        known = self._numbers(row.key for row in rows)
        for row in rows:
            if (first := known.setdefault(row.key, row.number)) == row.number:
                continue
            if row.key not in self._twins:
                self._twins.add(row.key)
                counts.add_problem(first, f"has the same activity_id as row {row.number}")
            counts.add_problem(row.number, f"has the same activity_id as row {first}")
        self._database.execute("BEGIN")
        self._database.executemany(_INSERT, map(_to_record, rows))
        self._database.execute("COMMIT")

    def _numbers(self, keys: Iterable[str]) -> dict[str, int]:
        listed = list(keys)
        found: dict[str, int] = {}
        for start in range(0, len(listed), _BLOCK):
            part = listed[start : start + _BLOCK]
            marks = ",".join("?" * len(part))
            found.update(
                self._database.execute(f"SELECT key, number FROM snapshot WHERE key IN ({marks})", part)  # noqa: S608 - marks only
            )
        return found

    def blocks(self, now: datetime, *, ending: bool) -> Iterator[list[Row]]:
        """
        Yield rows in lists, sorted by key.

        :param now: the current moment.
        :param ending: whether to yield the rows whose activity may have to end now, or all others. A bad row
            is among the former, because only the state table knows when its activity ends.
        """
        cursor = self._database.execute(
            f"SELECT * FROM snapshot WHERE {_ENDING} = ? ORDER BY key",  # noqa: S608 - a constant
            (now.timestamp(), ending),
        )
        while records := cursor.fetchmany(_BLOCK):
            yield [_to_row(record) for record in records]

    def fields(self, keys: Sequence[str]) -> dict[str, Any]:
        """
        Return the fields of the good rows among some activities, by key.

        :param keys: keys of activities.
        """
        found: dict[str, Any] = {}
        for key in keys:
            query = "SELECT fields FROM snapshot WHERE key = ? AND fields IS NOT NULL"
            for (text,) in self._database.execute(query, (key,)):
                found[key] = json.loads(text)
        return found

    def missing(self, keys: Sequence[str]) -> set[str]:
        """
        Return the keys that no row has.

        :param keys: keys of activities.
        """
        return set(keys) - self._numbers(keys).keys()


def _to_record(row: Row) -> tuple[Any, ...]:
    due = None if row.due is None else row.due.timestamp()
    return row.key, row.number, row.fields, row.state_hash, row.kept, due, row.ended


def _to_row(record: tuple[Any, ...]) -> Row:
    key, number, fields, state_hash, kept, due, ended = record
    moment = None if due is None else datetime.fromtimestamp(due, UTC)
    return Row(number, key, fields, state_hash, kept, moment, bool(ended))

"""SqlAudience on the drivers themselves; with Airflow's hooks it is tested in tests/contract."""

from __future__ import annotations

import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from types import ModuleType
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_provider_liveactivity.audience import AudienceUnavailable, SqlAudience
from airflow_provider_liveactivity.audience.reader import streaming_cursor
from airflow_provider_liveactivity.errors import InvalidPayload
from tests.support.profiles import examples


class Hook:
    """What SqlAudience needs of a DbApiHook."""

    placeholder = "?"

    def __init__(self, conn_type: str, connect: Any) -> None:
        self.conn_type = conn_type
        self.get_conn = connect


class Rows:
    """A connection and its cursor: the probe and the survey get what they ask for."""

    description = (("id",),)

    def __init__(self, rows: list[Any], sample: Any = "text") -> None:
        self.rows = rows
        self.sample = sample
        self.closed = 0

    def cursor(self) -> Rows:
        return self

    def execute(self, sql: str) -> None:
        if "WHERE 1 = 0" in sql:
            self.result: list[Any] = []
        elif "COUNT(*)" in sql:
            self.result = [(len(self.rows), len(self.rows), len(self.rows), 5, 5, 0, self.sample)]
        else:
            self.result = list(self.rows)

    def fetchall(self) -> list[Any]:
        return self.fetchmany(len(self.result))

    def fetchmany(self, size: int) -> list[Any]:
        rows, self.result = self.result[:size], self.result[size:]
        for row in rows:
            if isinstance(row, Exception):
                raise row
        return rows

    def close(self) -> None:
        self.closed += 1


def audience_of(rows: Rows, **options: Any) -> SqlAudience:
    return SqlAudience(Hook("exasol", lambda: rows), "SELECT id FROM t", **options)


def ids(audience: SqlAudience, **options: Any) -> list[str]:
    return [one for batch in audience.batches(**options) for one in batch.external_user_ids]


@pytest.fixture(scope="module", params=["sqlite", "duckdb"])
def database(request: pytest.FixtureRequest) -> Iterator[Hook]:
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder, "warehouse"))
        connect = sqlite3.connect if request.param == "sqlite" else duckdb.connect
        hook = Hook(request.param, lambda: connect(path))
        with closing(hook.get_conn()) as connection:
            connection.execute("CREATE TABLE fans (id TEXT)")
            connection.commit()
            yield hook  # the connection stays open: DuckDB would load the file again for each of the others


TEXTS = st.one_of(st.none(), st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=3))


@settings(max_examples=examples(30))
@given(texts=st.lists(TEXTS, max_size=40), size=st.integers(1, 7), fetch_size=st.integers(1, 9))
def test_a_query_returns_each_recipient_once_and_any_key_returns_the_rest(
    database: Hook, texts: list[str | None], size: int, fetch_size: int
) -> None:
    with closing(database.get_conn()) as connection:
        connection.execute("DELETE FROM fans")
        for text in texts:
            connection.execute("INSERT INTO fans VALUES (?)", (text,))
        connection.commit()
    audience = SqlAudience(database, "SELECT id FROM fans", fetch_size=fetch_size)
    present = [text for text in texts if text and not text.isspace()]
    expected = sorted(set(present))

    batches = list(audience.batches(size))

    assert [one for batch in batches for one in batch.external_user_ids] == expected
    assert all(0 < len(batch) <= size for batch in batches)
    assert audience.nulls == len(texts) - len(present) - overlooked(texts)
    for place, batch in enumerate(batches, start=1):
        assert list(audience.batches(size, after=batch.key)) == batches[place:]
        assert list(audience.batches(size, boundary=batch.key)) == batches
    for boundary in ["", *expected, "\U0010ffff"]:
        divided = list(audience.batches(size, boundary=boundary))
        assert [one for batch in divided for one in batch.external_user_ids] == expected
        assert all(batch.key <= boundary or batch.external_user_ids[0] > boundary for batch in divided)
        assert all(0 < len(batch) <= size for batch in divided)


def overlooked(texts: list[str | None]) -> int:
    """Blanks that SQL's TRIM does not know, and that are there several times, are dropped as duplicates."""
    strange = [text for text in texts if text and text.isspace() and text.strip(" ")]
    return len(strange) - len(set(strange))


def test_a_key_that_has_left_the_audience_still_marks_the_place() -> None:
    audience = audience_of(Rows([("a",), ("c",), ("e",)]))
    assert ids(audience, after="b") == ["c", "e"]
    assert ids(audience, after="z") == []


def test_an_unsorted_result_is_refused() -> None:
    audience = audience_of(Rows([("a",), ("B",)]))
    with pytest.raises(InvalidPayload, match="does not sort") as caught:
        ids(audience)
    assert "binary collation" in str(caught.value)


@pytest.mark.parametrize("fetch_size", [1, 2, 10])
def test_duplicates_in_a_result_are_sent_to_once(fetch_size: int) -> None:
    audience = audience_of(Rows([("a",), ("a",), ("b",), ("b",), ("b",)]), fetch_size=fetch_size)
    assert ids(audience) == ["a", "b"]
    assert audience.duplicates == 3
    assert ids(audience, after="a") == ["b"]


def test_numbers_are_whole_whatever_their_scale() -> None:
    audience = audience_of(Rows([("10.00",), ("9.00",), ("NaN",)], sample=Decimal("10.00")))
    assert ids(audience) == ["10", "9"]
    assert audience.nulls == 1


def test_a_number_that_is_not_whole_stops_the_reading() -> None:
    with pytest.raises(InvalidPayload, match="not a whole number") as caught:
        ids(audience_of(Rows([("10.5",)], sample=10)))
    assert "10.5" not in str(caught.value)


def test_a_driver_that_gives_bytes_for_text_is_refused() -> None:
    with pytest.raises(InvalidPayload, match="not text"):
        ids(audience_of(Rows([(b"a",)])))


def test_the_batches_before_a_failure_come_and_the_failure_quotes_nothing() -> None:
    rows = Rows([("a",), ("b",), ConnectionError("lost while reading row secret-id")])
    batches = audience_of(rows, fetch_size=1).batches(1)
    assert [next(batches).key, next(batches).key] == ["a", "b"]
    with pytest.raises(AudienceUnavailable, match=r"after 2 rows \(builtins.ConnectionError\)") as caught:
        next(batches)
    assert caught.value.retryable
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


def test_values_that_the_database_cannot_convert_are_not_tried_again() -> None:
    class DataError(Exception):
        sqlstate = "22P02"

    with pytest.raises(InvalidPayload, match=r"after 0 rows .*DataError, SQLSTATE 22P02") as caught:
        ids(audience_of(Rows([DataError("invalid input: 'secret-id'")])))
    assert not isinstance(caught.value, AudienceUnavailable)
    assert "secret" not in str(caught.value)


def test_leaving_early_closes_what_was_opened() -> None:
    rows = Rows([("a",), ("b",)])
    batches = audience_of(rows).batches(1)
    next(batches)
    before = rows.closed
    batches.close()
    assert rows.closed == before + 2  # connection and cursor


def test_a_hook_that_keeps_its_connection_does_not_get_a_closed_one_back() -> None:
    rows = Rows([("a",)])
    hook = Hook("databricks", lambda: rows)
    hook._sql_conn = rows  # type: ignore[attr-defined]
    SqlAudience(hook, "SELECT id FROM t").total()
    assert hook._sql_conn is None  # type: ignore[attr-defined]


def test_a_hook_without_sql_is_refused() -> None:
    class HttpHook:
        conn_type = "http"

        def get_conn(self) -> None: ...

    with pytest.raises(InvalidPayload, match="HttpHook is not a SQL hook"):
        SqlAudience(HttpHook(), "SELECT 1")


def test_no_connection_is_opened_before_it_is_needed() -> None:
    def refuse() -> None:
        raise AssertionError

    assert len(SqlAudience(Hook("postgres", refuse), "SELECT 1").fingerprint) == 64


def test_the_fingerprint_follows_query_and_parameters_but_not_a_semicolon() -> None:
    hook = Hook("sqlite", None)
    one = SqlAudience(hook, "SELECT id FROM t WHERE x = ?", [1]).fingerprint
    assert one == SqlAudience(hook, "SELECT id FROM t WHERE x = ? ;\n", (1,)).fingerprint
    assert one != SqlAudience(hook, "SELECT id FROM t WHERE x = ?", [2]).fingerprint
    assert one != SqlAudience(hook, "SELECT id FROM u WHERE x = ?", [1]).fingerprint


@pytest.mark.parametrize("driver", ["MySQLdb", "pymysql"])
def test_mysql_is_asked_not_to_send_everything_at_once(driver: str, monkeypatch: pytest.MonkeyPatch) -> None:
    module, cursors = ModuleType(driver), ModuleType(f"{driver}.cursors")
    cursors.SSCursor = object()  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, driver, module)
    monkeypatch.setitem(sys.modules, f"{driver}.cursors", cursors)

    class Connection:
        def cursor(self, kind: object) -> object:
            return kind

    Connection.__module__ = f"{driver}.connections"
    assert streaming_cursor(Connection()) is cursors.SSCursor

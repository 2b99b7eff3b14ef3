"""SqlAudience on DuckDB, PostgreSQL and SQLite, through Airflow's own hooks."""

from __future__ import annotations

import itertools
from contextlib import closing
from typing import Any

import psycopg
import psycopg2  # type: ignore[import-untyped]
import pytest

from airflow_provider_liveactivity.audience import AudienceUnavailable, SqlAudience, check_audience
from airflow_provider_liveactivity.errors import EmptyAudience, InvalidPayload
from tests.support.databases import Database

NAMED = {"duckdb": "$label", "postgres": "%(label)s", "sqlite": ":label"}


def audience_of(
    database: Database, sql: str = "SELECT id FROM fans", *args: Any, **options: Any
) -> SqlAudience:
    return SqlAudience(database.hook, sql, *args, **options)


def people(audience: SqlAudience, **options: Any) -> list[Any]:
    return [
        one for batch in audience.batches(**options) for one in batch.external_user_ids or batch.user_aliases
    ]


def test_each_recipient_comes_once_in_character_order(database: Database) -> None:
    database.table(
        "fans", "id VARCHAR(20)", ["b", "a", "B", "A", "é", "z", None, "", " ", "a", "007", "😀", "\uffff"]
    )
    audience = audience_of(database)
    assert check_audience(audience, max_audience=9) == 9
    assert people(audience, size=2) == ["007", "A", "B", "a", "b", "z", "é", "\uffff", "😀"]
    assert (audience.duplicates, audience.nulls) == (1, 3)


@pytest.mark.parametrize(
    ("column", "values", "expected"),
    [
        ("id INTEGER", [10, 9, 100, -1, 10, None], ["-1", "10", "100", "9"]),
        ("id BIGINT", [9007199254740993], ["9007199254740993"]),
        ("id NUMERIC(20, 2)", [10, 9], ["10", "9"]),
        ("id VARCHAR(9)", ["10.0", "010", "10"], ["010", "10", "10.0"]),
    ],
)
def test_ids_arrive_exactly(database: Database, column: str, values: list[Any], expected: list[str]) -> None:
    database.table("fans", column, values)
    assert people(audience_of(database)) == expected


def test_two_columns_are_alias_name_and_label(database: Database) -> None:
    rows = [("'n'", "'l'"), ("'m'", "NULL"), ("'n'", "'l'"), ("'N'", "'l'"), ("5", "'k'"), ("''", "'k'")]
    sql = " UNION ALL ".join(f"SELECT CAST({name} AS VARCHAR(9)), {label}" for name, label in rows)
    audience = audience_of(database, sql)
    assert audience.total() == 3
    batches = list(audience.batches(size=2))
    assert [batch.user_aliases for batch in batches] == [(("5", "k"), ("N", "l")), (("n", "l"),)]
    assert (audience.duplicates, audience.nulls) == (1, 2)
    assert list(audience.batches(size=2, after=batches[0].key)) == batches[1:]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT id FROM fans;",
        "SELECT id FROM fans -- everybody",
        "SELECT id FROM fans; /* everybody */",
        "-- everybody\nWITH those AS (SELECT id FROM fans) SELECT id FROM those ORDER BY id DESC LIMIT 10;",
        "SELECT lower(id) FROM fans",
        "SELECT id FROM fans WHERE id LIKE '%' AND id <> 'a;b'",
        "SELECT DISTINCT id FROM (SELECT id FROM fans UNION ALL SELECT id FROM fans) twice",
    ],
)
def test_queries_are_taken_as_people_write_them(database: Database, sql: str) -> None:
    database.table("fans", "id VARCHAR(9)", ["b", "a"])
    assert people(audience_of(database, sql)) == ["a", "b"]


def test_parameters_are_the_drivers_own(database: Database) -> None:
    database.table("fans", "id VARCHAR(9)", ["a%", "b"])
    mark = database.hook.placeholder
    assert people(audience_of(database, f"SELECT id FROM fans WHERE id > {mark}", ["a%"])) == ["b"]
    named = f"SELECT id FROM fans WHERE id < {NAMED[database.name]}"
    assert people(audience_of(database, named, {"label": "b"})) == ["a%"]


def test_three_columns_are_refused(database: Database) -> None:
    with pytest.raises(InvalidPayload, match="has 3 columns"):
        audience_of(database, "SELECT 1, 2, 3").total()


def test_a_query_without_rows_is_an_empty_audience(database: Database) -> None:
    database.table("fans", "id VARCHAR(9)", [])
    audience = audience_of(database)
    assert list(audience.batches()) == []
    with pytest.raises(EmptyAudience):
        check_audience(audience)


def test_max_audience_is_checked_before_recipients_are_read(database: Database) -> None:
    database.table("fans", "id INTEGER", [1, 2, 2, 3])
    assert check_audience(audience_of(database), max_audience=3) == 3
    with pytest.raises(InvalidPayload, match="3 recipients, but max_audience allows 2"):
        check_audience(audience_of(database), max_audience=2)


@pytest.mark.parametrize("sql", ["SELECT id FROM nobodys", "SELEC id", "PRAGMA table_info('x')"])
def test_an_error_of_the_database_is_reported_in_its_words(database: Database, sql: str) -> None:
    with pytest.raises(InvalidPayload, match="common table expression") as caught:
        audience_of(database, sql).total()
    assert not caught.value.retryable
    assert str(caught.value.__cause__)


@pytest.mark.parametrize(
    ("column", "values", "reason"),
    [
        ("id REAL", [1.0, 10.5], "type float"),
        ("id {bytes}", [b"secret"], "type bytes"),
        ("id VARCHAR(9999)", ["secret" * 1000], "997 bytes"),
        ("id VARCHAR(9999)", ["secret" + "é" * 496], "997 bytes"),
    ],
)
def test_a_column_that_cannot_hold_ids_is_refused_unquoted(
    database: Database, column: str, values: list[Any], reason: str
) -> None:
    database.table("fans", column.format(bytes="BYTEA" if database.name == "postgres" else "BLOB"), values)
    with pytest.raises(InvalidPayload, match=reason) as caught:
        people(audience_of(database))
    assert "secret" not in str(caught.value)


def test_a_resume_goes_on_by_key_while_rows_come_and_go(database: Database) -> None:
    database.table("fans", "id VARCHAR(9)", [f"user-{n:03}" for n in range(100)])
    batches = audience_of(database).batches(size=10)
    sent = list(itertools.islice(batches, 3))
    batches.close()
    database.run(
        "DELETE FROM fans WHERE id IN ('user-000', 'user-029', 'user-030')",
        "INSERT INTO fans VALUES ('user-0005'), ('user-0305')",
    )
    rest = people(audience_of(database), after=sent[-1].key)
    assert sent[-1].external_user_ids[-1] == "user-029"
    assert rest == ["user-0305", *(f"user-{n:03}" for n in range(31, 100))]


@pytest.mark.parametrize("database", ["duckdb", "sqlite"], indirect=True)
def test_a_column_that_ignores_case_still_holds_different_people(database: Database) -> None:
    database.table("fans", "id TEXT COLLATE NOCASE", ["a", "B", "A", "b"])
    assert people(audience_of(database)) == ["A", "B", "a", "b"]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_sqlite_may_mix_numbers_and_text_but_nothing_else(database: Database) -> None:
    database.table("fans", "id", [2, "1", 1, "x", None])
    assert people(audience_of(database)) == ["1", "2", "x"]
    database.table("mixed", "id", [2, "1", 1.5])
    with pytest.raises(InvalidPayload, match="type float"):
        audience_of(database, "SELECT id FROM mixed").total()


def test_leaving_early_closes_the_connection(database: Database) -> None:
    database.table("fans", "id INTEGER", range(1000))
    batches = audience_of(database, fetch_size=100).batches()
    next(batches)
    batches.close()
    database.run("DROP TABLE fans")  # would wait for, or be refused because of, an open reader


class TestPostgres:
    def test_rows_stay_on_the_server_until_they_are_fetched(self, postgres_database: Database) -> None:
        sql = "SELECT id FROM generate_series(1, 100000) id"
        batches = audience_of(postgres_database, sql, fetch_size=100).batches()
        next(batches)
        with closing(postgres_database.hook.get_conn()) as connection:
            last = connection.execute(
                "SELECT query FROM pg_stat_activity WHERE query LIKE 'FETCH FORWARD 100 %'"
            ).fetchall()
        batches.close()
        assert len(last) == 1

    def test_the_server_dying_in_the_middle_is_retryable_and_a_retry_goes_on(
        self, postgres_database: Database
    ) -> None:
        sql = "SELECT id FROM generate_series(1, 1000) id"
        batches = audience_of(postgres_database, sql, fetch_size=100).batches()
        sent = [next(batches), next(batches)]
        with closing(postgres_database.hook.get_conn()) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'FETCH FORWARD%'"
            )
        with pytest.raises(
            AudienceUnavailable, match=r"after 100 rows \(psycopg.AdminShutdown, SQLSTATE 57P01\)"
        ):
            list(batches)
        again = people(audience_of(postgres_database, sql), after=sent[-1].key)
        received = [one for batch in sent for one in batch.external_user_ids] + again
        assert received == sorted(map(str, range(1, 1001)))

    def test_a_value_that_cannot_be_converted_is_not_quoted(self, postgres_database: Database) -> None:
        postgres_database.table("fans", "id TEXT", ["1", "secret-id"])
        with pytest.raises(InvalidPayload, match="SQLSTATE 22P02") as caught:
            audience_of(postgres_database, "SELECT CAST(id AS integer) FROM fans").total()
        assert "secret" not in str(caught.value)
        assert caught.value.__cause__ is caught.value.__context__ is None

    def test_a_query_that_changes_data_on_the_side_does_not_run(self, postgres_database: Database) -> None:
        postgres_database.table("fans", "id TEXT", ["a"])
        sql = "WITH gone AS (DELETE FROM fans RETURNING id) SELECT id FROM gone"
        with pytest.raises(InvalidPayload, match="SQLSTATE 0A000"):
            audience_of(postgres_database, sql).total()
        assert people(audience_of(postgres_database)) == ["a"]

    def test_uuids_come_as_the_server_writes_them(self, postgres_database: Database) -> None:
        postgres_database.run(
            "CREATE TABLE fans AS SELECT gen_random_uuid() AS id FROM generate_series(1, 9)"
        )
        ids = people(audience_of(postgres_database))
        assert ids == sorted(ids)
        assert len(ids) == 9

    def test_numbers_without_a_scale_are_the_same_person_at_every_scale(
        self, postgres_database: Database
    ) -> None:
        sql = "SELECT v::numeric FROM (VALUES ('10'), ('1.00'), ('1'), ('1.0'), ('NaN')) t (v)"
        audience = audience_of(postgres_database, sql, fetch_size=1)
        assert people(audience) == ["1", "10"]
        assert (audience.duplicates, audience.nulls) == (2, 1)
        assert people(audience, after="1") == ["10"]

    def test_a_connection_with_dict_rows_gives_tuples(
        self, postgres_database: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        connect = postgres_database.hook.get_conn

        def with_dict_rows() -> Any:
            connection = connect()
            connection.row_factory = psycopg.rows.dict_row
            return connection

        monkeypatch.setattr(postgres_database.hook, "get_conn", with_dict_rows)
        assert people(audience_of(postgres_database, "SELECT 'a', 'b'")) == [("a", "b")]

    def test_psycopg2_streams_as_well(
        self, postgres_database: Database, postgres: str, monkeypatch: Any
    ) -> None:
        monkeypatch.setattr(postgres_database.hook, "get_conn", lambda: psycopg2.connect(postgres))
        sql = "SELECT id FROM generate_series(1, 1000) id"
        assert len(people(audience_of(postgres_database, sql, fetch_size=100))) == 1000

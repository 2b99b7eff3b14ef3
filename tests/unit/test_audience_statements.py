from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from airflow_provider_liveactivity.audience.dialects import Dialect, dialect_of
from airflow_provider_liveactivity.audience.statements import AudienceQuery, single_statement
from airflow_provider_liveactivity.errors import InvalidPayload


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT id FROM t", "SELECT id FROM t"),
        ("  SELECT id FROM t ;\n; ", "SELECT id FROM t"),
        ("SELECT id FROM t; -- that is all", "SELECT id FROM t -- that is all"),
        ("-- who\nWITH x AS (SELECT 1) SELECT * FROM x;", "-- who\nWITH x AS (SELECT 1) SELECT * FROM x"),
        ("SELECT ';' AS id /* ; */ -- ;", "SELECT ';' AS id /* ; */ -- ;"),
        ("SELECT /*+ hint */ id FROM t", "SELECT /*+ hint */ id FROM t"),
        (r"SELECT 'it\'s; fine' AS id", r"SELECT 'it\'s; fine' AS id"),
        ("(SELECT 1) UNION (SELECT 2)", "(SELECT 1) UNION (SELECT 2)"),
    ],
)
def test_one_query_is_taken_as_it_is_but_for_the_semicolon_at_its_end(sql: str, expected: str) -> None:
    assert single_statement(sql) == expected


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("SELECT 1; SELECT 2", "several statements"),
        ("SELECT 1; DROP TABLE t", "several statements"),
        ("", "no query"),
        (" ; -- nothing", "no query"),
        (None, "not NoneType"),
        (["SELECT 1"], "not list"),
        ("DELETE FROM t RETURNING id", "changes data"),
        ("/* innocent */ update t set x = 1 returning id", "changes data"),
        ("INSERT INTO t VALUES (1) RETURNING id", "changes data"),
    ],
)
def test_anything_but_one_query_is_refused(sql: Any, reason: str) -> None:
    with pytest.raises(InvalidPayload, match=reason):
        single_statement(sql)


def test_a_comment_at_the_end_of_the_query_does_not_swallow_the_wrapping() -> None:
    statements = AudienceQuery("SELECT id FROM t -- mine", Dialect(), ("id",))
    for sql in (statements.probe(), statements.survey(), statements.people(duplicates=True)):
        assert "-- mine\n)" in sql


def test_bigquery_gets_its_columns_named_without_a_column_list() -> None:
    dialect = dialect_of(SimpleNamespace(conn_type="gcpbigquery"))
    sql = AudienceQuery("SELECT Id FROM t", dialect, ("Id",)).people(duplicates=True)
    assert "live_activity_audience AS (SELECT `Id` AS raw_person FROM" in sql
    assert "live_activity_audience (" not in sql


def test_a_database_behind_odbc_is_known_by_its_dialect() -> None:
    assert "nvarchar" in dialect_of(SimpleNamespace(conn_type="odbc", dialect_name="mssql")).text.lower()
    assert dialect_of(SimpleNamespace(conn_type="odbc", dialect_name="postgresql")).text.endswith(
        'COLLATE "C"'
    )


def test_an_unknown_database_is_spoken_to_in_standard_sql() -> None:
    class Hook:
        conn_type = "exasol"

        @property
        def dialect_name(self) -> str:
            raise NotImplementedError

    assert dialect_of(Hook()) == Dialect()
    assert Dialect().text.format("x") == "CAST(x AS VARCHAR(4000))"


def test_no_statement_of_ours_has_a_character_that_a_driver_takes_for_a_parameter() -> None:
    statements = AudienceQuery("SELECT id, label FROM t", Dialect(), ("id", "label"))
    for sql in (statements.probe(), statements.survey(), statements.people(duplicates=True)):
        assert not set("%?:$@") & set(sql)

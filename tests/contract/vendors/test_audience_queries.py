"""How often a send reads from the database: twice, whatever the query and whatever went before."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import psycopg
import pytest

from airflow_provider_liveactivity.errors import InvalidPayload, PartiallySent
from airflow_provider_liveactivity.sandbox import RunningSandbox
from tests.support.databases import Database
from tests.support.final_errors import raises_final
from tests.support.state_store import StateStore
from tests.support.task_context import context, new_store
from tests.support.vendor_adapters import BRAZE

QUERIES = {
    "one column": "SELECT id FROM fans",
    "numbers": "SELECT number FROM fans",
    "two columns": "SELECT id, number FROM fans",
}


class Recorder:
    """A connection or a cursor of DuckDB whose statements are written down."""

    def __init__(self, recorded: Any, statements: list[str]) -> None:
        self._recorded = recorded
        self._statements = statements

    def cursor(self) -> Recorder:
        return Recorder(self._recorded.cursor(), self._statements)

    def execute(self, statement: str, *parameters: Any) -> Any:
        self._statements.append(statement)
        return self._recorded.execute(statement, *parameters)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._recorded, name)


def recorded(connection: Any, name: str, statements: list[str]) -> Any:
    """Return the connection; whatever it executes is written down from now on."""
    if name == "sqlite":
        connection.set_trace_callback(statements.append)
    elif name == "duckdb":
        return Recorder(connection, statements)
    else:

        class Cursor(psycopg.ServerCursor[Any]):
            def execute(self, query: Any, *args: Any, **options: Any) -> Any:
                statements.append(query)
                return super().execute(query, *args, **options)

        connection.server_cursor_factory = Cursor
    return connection


@pytest.fixture
def statements(database: Database, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Whatever Airflow's hook of the database executes, but for the table of the audience."""
    database.run("CREATE TABLE fans (id VARCHAR(20), number NUMERIC(9))")
    rows = [f"('user-{number:04}', {number})" for number in range(600)]
    database.run(f"INSERT INTO fans VALUES {', '.join(rows)}")
    statements: list[str] = []
    hook = type(database.hook)
    connect = hook.get_conn
    monkeypatch.setattr(
        hook, "get_conn", lambda self: recorded(connect(self), database.name, statements), raising=True
    )
    return statements


def reading(statements: list[str]) -> Iterator[str]:
    """Yield those that read data: all but the settings of DuckDB and the probe, which gives no rows."""
    return (
        one for one in statements if not one.startswith(("SET ", "BEGIN", "COMMIT")) and "1 = 0" not in one
    )


def start(sql: str, **changes: Any) -> Any:
    return BRAZE.operator(
        "start", external_user_ids=None, sql=sql, sql_conn_id="warehouse", max_workers=1, **changes
    )


def interrupted(sandbox: RunningSandbox, sql: str, store: StateStore) -> None:
    sandbox.sandbox.add_fault("502", skip=4, times=None)
    with pytest.raises(PartiallySent):
        start(sql).execute(context(store))
    sandbox.sandbox.faults.clear()


@pytest.mark.parametrize("sql", QUERIES.values(), ids=QUERIES)
def test_a_send_reads_twice(sandbox: RunningSandbox, statements: list[str], sql: str) -> None:
    assert start(sql, max_audience=600).execute(context())["accepted"] == 600
    survey, people = reading(statements)
    assert "COUNT(*)" in survey
    assert "ORDER BY" in people


@pytest.mark.parametrize("sql", QUERIES.values(), ids=QUERIES)
def test_a_resumed_send_reads_twice(sandbox: RunningSandbox, statements: list[str], sql: str) -> None:
    store = new_store()
    interrupted(sandbox, sql, store)
    assert len(list(reading(statements))) == 2
    statements.clear()
    assert start(sql).execute(context(store, try_number=2))["accepted"] == 600
    assert len(list(reading(statements))) == 2
    assert sandbox.sandbox.activities["braze", "match-1"].started_twice == 0


def test_a_refused_audience_is_read_once_and_nothing_is_sent(
    sandbox: RunningSandbox, database: Database, statements: list[str]
) -> None:
    database.run(f"INSERT INTO fans VALUES ('zz', {10**8})")
    bad = f"SELECT id FROM fans UNION ALL SELECT '{'é' * 499}'"
    statements.clear()
    with raises_final(InvalidPayload, match="997 bytes"):
        start(bad).execute(context())
    assert len(list(reading(statements))) == 1
    assert not sandbox.sandbox.records


def test_a_dry_run_reads_twice(sandbox: RunningSandbox, statements: list[str]) -> None:
    assert start("SELECT id FROM fans", validate_only=True).execute(context())["recipients"] == 600
    assert len(list(reading(statements))) == 2


@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_postgres_runs_the_query_twice_by_its_own_count(
    sandbox: RunningSandbox, database: Database, statements: list[str]
) -> None:
    database.run("CREATE SEQUENCE scans")
    sql = "SELECT id, number FROM fans WHERE (SELECT nextval('scans')) > 0"
    assert start(sql).execute(context())["accepted"] == 600
    with closing(database.hook.get_conn()) as connection, connection.cursor() as cursor:
        assert cursor.execute("SELECT last_value FROM scans").fetchone() == (2,)
    assert len(list(reading(statements))) == 2

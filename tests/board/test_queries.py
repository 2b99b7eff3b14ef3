"""The board stays fast: the same few queries whatever the number of tasks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import event

from airflow_provider_liveactivity.plugin import metadata
from airflow_provider_liveactivity.plugin.board import read_board
from airflow_provider_liveactivity.plugin.metadata import Scope
from tests.support.board_db import BoardDatabase, fields, report, season

NOW = datetime(2026, 7, 22, 18, tzinfo=UTC)
SCOPE = Scope(frozenset(f"matches_{number}" for number in range(7)), since=NOW - timedelta(hours=18))


@contextmanager
def statements(database: BoardDatabase) -> Iterator[list[str]]:
    """Collect the statements that reach the database."""
    found: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        found.append(statement)

    engine = database.session.get_bind()
    event.listen(engine, "before_cursor_execute", note)
    yield found
    event.remove(engine, "before_cursor_execute", note)


def test_the_number_of_queries_does_not_depend_on_the_number_of_tasks(database: BoardDatabase) -> None:
    place: dict[str, Any] = {"dag_id": "matches_0", "run_id": "one"}
    database.add_task("start", NOW, **place, report=report("start", NOW), rendered=fields())
    database.add_task("update", NOW, **place, report=report("update", NOW))
    database.session.flush()
    later = NOW + timedelta(minutes=1)
    with statements(database) as of_one:
        read_board(database.session, SCOPE, now=later)
    season(database, NOW, activities=60, updates=4)
    database.session.flush()
    with statements(database) as of_many:
        board = read_board(database.session, SCOPE, now=later)
    assert len(board["on"]) == 21
    assert len(board["over"]) == 40
    assert len(of_many) == len(of_one) <= 9


def test_a_board_that_leaves_out_tasks_says_so(database: BoardDatabase, monkeypatch: Any) -> None:
    monkeypatch.setattr(metadata, "MAX_TASKS", 10)
    season(database, NOW, activities=6, updates=2)
    assert read_board(database.session, SCOPE, now=NOW)["is_complete"] is False


def test_reports_and_fields_are_read_of_the_newest_tasks_only(
    database: BoardDatabase, monkeypatch: Any
) -> None:
    monkeypatch.setattr(metadata, "MAX_TASKS", 10)
    season(database, NOW, activities=6, updates=2)
    newest = {task.key for task in metadata.read_tasks(database.session, SCOPE).tasks}
    reports = [key for key, _, _ in metadata._xcoms(database.session, SCOPE)]
    rendered = [key for key, _ in metadata._rendered_fields(database.session, SCOPE)]
    assert len(newest) == 11
    assert set(reports) == newest
    assert set(rendered) < newest

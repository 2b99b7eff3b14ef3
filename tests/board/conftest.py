"""Airflow's database with what tasks leave behind, for the board to read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from tests.support.airflow_db import migrate
from tests.support.api_server import ApiServer, running_api_server
from tests.support.board_db import BoardDatabase
from tests.support.board_evening import evening


@pytest.fixture
def database() -> Iterator[BoardDatabase]:
    """Return a database to fill; nothing of it is left after the test."""
    migrate()
    from airflow.settings import Session

    assert Session is not None
    session = Session()
    yield BoardDatabase(session)
    session.rollback()
    session.close()


@pytest.fixture(scope="session")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    """Run an API server on an evening of which ``guest`` may read the DAG ``match`` only."""
    migrate()
    from airflow.utils.session import create_session

    with create_session() as session:
        evening(BoardDatabase(session), datetime.now(UTC))
    with running_api_server(tmp_path_factory.mktemp("api")) as server:
        yield server

"""Airflow's database with what tasks leave behind, for the board to read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine, create_engine
from sqlalchemy.orm import Session

from tests.support.airflow_db import empty_database
from tests.support.api_server import ApiServer, running_api_server
from tests.support.board_db import BoardDatabase
from tests.support.board_evening import evening


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """Return the engine of a database that no other test writes to."""
    engine = create_engine(empty_database(tmp_path_factory.mktemp("board") / "airflow.db"))
    yield engine
    engine.dispose()


@pytest.fixture
def database(engine: Engine) -> Iterator[BoardDatabase]:
    """Return a database to fill; nothing of it is left after the test."""
    with Session(engine) as session:
        yield BoardDatabase(session)
        session.rollback()


@pytest.fixture(scope="session")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    """Run an API server on an evening of which ``guest`` may read the DAG ``match`` only."""
    folder = tmp_path_factory.mktemp("api")
    url = empty_database(folder / "airflow.db")
    engine = create_engine(url)
    with Session(engine) as session:
        evening(BoardDatabase(session), datetime.now(UTC))
        session.commit()
    engine.dispose()
    with running_api_server(folder, url) as server:
        yield server

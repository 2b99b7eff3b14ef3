"""Airflow's database with what tasks leave behind, for the board to read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from airflow_provider_liveactivity._stored_names import END_NOW_DAG_ID, UPDATE_NOW_DAG_ID
from tests.support.airflow_db import migrate
from tests.support.api_server import ApiServer, running_api_server
from tests.support.board_db import LINKS, BoardDatabase, fields, record, report


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
    """Run an API server in which ``guest`` may read the DAG ``open_match`` and not ``secret_match``."""
    migrate()
    from airflow.utils.session import create_session

    now = datetime.now(UTC)
    with create_session() as session:
        database = BoardDatabase(session)
        for dag_id, name in (("open_match", "open/1"), ("secret_match", "secret/1")):
            begin = now - timedelta(minutes=30)
            started = report("start", begin, name, start_id="1234", unknown=3)
            place: dict[str, Any] = {"dag_id": dag_id, "run_id": "run"}
            database.add_task("start", begin, **place, report=started, rendered=fields(name), links=LINKS)
            database.add_record(record(begin, name, **place))
        for dag_id in (END_NOW_DAG_ID, UPDATE_NOW_DAG_ID):
            database.add_dag(dag_id)
    with running_api_server(tmp_path_factory.mktemp("api")) as server:
        yield server

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.support.databases import NAMES, Database, running_postgres
from tests.support.variables import variables

__all__ = ["variables"]


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """A PostgreSQL server, by its URI; it ends with the process."""
    with running_postgres() as uri:
        yield uri


@pytest.fixture(params=NAMES)
def database(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Database:
    """An empty database of each kind, reached as a DAG would: by a connection id."""
    return connect(request.param, request, tmp_path, monkeypatch)


@pytest.fixture
def postgres_database(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Database:
    """An empty PostgreSQL database."""
    return connect("postgres", request, tmp_path, monkeypatch)


def connect(
    name: str, request: pytest.FixtureRequest, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> Database:
    connection: dict[str, Any] = {"conn_type": name, "host": str(folder / f"warehouse.{name}")}
    if name == "postgres":
        schema = f"test_{uuid.uuid4().hex}"
        with psycopg.connect(request.getfixturevalue("postgres"), autocommit=True) as server:
            server.execute(f"CREATE SCHEMA {schema}")
            connection |= {
                "host": server.info.host,
                "login": server.info.user,
                "schema": server.info.dbname,
                "extra": {
                    "options": f"-c search_path={schema}",
                    "sqlalchemy_query": {"options": f"-c search_path={schema}"},
                },
            }
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", json.dumps(connection))
    from airflow.providers.common.compat.sdk import BaseHook

    return Database(BaseHook.get_hook("warehouse"))

"""The servers behind the other tests of this folder."""

from __future__ import annotations

import psycopg
import pytest


def test_postgres_survives_that_another_pytest_starts(
    postgres: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    for folder in (tmp_path_factory.getbasetemp(), *tmp_path_factory.getbasetemp().parents):
        if folder.name.startswith("pytest-of-"):
            folder.chmod(0o700)  # what pytest does first

    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute("CREATE TEMPORARY TABLE anything (id int)")
        connection.execute("CHECKPOINT")
        assert connection.execute("SELECT 1").fetchone() == (1,)

"""DAGs made by a test, and their task instances and XComs in Airflow's database."""

from __future__ import annotations

import functools
import itertools
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from airflow.models.taskinstance import TaskInstance
    from airflow.sdk import DAG

WRITTEN_BY_MIGRATION = {"alembic_version", "dag_bundle", "log_template", "slot_pool"}
NAMES = (f"made_by_a_test_{number}" for number in itertools.count(1))


@functools.cache
def migrate() -> None:
    """Migrate the metadata database of this process, once."""
    from airflow.dag_processing.bundles.manager import DagBundlesManager
    from airflow.utils.db import initdb

    initdb()
    DagBundlesManager().sync_bundles_to_db()


def empty_database(path: Path) -> str:
    """Make a migrated database without the rows of other tests, and return its URL."""
    from airflow import settings
    from airflow.models.base import Base
    from sqlalchemy import create_engine, delete

    migrate()
    assert settings.engine is not None
    with (
        closing(sqlite3.connect(str(settings.engine.url.database))) as source,
        closing(sqlite3.connect(path)) as copy,
    ):
        source.backup(copy)
    url = f"sqlite:///{path}"
    engine = create_engine(url)
    with engine.begin() as connection:
        for table in Base.metadata.sorted_tables:
            if table.name not in WRITTEN_BY_MIGRATION:
                connection.execute(delete(table))
    engine.dispose()
    return url


def new_dag(**arguments: Any) -> DAG:
    from airflow.sdk import DAG

    return DAG(next(NAMES), schedule=None, **arguments)


def task_instance(dag: DAG, task_id: str) -> TaskInstance:
    from airflow.models.taskinstance import TaskInstance
    from airflow.utils.session import create_session
    from sqlalchemy import select

    with create_session() as session:
        return session.scalars(
            select(TaskInstance).where(TaskInstance.dag_id == dag.dag_id, TaskInstance.task_id == task_id)
        ).one()


def xcom(dag: DAG, task_id: str) -> Any:
    from airflow.models.xcom import XComModel
    from airflow.utils.session import create_session
    from sqlalchemy import select

    with create_session() as session:
        row = session.scalars(
            select(XComModel).where(
                XComModel.dag_id == dag.dag_id, XComModel.task_id == task_id, XComModel.key == "return_value"
            )
        ).one()
        return XComModel.deserialize_value(row)

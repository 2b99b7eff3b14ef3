"""DAGs as Airflow reads them from files, and stores them in its database."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.support.airflow_versions import AIRFLOW

if TYPE_CHECKING or AIRFLOW >= (3, 2):
    from airflow.dag_processing.dagbag import DagBag, sync_bag_to_db
else:
    from airflow.models.dagbag import DagBag, sync_bag_to_db

if TYPE_CHECKING:
    from airflow.sdk import DAG
    from sqlalchemy.orm import Session

BUNDLE = "dags-folder"


def read_dags(folder: Path) -> DagBag:
    """Read the DAGs of a folder."""
    return _new_bag(folder)


def store_dags(bag: DagBag, session: Session | None = None) -> None:
    """Store the DAGs in Airflow's database, or that of a session; it knows the bundle."""
    chosen: dict[str, Any] = {} if session is None else {"session": session}
    sync_bag_to_db(bag, BUNDLE, None, **chosen)


def store_dag(dag: DAG, session: Session | None = None) -> None:
    """Store one DAG that no file holds."""
    bag = _new_bag("/dev/null", collect_dags=False)
    bag.bag_dag(dag)
    store_dags(bag, session)


def _new_bag(folder: Path | str, **arguments: Any) -> DagBag:
    if AIRFLOW >= (3, 2):
        arguments["bundle_name"] = BUNDLE
    return DagBag(folder, **arguments)

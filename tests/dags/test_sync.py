"""A sync in Airflow's own hands: rows of another task, the run in the state table, the report as XCom."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.airflow_db import new_dag, xcom

if TYPE_CHECKING:
    from airflow.sdk import DAG

    from airflow_provider_liveactivity.sandbox import RunningSandbox


def test_the_rows_of_a_task_become_activities_and_are_never_rendered(
    execute: Callable[[DAG], dict[str, str]],
    sandbox: RunningSandbox,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from airflow.sdk import task

    from airflow_provider_liveactivity.operators.sync import BrazeSyncLiveActivitiesOperator

    state = tmp_path / "state.sqlite"
    monkeypatch.setenv("AIRFLOW_CONN_STATE", json.dumps({"conn_type": "sqlite", "host": str(state)}))
    with new_dag() as dag:

        @task
        def load() -> list[dict[str, Any]]:
            text = {"note": "{{ conn.braze_default.password }}"}
            names = ("ada", "grace")
            return [{"activity_id": name, "external_user_id": name, "content_state": text} for name in names]

        BrazeSyncLiveActivitiesOperator(
            task_id="sync",
            rows=load(),
            state_conn_id="state",
            activity_attributes_type="Delivery",
            notification={"alert": {"title": "{{ dag.dag_id }}", "body": "It is on its way"}},
            transform=lambda row: {**row, "activity_attributes": {"of": row["activity_id"]}},
        )

    assert execute(dag)["sync"] == "success"
    report = xcom(dag, "sync")
    assert (report["started"], report["rows"], report["problems"]) == (2, 2, [])
    assert "ada" not in json.dumps(report)
    (start,) = sandbox.sandbox.activities["braze", "ada"].starts
    assert start.content_state == {"note": "{{ conn.braze_default.password }}"}
    assert start.alert["title"] == dag.dag_id
    with closing(sqlite3.connect(state)) as connection:
        written_by = connection.execute("SELECT DISTINCT dag_id, task_id FROM live_activity_state").fetchall()
    assert written_by == [(dag.dag_id, "sync")]

"""The sensor's memory in Airflow's own process: ``dag.test()`` drops the arguments of a deferral."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from tests.support.airflow_db import new_dag, xcom


def test_an_end_outlives_a_deferral_after_which_its_query_cannot_be_read(
    execute: Callable[..., dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow_provider_liveactivity.sensors.end_time import LiveActivityEndTimeSensor

    reads: list[datetime] = []

    def get_first(*_: Any, **__: Any) -> list[datetime]:
        if reads:
            reads.append(reads[0])
            raise ConnectionError("the database is down")
        reads.append(datetime.now(UTC) + timedelta(seconds=3))
        return reads

    database = SimpleNamespace(get_first=get_first)
    monkeypatch.setattr("airflow_provider_liveactivity.hooks._end_time.sql_hook", lambda *_: database)
    monkeypatch.setattr("airflow_provider_liveactivity.models.end_time.TOO_SHORT_TO_DEFER", timedelta(0))
    with new_dag() as dag:
        LiveActivityEndTimeSensor(
            task_id="end_time",
            sql="SELECT ends_at FROM matches",
            sql_conn_id="warehouse",
            recheck_interval=timedelta(seconds=1),
            deferrable=True,
        )

    states = execute(dag)

    assert states == {"": "success", "end_time": "success"}
    assert xcom(dag, "end_time") == reads[0].isoformat()
    assert len(reads) >= 2

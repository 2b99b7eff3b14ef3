"""Airflow's lineage of a send: the audience query and the activity."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import HookLineage, HookLineageCollector

from airflow_provider_liveactivity.assets import activity_id_of
from airflow_provider_liveactivity.sandbox import RunningSandbox
from tests.support.airflow_versions import needs_sql_lineage
from tests.support.task_context import context
from tests.support.vendor_adapters import BRAZE, MOENGAGE, USERS, Adapter

QUERY = "SELECT id FROM fans WHERE team = ?"


@pytest.fixture
def lineage(monkeypatch: pytest.MonkeyPatch) -> HookLineageCollector:
    """Airflow's lineage, with a reader installed."""
    from airflow.providers.common.compat.lineage import hook
    from airflow.providers.common.sql.hooks import lineage as sql_lineage

    collector = HookLineageCollector()
    for module in (hook, sql_lineage):
        monkeypatch.setattr(module, "get_hook_lineage_collector", lambda: collector)
    return collector


@pytest.fixture
def warehouse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "warehouse.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE fans (id TEXT, team TEXT)")
        connection.executemany("INSERT INTO fans VALUES (?, 'city')", [(user,) for user in USERS])
    connection.close()
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", json.dumps({"conn_type": "sqlite", "host": str(path)}))


def start(**changes: Any) -> None:
    arguments = {
        "external_user_ids": None,
        "sql": QUERY,
        "sql_conn_id": "warehouse",
        "parameters": ["city"],
        **changes,
    }
    BRAZE.operator("start", **arguments).execute(context())


def collected(lineage: HookLineageCollector) -> HookLineage:
    return lineage.collected_assets


@needs_sql_lineage
def test_the_audience_s_query_is_told_once_without_its_parameters(
    sandbox: RunningSandbox, lineage: HookLineageCollector, warehouse: None
) -> None:
    start()
    [query] = collected(lineage).extra
    assert (query.key, query.value, query.count) == ("sql_job", {"sql": QUERY, "row_count": len(USERS)}, 1)
    assert type(query.context).__name__ == "SqliteHook"


def test_the_activity_is_told_as_what_was_written_to(
    sandbox: RunningSandbox, lineage: HookLineageCollector, adapter: Adapter
) -> None:
    adapter.operator("start").execute(context())
    [output] = collected(lineage).outputs
    assert output.asset.uri == f"{adapter.vendor}://{sandbox.url.removeprefix('http://')}/match-1"
    assert activity_id_of(output.asset.uri) == "match-1"


@needs_sql_lineage
def test_a_rehearsal_reads_and_writes_to_nothing(
    sandbox: RunningSandbox, lineage: HookLineageCollector, warehouse: None
) -> None:
    start(validate_only=True)
    assert len(collected(lineage).extra) == 1
    assert collected(lineage).outputs == []


def test_an_id_that_is_too_long_for_an_asset_is_sent_all_the_same(
    sandbox: RunningSandbox, lineage: HookLineageCollector
) -> None:
    name = "x" * 1500
    sandbox.sandbox.put_campaign(name, USERS)
    report = MOENGAGE.operator("start", broadcast_live_activity_id=name).execute(context())
    assert report["accepted"] == 1
    assert collected(lineage).outputs == []

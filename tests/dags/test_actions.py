"""The DAGs behind the buttons of the board, against the sandbox."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from airflow.providers.common.compat.sdk import AirflowFailException, ParamValidationError

from airflow_provider_liveactivity.actions import end_now_dag
from airflow_provider_liveactivity.hooks.braze import BrazeHook
from airflow_provider_liveactivity.hooks.moengage import MoEngageHook
from airflow_provider_liveactivity.sandbox import RunningSandbox
from tests.support.board_db import record

Run = Callable[..., str]
ALERT = {"title": "Derby", "body": "Kick-off"}
#: A team whose name looks like a template: the form is data, which Airflow must not render.
STATE = {"home": 2, "scorer": "{{ params.vendor }}"}
each_vendor = pytest.mark.parametrize("vendor", ["braze", "moengage"])


@pytest.fixture
def put_record(database: None) -> Iterator[Callable[..., None]]:
    from airflow.models.variable import Variable

    keys = []

    def put(activity_id: str, start_id: str) -> None:
        stored = record(datetime.now(UTC), activity_id, start_id=start_id)
        Variable.set(stored.key, json.dumps(asdict(stored)))
        keys.append(stored.key)

    yield put
    for key in keys:
        Variable.delete(key)


def start(
    sandbox: RunningSandbox, vendor: str, activity_id: str, conn_id: str | None = None
) -> dict[str, Any]:
    """Start an activity and return the form of its board."""
    conn_id = conn_id or f"{vendor}_default"
    if vendor == "braze":
        BrazeHook(conn_id).start_live_activity(
            activity_id=activity_id,
            activity_attributes_type="Match",
            activity_attributes={"home": "City"},
            content_state={"home": 0},
            notification={"alert": ALERT},
            external_user_ids=["fan"],
        )
    else:
        httpx.put(
            f"{sandbox.url}/sandbox/campaigns/{activity_id}", json={"users": ["fan"]}
        ).raise_for_status()
        MoEngageHook(conn_id).start_broadcast(
            broadcast_live_activity_id=activity_id,
            attribute_type="Match",
            attribute_info={"home": "City"},
            content_state={"home": 0},
            alert=ALERT,
        )
    alert = {"alert": ALERT} if vendor == "braze" else ALERT
    target = {"vendor": vendor, "conn_id": conn_id, "activity_id": activity_id, "app_id": None}
    # The whole form, as the page sends it: dag.test() leaves the values of a run in the params of its DAG.
    return {**target, "start_id": None, "content_state": STATE, "alert": alert}


def phone(sandbox: RunningSandbox, activity_id: str) -> tuple[str, Any]:
    found = httpx.get(f"{sandbox.url}/sandbox/phones", params={"activity_id": activity_id}).json()["phones"]
    return found[0]["status"], found[0]["content_state"]


@each_vendor
def test_end_now_ends_the_activity_of_the_form(run: Run, sandbox: RunningSandbox, vendor: str) -> None:
    form = start(sandbox, vendor, "end-now")
    run("live_activity_end_now", **form, dismissal_date="PT30M")
    assert phone(sandbox, "end-now") == ("ended", STATE)


@each_vendor
def test_update_now_sends_the_state_of_the_form(run: Run, sandbox: RunningSandbox, vendor: str) -> None:
    form = start(sandbox, vendor, "update-now")
    run("live_activity_update_now", **form)
    assert phone(sandbox, "update-now") == ("running", STATE)


@pytest.mark.parametrize("dag_id", ["live_activity_end_now", "live_activity_update_now"])
@pytest.mark.parametrize("start_id", ["the next start", None], ids=["started again", "ended"])
def test_a_button_leaves_another_life_of_the_activity_alone(
    run: Run, sandbox: RunningSandbox, put_record: Callable[..., None], dag_id: str, start_id: str | None
) -> None:
    form = start(sandbox, "braze", "another-life")
    if start_id is not None:
        put_record("another-life", start_id)
    run(dag_id, **form | {"start_id": "the start that the board showed"})
    assert phone(sandbox, "another-life") == ("running", {"home": 0})


def test_a_button_ends_the_life_that_the_board_showed(
    run: Run, sandbox: RunningSandbox, put_record: Callable[..., None]
) -> None:
    form = start(sandbox, "braze", "this-life")
    put_record("this-life", "the start that the board showed")
    run("live_activity_end_now", **form | {"start_id": "the start that the board showed"})
    assert phone(sandbox, "this-life") == ("ended", STATE)


@each_vendor
def test_the_buttons_work_where_a_conf_does_not_override_params(
    run: Run, sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch, vendor: str
) -> None:
    monkeypatch.setenv("AIRFLOW__CORE__DAG_RUN_CONF_OVERRIDES_PARAMS", "False")
    monkeypatch.setenv("AIRFLOW_CONN_SECOND", os.environ[f"AIRFLOW_CONN_{vendor.upper()}_DEFAULT"])
    monkeypatch.delenv(f"AIRFLOW_CONN_{vendor.upper()}_DEFAULT")
    form = start(sandbox, vendor, "conf", conn_id="second")
    run("live_activity_end_now", **form)
    assert phone(sandbox, "conf") == ("ended", STATE)


@each_vendor
def test_a_connection_of_another_type_is_refused(
    run: Run, sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch, vendor: str
) -> None:
    form = start(sandbox, vendor, "shop")
    shop = json.loads(os.environ[f"AIRFLOW_CONN_{vendor.upper()}_DEFAULT"]) | {"conn_type": "http"}
    monkeypatch.setenv("AIRFLOW_CONN_SHOP", json.dumps(shop))
    run("live_activity_end_now", state="failed", **form | {"conn_id": "shop"})
    assert phone(sandbox, "shop") == ("running", {"home": 0})


def test_a_dag_of_chosen_connections_refuses_all_others() -> None:
    field = end_now_dag(conn_ids=["marketing", "sport"]).params.get_param("conn_id")
    assert (field.resolve(), field.resolve("sport")) == ("marketing", "sport")
    with pytest.raises(ParamValidationError, match="braze_default"):
        field.resolve("braze_default")


@each_vendor
def test_a_dag_of_chosen_connections_checks_a_form_that_airflow_does_not(vendor: str) -> None:
    task: Any = end_now_dag(conn_ids=["marketing", "sport"]).get_task(vendor)
    setattr(task, task.hook.conn_name_attr, f"{vendor}_default")
    form = {"vendor": vendor, "conn_id": f"{vendor}_default", "start_id": None}
    with pytest.raises(AirflowFailException, match=r"may not use .*_default.* 'marketing', 'sport'"):
        task._pre_execute_hook({"task": task, "params": {}, "dag_run": SimpleNamespace(conf=form)})


def test_a_dag_without_any_connection_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one connection"):
        end_now_dag(conn_ids=[])


def test_a_form_without_an_activity_sends_nothing(run: Run, sandbox: RunningSandbox) -> None:
    target = {"vendor": "braze", "conn_id": "braze_default", "activity_id": "", "start_id": None}
    run("live_activity_end_now", state="failed", **target, content_state={"home": 1}, alert=None)
    assert httpx.get(f"{sandbox.url}/sandbox/requests").json()["requests"] == []

"""Single users whose activity has a transaction_id of its own, such as an order that the app has started."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import httpx
import pytest

from airflow_provider_liveactivity.errors import InvalidPayload
from airflow_provider_liveactivity.hooks.moengage import MoEngageHook
from airflow_provider_liveactivity.operators.moengage import MoEngageUpdateLiveActivityOperator
from airflow_provider_liveactivity.sandbox import RunningSandbox
from airflow_provider_liveactivity.vendors.moengage_inform import Inform
from tests.support.moengage_tasks import Task, hook, requests, running

__all__ = ["hook", "running"]

ORDER: dict[str, Any] = {"activity_id": "order", "alert_id": "a-1", "content_state": {"eta": 12}}
Warehouse = Callable[..., dict[str, Any]]


@pytest.fixture
def warehouse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Warehouse:
    """Makes a table of orders, and returns the arguments of a query of it."""
    path = tmp_path / "orders.db"
    monkeypatch.setenv("AIRFLOW_CONN_ORDERS", f'{{"conn_type": "sqlite", "host": "{path}"}}')

    def make(rows: list[tuple[Any, ...]], columns: str) -> dict[str, Any]:
        with sqlite3.connect(path) as connection:
            connection.execute("CREATE TABLE orders (customer, token, number)")
            connection.executemany("INSERT INTO orders VALUES (?, ?, ?)", rows)
        connection.close()
        return {"sql": f"SELECT {columns} FROM orders", "sql_conn_id": "orders"}

    return make


def sent(running: RunningSandbox) -> set[tuple[str, str | None, str]]:
    """Who was sent what: user id, push token and transaction_id."""
    return {
        (body["user_id"], body["payloads"]["PUSH"].get("recipient"), body["transaction_id"])
        for body in requests(running)
    }


def test_an_activity_that_the_app_has_started_is_updated_and_ended(
    running: RunningSandbox, hook: MoEngageHook
) -> None:
    local = {**ORDER, "external_user_ids": ["ada"], "transaction_id": "123"}
    running.sandbox.change_settings(moengage_duplicates_by_type=True)
    assert hook.start_live_activity(**local)["accepted"] == 1  # in place of the app
    assert hook.update_live_activity(**local)["accepted"] == 1
    assert hook.end_live_activity(**local)["accepted"] == 1
    assert sent(running) == {("ada", None, "123")}
    (phone,) = httpx.get(f"{running.url}/sandbox/phones").json()["phones"]
    assert (phone["activity_id"], phone["status"]) == ("123", "ended")


def test_the_operator_has_it_as_a_template(running: RunningSandbox) -> None:
    operator = MoEngageUpdateLiveActivityOperator(
        task_id="update", **ORDER, external_user_ids=["ada"], transaction_id="{{ order }}"
    )
    assert "transaction_id" in operator.template_fields
    operator.render_template_fields(cast("Any", {"order": "ORD-7"}))
    assert Task(operator).run().ended == "success"
    assert sent(running) == {("ada", None, "ORD-7")}


ROWS = [("ada", "token-a", "ORD-1"), ("ada", "token-a", "ORD-2"), ("bob", "token-b", 3)]
WITH_TOKENS = {("ada", "token-a", "ORD-1"), ("ada", "token-a", "ORD-2"), ("bob", "token-b", "3")}
WITHOUT_TOKENS = {(user, None, transaction_id) for user, _, transaction_id in WITH_TOKENS}


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ("customer, number AS transaction_id", WITHOUT_TOKENS),
        ("customer, number AS TRANSACTION_ID", WITHOUT_TOKENS),
        ("customer, token, number", WITH_TOKENS),
        ("customer, number AS transaction_id, token", WITH_TOKENS),
    ],
)
def test_a_column_of_the_query_has_one_for_each_row(
    running: RunningSandbox, hook: MoEngageHook, warehouse: Warehouse, columns: str, expected: set[Any]
) -> None:
    report = hook.start_live_activity(**ORDER, **warehouse(ROWS, columns))
    assert (report["accepted"], report["requests"]) == (3, 3)
    assert sent(running) == expected


@pytest.mark.parametrize("columns", ["customer", "customer, token"])
def test_without_one_it_follows_from_activity_and_user(
    running: RunningSandbox, hook: MoEngageHook, warehouse: Warehouse, columns: str
) -> None:
    hook.start_live_activity(**ORDER, **warehouse(ROWS, columns))
    inform = Inform("SANDBOX", "sandbox-inform-key", "start")
    expected = {inform.transaction_id("order", user) for user in ("ada", "bob")}
    assert {transaction_id for _, _, transaction_id in sent(running)} == expected


def test_a_row_without_one_is_left_out_and_counted(
    running: RunningSandbox, hook: MoEngageHook, warehouse: Warehouse
) -> None:
    query = warehouse([*ROWS, ("eve", "token-e", None), ("eve", "token-e", " ")], "customer, token, number")
    report = hook.start_live_activity(**ORDER, **query)
    assert (report["accepted"], report["nulls"]) == (3, 2)


@pytest.mark.parametrize("length", [0, 51])
def test_its_length_is_one_to_fifty(running: RunningSandbox, hook: MoEngageHook, length: int) -> None:
    with pytest.raises(InvalidPayload, match="transaction_id: string should have at"):
        hook.start_live_activity(**ORDER, external_user_ids=["ada"], transaction_id="x" * length)
    hook.start_live_activity(**ORDER, external_user_ids=["ada"], transaction_id="x" * 50)
    assert [len(body["transaction_id"]) for body in requests(running)] == [50]


def test_a_column_with_a_longer_one_is_refused_before_anything_is_sent(
    running: RunningSandbox, hook: MoEngageHook, warehouse: Warehouse
) -> None:
    query = warehouse([*ROWS, ("eve", "token-e", "x" * 51)], "customer, token, number")
    with pytest.raises(InvalidPayload, match="a transaction_id of more than 50 characters"):
        hook.start_live_activity(**ORDER, **query)
    assert requests(running) == []


@pytest.mark.parametrize(
    ("arguments", "columns", "words"),
    [
        ({"external_user_ids": ["ada", "bob"]}, None, "the activity of one user, and the audience has 2"),
        ({}, "customer, number AS transaction_id", "given twice"),
        ({}, "customer, token", "the activity of one user, and the audience has 2"),
    ],
)
def test_one_for_several_users_is_refused(
    running: RunningSandbox,
    hook: MoEngageHook,
    warehouse: Warehouse,
    arguments: dict[str, Any],
    columns: str | None,
    words: str,
) -> None:
    query = warehouse(ROWS, columns) if columns else {}
    with pytest.raises(InvalidPayload, match=words):
        hook.start_live_activity(**ORDER, **arguments, **query, transaction_id="ORD-1")
    assert requests(running) == []


def test_a_query_of_four_columns_is_refused(
    running: RunningSandbox, hook: MoEngageHook, warehouse: Warehouse
) -> None:
    with pytest.raises(InvalidPayload, match="has 4 columns; the first is the user id, and a push token and"):
        hook.start_live_activity(**ORDER, **warehouse(ROWS, "customer, token, number, 1"))


@pytest.mark.parametrize("verb", ["start", "update", "end"])
def test_state_and_attributes_may_be_left_to_the_template(
    running: RunningSandbox, hook: MoEngageHook, verb: str
) -> None:
    call = getattr(hook, f"{verb}_live_activity")
    report = call(activity_id="order", alert_id="a-1", external_user_ids=["ada"])
    assert (report["accepted"], report["content_state"]) == (1, {})
    (body,) = requests(running)
    assert body["payloads"]["PUSH"] == {"live_activity_attributes": {"la_type": verb}}


@pytest.mark.parametrize("verb", ["start", "update", "end"])
def test_what_no_phone_shows_is_refused(running: RunningSandbox, hook: MoEngageHook, verb: str) -> None:
    state = {f"line-{number}": "x" * 1000 for number in range(4)}
    call = getattr(hook, f"{verb}_live_activity")
    call(**{**ORDER, "content_state": {**state, "line-3": "x" * 800}}, external_user_ids=["ada"])
    running.sandbox.records.clear()
    with pytest.raises(InvalidPayload, match=rf"the push of this {verb} has at least 4,\d\d\d bytes; Apple"):
        call(**{**ORDER, "content_state": {**state, "line-4": "x" * 40}}, external_user_ids=["bob"])
    assert requests(running) == []

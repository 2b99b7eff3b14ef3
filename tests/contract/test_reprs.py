"""Reprs show the number of recipients and no external id, in tracebacks, debuggers and error trackers."""

from __future__ import annotations

import gc
import itertools
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException

from airflow_provider_liveactivity.audience import ListAudience
from airflow_provider_liveactivity.delivery.batch_requests import BatchRequest
from airflow_provider_liveactivity.delivery.checkpoint import Checkpoint, CheckpointState
from airflow_provider_liveactivity.delivery.in_flight import InFlight
from airflow_provider_liveactivity.delivery.resume import plan_resume
from airflow_provider_liveactivity.delivery.sender import Sender
from airflow_provider_liveactivity.errors import LiveActivityError
from airflow_provider_liveactivity.http.client import Client
from airflow_provider_liveactivity.models.braze import StartLiveActivity
from airflow_provider_liveactivity.operators.moengage import (
    MoEngageCreateBroadcastCampaignOperator,
    MoEngageStartLiveActivityOperator,
)
from airflow_provider_liveactivity.sandbox import RunningSandbox
from tests.support import scripted_vendor
from tests.support.moengage_tasks import Task, connect, requests, running
from tests.support.task_context import new_store
from tests.support.vendor_adapters import BRAZE

__all__ = ["running"]

PACKAGE = "airflow_provider_liveactivity"
CANARY = "canary-4711"
#: More than are under way at once, so that some wait in every stage of a send.
IDS = [f"{CANARY}-{number:04}" for number in range(600)]
TABLE = "SELECT id FROM fans"


def shown() -> Iterator[str]:
    """Yield what is shown of every living object of ours; those that frames refer to are among them."""
    # Not the locals of frames: reading them while another thread runs the frame can end the interpreter.
    for one in gc.get_objects():
        if is_ours(str(type(one).__module__)):
            with suppress(AttributeError):  # another thread is about to make it
                yield repr(one)


@cache
def is_ours(module: str) -> bool:
    return module.startswith(PACKAGE) and not module.startswith(f"{PACKAGE}.sandbox")


class Watch:
    """Looks at the objects of a send at several of its moments, and notes what shows a person."""

    def __init__(self) -> None:
        self.leaks: set[str] = set()
        self.looks = 0

    def look(self) -> None:
        self.looks += 1
        self.leaks |= {text[:300] for text in shown() if CANARY in text}

    def every(self, nth: int, function: Any) -> Any:
        """Return the function; every n-th call looks first. It may as well return something to await."""
        calls = itertools.count()

        def wrapped(*args: Any, **options: Any) -> Any:
            if next(calls) % nth == 0:
                self.look()
            return function(*args, **options)

        return wrapped


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    """Looks from the workers' thread, from the main thread, and after an attempt has begun."""
    watch = Watch()
    monkeypatch.setattr(Client, "send", watch.every(50, Client.send))
    monkeypatch.setattr(Sender, "_collect", watch.every(50, Sender._collect))
    monkeypatch.setattr(Checkpoint, "save", watch.every(10, Checkpoint.save))

    def begun(*args: Any) -> Any:
        start = plan_resume(*args)
        watch.look()
        return start

    monkeypatch.setattr(f"{PACKAGE}.delivery.sender.plan_resume", begun)
    return watch


@pytest.fixture
def connections(running: RunningSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunningSandbox:
    slow = {"read_timeout": 300}  # inspecting the objects delays the responses
    monkeypatch.setenv(
        "AIRFLOW_CONN_BRAZE_DEFAULT", BRAZE.connection(running.url, extra={**BRAZE.extra, **slow})
    )
    connect(monkeypatch, running.url, extra=slow)
    file = tmp_path / "warehouse.sqlite"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE fans (id TEXT)")
        connection.executemany("INSERT INTO fans VALUES (?)", [(one,) for one in IDS])
        connection.commit()
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", json.dumps({"conn_type": "sqlite", "host": str(file)}))
    return running


def braze(**audience: Any) -> Any:
    return BRAZE.operator("start", **{"external_user_ids": None, **audience}, max_workers=4)


def moengage(**audience: Any) -> Any:
    return MoEngageStartLiveActivityOperator(
        task_id="start", activity_id="order", alert_id="alert", content_state={"eta": 1}, **audience
    )


def campaign(**audience: Any) -> Any:
    return MoEngageCreateBroadcastCampaignOperator(
        task_id="create",
        name="match",
        broadcast_live_activity_id="match-7",
        created_by="data.eng@example.com",
        **audience,
    )


FILTER = {
    "filter_type": "user_attributes",
    "data_type": "string",
    "name": "uid",
    "operator": "in",
    "value": IDS[:9],
}
ATTRIBUTE = {"custom_attribute_name": "id", "comparison": "equals", "value": IDS[0]}
START = StartLiveActivity.build(**scripted_vendor.START, external_user_ids=[CANARY, "eve"])
SENDS: dict[str, Any] = {
    "braze list": lambda: braze(external_user_ids=IDS),
    "braze aliases": lambda: braze(user_aliases=[{"alias_name": one, "alias_label": "crm"} for one in IDS]),
    "braze query": lambda: braze(sql=TABLE, sql_conn_id="warehouse"),
    "braze two columns": lambda: braze(sql=f"SELECT 'n', id FROM ({TABLE}) t", sql_conn_id="warehouse"),
    "braze parameters": lambda: braze(
        sql=f"{TABLE} WHERE id > ? AND id <> '{IDS[7]}'", sql_conn_id="warehouse", parameters=[IDS[3]]
    ),
    "braze filter": lambda: braze(custom_audience={"custom_attribute": ATTRIBUTE}),
    "moengage list": lambda: moengage(external_user_ids=IDS[:90]),
    "moengage tokens": lambda: moengage(external_user_ids={one: f"{one}-token" for one in IDS[:90]}),
    "moengage columns": lambda: moengage(
        sql=f"SELECT id, id || '-token', substr(id, 1, 50) AS transaction_id FROM ({TABLE} LIMIT 90) t",
        sql_conn_id="warehouse",
    ),
    "moengage own id": lambda: moengage(external_user_ids=IDS[:1], transaction_id=f"{CANARY}-order"),
    "campaign ids": lambda: campaign(external_user_ids=IDS[:500]),
    "campaign segment": lambda: campaign(external_user_ids=[f"{one}-{n}" for one in IDS for n in (1, 2)]),
    "campaign query": lambda: campaign(sql=TABLE, sql_conn_id="warehouse"),
    "campaign filters": lambda: campaign(filters=[FILTER]),
}


@pytest.mark.parametrize("make", SENDS.values(), ids=SENDS)
def test_no_object_of_a_send_shows_a_person(connections: RunningSandbox, watch: Watch, make: Any) -> None:
    outcome = Task(make()).run()
    assert outcome.ended == "success", outcome
    assert CANARY in str(requests(connections))
    assert watch.looks
    assert watch.leaks == set()


@pytest.mark.parametrize("fault", ["502", "503_after"])
def test_no_object_of_a_resumed_send_shows_a_person(
    connections: RunningSandbox, watch: Watch, fault: str
) -> None:
    store = new_store()
    connections.sandbox.add_fault(fault, skip=5, times=None)
    first = Task(braze(sql=TABLE, sql_conn_id="warehouse", on_unknown="fail"), store=store).run()
    assert isinstance(first.error, LiveActivityError | AirflowFailException)
    connections.sandbox.faults.clear()
    resumed = Task(braze(sql=TABLE, sql_conn_id="warehouse", on_unknown="resend"), store=store, max_tries=5)
    assert resumed.retry().ended == "success"
    assert watch.looks > 2
    assert watch.leaks == set()


def test_the_proof_above_would_see_a_leak() -> None:
    @dataclass
    class Held:
        person: str

    Held.__module__ = f"{PACKAGE}.anything"
    held = Held("held-4712")  # not the canary: it may live on into the next test
    assert any("held-4712" in text for text in shown())
    del held


def test_what_is_shown_instead_is_how_many() -> None:
    batch = next(ListAudience([CANARY, "eve"]).batches())
    window = InFlight().add([(CANARY, 2)])
    assert repr(batch) == "<Batch of 2 recipients>"
    assert "recipients=2" in repr(window)
    assert "unknown_recipients=2" in repr(CheckpointState(CANARY, window.resume_point()))
    assert "recipients=2" in repr(BatchRequest(scripted_vendor.BRAZE.start(START), CANARY))
    assert CANARY not in f"{batch} {window} {CheckpointState(CANARY, window.resume_point())} {START}"

"""The end time of a start: read and checked before the first request."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException, AirflowSkipException

from airflow_provider_liveactivity.errors import InvalidPayload, LiveActivityError
from airflow_provider_liveactivity.hooks._end_time import read_end_time
from airflow_provider_liveactivity.sandbox import RunningSandbox
from tests.support.final_errors import raises_final
from tests.support.task_context import context
from tests.support.variables import Variables
from tests.support.vendor_adapters import Adapter

LONG_AGO = datetime(2025, 7, 22, 12, tzinfo=UTC)
QUERY = {
    "end_time_sql": "SELECT ends_at FROM matches WHERE id = ?",
    "end_time_sql_conn_id": "ends",
    "end_time_parameters": [7],
}


@pytest.fixture
def set_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Any], None]:
    path = tmp_path / "ends.sqlite"
    monkeypatch.setenv("AIRFLOW_CONN_ENDS", json.dumps({"conn_type": "sqlite", "host": str(path)}))
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE matches (id INTEGER, ends_at TEXT)")

    def set_end(value: Any) -> None:
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute("DELETE FROM matches")
            connection.execute("INSERT INTO matches VALUES (7, ?)", [value])

    return set_end


def start(adapter: Adapter, **arguments: Any) -> Any:
    return adapter.operator("start", **arguments)


def soon(**delta: float) -> datetime:
    return (datetime.now(UTC) + timedelta(**delta)).replace(microsecond=0)


def test_an_end_that_is_over_fails_before_anything_is_sent(sandbox: RunningSandbox, adapter: Adapter) -> None:
    with raises_final(InvalidPayload, match=r"end_time 2025-07-22T12:00:00\S* is over\..*on_past_end_time"):
        start(adapter, end_time=LONG_AGO).execute(context())
    assert sandbox.sandbox.requests == 0


def test_an_end_of_a_query_that_is_over_fails_before_anything_is_sent(
    sandbox: RunningSandbox, adapter: Adapter, set_end: Callable[[Any], None]
) -> None:
    set_end(LONG_AGO.isoformat())
    with raises_final(InvalidPayload, match="is over"):
        start(adapter, **QUERY).execute(context())
    assert sandbox.sandbox.requests == 0


def test_an_end_that_is_over_skips_the_start_where_that_is_wanted(
    sandbox: RunningSandbox, adapter: Adapter
) -> None:
    with pytest.raises(AirflowSkipException, match="is over"):
        start(adapter, end_time=LONG_AGO, on_past_end_time="skip").execute(context())
    assert sandbox.sandbox.requests == 0


def test_an_end_that_is_over_is_ignored_where_that_is_wanted(
    sandbox: RunningSandbox, adapter: Adapter, capsys: pytest.CaptureFixture[str]
) -> None:
    report = start(adapter, end_time=LONG_AGO, on_past_end_time="send").execute(context())
    assert report["accepted"]
    assert "is over. The start is sent anyway" in capsys.readouterr().out


def test_what_becomes_of_a_past_end_is_one_of_three(sandbox: RunningSandbox, adapter: Adapter) -> None:
    with raises_final(InvalidPayload, match="on_past_end_time must be 'fail', 'skip' or 'send', not 'warn'"):
        start(adapter, on_past_end_time="warn").execute(context())


@pytest.mark.parametrize("naive", ["2026-07-22 18:30:00", "2100-07-22T18:30:00"])
def test_a_naive_end_of_a_query_is_refused_before_anything_is_sent(
    sandbox: RunningSandbox, adapter: Adapter, set_end: Callable[[Any], None], naive: str
) -> None:
    set_end(naive)
    with raises_final(
        InvalidPayload, match=r"end_time_sql finds has no UTC offset; set end_timezone.*cast it"
    ):
        start(adapter, **QUERY).execute(context())
    assert sandbox.sandbox.requests == 0


def test_end_timezone_says_what_a_naive_end_means(
    sandbox: RunningSandbox, adapter: Adapter, set_end: Callable[[Any], None]
) -> None:
    end = soon(hours=2)
    set_end((end + timedelta(hours=5, minutes=30)).strftime("%Y-%m-%d %H:%M:%S"))
    operator = start(adapter, end_timezone="Asia/Kolkata", **QUERY)

    xcoms: dict[str, Any] = {}
    running = context(xcom_push=lambda key, value: xcoms.update({key: value}))

    report = operator.execute(running)

    assert report["accepted"]
    assert xcoms["live_activity_known_end"] == {"end": end.isoformat()}  # for the sensor
    set_end(None)  # an attempt reads the end once
    assert operator._end_moment(running) == end


@pytest.mark.parametrize("unknown", [None, "", "no row"])
def test_an_end_that_is_not_known_yet_is_no_obstacle(
    sandbox: RunningSandbox, adapter: Adapter, set_end: Callable[[Any], None], unknown: str | None
) -> None:
    if unknown != "no row":
        set_end(unknown)
    operator = start(adapter, end_required=True, **QUERY)
    assert operator.execute(running := context())["accepted"]
    assert operator._end_moment(running) is None


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (QUERY | {"end_time_sql": "SELECT 'soon'", "end_time_parameters": None}, "finds is not an ISO-8601"),
        (
            QUERY | {"end_time_sql": "SELECT 1795305600.0", "end_time_parameters": None},
            "finds must be an aware",
        ),
        (QUERY | {"end_time_sql_conn_id": None}, "end_time_sql_conn_id is required"),
        (QUERY | {"end_time_sql_conn_id": "nobody_made_it"}, "end_time_sql_conn_id 'nobody_made_it'"),
        (QUERY | {"end_time": LONG_AGO}, "Exactly one of end_time and end_time_sql.*both are given"),
        ({"end_time": "2100-07-22T18:30:00"}, "end_time has no UTC offset; add one.*set end_timezone"),
        ({"end_time": LONG_AGO, "end_timezone": "Mars/Olympus"}, "end_timezone must be the IANA name"),
        (
            {"end_required": True},
            "Exactly one of end_time and end_time_sql is required; both are None or blank",
        ),
        ({"end_required": True, "end_time": " "}, "both are None or blank"),
        ({"end_required": True, "end_time": "None", "end_time_sql": ""}, "both are None or blank"),
    ],
)
def test_what_is_no_end_fails_before_anything_is_sent(
    sandbox: RunningSandbox,
    adapter: Adapter,
    set_end: Callable[[Any], None],
    arguments: dict[str, Any],
    words: str,
) -> None:
    with raises_final(LiveActivityError, match=words):
        start(adapter, **arguments).execute(context())
    assert sandbox.sandbox.requests == 0


@pytest.mark.parametrize("blank", [None, "", " ", "None"])
def test_a_blank_end_means_that_none_is_given(
    sandbox: RunningSandbox, adapter: Adapter, blank: str | None
) -> None:
    operator = start(adapter, end_time=blank, end_time_sql=blank)
    assert operator.execute(running := context())["accepted"]
    assert operator._end_moment(running) is None


def test_an_end_of_a_query_may_be_no_more_than_eight_hours_away(
    sandbox: RunningSandbox, adapter: Adapter, set_end: Callable[[Any], None]
) -> None:
    set_end(soon(hours=8, minutes=1).isoformat())
    with raises_final(InvalidPayload, match="more than 8 hours away"):
        start(adapter, **QUERY).execute(context())
    assert sandbox.sandbox.requests == 0


def test_a_query_that_cannot_be_read_is_left_to_airflows_retries(
    sandbox: RunningSandbox, adapter: Adapter, set_end: Callable[[Any], None]
) -> None:
    with pytest.raises(sqlite3.OperationalError):
        start(adapter, **QUERY | {"end_time_sql": "SELECT 1 FROM gone WHERE ?"}).execute(context())
    assert sandbox.sandbox.requests == 0


def attempt(adapter: Adapter, try_number: int, **arguments: Any) -> Any:
    """Run one attempt of a start, with what Airflow before 3.3 keeps of the others: Variables."""
    running = context(try_number=try_number) | {"task_state_store": None}
    return start(adapter, on_past_end_time="skip", **arguments).execute(running)


def reach_some(sandbox: RunningSandbox, adapter: Adapter) -> None:
    """Fail before the end: half-way through Braze, or with an unknown outcome at MoEngage."""
    people: dict[str, Any] = {}
    if adapter.vendor == "braze":
        sandbox.sandbox.add_fault("502", skip=1, times=None)
        people = {"external_user_ids": [f"fan-{number}" for number in range(120)], "max_workers": 1}
    else:
        sandbox.sandbox.add_fault("drop_after", times=None)
    with pytest.raises((LiveActivityError, AirflowFailException)):
        attempt(adapter, 1, end_time=soon(hours=1), **people)
    assert sandbox.sandbox.requests


@pytest.mark.parametrize("policy", ["fail", "skip"])
def test_a_retry_that_may_have_started_the_activity_fails_in_place_of_skipping(
    sandbox: RunningSandbox, adapter: Adapter, variables: Variables, policy: str
) -> None:
    reach_some(sandbox, adapter)
    sent, [record] = sandbox.sandbox.requests, variables.records

    with raises_final(InvalidPayload, match="an earlier attempt may have started the activity"):
        start(adapter, on_past_end_time=policy, end_time=LONG_AGO).execute(context(try_number=2))

    assert sandbox.sandbox.requests == sent
    assert variables.records == [record]  # what the ends look for


def test_a_retry_before_which_nothing_was_sent_is_skipped(
    sandbox: RunningSandbox, adapter: Adapter, variables: Variables
) -> None:
    sandbox.sandbox.add_fault("502", times=None)
    with pytest.raises(LiveActivityError):
        attempt(adapter, 1, end_time=soon(hours=1))

    with pytest.raises(AirflowSkipException):
        attempt(adapter, 2, end_time=LONG_AGO)
    assert not variables


def test_the_record_has_the_end_and_the_query_that_may_move_it(
    sandbox: RunningSandbox, adapter: Adapter, variables: Variables, set_end: Callable[[Any], None]
) -> None:
    end = soon(hours=2)
    set_end(end.isoformat())

    start(adapter, end_timezone="UTC", **QUERY).execute(context())

    [record] = variables.records
    assert record["end_time"] == end.isoformat()
    assert read_end_time(**record["end_query"]) == end

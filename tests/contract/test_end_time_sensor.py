"""The wait for an end that may move, on a real SQLite file."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jinja2
import pytest
from airflow.providers.common.compat.sdk import AirflowFailException, AirflowSkipException, TaskDeferred

from airflow_provider_liveactivity.sensors.end_time import LiveActivityEndTimeSensor
from tests.support.airflow_versions import OperatorSerialization, needs_start_from_trigger
from tests.support.rendered import rendered
from tests.support.task_context import new_store

LONG_AGO = datetime(2025, 7, 22, 12, tzinfo=UTC)


@pytest.fixture
def set_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Any], None]:
    path = tmp_path / "ends.sqlite"
    monkeypatch.setenv("AIRFLOW_CONN_ENDS", json.dumps({"conn_type": "sqlite", "host": str(path)}))
    monkeypatch.setenv("AIRFLOW_CONN_NO_DATABASE", json.dumps({"conn_type": "braze"}))
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE matches (id INTEGER, ends_at TEXT)")

    def set_end(value: Any) -> None:
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute("DELETE FROM matches")
            connection.execute("INSERT INTO matches VALUES (7, ?)", [value])

    return set_end


def sensor(**changes: Any) -> LiveActivityEndTimeSensor:
    arguments: dict[str, Any] = {"deferrable": True}
    return LiveActivityEndTimeSensor(task_id="t", **(arguments | changes))


def moving(**changes: Any) -> LiveActivityEndTimeSensor:
    arguments: dict[str, Any] = {
        "sql": "SELECT ends_at FROM matches WHERE id = ?",
        "sql_conn_id": "ends",
        "parameters": [7],
    }
    return sensor(**(arguments | changes))


class TaskInstance(SimpleNamespace):
    """As much of a task instance as the sensor uses, with the XComs of the running attempt."""

    def __init__(self, **changes: Any) -> None:
        now = datetime.now(UTC)
        super().__init__(**{"task_id": "t", "map_index": -1, "max_tries": 2, "start_date": now} | changes)
        self.xcoms: dict[Any, Any] = {}

    def xcom_push(self, key: str, value: Any) -> None:
        self.xcoms["t", key] = json.loads(json.dumps(value))

    def xcom_pull(self, *, task_ids: str, key: str, map_indexes: int) -> Any:
        assert map_indexes == -1
        return self.xcoms.get((task_ids, key))


def run(operator: LiveActivityEndTimeSensor, ti: TaskInstance | None = None, **context: Any) -> Any:
    running: Any = {"ti": ti or TaskInstance(), "task": operator} | context
    return operator.execute(running)


def wait(
    operator: LiveActivityEndTimeSensor, ti: TaskInstance | None = None, **context: Any
) -> tuple[datetime, TaskDeferred]:
    with pytest.raises(TaskDeferred) as deferred:
        run(operator, ti, **context)
    _, arguments = deferred.value.trigger.serialize()
    # Times only: no query, no connection, no external id.
    assert set(arguments) == {"moment", "end_from_trigger"}
    assert not deferred.value.kwargs
    return arguments["moment"], deferred.value


def from_now(**delta: float) -> datetime:
    return datetime.now(UTC) + timedelta(**delta)


def test_a_moment_that_is_over_succeeds_at_once_and_is_returned() -> None:
    assert run(sensor(end_time=LONG_AGO)) == LONG_AGO.isoformat()


def test_a_far_moment_waits_in_the_triggerer() -> None:
    end = from_now(hours=3)
    assert wait(sensor(end_time=end))[0] == end


def test_a_lead_time_ends_the_wait_early() -> None:
    end = from_now(hours=3)
    assert wait(sensor(end_time=end, lead_time=20))[0] == end - timedelta(seconds=20)
    assert run(sensor(end_time=from_now(seconds=10), lead_time=20)) is not None


def test_a_near_end_of_a_query_is_waited_for(set_end: Callable[[Any], None]) -> None:
    end = from_now(minutes=5)
    set_end(end.isoformat())
    assert wait(moving())[0] == end


def test_a_far_end_of_a_query_is_read_again_meanwhile(set_end: Callable[[Any], None]) -> None:
    set_end(from_now(hours=3).isoformat())
    moment, _ = wait(moving(recheck_interval=timedelta(minutes=15)))
    assert abs(moment - from_now(minutes=15)) < timedelta(seconds=5)


def test_without_rechecks_it_is_read_again_at_the_known_end(set_end: Callable[[Any], None]) -> None:
    end = from_now(hours=3)
    set_end(end.isoformat())
    assert wait(moving(recheck_interval=None))[0] == end


def test_a_later_end_waits_on_and_an_earlier_one_ends_at_once(set_end: Callable[[Any], None]) -> None:
    set_end(from_now(minutes=5).isoformat())
    operator = moving()
    wait(operator)

    later = from_now(minutes=9)
    set_end(later.isoformat())
    with pytest.raises(TaskDeferred) as deferred:
        operator.execute_complete({"ti": TaskInstance()})  # type: ignore[typeddict-item]
    assert deferred.value.trigger.serialize()[1]["moment"] == later

    set_end(LONG_AGO.isoformat())
    assert operator.execute_complete({"ti": TaskInstance()}) == LONG_AGO.isoformat()  # type: ignore[typeddict-item]


@pytest.mark.parametrize("rows", ["null", "none"])
def test_an_unknown_end_is_read_again(set_end: Callable[[Any], None], rows: str) -> None:
    if rows == "null":
        set_end(None)
    moment, _ = wait(moving(recheck_interval=timedelta(minutes=2)))
    assert abs(moment - from_now(minutes=2)) < timedelta(seconds=5)


def test_an_end_that_is_not_known_yet_is_read_again_even_without_rechecks(
    set_end: Callable[[Any], None],
) -> None:
    moment, _ = wait(moving(recheck_interval=None))
    assert abs(moment - from_now(minutes=15)) < timedelta(seconds=5)


def test_the_time_out_counts_over_all_waits(set_end: Callable[[Any], None]) -> None:
    set_end(from_now(hours=3).isoformat())
    _, first = wait(moving(timeout=3600))
    _, later = wait(moving(timeout=3600), TaskInstance(start_date=from_now(minutes=-50)))
    assert first.timeout is not None
    assert later.timeout is not None
    assert first.timeout.total_seconds() == pytest.approx(3600, abs=5)
    assert later.timeout.total_seconds() == pytest.approx(600, abs=5)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({}, "Exactly one"),
        ({"end_time": LONG_AGO, "sql": "SELECT 1"}, "Exactly one"),
        ({"end_time": "2026-07-22T12:00:00"}, "no UTC offset"),
        ({"end_time": timedelta(hours=1)}, "must be a moment, not a duration"),
        ({"sql": "SELECT 1"}, "sql_conn_id"),
        ({"sql": "SELECT 1", "sql_conn_id": "nobody_made_it"}, "'nobody_made_it': The conn_id"),
        ({"sql": "SELECT 1", "sql_conn_id": "no_database"}, "gives a BrazeHook, not a SQL database"),
        ({"sql": "SELECT '2026-07-22 12:00:00'", "sql_conn_id": "ends"}, "no UTC offset"),
        ({"end_time": "2026-07-22", "end_timezone": "UTC"}, "date without a time"),
        ({"sql": "SELECT 1795305600.0", "sql_conn_id": "ends"}, "not float"),
        ({"end_time": LONG_AGO, "end_timezone": "Mars/Olympus"}, "end_timezone must be the IANA name"),
    ],
)
def test_an_invalid_end_is_an_error(
    set_end: Callable[[Any], None], wrong: dict[str, Any], words: str
) -> None:
    with pytest.raises(AirflowFailException, match=words):
        run(rendered(sensor, {"end_time": None, **wrong}))
    with pytest.raises(AirflowSkipException):
        run(rendered(sensor, {"end_time": None, **wrong}, soft_fail=True))


def test_a_naive_end_of_a_query_is_refused_and_the_error_says_what_to_do(
    set_end: Callable[[Any], None],
) -> None:
    with pytest.raises(AirflowFailException, match=r"sql finds has no UTC offset; set end_timezone.*cast it"):
        run(moving(sql="SELECT datetime('now')", parameters=None))


@pytest.mark.parametrize("blank", ["", "  ", "None", None])
def test_a_blank_end_is_no_end(set_end: Callable[[Any], None], blank: str | None) -> None:
    with pytest.raises(AirflowFailException, match="Exactly one of end_time and sql is required; both are"):
        run(rendered(sensor, {"end_time": blank, "sql": blank}))
    set_end(blank)  # and a blank cell says as much as NULL
    moment, _ = wait(moving(end_time=blank))
    assert abs(moment - from_now(minutes=15)) < timedelta(seconds=5)


@pytest.mark.parametrize("naive", ["2100-07-22 18:30:00", "2100-07-22T18:30", datetime(2100, 7, 22, 18, 30)])  # noqa: DTZ001
@pytest.mark.parametrize(
    ("timezone", "hour"), [("UTC", 18), ("Europe/London", 17), ("America/New_York", 22), (" UTC ", 18)]
)
def test_end_timezone_says_what_a_naive_end_means(naive: Any, timezone: str, hour: int) -> None:
    expected = datetime(2100, 7, 22, hour, 30, tzinfo=UTC)
    assert wait(sensor(end_time=naive, end_timezone=timezone))[0] == expected


def test_end_timezone_says_what_a_naive_end_of_a_query_means(set_end: Callable[[Any], None]) -> None:
    set_end("2100-07-22 18:30:00")
    operator = moving(end_timezone="Europe/London", recheck_interval=None)
    assert wait(operator)[0] == datetime(2100, 7, 22, 17, 30, tzinfo=UTC)


def test_an_offset_counts_whatever_end_timezone_says() -> None:
    operator = sensor(end_time="2100-07-22T18:30:00+02:00", end_timezone="America/New_York")
    assert wait(operator)[0] == datetime(2100, 7, 22, 16, 30, tzinfo=UTC)


WITH_AND_WITHOUT_STORE = pytest.mark.parametrize("stored", [True, False], ids=["airflow 3.3", "before 3.3"])


class Attempts:
    """The attempts of one sensor: state outlives retries where Airflow has a store, XComs do not."""

    def __init__(self, *, stored: bool) -> None:
        self.context: dict[str, Any] = {"task_state_store": new_store()} if stored else {}
        self.ti = TaskInstance()

    def look(self, **changes: Any) -> datetime:
        """Resume, as a new process with a new operator, and return when the sensor looks again."""
        return wait(moving(**changes), self.ti, **self.context)[0]

    def finish(self, **changes: Any) -> Any:
        return run(moving(**changes), self.ti, **self.context)

    def retry(self, *, cleared: bool = False) -> None:
        self.ti = TaskInstance(max_tries=self.ti.max_tries + 3 * cleared)


DOWN: dict[str, Any] = {"sql": "SELECT ends_at FROM a_table_that_is_gone", "parameters": None}
NAIVE: dict[str, Any] = {"sql": "SELECT '2026-07-22 18:30:00'", "parameters": None}


@WITH_AND_WITHOUT_STORE
@pytest.mark.parametrize(
    ("failure", "words"),
    [(DOWN, "Error."), (NAIVE, "no UTC offset"), ({"sql_conn_id": "nobody_made_it"}, "nobody_made_it")],
)
def test_a_query_that_cannot_be_read_again_leaves_the_end_that_it_found_last(
    set_end: Callable[[Any], None],
    capsys: pytest.CaptureFixture[str],
    failure: dict[str, Any],
    words: str,
    stored: bool,
) -> None:
    end = from_now(hours=2)
    set_end(end.isoformat())
    sensor = Attempts(stored=stored)
    sensor.look()

    retried = sensor.look(**failure)

    assert abs(retried - from_now(minutes=1)) < timedelta(seconds=5)
    log = capsys.readouterr().out
    assert f"The end that was read last applies: {end.isoformat()}" in log
    assert words in log
    assert "a_table_that_is_gone" not in log.split("The end cannot be read")[1]

    later = from_now(hours=3)
    set_end(later.isoformat())  # it is back, and the match has extra time
    assert sensor.look(recheck_interval=None) == later


@WITH_AND_WITHOUT_STORE
def test_the_end_that_was_found_last_comes_even_if_the_query_cannot_be_read(
    set_end: Callable[[Any], None], stored: bool
) -> None:
    end = from_now(seconds=50)
    set_end(end.isoformat())
    sensor = Attempts(stored=stored)
    sensor.look(recheck_interval=None)

    assert sensor.look(**DOWN) == end  # earlier than in a minute
    assert sensor.finish(lead_time=60, **DOWN) == end.isoformat()


@WITH_AND_WITHOUT_STORE
def test_an_end_that_was_not_known_yet_is_asked_for_again_when_the_query_cannot_be_read(
    set_end: Callable[[Any], None], stored: bool
) -> None:
    set_end(None)
    sensor = Attempts(stored=stored)
    sensor.look()

    assert abs(sensor.look(**DOWN) - from_now(minutes=1)) < timedelta(seconds=5)


@WITH_AND_WITHOUT_STORE
def test_the_first_read_that_fails_is_left_to_airflows_retries(
    set_end: Callable[[Any], None], stored: bool
) -> None:
    with pytest.raises(sqlite3.OperationalError):
        Attempts(stored=stored).finish(**DOWN)


@WITH_AND_WITHOUT_STORE
@pytest.mark.parametrize("is_known", [True, False])
def test_the_end_that_the_start_read_stands_when_the_first_read_fails(
    set_end: Callable[[Any], None], is_known: bool, stored: bool
) -> None:
    known = from_now(seconds=50) if is_known else None
    sensor = Attempts(stored=stored)
    sensor.ti.xcoms["start", "live_activity_known_end"] = {"end": known and known.isoformat()}

    look = sensor.look(start_task_id="start", **DOWN)

    assert abs(look - (known or from_now(minutes=1))) < timedelta(seconds=5)
    with pytest.raises(sqlite3.OperationalError):
        sensor.finish(start_task_id="another", **DOWN)


def test_the_end_that_was_found_last_outlives_a_retry_but_no_clear(set_end: Callable[[Any], None]) -> None:
    end = from_now(seconds=50)
    set_end(end.isoformat())
    sensor = Attempts(stored=True)
    sensor.look()

    sensor.retry()
    assert sensor.look(**DOWN) == end

    sensor.retry(cleared=True)  # another life, whose end may be another one
    with pytest.raises(sqlite3.OperationalError):
        sensor.finish(**DOWN)


def test_summer_time_does_not_move_the_end() -> None:
    # On 29 March 2026 the clocks of Berlin went from 02:00 to 03:00.
    before, after = (
        sensor(end_time=f"2026-03-29T{time}")._read() for time in ("01:59:59+01:00", "03:00:00+02:00")
    )
    assert before is not None
    assert after is not None
    assert after - before == timedelta(seconds=1)


def test_poking_looks_up_at_the_moment_itself() -> None:
    began = datetime.now(UTC)
    run(sensor(deferrable=False, end_time=began + timedelta(seconds=1), poke_interval=60))
    assert timedelta(seconds=1) <= datetime.now(UTC) - began < timedelta(seconds=5)


@needs_start_from_trigger
@pytest.mark.parametrize(
    ("end_time", "lead_time", "expected"),
    [
        (LONG_AGO, 60, (LONG_AGO - timedelta(seconds=60)).isoformat()),
        ("2026-07-22T12:00:00+02:00", 0, "2026-07-22T10:00:00+00:00"),
        ("2026-07-22T12:00:00", 0, "2026-07-22T11:00:00+00:00"),
        ("{{ dag_run.conf.ends_at }}", 0, "{{ dag_run.conf.ends_at }}"),
    ],
)
def test_the_wait_can_begin_without_a_worker(end_time: Any, lead_time: float, expected: str) -> None:
    timezone = "Europe/London" if end_time == "2026-07-22T12:00:00" else None
    operator = sensor(end_time=end_time, end_timezone=timezone, lead_time=lead_time, start_from_trigger=True)
    assert operator.start_from_trigger
    assert operator.start_trigger_args is not None
    assert operator.start_trigger_args.trigger_kwargs == {"target_time": expected, "end_from_trigger": False}


@needs_start_from_trigger
def test_a_template_is_rendered_by_the_trigger_that_begins_without_a_worker() -> None:
    from airflow.providers.standard.triggers.temporal import DateTimeTrigger

    operator: Any = sensor(end_time="{{ the_end }}", start_from_trigger=True)
    trigger: Any = DateTimeTrigger(**operator.start_trigger_args.trigger_kwargs)
    trigger.task_instance = SimpleNamespace(task=operator, task_id="t")

    trigger.render_template_fields({"the_end": "2100-01-01T00:00:00+00:00"}, jinja2.Environment())

    assert trigger.moment.isoformat() == "2100-01-01T00:00:00+00:00"


@needs_start_from_trigger
def test_the_copy_of_the_dag_that_each_trigger_keeps_is_no_larger_than_with_airflows_own_sensor() -> None:
    from airflow.providers.standard.sensors.date_time import DateTimeSensorAsync

    theirs = DateTimeSensorAsync(task_id="t", target_time=LONG_AGO.isoformat(), start_from_trigger=True)
    ours = sensor(end_time=LONG_AGO.isoformat(), start_from_trigger=True)

    sizes = [len(json.dumps(OperatorSerialization.serialize_operator(one))) for one in (ours, theirs)]

    assert sizes[0] <= 1.1 * sizes[1]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"lead_time": -1}, "lead_time must not be negative"),
        ({"recheck_interval": -5}, "recheck_interval must not be negative"),
    ],
)
def test_what_is_no_duration_is_an_error(
    set_end: Callable[[Any], None], wrong: dict[str, Any], words: str
) -> None:
    set_end("2100-01-01T00:00:00+00:00")
    with pytest.raises(AirflowFailException, match=words):
        run(rendered(moving, wrong))


def test_what_the_trigger_cannot_compute_begins_on_a_worker(set_end: Callable[[Any], None]) -> None:
    assert not sensor(end_time="{{ ds }}", lead_time=20, start_from_trigger=True).start_from_trigger
    # The trigger takes a naive text for UTC.
    named = {"end_timezone": "Europe/London", "start_from_trigger": True}
    assert not sensor(end_time="{{ params.end }}", **named).start_from_trigger
    assert not sensor(
        end_time=LONG_AGO, end_timezone="{{ params.zone }}", start_from_trigger=True
    ).start_from_trigger
    assert not moving(start_from_trigger=True).start_from_trigger

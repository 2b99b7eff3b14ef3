"""The sensor waits for one moment, on the worker or in the triggerer, like any other sensor."""

from __future__ import annotations

import importlib.util
import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pendulum
import pytest
from airflow.providers.common.compat.sdk import (
    AirflowFailException,
    AirflowSensorTimeout,
    AirflowSkipException,
    TaskDeferred,
    conf,
)
from airflow.providers.standard.triggers.temporal import DateTimeTrigger

from airflow_provider_liveactivity.sensors.end_time import LiveActivityEndTimeSensor
from tests.support.airflow_versions import AirflowRescheduleException, deserialize, serialize
from tests.support.clock import Clock
from tests.support.rendered import rendered
from tests.support.task_context import context

NOW = datetime.now(UTC).replace(microsecond=0)
FUTURE, PAST = NOW + timedelta(hours=2), NOW - timedelta(seconds=1)
FORMS = {
    "datetime": lambda moment: moment,
    "other offset": lambda moment: moment.astimezone(timezone(-timedelta(hours=9, minutes=30))),
    "pendulum": lambda moment: pendulum.instance(moment).in_timezone("Asia/Tokyo"),
    "text": lambda moment: moment.isoformat(),
    "text with Z": lambda moment: f"{moment:%Y-%m-%dT%H:%M:%SZ}",
    "rendered": str,
}

each_form = pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
both_modes = pytest.mark.parametrize("deferrable", [False, True], ids=["poke", "deferrable"])


def sensor(end_time: Any, **arguments: Any) -> LiveActivityEndTimeSensor:
    return LiveActivityEndTimeSensor(task_id="wait", end_time=end_time, **arguments)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock of the sensor and of the loop in which Airflow pokes it."""
    clock = Clock(NOW)
    monkeypatch.setattr(LiveActivityEndTimeSensor, "_utcnow", staticmethod(clock))
    monkeypatch.setattr("airflow.sdk.bases.sensor.time", clock)
    return clock


@both_modes
@each_form
def test_a_moment_that_is_over_succeeds_at_once(form: Any, deferrable: bool) -> None:
    sensor(form(PAST), deferrable=deferrable).execute(context())


@each_form
def test_a_moment_to_come_is_not_there_yet(form: Any) -> None:
    assert sensor(form(FUTURE)).poke(context()) is False


@each_form
def test_a_moment_to_come_is_waited_for_in_the_triggerer(form: Any) -> None:
    with pytest.raises(TaskDeferred) as deferred:
        sensor(form(FUTURE), deferrable=True, timeout=10_000).execute(context())
    trigger = deferred.value.trigger
    assert isinstance(trigger, DateTimeTrigger)
    assert trigger.moment == FUTURE
    assert deferred.value.timeout is not None
    assert abs(deferred.value.timeout - timedelta(seconds=10_000)) < timedelta(seconds=5)
    _, arguments = trigger.serialize()
    restored: Any = deserialize(json.loads(json.dumps(serialize(arguments))))
    assert DateTimeTrigger(**restored).moment == FUTURE


def test_when_the_trigger_fires_the_sensor_is_done() -> None:
    waiting = sensor(FUTURE, deferrable=True)
    with pytest.raises(TaskDeferred) as deferred:
        waiting.execute(context())
    resumed = sensor(NOW, deferrable=True)  # its moment has come
    resumed.resume_execution(deferred.value.method_name, {"event": FUTURE}, context())


def test_a_short_wait_stays_on_the_worker_and_ends_just_then(clock: Clock) -> None:
    sensor(NOW + timedelta(seconds=14), deferrable=True).execute(context())
    assert sum(clock.slept) == pytest.approx(14)


def test_on_the_worker_it_looks_up_at_the_moment_itself(clock: Clock) -> None:
    sensor(NOW + timedelta(seconds=150), poke_interval=60).execute(context())
    assert clock.slept == pytest.approx([60, 60, 30])


def test_between_two_looks_it_may_give_its_slot_back() -> None:
    running = context(get_first_reschedule_date=lambda _: None)
    with pytest.raises(AirflowRescheduleException) as rescheduled:
        sensor(FUTURE, mode="reschedule", poke_interval=100_000).execute(running)
    assert abs(rescheduled.value.reschedule_date - FUTURE) < timedelta(seconds=30)


@pytest.mark.parametrize(
    ("end_time", "advice"),
    [
        (datetime(2026, 7, 22, 18, 30), "end_time has no UTC offset"),  # noqa: DTZ001
        ("2026-07-22T18:30:00", "end_time has no UTC offset"),
        ("at half past six", "end_time is not an ISO-8601 date-time"),
        ("", "Exactly one of end_time and sql"),
        ("None", "Exactly one of end_time and sql"),
        (None, "Exactly one of end_time and sql"),
        (1_795_305_600, "end_time must be an aware datetime"),
        (timedelta(hours=1), "end_time must be a moment, not a duration"),
    ],
)
@both_modes
def test_an_invalid_end_time_fails_without_a_retry(end_time: Any, advice: str, deferrable: bool) -> None:
    with pytest.raises(AirflowFailException, match=advice):
        rendered(sensor, {"end_time": end_time}, deferrable=deferrable).execute(context())


@pytest.mark.parametrize("value", [FUTURE, FUTURE.isoformat()])
def test_the_end_time_may_be_a_template(value: Any) -> None:
    waiting = sensor("{{ params.end }}", deferrable=True)
    waiting.render_template_fields(context() | {"params": {"end": value}})
    with pytest.raises(TaskDeferred) as deferred:
        waiting.execute(context())
    assert deferred.value.trigger.moment == FUTURE


@pytest.mark.parametrize(("soft_fail", "kind"), [(False, AirflowSensorTimeout), (True, AirflowSkipException)])
def test_a_time_out_fails_or_skips_on_the_worker(
    clock: Clock, soft_fail: bool, kind: type[Exception]
) -> None:
    with pytest.raises(kind):
        sensor(FUTURE, timeout=300, soft_fail=soft_fail).execute(context())
    assert 300 <= sum(clock.slept) <= 400


@pytest.mark.parametrize(("soft_fail", "kind"), [(False, AirflowSensorTimeout), (True, AirflowSkipException)])
def test_a_time_out_fails_or_skips_in_the_triggerer(soft_fail: bool, kind: type[Exception]) -> None:
    waiting = sensor(FUTURE, timeout=300, soft_fail=soft_fail, deferrable=True)
    with pytest.raises(kind):
        waiting.resume_execution("__fail__", {"error": "Trigger timeout"}, context())


@both_modes
def test_a_moment_that_is_none_is_skipped_where_failures_are(deferrable: bool) -> None:
    with pytest.raises(AirflowSkipException):
        rendered(sensor, {"end_time": "at half past six"}, soft_fail=True, deferrable=deferrable).execute(
            context()
        )


def test_whether_it_defers_is_airflows_setting_unless_said() -> None:
    default = conf.getboolean("operators", "default_deferrable", fallback=False)
    assert sensor(FUTURE).deferrable is default
    assert (sensor(FUTURE, deferrable=True).deferrable, sensor(FUTURE, deferrable=False).deferrable) == (
        True,
        False,
    )


def test_the_setting_is_read_where_the_sensor_is_defined(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__OPERATORS__DEFAULT_DEFERRABLE", "True")
    spec = importlib.util.find_spec(LiveActivityEndTimeSensor.__module__)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.LiveActivityEndTimeSensor(task_id="wait", end_time=FUTURE).deferrable is True

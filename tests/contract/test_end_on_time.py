"""Scheduled ends, late updates, and starts whose end is too far away, against the sandbox."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from airflow.providers.common.compat.sdk import DAG, AirflowFailException, AirflowSkipException, TaskDeferred

from airflow_provider_liveactivity.errors import (
    InvalidConnection,
    InvalidPayload,
    OutcomeUnknown,
    PartiallySent,
    VendorUnavailable,
)
from airflow_provider_liveactivity.hooks._base import LiveActivityHook
from airflow_provider_liveactivity.http.retries import RetryConfig
from airflow_provider_liveactivity.operators import _records
from airflow_provider_liveactivity.operators.braze import (
    BrazeEndLiveActivityOperator,
    BrazeStartLiveActivityOperator,
    BrazeUpdateLiveActivityOperator,
)
from airflow_provider_liveactivity.operators.moengage import (
    MoEngageEndBroadcastLiveActivityOperator,
    MoEngageStartBroadcastLiveActivityOperator,
)
from airflow_provider_liveactivity.sandbox import RunningSandbox, running_sandbox
from tests.support.final_errors import raises_final
from tests.support.state_store import StateStore
from tests.support.task_context import TaskInstance
from tests.support.variables import Variables


@pytest.fixture
def sandbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[RunningSandbox]:
    with running_sandbox() as running:
        braze = {"host": running.url, "password": "sandbox-braze-key", "extra": {"app_id": "sandbox-app"}}
        moengage = {"host": running.url, "login": "SANDBOX", "password": "sandbox-push-key"}
        monkeypatch.setenv("AIRFLOW_CONN_BRAZE_DEFAULT", json.dumps({"conn_type": "braze", **braze}))
        monkeypatch.setenv("AIRFLOW_CONN_MOENGAGE_DEFAULT", json.dumps({"conn_type": "moengage", **moengage}))
        yield running


def task_instance(**fields: Any) -> TaskInstance:
    return TaskInstance(**{"task_id": "t", "max_tries": 0, **fields})


def context_of(operator: Any, ti: TaskInstance) -> Any:
    return {"ti": ti, "task": operator}


def run(operator: Any, xcoms: dict[Any, Any] | None = None, **context: Any) -> tuple[Any, TaskInstance]:
    ti = task_instance(xcoms=xcoms or {})
    return operator.execute(context_of(operator, ti) | context), ti


def start(**changes: Any) -> BrazeStartLiveActivityOperator:
    arguments: dict[str, Any] = {
        "activity_id": "a",
        "activity_attributes_type": "A",
        "activity_attributes": {},
        "content_state": {"step": 0},
        "notification": {"alert": {"title": "t", "body": "b"}},
        "external_user_ids": ["ada"],
    }
    return BrazeStartLiveActivityOperator(task_id="t", **(arguments | changes))


def end(**changes: Any) -> BrazeEndLiveActivityOperator:
    arguments: dict[str, Any] = {"activity_id": "a", "content_state": {"step": 9}}
    return BrazeEndLiveActivityOperator(**({"task_id": "t"} | arguments | changes))


def update(**changes: Any) -> BrazeUpdateLiveActivityOperator:
    arguments: dict[str, Any] = {"activity_id": "a", "content_state": {"step": 1}}
    return BrazeUpdateLiveActivityOperator(**({"task_id": "t"} | arguments | changes))


def received(sandbox: RunningSandbox) -> list[dict[str, Any]]:
    return list(httpx.get(f"{sandbox.url}/sandbox/requests").json()["requests"])


def phones(sandbox: RunningSandbox) -> list[dict[str, Any]]:
    return list(httpx.get(f"{sandbox.url}/sandbox/phones").json()["phones"])


def soon(seconds: float = 3) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=seconds)


def test_an_end_leaves_at_its_moment(sandbox: RunningSandbox) -> None:
    moment = soon()

    report, _ = run(end(end_time=moment))

    [request] = received(sandbox)
    late = (datetime.fromisoformat(request["received_at"]) - moment).total_seconds()
    assert 0 <= late < 5
    assert report["accepted"] == 1


def test_an_end_whose_moment_is_over_leaves_at_once(sandbox: RunningSandbox) -> None:
    run(end(end_time="2025-07-22T12:00:00+00:00"))

    assert len(received(sandbox)) == 1


def test_the_dismissal_counts_from_the_moment_and_not_from_the_wait(sandbox: RunningSandbox) -> None:
    moment = soon()

    run(end(end_time=moment, dismissal_date=timedelta(minutes=30)))

    body = received(sandbox)[0]["body"]
    dismissal = datetime.strptime(body["dismissal_date"], "%Y-%m-%dT%H:%M:%S%z")
    assert abs(dismissal - moment - timedelta(minutes=30)) <= timedelta(seconds=1)


def test_a_far_end_defers_until_the_lead_with_nothing_but_a_time(sandbox: RunningSandbox) -> None:
    moment = soon(3600)

    with pytest.raises(TaskDeferred) as deferred:
        run(end(end_time=moment, lead_time=30))

    _, arguments = deferred.value.trigger.serialize()
    assert arguments == {"moment": moment - timedelta(seconds=30), "end_from_trigger": False}
    assert not deferred.value.kwargs
    assert received(sandbox) == []


def test_an_end_just_beyond_the_lead_stays_on_the_worker(sandbox: RunningSandbox) -> None:
    # A trigger that fires within seconds can overtake the note of the deferral (apache/airflow#72716).
    run(end(end_time=soon(3), lead_time=0))

    assert len(received(sandbox)) == 1


@pytest.mark.parametrize(
    "wrong", [{"content_state": "{"}, {"end_time": "2026-07-22T12:00:00"}, {"end_time": timedelta(hours=1)}]
)
def test_what_is_wrong_fails_before_the_wait(sandbox: RunningSandbox, wrong: dict[str, Any]) -> None:
    with raises_final(InvalidPayload):
        run(end(**({"end_time": soon(3600)} | wrong)))


def test_a_wrong_connection_fails_before_the_wait(
    sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_BRAZE_DEFAULT", '{"conn_type": "braze", "host": "http://example.com"}')

    with raises_final(InvalidConnection):
        run(end(end_time=soon(3600), app_id="app"))


def test_cancelling_a_scheduled_end_sends_nothing(sandbox: RunningSandbox) -> None:
    operator = end(end_time=soon(60), deferrable=False)
    threading.Timer(1, operator.on_kill).start()
    began = time.monotonic()

    with pytest.raises(VendorUnavailable):
        run(operator)

    assert time.monotonic() - began < 30  # and not for the minute that is left
    assert received(sandbox) == []


def test_cancelling_in_the_last_moment_sends_nothing(sandbox: RunningSandbox) -> None:
    operator = end(end_time=soon(2.5))  # the request waits for its scheduled release
    threading.Timer(1.5, operator.on_kill).start()

    with pytest.raises(VendorUnavailable):
        run(operator)

    assert received(sandbox) == []


def test_cancelling_ends_at_once_where_that_is_wanted(sandbox: RunningSandbox) -> None:
    operator = end(end_time=soon(60), deferrable=False, end_on_kill=True)
    threading.Timer(1, operator.on_kill).start()

    run(operator)

    assert len(received(sandbox)) == 1


def test_an_end_shows_the_last_state_sent_and_not_the_last_one_tried(sandbox: RunningSandbox) -> None:
    def report(step: int, at: str | None, accepted: int = 1) -> dict[str, Any]:
        return {
            "activity_id": "a",
            "content_state": {"step": step},
            "last_sent_at": at,
            "first_sent_at": at,
            "accepted": accepted,
            "unknown": 0,
            "validate_only": False,
        }

    now = datetime.now(UTC)
    xcoms = {
        ("start", "return_value"): report(0, (now - timedelta(minutes=9)).isoformat()),
        ("late", "return_value"): report(2, (now - timedelta(minutes=1)).isoformat()),
        ("early", "return_value"): report(1, (now - timedelta(minutes=5)).isoformat()),
        ("dropped", "return_value"): report(3, None, accepted=0),
    }

    result, _ = run(
        end(content_state=None, update_task_ids=["start", "late", "early", "dropped", "failed"]), xcoms
    )

    assert result["content_state"] == {"step": 2}


def test_nothing_started_means_nothing_to_end(sandbox: RunningSandbox) -> None:
    with pytest.raises(AirflowSkipException):
        run(end(update_task_ids=["start"]))

    assert received(sandbox) == []


def test_a_start_that_failed_half_way_leaves_something_to_end(sandbox: RunningSandbox) -> None:
    httpx.post(
        f"{sandbox.url}/sandbox/faults",
        json={"path": "/messages/live_activity/start", "fault": "429", "times": None, "skip": 1},
    )
    people = [f"fan-{number}" for number in range(120)]
    ti = task_instance()
    operator = start(external_user_ids=people)
    with pytest.raises((AirflowFailException, PartiallySent, TaskDeferred)):
        operator.execute(context_of(operator, ti))

    result, _ = run(end(content_state=None, update_task_ids=["t"]), ti.xcoms)

    assert result["accepted"] == 1
    assert result["content_state"] == {"step": 0}


def test_what_a_start_writes_before_its_first_request_is_enough_to_end(
    sandbox: RunningSandbox, variables: Variables, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_first: dict[str, str] = {}

    def write(record: _records.ActivityRecord, write: Any = _records.write) -> None:
        write(record)
        if not received(sandbox):
            at_first.update(variables)

    monkeypatch.setattr(_records, "write", write)
    run(start(end_time=soon(600)))
    variables.update(at_first)  # no more is known when the worker dies

    report, _ = run(end(content_state=None, update_task_ids=["start"]))
    assert (report["accepted"], report["content_state"]) == (1, {"step": 0})
    assert not variables


@pytest.mark.parametrize(("fault", "stays"), [("drop_after", True), ("drop_before", True), ("502", False)])
def test_a_record_stays_where_the_start_may_have_reached_people(
    sandbox: RunningSandbox,
    variables: Variables,
    monkeypatch: pytest.MonkeyPatch,
    fault: str,
    stays: bool,
) -> None:
    monkeypatch.setattr(LiveActivityHook, "default_retry", RetryConfig(attempts=2))
    sandbox.sandbox.add_fault(fault, times=2)

    with pytest.raises((OutcomeUnknown, VendorUnavailable, AirflowFailException)):
        run(broadcast(end_time=soon(600)))

    assert bool(variables) is stays


def test_a_retry_that_reaches_no_one_keeps_the_record_of_the_attempt_before(
    sandbox: RunningSandbox, variables: Variables, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(LiveActivityHook, "default_retry", RetryConfig(attempts=1))
    sandbox.sandbox.put_campaign("b", ["ada"])
    for fault in ("drop_after", "502"):
        sandbox.sandbox.add_fault(fault)
        with pytest.raises((OutcomeUnknown, VendorUnavailable, AirflowFailException)):
            run(broadcast(end_time=soon(600)))

    ending = MoEngageEndBroadcastLiveActivityOperator(
        task_id="end",
        broadcast_live_activity_id="b",
        alert={"title": "t", "body": "b"},
        content_state=None,
        update_task_ids=["t"],
    )
    run(ending)

    assert {phone["status"] for phone in phones(sandbox)} == {"ended"}
    assert not variables


def test_an_attempt_that_reaches_no_one_restores_the_record_of_another_life(
    sandbox: RunningSandbox, variables: Variables
) -> None:
    run(start(end_time=soon(600)))
    before = dict(variables)
    failing = start(end_time=soon(900), content_state="{broken")

    with raises_final(InvalidPayload):
        failing.execute(context_of(failing, task_instance(max_tries=1)))

    assert variables == before


def test_an_end_leaves_alone_what_another_run_has_started(
    sandbox: RunningSandbox, variables: Variables
) -> None:
    run(start(end_time=soon(600)))
    ending, ti = end(update_task_ids=["t"]), task_instance()
    ti.run_id = "another"

    with pytest.raises(AirflowSkipException):
        ending.execute(context_of(ending, ti))

    assert len(received(sandbox)) == 1
    assert len(variables) == 1


def test_a_start_that_no_task_ends_leaves_no_record(sandbox: RunningSandbox, variables: Variables) -> None:
    run(start())

    assert not variables


def test_a_record_names_no_people_and_knows_the_last_state(
    sandbox: RunningSandbox, variables: Variables
) -> None:
    moment = soon(600)
    run(start(end_time=moment, external_user_ids=["ada-lovelace"]))
    run(update(content_state={"step": 5}))

    [record] = variables.records
    assert (record["activity_id"], record["conn_id"], record["vendor"]) == ("a", "braze_default", "braze")
    assert (record["content_state"], record["end_time"]) == ({"step": 5}, moment.isoformat())
    assert "ada-lovelace" not in str(record)


def test_an_end_before_a_clear_drops_no_update_and_no_end_after_it(
    sandbox: RunningSandbox, variables: Variables
) -> None:
    first, ti = start(end_time=soon(600)), task_instance()
    first.execute(context_of(first, ti))
    earlier, ti = end(update_task_ids=["start"]), task_instance()
    ended = earlier.execute(context_of(earlier, ti))
    stale = {("end", "ends_at"): ti.xcoms["t", "ends_at"], ("end", "return_value"): ended}

    second = start(end_time=soon(600))
    second.execute(context_of(second, task_instance(max_tries=1)))  # a person has cleared it
    updated, _ = run(update(end_task_ids=["end"]), stale)
    last, _ = run(end(update_task_ids=["start"], end_task_ids=["end"]), stale)

    assert (updated.get("dropped", 0), updated["accepted"]) == (0, 1)
    assert last["accepted"] == 1
    assert last["start_id"] == updated["start_id"] != ended["start_id"]


def test_what_another_task_has_ended_is_not_ended_twice(sandbox: RunningSandbox) -> None:
    first, _ = run(end())

    second, _ = run(end(end_task_ids=["other"]), {("other", "return_value"): first})

    assert second == first
    assert len(received(sandbox)) == 1


def test_an_end_after_eight_hours_warns_that_no_phone_shows_it(
    sandbox: RunningSandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    at = (datetime.now(UTC) - timedelta(hours=8, minutes=1)).isoformat()
    times = {"last_sent_at": at, "first_sent_at": at}
    report = {"activity_id": "a", "content_state": {}, **times, "accepted": 1, "unknown": 0}

    run(end(update_task_ids=["start"]), {("start", "return_value"): report | {"validate_only": False}})

    assert "is too late" in capsys.readouterr().out


def test_an_update_after_the_end_is_dropped_and_counted(sandbox: RunningSandbox) -> None:
    xcoms = {("end", "ends_at"): {"at": soon(-1).isoformat(), "start_id": None}}

    report, _ = run(update(end_task_ids=["end"]), xcoms)

    assert (report.get("dropped", 0), report["accepted"], report["requests"]) == (1, 0, 0)
    assert received(sandbox) == []


def test_an_update_is_dropped_when_another_dag_run_has_ended_the_activity(
    sandbox: RunningSandbox, variables: Variables
) -> None:
    with DAG("matches", schedule=None):
        started, goal = start(end_time=soon(600)), update(task_id="goal", end_task_ids=["end"])
        end(task_id="end", update_task_ids=["t", "goal"])
    report, _ = run(started)
    xcoms = {("t", "return_value"): report}
    while_it_is_on, _ = run(goal, xcoms)
    assert while_it_is_on.get("dropped", 0) == 0

    ended, _ = run(end(content_state=None))  # as the DAG live_activity_end_now does
    assert ended["start_id"] == report["start_id"]
    sent = len(received(sandbox))
    after_its_end, _ = run(goal, xcoms)
    assert after_its_end["dropped"] == 1
    with pytest.raises(AirflowSkipException):
        run(end(content_state=None, update_task_ids=["t", "goal"]), xcoms)
    assert len(received(sandbox)) == sent


def test_an_update_of_a_run_leaves_the_activity_of_a_later_run_alone(
    sandbox: RunningSandbox, variables: Variables
) -> None:
    with DAG("matches", schedule=None):
        started, goal = start(end_time=soon(600)), update(task_id="goal", end_task_ids=["end"])
        end(task_id="end", update_task_ids=["t", "goal"])
    report, _ = run(started)
    run(end(content_state=None))  # as the DAG live_activity_end_now does
    again = start(end_time=soon(600))
    again.execute(context_of(again, task_instance(run_id="the next one")))
    records, sent = variables.records, len(received(sandbox))

    late, _ = run(goal, {("t", "return_value"): report})

    assert late["dropped"] == 1
    assert (variables.records, len(received(sandbox))) == (records, sent)
    of_another_dag, _ = run(update())  # such as the DAG live_activity_update_now
    assert of_another_dag["accepted"] == 1


def test_an_update_before_the_end_is_sent(sandbox: RunningSandbox) -> None:
    xcoms = {("end", "ends_at"): {"at": soon(60).isoformat(), "start_id": None}}

    report, _ = run(update(end_task_ids=["end"]), xcoms)

    assert (report.get("dropped", 0), report["accepted"]) == (0, 1)


def test_an_end_pushes_its_end_time_before_it_waits(sandbox: RunningSandbox) -> None:
    moment, operator, ti = soon(3600), end(), task_instance()
    operator.end_time = moment

    with pytest.raises(TaskDeferred):
        operator.execute(context_of(operator, ti))

    assert ti.xcoms == {("t", "ends_at"): {"at": moment.isoformat(), "start_id": None}}


@pytest.mark.parametrize(
    ("sequences", "accepted"),
    [
        ([1, 2, 3], [1, 1, 1]),
        ([2, 1, 2, 3], [1, 0, 0, 1]),
        (["2026-07-22", "2026-07-23", "2026-07-22"], [1, 1, 0]),  # text, as it has no offset
        (["9", "10"], [1, 1]),  # templates make text of numbers
        (["2026-07-22T12:00:00+02:00", "2026-07-22T11:00:00+00:00"], [1, 1]),
        ([datetime(2026, 7, 22, tzinfo=UTC), "2026-07-21T00:00:00+00:00"], [1, 0]),
    ],
)
def test_a_late_or_repeated_event_does_not_roll_the_card_back(
    sandbox: RunningSandbox, sequences: list[Any], accepted: list[int]
) -> None:
    store = StateStore()

    reports = [run(update(sequence=sequence), asset_state_store=store)[0] for sequence in sequences]

    assert [report["accepted"] for report in reports] == accepted
    assert [report.get("dropped", 0) for report in reports] == [1 - sent for sent in accepted]


def test_a_sequence_without_a_place_to_keep_it_is_refused(sandbox: RunningSandbox) -> None:
    with raises_final(InvalidPayload, match="exactly one inlet"):
        run(update(sequence=1))

    assert received(sandbox) == []


def test_sequences_of_different_kinds_are_refused(sandbox: RunningSandbox) -> None:
    store = StateStore({"live_activity_sequence/a": 7})

    with raises_final(InvalidPayload, match="cannot be compared"):
        run(update(sequence="half-time"), asset_state_store=store)


@pytest.mark.parametrize("sequence", ["nan", "infinity", float("nan"), datetime(2026, 7, 22), [1]])  # noqa: DTZ001
def test_a_sequence_above_which_nothing_is_for_certain_is_refused(
    sandbox: RunningSandbox, sequence: Any
) -> None:
    with raises_final(InvalidPayload, match="sequence must be a finite number"):
        run(update(sequence=sequence), asset_state_store=StateStore({"live_activity_sequence/a": 7}))


@pytest.mark.parametrize("vendor", ["braze", "moengage"])
def test_an_end_beyond_eight_hours_fails_before_the_start_is_sent(
    sandbox: RunningSandbox, vendor: str
) -> None:
    operator = start() if vendor == "braze" else broadcast()
    operator.end_time = soon(8 * 3600 + 60)

    with raises_final(InvalidPayload, match="8 hours"):
        run(operator)

    assert received(sandbox) == []


def broadcast(**changes: Any) -> MoEngageStartBroadcastLiveActivityOperator:
    arguments: dict[str, Any] = {
        "broadcast_live_activity_id": "b",
        "attribute_type": "A",
        "attribute_info": {"a": 1},
        "content_state": {"step": 0},
        "alert": {"title": "t", "body": "b"},
    }
    return MoEngageStartBroadcastLiveActivityOperator(task_id="t", **(arguments | changes))


def test_an_end_beyond_eight_hours_can_be_a_warning(
    sandbox: RunningSandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    run(start(end_time=soon(9 * 3600), on_lifetime_exceeded="warn"))

    assert "8 hours" in capsys.readouterr().out
    assert len(received(sandbox)) == 1


def test_a_broadcast_ends_at_its_moment_too(sandbox: RunningSandbox) -> None:
    sandbox.sandbox.put_campaign("b", ["ada"])
    run(broadcast())
    moment = soon()

    run(
        MoEngageEndBroadcastLiveActivityOperator(
            task_id="t",
            broadcast_live_activity_id="b",
            content_state={"step": 9},
            alert={"title": "t", "body": "b"},
            end_time=moment,
        )
    )

    late = datetime.fromisoformat(received(sandbox)[-1]["received_at"]) - moment
    assert timedelta(0) <= late < timedelta(seconds=0.3)

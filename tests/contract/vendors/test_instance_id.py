"""MoEngage's instance id: one push is one id over all its tries, and no two pushes share one."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from airflow_provider_liveactivity.errors import OutcomeUnknown
from airflow_provider_liveactivity.operators._records import start_id_of
from airflow_provider_liveactivity.sandbox import RunningSandbox
from tests.support.final_errors import final_error
from tests.support.task_context import context
from tests.support.vendor_adapters import MOENGAGE, VERBS

#: As Airflow 3.4 places task instances of a loop, whose map index is -1.
FIRST_ITERATION: dict[str, Any] = {"region_id": UUID(int=1), "region_index": 0}
SECOND_ITERATION: dict[str, Any] = {"region_id": UUID(int=1), "region_index": 1}
#: The second iteration, after its predecessor's gate was cleared.
REPEATED_ITERATION: dict[str, Any] = {"region_id": UUID(int=2), "region_index": 1}

each_verb = pytest.mark.parametrize("verb", VERBS)


@pytest.fixture
def sandbox(sandbox: RunningSandbox) -> RunningSandbox:
    sandbox.sandbox.change_settings(moengage_limits_on=False, moengage_max_instances=100)
    return sandbox


def instance_id(sandbox: RunningSandbox, verb: str, ti: dict[str, Any] | None = None, **changes: Any) -> Any:
    """Push as a task instance into an empty sandbox, and return the instance id that was sent."""
    sandbox.sandbox.activities.clear()
    sandbox.sandbox.instance_ids.clear()
    if verb != "start":
        MOENGAGE.operator("start").execute(context(task_id="other"))
    MOENGAGE.operator(verb, **changes).execute(context(**ti or {}))
    return sandbox.sandbox.records[-1].content["instance_id"]


@each_verb
def test_a_retry_has_the_same_id(sandbox: RunningSandbox, verb: str) -> None:
    ids = {instance_id(sandbox, verb, {"try_number": number}) for number in (1, 2, 3)}
    assert len(ids) == 1


@each_verb
@pytest.mark.parametrize(
    "ti",
    [
        {"try_number": 2, "max_tries": 3},  # a person has cleared the task
        {"map_index": 0},
        {"task_id": "another"},
        {"run_id": "another"},
        {"dag_id": "another"},
        FIRST_ITERATION,
    ],
    ids=lambda ti: next(reversed(ti)),
)
def test_another_task_instance_or_a_cleared_one_has_another_id(
    sandbox: RunningSandbox, verb: str, ti: dict[str, Any]
) -> None:
    assert instance_id(sandbox, verb, ti) != instance_id(sandbox, verb)


@each_verb
def test_each_iteration_of_a_loop_has_another_id(sandbox: RunningSandbox, verb: str) -> None:
    iterations = (FIRST_ITERATION, SECOND_ITERATION, REPEATED_ITERATION)
    assert len({instance_id(sandbox, verb, iteration) for iteration in iterations}) == 3


@each_verb
def test_a_retry_or_a_clear_within_a_loop_is_told_apart(sandbox: RunningSandbox, verb: str) -> None:
    first = instance_id(sandbox, verb, FIRST_ITERATION)
    assert instance_id(sandbox, verb, {**FIRST_ITERATION, "try_number": 2}) == first
    assert instance_id(sandbox, verb, {**FIRST_ITERATION, "try_number": 2, "max_tries": 3}) != first


@each_verb
def test_a_task_outside_of_any_region_has_the_id_of_older_airflows(
    sandbox: RunningSandbox, verb: str
) -> None:
    outside = {"region_id": UUID(int=0), "region_index": -1}
    assert instance_id(sandbox, verb, outside) == instance_id(sandbox, verb)


def test_each_iteration_of_a_loop_is_a_start_of_its_own() -> None:
    iterations = (FIRST_ITERATION, SECOND_ITERATION, REPEATED_ITERATION)
    assert len({start_id_of(context(**iteration)) for iteration in iterations}) == 3


@each_verb
def test_other_content_has_another_id(sandbox: RunningSandbox, verb: str) -> None:
    alert = {"title": "Goal!", "body": "now"}
    ids = {
        instance_id(sandbox, verb),
        instance_id(sandbox, verb, content_state={"home": 9}),
        instance_id(sandbox, verb, alert=alert),
        instance_id(sandbox, verb, dismissal_date="2100-01-01T00:00:00Z"),
    }
    assert len(ids) == 4


@each_verb
def test_an_id_of_ones_own_is_used(sandbox: RunningSandbox, verb: str) -> None:
    assert instance_id(sandbox, verb, instance_id="kick-off") == "kick-off"


@each_verb
@pytest.mark.parametrize("fault", ["503_after", "drop_after"])
def test_a_duplicate_after_a_retry_of_the_task_was_accepted(
    sandbox: RunningSandbox, verb: str, fault: str
) -> None:
    if verb != "start":
        MOENGAGE.operator("start").execute(context(task_id="other"))
    sandbox.sandbox.add_fault(fault, path=MOENGAGE.paths[verb])
    sandbox.sandbox.add_fault("502", path=MOENGAGE.paths[verb], times=5)  # the worker learns no more of it
    with pytest.raises(Exception, match="answered 502"):
        MOENGAGE.operator(verb).execute(context())
    report = MOENGAGE.operator(verb).execute(context(try_number=2))
    assert (report["accepted"], report["requests"]) == (1, 1)
    assert sandbox.sandbox.records[-1].status == 403
    activity = sandbox.sandbox.activities["moengage", "match-1"]
    assert (len(activity.starts), len(activity.pushes)) == (1, int(verb != "start"))


def test_a_duplicate_on_a_first_try_is_a_mistake_of_the_dag(sandbox: RunningSandbox) -> None:
    MOENGAGE.operator("start", instance_id="kick-off").execute(context(task_id="other"))
    again = MOENGAGE.operator("start", instance_id="kick-off")
    final_error(again, context(), match="this instance_id was used before")


def test_an_unknown_outcome_is_remembered_over_a_deferral(sandbox: RunningSandbox) -> None:
    from airflow.providers.common.compat.sdk import TaskDeferred

    sandbox.sandbox.add_fault("503_after")
    sandbox.sandbox.add_fault("429", reset_in=3000)
    with pytest.raises(TaskDeferred):
        MOENGAGE.operator("start").execute(context())
    operator = MOENGAGE.operator("start")  # Airflow makes a new one when the task resumes
    report = operator.resume_after_wait(context())
    assert (report["accepted"], sandbox.sandbox.records[-1].status) == (1, 403)
    assert len(sandbox.sandbox.activities["moengage", "match-1"].starts) == 1


def test_an_outcome_that_stays_unknown_fails_the_task_for_a_retry(sandbox: RunningSandbox) -> None:
    sandbox.sandbox.add_fault("503_after", times=None)
    with pytest.raises(OutcomeUnknown):
        MOENGAGE.operator("start").execute(context())
    sandbox.sandbox.faults.clear()
    assert MOENGAGE.operator("start").execute(context(try_number=2))["accepted"] == 1
    assert len(sandbox.sandbox.activities["moengage", "match-1"].starts) == 1

"""Decorated tasks over their attempts: no recipient gets a second start with another state."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import TaskDeferred

from airflow_provider_liveactivity.decorators import braze, moengage
from airflow_provider_liveactivity.errors import VendorUnavailable
from airflow_provider_liveactivity.sandbox import RunningSandbox
from tests.support.airflow_versions import needs_state_store
from tests.support.final_errors import final_error
from tests.support.task_context import context, new_store
from tests.support.variables import Variables
from tests.support.vendor_adapters import BRAZE, MOENGAGE, Adapter

DECORATED: dict[str, dict[str, Any]] = {
    "braze": {"start": braze.DecoratedStart, "update": braze.DecoratedUpdate, "end": braze.DecoratedEnd},
    "moengage": {
        "start": moengage.DecoratedStart,
        "update": moengage.DecoratedUpdate,
        "end": moengage.DecoratedEnd,
    },
}
CROWD = [f"user-{number}" for number in range(130)]  # three requests


@pytest.fixture
def score() -> Callable[[], dict[str, int]]:
    """Return another score each time."""
    scores = itertools.count()
    return lambda: {"home": next(scores)}


def operator(adapter: Adapter, verb: str, function: Callable[..., Any], **changes: Any) -> Any:
    arguments = {**adapter.fields[verb], **changes}
    return DECORATED[adapter.vendor][verb](task_id=f"{verb}_it", python_callable=function, **arguments)


def states(sandbox: RunningSandbox, adapter: Adapter) -> list[Any]:
    return [adapter.state_of(record.content) for record in sandbox.sandbox.records]


@needs_state_store
def test_a_start_that_was_deferred_goes_on_with_its_state(
    sandbox: RunningSandbox, score: Callable[[], dict[str, int]]
) -> None:
    running = context()
    sandbox.sandbox.add_fault("429", skip=1, times=None, reset_in=3000)
    with pytest.raises(TaskDeferred):
        operator(BRAZE, "start", score, external_user_ids=CROWD).execute(running)
    sandbox.sandbox.faults.clear()
    report = operator(BRAZE, "start", score, external_user_ids=CROWD).resume_after_wait(running)
    assert (report["accepted"], report["content_state"]) == (130, {"home": 0})
    activity = sandbox.sandbox.activities["braze", "match-1"]
    assert (activity.started, activity.started_twice) == (130, 0)


def test_a_retry_of_a_start_with_unknown_outcome_sends_the_same_request(
    sandbox: RunningSandbox, score: Callable[[], dict[str, int]]
) -> None:
    store = new_store()
    sandbox.sandbox.add_fault("503_after")
    sandbox.sandbox.add_fault("502", times=5)  # the worker learns no more of it
    with pytest.raises(VendorUnavailable):
        operator(MOENGAGE, "start", score).execute(context(store))
    report = operator(MOENGAGE, "start", score).execute(context(store, try_number=2))
    assert (report["accepted"], report["content_state"]) == (1, {"home": 0})
    assert len(sandbox.sandbox.activities["moengage", "match-1"].starts) == 1


def test_a_worker_that_dies_after_the_last_response_sends_no_second_start(
    sandbox: RunningSandbox, score: Callable[[], dict[str, int]]
) -> None:
    store = new_store()
    operator(BRAZE, "start", score).execute(context(store))
    operator(BRAZE, "start", score).execute(context(store, try_number=2))
    assert sandbox.sandbox.activities["braze", "match-1"].started_twice == 0


def test_what_a_dead_worker_leaves_has_the_state_of_the_function(
    sandbox: RunningSandbox, adapter: Adapter, score: Callable[[], dict[str, int]], variables: Variables
) -> None:
    starting = operator(adapter, "start", score)
    starting.end_time = datetime.now(UTC) + timedelta(hours=1)
    starting.execute(context())
    assert [record["content_state"] for record in variables.records] == [{"home": 0}]


def test_a_finished_start_that_is_cleared_asks_the_function_again(
    sandbox: RunningSandbox, adapter: Adapter, score: Callable[[], dict[str, int]]
) -> None:
    store = new_store()
    operator(adapter, "start", score).execute(context(store))
    operator(adapter, "start", score).execute(context(store, try_number=2, max_tries=3))
    assert states(sandbox, adapter) == [{"home": 0}, {"home": 1}]


def test_a_dry_run_leaves_no_state(
    sandbox: RunningSandbox, adapter: Adapter, score: Callable[[], dict[str, int]]
) -> None:
    store = new_store()
    operator(adapter, "start", score, validate_only=True).execute(context(store))
    report = operator(adapter, "start", score).execute(context(store, try_number=2))
    assert report["content_state"] == {"home": 1}


@pytest.mark.parametrize("verb", ["update", "end"])
def test_a_retry_of_what_may_be_repeated_sends_the_newest_state(
    sandbox: RunningSandbox, adapter: Adapter, verb: str, score: Callable[[], dict[str, int]]
) -> None:
    adapter.operator("start").execute(context(run_id="before"))
    store = new_store()
    sandbox.sandbox.add_fault("502", times=6)
    with pytest.raises(Exception, match="502"):
        operator(adapter, verb, score).execute(context(store))
    report = operator(adapter, verb, score).execute(context(store, try_number=2))
    assert report["content_state"] == {"home": 1}


@pytest.mark.parametrize("returned", [None, 7, "{", {"at": object()}, [1]])
def test_what_is_no_state_is_refused_before_anything_is_sent(
    sandbox: RunningSandbox, adapter: Adapter, returned: Any
) -> None:
    final_error(operator(adapter, "start", lambda: returned), context(), match="content_state")
    assert sandbox.sandbox.requests == 0


def test_the_decorator_s_content_state_is_the_function_s(
    adapter: Adapter, score: Callable[[], dict[str, int]]
) -> None:
    with pytest.raises(TypeError, match="content_state"):
        operator(adapter, "update", score, content_state={})


def test_everything_that_the_operator_templates_is_templated(adapter: Adapter) -> None:
    for verb, decorated in DECORATED[adapter.vendor].items():
        plain = adapter.operators[verb]
        assert set(decorated.template_fields) == {"op_args", "op_kwargs", *plain.template_fields}
        assert plain.template_fields_renderers.items() <= decorated.template_fields_renderers.items()

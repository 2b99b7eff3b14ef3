from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from airflow_provider_liveactivity.lifecycle import BrazeLiveActivity, MoEngageBroadcastLiveActivity
from airflow_provider_liveactivity.operators.braze import BrazeUpdateLiveActivityOperator
from tests.support.airflow_db import new_dag, xcom

if TYPE_CHECKING:
    from airflow_provider_liveactivity.sandbox import RunningSandbox

LONG_AGO = "2025-07-22T12:00:00+00:00"
FANS = ["ada", "grace"]


def match(group_id: str = "match", **changes: Any) -> BrazeLiveActivity:
    arguments: dict[str, Any] = {
        "activity_id": "final",
        "activity_attributes_type": "MatchAttributes",
        "activity_attributes": {"home": "City"},
        "content_state": {"home": 0},
        "notification": {"alert": {"title": "City", "body": "Kick-off!"}},
        "external_user_ids": FANS,
        "end_time": LONG_AGO,
        "on_past_end_time": "send",
    }
    return BrazeLiveActivity(group_id, **(arguments | changes))


def fail() -> None:
    raise ValueError("as ordered")


def python(task_id: str, function: Callable[[], None] = lambda: None, **arguments: Any) -> Any:
    from airflow.providers.standard.operators.python import PythonOperator

    return PythonOperator(task_id=task_id, python_callable=function, **arguments)


def phones(sandbox: RunningSandbox, **filters: Any) -> list[dict[str, Any]]:
    return list(httpx.get(f"{sandbox.url}/sandbox/phones", params=filters).json()["phones"])


def verbs(sandbox: RunningSandbox) -> list[str]:
    summary = httpx.get(f"{sandbox.url}/sandbox/requests", params={"limit": 1000}).json()["requests"]
    return [request["path"] for request in summary]


def test_a_life_starts_updates_and_ends_with_the_last_state_sent(
    execute: Callable[..., dict[str, str]], sandbox: RunningSandbox
) -> None:
    with new_dag() as dag, match() as live:
        goal = live.update("goal", content_state={"home": 1})
    goal >> live.end  # only here, to make sure of the order

    states = execute(dag)

    assert states == {
        "": "success",
        "match.start": "success",
        "match.started": "success",
        "match.goal": "success",
        "match.end_time": "success",
        "match.end_early": "skipped",
        "match.end": "success",
        "match.outcome": "success",
    }
    assert {phone["user"] for phone in phones(sandbox)} == set(FANS)
    assert {phone["content_state"]["home"] for phone in phones(sandbox)} == {1}
    assert {phone["status"] for phone in phones(sandbox)} == {"ended"}


def test_an_update_after_the_end_is_dropped_and_counted(
    execute: Callable[..., dict[str, str]], sandbox: RunningSandbox
) -> None:
    with new_dag() as dag, match() as live:
        goal = live.update("goal", content_state={"home": 1})
    live.end >> goal  # only here, to make sure of the order

    states = execute(dag)

    assert states["match.goal"] == "success"
    assert {phone["content_state"]["home"] for phone in phones(sandbox)} == {0}
    assert {phone["updates"] for phone in phones(sandbox)} == {0}
    report = xcom(dag, "match.goal")
    assert (report.get("dropped", 0), report["requests"]) == (1, 0)


def test_a_failed_task_of_the_block_ends_the_activity_and_fails_the_run(
    execute: Callable[..., dict[str, str]], sandbox: RunningSandbox
) -> None:
    with new_dag() as dag, match():
        python("scores", fail) >> python("more")

    states = execute(dag)

    assert states["match.scores"] == "failed"
    assert states["match.end_early"] == "success"
    assert states["match.end"] == "success"
    assert states["match.outcome"] == "upstream_failed"
    assert states[""] == "failed"
    assert {phone["status"] for phone in phones(sandbox)} == {"ended"}


def test_a_failed_task_waits_for_the_end_where_that_is_wanted(
    execute: Callable[..., dict[str, str]], sandbox: RunningSandbox
) -> None:
    with new_dag() as dag, match(on_failure="end_on_time"):
        python("scores", fail)

    states = execute(dag)

    assert states["match.end_early"] == "skipped"
    assert (states["match.end"], states[""]) == ("success", "failed")


def test_a_start_that_failed_ends_nothing(
    execute: Callable[..., dict[str, str]], sandbox: RunningSandbox
) -> None:
    with new_dag() as dag, match(external_user_ids=[]) as live:
        live.update("goal", content_state={"home": 1})

    states = execute(dag)

    assert states == {
        "": "failed",
        "match.start": "failed",
        "match.started": "upstream_failed",
        "match.goal": "upstream_failed",
        "match.end_time": "upstream_failed",
        "match.end_early": "skipped",
        "match.end": "upstream_failed",
        "match.outcome": "upstream_failed",
    }
    assert verbs(sandbox) == []


def test_a_start_that_was_skipped_ends_nothing_and_the_run_succeeds(
    execute: Callable[..., dict[str, str]], sandbox: RunningSandbox
) -> None:
    with new_dag() as dag, match(external_user_ids=[], on_empty_audience="skip") as live:
        live.update("goal", content_state={"home": 1})

    states = execute(dag)

    assert states[""] == "success"
    assert states["match.end"] == "skipped"
    assert verbs(sandbox) == []


def test_a_failed_sensor_ends_the_activity_now_and_fails_the_run(
    execute: Callable[..., dict[str, str]], sandbox: RunningSandbox
) -> None:
    with new_dag() as dag, match(end_retries=0) as live:
        python("scores")
    live.end_time_sensor.lead_time = -1

    states = execute(dag)

    assert states["match.end_time"] == "failed"
    assert (states["match.end"], states[""]) == ("success", "failed")
    assert {phone["status"] for phone in phones(sandbox)} == {"ended"}


@pytest.mark.parametrize(
    ("ends", "state"),
    [
        ({"end_time": "{{ '' }}"}, "failed"),
        ({"end_time": None, "end_time_sql": "SELECT '2026-07-22 18:30:00'"}, "failed"),
        ({"on_past_end_time": None}, "failed"),
        ({"on_past_end_time": "skip"}, "success"),
    ],
    ids=["blank", "naive", "over", "over and skipped"],
)
def test_an_end_that_cannot_come_keeps_a_life_from_starting(
    execute: Callable[..., dict[str, str]], sandbox: RunningSandbox, ends: dict[str, Any], state: str
) -> None:
    with new_dag() as dag, match(end_time_sql_conn_id="warehouse", **ends) as live:
        live.update("goal", content_state={"home": 1})

    states = execute(dag)

    assert states[""] == state
    assert states["match.start"] == state.replace("success", "skipped")
    assert verbs(sandbox) == []


def test_an_outage_between_start_and_sensor_does_not_end_a_life_early(
    execute: Callable[..., dict[str, str]], sandbox: RunningSandbox
) -> None:
    query = {"end_time_sql": f"SELECT TIMESTAMPTZ '{LONG_AGO}'", "end_time_sql_conn_id": "warehouse"}
    with new_dag() as dag, match(end_time=None, **query) as live:
        python("scores")
    live.end_time_sensor.sql = "SELECT nonsense"

    states = execute(dag)

    assert (states["match.end_time"], states["match.end"], states[""]) == ("success", "success", "success")
    assert xcom(dag, "match.end_time") == LONG_AGO


def test_a_naive_end_of_a_query_is_an_end_where_its_time_zone_is_named(
    execute: Callable[..., dict[str, str]], sandbox: RunningSandbox
) -> None:
    query = {"end_time_sql": "SELECT TIMESTAMP '2025-07-22 12:00:00'", "end_time_sql_conn_id": "warehouse"}
    with new_dag() as dag, match(end_time=None, end_timezone="Europe/London", **query):
        python("scores")

    states = execute(dag)

    assert (states["match.end_time"], states["match.end"], states[""]) == ("success", "success", "success")
    assert xcom(dag, "match.end_time") == "2025-07-22T11:00:00+00:00"
    assert {phone["status"] for phone in phones(sandbox)} == {"ended"}


def test_a_skipped_branch_of_the_block_changes_nothing(
    execute: Callable[..., dict[str, str]], sandbox: RunningSandbox
) -> None:
    from airflow.providers.standard.operators.python import ShortCircuitOperator

    with new_dag() as dag, match() as live:
        stop = ShortCircuitOperator(
            task_id="stop", python_callable=lambda: False, ignore_downstream_trigger_rules=False
        )
        stop >> live.update("goal", content_state={"home": 1})

    states = execute(dag)

    assert states["match.goal"] == "skipped"
    assert (states["match.end"], states[""]) == ("success", "success")


def test_the_end_that_fails_fails_the_run(
    execute: Callable[..., dict[str, str]], sandbox: RunningSandbox
) -> None:
    with new_dag() as dag, match(end_content_state="{broken"):
        python("scores")

    states = execute(dag)

    assert states["match.end"] == "failed"
    assert states[""] == "failed"


def test_a_life_is_mapped_over_rows(execute: Callable[..., dict[str, str]], sandbox: RunningSandbox) -> None:
    from airflow.sdk import task_group

    with new_dag() as dag:

        @task_group
        def each(activity_id: str, user: str, bad: bool) -> None:
            with match(
                activity_id=activity_id, external_user_ids=[user], default_args={"retries": 0}
            ) as live:
                live.update("goal", content_state={"home": 7}) >> python_of(bad)

        each.expand_kwargs(
            [
                {"activity_id": "a", "user": "ada", "bad": False},
                {"activity_id": "g", "user": "grace", "bad": True},
            ]
        )

    states = execute(dag)

    assert states["each.match.check[0]"] == "success"
    assert states["each.match.check[1]"] == "failed"
    assert states["each.match.end_early[0]"] == "skipped"
    assert states["each.match.end_early[1]"] == "success"
    assert states["each.match.end[0]"] == states["each.match.end[1]"] == "success"
    assert states[""] == "failed"
    assert {phone["status"] for phone in phones(sandbox)} == {"ended"}
    assert {phone["content_state"]["home"] for phone in phones(sandbox, activity_id="a")} == {7}


def python_of(bad: Any) -> Any:
    from airflow.providers.standard.operators.python import PythonOperator

    def check(bad: bool) -> None:
        if bad:
            raise ValueError("as ordered")

    return PythonOperator(task_id="check", python_callable=check, op_kwargs={"bad": bad})


def test_a_broadcast_lives_likewise(execute: Callable[..., dict[str, str]], sandbox: RunningSandbox) -> None:
    sandbox.sandbox.put_campaign("derby", FANS)
    with (
        new_dag() as dag,
        MoEngageBroadcastLiveActivity(
            "derby",
            broadcast_live_activity_id="derby",
            attribute_type="MatchAttributes",
            attribute_info={"home": "City"},
            content_state={"home": 0},
            alert={"title": "City", "body": "Kick-off!"},
            end_alert={"title": "City", "body": "Final whistle"},
            end_time=LONG_AGO,
            on_past_end_time="send",
        ) as live,
    ):
        live.update("goal", content_state={"home": 1}, alert={"title": "City", "body": "Goal!"}) >> python(
            "x", fail
        )

    states = execute(dag)

    assert (states["derby.end"], states["derby.end_early"], states[""]) == ("success", "success", "failed")
    assert {phone["status"] for phone in phones(sandbox)} == {"ended"}
    assert len([path for path in verbs(sandbox) if "end" in path]) == 1


def test_a_mapped_update_learns_of_the_end(
    execute: Callable[..., dict[str, str]], sandbox: RunningSandbox
) -> None:
    with new_dag() as dag, match() as live:
        goals = BrazeUpdateLiveActivityOperator.partial(task_id="goals", activity_id=live.activity).expand(
            content_state=[{"home": 1}, {"home": 2}]
        )
    live.end >> goals

    execute(dag)

    assert {phone["updates"] for phone in phones(sandbox)} == {0}


def test_another_activity_in_the_block_is_left_alone() -> None:
    with new_dag(), match() as outer:
        other = BrazeUpdateLiveActivityOperator(task_id="other", activity_id="cup", content_state={})
        with match("inner", activity_id="cup") as inner:
            cup = inner.update("cup", content_state={})
        final = outer.update("final", content_state={})

    assert list(other.end_task_ids) == []
    assert cup.end_task_ids == ["match.inner.end", "match.inner.end_early"]
    assert final.end_task_ids == ["match.end", "match.end_early"]


def test_clearing_a_task_of_the_block_starts_nothing_anew() -> None:
    # Airflow clears the setups of a task whose teardown comes after it.
    with new_dag() as dag, match():
        python("scores")

    again = dag.partial_subset("match.scores", include_downstream=True, include_upstream=False)

    assert "match.start" not in again.task_dict


@pytest.mark.parametrize(
    "ends", [{"end_time": None}, {"end_time_sql": "SELECT 1", "end_time_sql_conn_id": "warehouse"}]
)
def test_a_life_without_exactly_one_end_is_refused_before_it_can_start(ends: dict[str, Any]) -> None:
    with new_dag(), pytest.raises(ValueError, match="exactly one end is needed: end_time or end_time_sql"):
        match(**ends)


@pytest.mark.parametrize("level", ["dag", "group"])
def test_default_args_reach_every_task_of_a_life(level: str) -> None:
    defaults = {"validate_only": True, "braze_conn_id": "eu", "app_id": "tv"}
    by_level: dict[str, Any] = {"dag": {}, "group": {}} | {level: {"default_args": defaults}}

    with new_dag(**by_level["dag"]), match(**by_level["group"]) as live:
        goal = live.update("goal", content_state={"home": 1})

    for operator in (live.start, goal, live.end, live.end_early):
        assert (operator.validate_only, operator.braze_conn_id, operator.app_id) == (True, "eu", "tv")


def test_what_ends_a_life_goes_first_and_is_retried_whatever_the_dag_says() -> None:
    default_args = {"retries": 0, "priority_weight": 1}
    with new_dag(default_args=default_args), match() as live:
        goal = live.update("goal", content_state={"home": 1})
    with new_dag(default_args=default_args), match(end_retries=5) as other:
        pass

    for task in (live.end_time_sensor, live.end, live.end_early):
        assert (task.retries, task.retry_delay) == (3, timedelta(seconds=10))
        assert task.priority_weight == 1000
        # A name; before Airflow 3.2, the object with that name.
        assert "absolute" in repr(task.weight_rule).lower()
    assert goal.priority_weight == 1
    assert other.end.retries == 5


def test_every_task_of_a_life_says_what_it_does_and_that_a_skipped_end_early_is_normal() -> None:
    with new_dag() as dag, match() as live:
        live.update("goal", content_state={"home": 1})

    assert [task.task_id for task in dag.tasks if not task.doc_md] == []
    assert live.end_early.task_display_name == "end_early (only after a failure)"


def test_an_end_shows_its_own_activitys_last_state(
    execute: Callable[..., dict[str, str]], sandbox: RunningSandbox
) -> None:
    with new_dag() as dag, match() as live:
        goal = live.update("goal", content_state={"home": 1})
        others = BrazeUpdateLiveActivityOperator.partial(
            task_id="others", content_state={"home": 9}, braze_conn_id="braze_default"
        ).expand(activity_id=["cup"])
        goal >> others
    others >> live.end  # only here, to make sure of the order

    execute(dag)

    assert {phone["content_state"]["home"] for phone in phones(sandbox, activity_id="final")} == {1}

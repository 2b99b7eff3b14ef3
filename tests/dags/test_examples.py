from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from demo.processes import ROOT
from tests.support.airflow_versions import AIRFLOW, DagSerialization

if TYPE_CHECKING:
    from airflow.dag_processing.dagbag import DagBag

    from airflow_provider_liveactivity.sandbox import RunningSandbox

Run = Callable[..., str]
FILES = sorted(path.stem for path in (ROOT / "example_dags").glob("*.py"))
#: Examples that need a newer Airflow than the installed one.
TOO_NEW: set[str] = {"approved_start"} if AIRFLOW < (3, 2) else set()
READABLE = [name for name in FILES if name not in TOO_NEW]


def phones(sandbox: RunningSandbox, **filters: Any) -> list[dict[str, Any]]:
    response = httpx.get(f"{sandbox.url}/sandbox/phones", params={"limit": 10_000, **filters})
    return list(response.json()["phones"])


def test_every_example_can_be_read(examples: DagBag) -> None:
    assert {Path(path).stem for path in examples.import_errors} == TOO_NEW
    assert examples.captured_warnings == {}
    assert sorted(examples.dags) == READABLE


def test_every_example_is_in_the_table_of_the_docs() -> None:
    table = (ROOT / "docs" / "examples.md").read_text()
    assert sorted(re.findall(r"^\| \[`(\w+)`\]", table, flags=re.MULTILINE)) == FILES


@pytest.mark.parametrize("dag_id", READABLE)
def test_an_example_survives_serialisation(examples: DagBag, dag_id: str) -> None:

    copy = DagSerialization.deserialize_dag(DagSerialization.serialize_dag(examples.dags[dag_id]))
    assert set(copy.task_dict) == set(examples.dags[dag_id].task_dict)


def test_an_example_is_the_same_each_time_it_is_parsed() -> None:
    # A value that changes, a date or a random id, would make a new version of the DAG every 30 seconds.
    from tests.support.dag_bags import read_dags

    # Both anew: the params of a DAG that ran in this process keep the values of the run.
    once, again = (read_dags(ROOT / "example_dags") for _ in range(2))
    for dag_id, dag in once.dags.items():
        assert DagSerialization.to_dict(again.dags[dag_id]) == DagSerialization.to_dict(dag)


def test_a_mapped_task_is_called_by_what_it_is_about_instead_of_a_number(examples: DagBag) -> None:
    mapped = [
        (dag_id, task)
        for dag_id, dag in examples.dags.items()
        for task in dag.tasks
        if task.is_mapped or task.get_closest_mapped_task_group() is not None
    ]
    assert {dag_id for dag_id, _ in mapped} >= {"flights", "matches_from_warehouse"}
    assert [task for _, task in mapped if not task.map_index_template] == []


def test_flights_ends_one_activity_for_each_flight_on_the_phones_of_its_passengers(
    run: Run, sandbox: RunningSandbox
) -> None:
    run_id = run("flights", flights=3)

    shown = phones(sandbox)
    by_flight = Counter(phone["attributes"]["flight"] for phone in shown)
    assert len(by_flight) == 3
    assert max(by_flight.values()) > 50  # more than one request can carry
    assert {phone["status"] for phone in shown} == {"ended"}
    assert {phone["content_state"]["status"] for phone in shown} == {"Landed"}
    assert {phone["updates"] for phone in shown} == {2}
    assert {phone["cards"] for phone in shown} == {1}
    assert all(phone["activity_id"].endswith(run_id) for phone in shown)
    # A number in the warehouse is a number on the phone; the app would not decode text.
    assert all(type(phone["content_state"]["delayMinutes"]) is int for phone in shown)


def test_a_second_run_of_flights_is_a_second_activity(run: Run, sandbox: RunningSandbox) -> None:
    run("flights", flights=1)
    run("flights", flights=1)

    shown = phones(sandbox)
    assert len({phone["activity_id"] for phone in shown}) == 2
    assert {phone["cards"] for phone in shown} == {1}


def test_match_segment_shows_the_result_to_everybody_in_the_segment(
    run: Run, sandbox: RunningSandbox
) -> None:
    sandbox.sandbox.put_segment("the-fans", "The fans", ["ada", "grace"])

    run("match_segment", segment_id="the-fans", seconds=0)

    shown = phones(sandbox)
    assert {phone["user"] for phone in shown} == {"ada", "grace"}
    assert {phone["status"] for phone in shown} == {"ended"}
    assert shown[0]["content_state"] == {"home": 1, "away": 0, "phase": "Final score"}


def test_match_ended_without_a_match_has_no_results(run: Run, sandbox: RunningSandbox) -> None:
    run("match_ended")


def test_broadcast_match_shows_the_result_to_the_audience_of_the_campaign(
    run: Run, sandbox: RunningSandbox
) -> None:
    sandbox.sandbox.put_campaign("the-derby", ["ada", "grace"])

    run("broadcast_match", broadcast_live_activity_id="the-derby", seconds=0)

    shown = phones(sandbox)
    assert {(phone["vendor"], phone["user"]) for phone in shown} == {
        ("moengage", "ada"),
        ("moengage", "grace"),
    }
    assert {phone["status"] for phone in shown} == {"ended"}
    assert shown[0]["content_state"] == {"home": 0, "away": 1, "phase": "Final score"}


def test_matches_from_warehouse_runs_a_life_for_each_row(run: Run, sandbox: RunningSandbox) -> None:
    for match in ("albion-meridian", "harbour-uptown", "rovers-wanderers"):
        sandbox.sandbox.put_segment(f"segment-{match}", match, [f"fan of {match}"])

    run("matches_from_warehouse", matches=3)

    shown = {phone["user"]: phone for phone in phones(sandbox)}
    assert {phone["status"] for phone in shown.values()} == {"ended"}
    scores = {user: phone["content_state"] for user, phone in shown.items()}
    assert scores == {
        "fan of albion-meridian": {"home": 2, "away": 2, "phase": "Final score"},
        "fan of harbour-uptown": {"home": 2, "away": 1, "phase": "Final score"},
        "fan of rovers-wanderers": {"home": 0, "away": 3, "phase": "Final score"},
    }


def test_delayed_kick_off_waits_for_a_match_and_follows_it_to_its_end(
    run: Run, sandbox: RunningSandbox
) -> None:
    sandbox.sandbox.put_segment("segment-harbour-uptown", "Harbour", ["ada"])

    run("delayed_kick_off")

    [phone] = phones(sandbox)
    assert (phone["status"], phone["updates"]) == ("ended", 1)


def test_festival_restart_starts_the_next_part_before_the_old_one_ends(
    run: Run, sandbox: RunningSandbox
) -> None:
    sandbox.sandbox.put_segment("the-crowd", "The crowd", ["ada"])

    run("festival_restart", segment_id="the-crowd", seconds=0)

    assert {phone["status"] for phone in phones(sandbox)} <= {"ended", "dismissed"}
    requests = httpx.get(f"{sandbox.url}/sandbox/requests").json()["requests"]
    parts = [(request["body"]["activity_id"].split("/")[1], request["path"]) for request in requests]
    for part in ("0", "1"):
        new_start = parts.index((str(int(part) + 1), "/messages/live_activity/start"))
        assert new_start < parts.index((part, "/messages/live_activity/update"))


@pytest.mark.parametrize("dag_id", ["score_card", "score_queue"])
def test_without_an_event_a_card_stays_as_it_is(run: Run, sandbox: RunningSandbox, dag_id: str) -> None:
    run(dag_id)

    assert phones(sandbox) == []


def test_score_feed_tells_a_score(run: Run, sandbox: RunningSandbox) -> None:
    run("score_feed", home=2)


def test_tasks_are_called_by_what_they_are_about(run: Run, sandbox: RunningSandbox) -> None:
    from airflow.models.taskinstance import TaskInstance
    from airflow.utils.session import create_session
    from sqlalchemy import select

    run_id = run("flights", flights=2)

    flight = TaskInstance.dag_id == "flights"
    with create_session() as session:
        mapped = select(TaskInstance).where(
            flight, TaskInstance.run_id == run_id, TaskInstance.map_index >= 0
        )
        names = {(task.task_id, task.rendered_map_index) for task in session.scalars(mapped)}
    expected = {phone["attributes"]["flight"] for phone in phones(sandbox)}
    assert names == {(task_id, name) for task_id, _ in names for name in expected}

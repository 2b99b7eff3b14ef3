from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from demo.stack import AIRFLOW_PROCESSES

if TYPE_CHECKING:
    from demo.airflow_api import AirflowApi
    from demo.stack import Stack
    from tests.e2e.conftest import Played

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]


def reports(airflow: AirflowApi, played: Played, dag_id: str, *task_ids: str) -> list[dict[str, Any]]:
    run = next(run for run in played.runs if run.dag_id == dag_id)
    tasks = airflow.task_instances(run.dag_id, run.run_id)
    return [
        airflow.xcom(run.dag_id, run.run_id, task["task_id"], task["map_index"])
        for task in tasks
        if task["task_id"] in task_ids
    ]


def test_every_activity_that_started_has_ended_and_none_twice(played: Played) -> None:
    assert played.outcome.problems() == []
    assert {activity["ends"] for activity in played.outcome.activities} == {1}


def test_reports_of_the_tasks_agree_with_the_phones(airflow: AirflowApi, played: Played) -> None:
    boardings = reports(airflow, played, "flights", "flight.boarding")
    phones = {activity["activity_id"]: activity["phones"] for activity in played.outcome.activities}
    for report in boardings:
        assert report["accepted"] == report["recipients"] == phones[report["activity_id"]]
        assert report["requests"] == -(-report["accepted"] // 50)
    assert max(report["requests"] for report in boardings) > 1

    landings = reports(airflow, played, "flights", "flight.landed")
    assert [(report["verb"], report["accepted"]) for report in landings] == [("end", 1)] * len(boardings)


def test_the_broadcast_reports_each_verb(airflow: AirflowApi, played: Played) -> None:
    sent = reports(airflow, played, "broadcast_match", "kick_off", "goal", "result")
    assert {(report["vendor"], report["verb"]) for report in sent} == {
        ("moengage", "start"),
        ("moengage", "update"),
        ("moengage", "end"),
    }


def test_the_sync_reports_what_the_phones_of_the_orders_show(played: Played) -> None:
    report = played.outcome.sync
    orders = [one for one in played.outcome.activities if one["activity_id"].startswith("order/")]
    assert {one["content_state"]["status"] for one in orders} == {"Delivered", "Cancelled"}
    assert {(one["phones"], one["start_requests"], one["ends"]) for one in orders} == {(1, 1, 1)}
    assert report["started"] == report["ended"] == len(orders)
    assert report["updated"] == sum(one["updates"] for one in orders)
    assert report["requests"] >= report["started"] + report["updated"] + report["ended"]  # with retries
    assert report["unknown"] == report["rejected"] == 0
    assert report["passes"] > 10


@pytest.mark.usefixtures("played")
def test_no_log_holds_a_key_or_the_id_of_a_passenger(stack: Stack) -> None:
    secrets = ("sandbox-braze-key", "sandbox-push-key", "pax-", "guest-")
    for log in [*map(stack.log, AIRFLOW_PROCESSES), *(stack.home / "logs").rglob("*.log")]:
        text = log.read_text(errors="replace")
        assert not [secret for secret in secrets if secret in text], log

"""The scenario of the demo: flights, four matches, a broadcast and a dinner rush at the same time."""

from __future__ import annotations

import itertools
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from demo import deliveries, warehouse
from demo.airflow_api import AirflowApi
from demo.stack import Stack

SYNC = "deliveries"  # one task for all orders
DAGS = (SYNC, "flights", "matches_from_warehouse", "match_segment", "broadcast_match")
BROADCAST = "match-city-county"
MATCHES = 3  # of the warehouse; they leave with each bank of flights
AUDIENCES = {
    "segments/segment-northside-southside": 90,
    "segments/segment-harbour-uptown": 120,
    "segments/segment-rovers-wanderers": 60,
    "segments/segment-albion-meridian": 30,
    f"campaigns/{BROADCAST}": 200,
}
OVER = ("success", "failed")
MAX_SECONDS = 600  # for the runs, which take about 140 s on two cores
#: Airflow needs this long to start the activities of a whole bank on two cores.
BOARDING_SECONDS = 45
#: The first order is delivered 27 s later; the sync starts the orders that are not over when it begins.
OPENING_SECONDS = 25


@dataclass(frozen=True)
class Run:
    """A DAG run of the demo."""

    dag_id: str
    run_id: str


@dataclass(frozen=True)
class Moment:
    """
    The demo at one moment.

    :param activities: the activities, as the sandbox shows them.
    :param phones: the sandbox's counts.
    :param tasks: task instances by state.
    """

    activities: Sequence[dict[str, Any]]
    phones: dict[str, int]
    tasks: Counter[str]


def prepare(stack: Stack, airflow: AirflowApi, flights: int = 14) -> None:
    """
    Fill warehouse and sandbox; the demo's clock starts now.

    :param stack: the running processes.
    :param airflow: its REST API.
    :param flights: number of flights that leave together.
    """
    stack.wait_until(lambda: _parsed(airflow), "the DAGs", 240)
    # Segments are stored at Braze and audiences of broadcasts at MoEngage, not in the warehouse.
    for audience, fans in AUDIENCES.items():
        users = [f"fan-{audience.rpartition('/')[2]}-{number:03}" for number in range(fans)]
        stack.sandbox("PUT", f"/{audience}", json={"users": users})
    # At the end, so that the tasks have as much time as possible before the first departure.
    now = datetime.now(UTC)
    warehouse.load(stack.warehouse, now + timedelta(seconds=BOARDING_SECONDS), bank_size=flights)
    deliveries.load(stack.warehouse, now + timedelta(seconds=OPENING_SECONDS))


def play(airflow: AirflowApi, flights: int = 14) -> list[Run]:
    """
    Trigger a run of each DAG, then unpause the DAGs.

    :param airflow: the REST API.
    :param flights: number of flights to follow.
    """
    seconds = BOARDING_SECONDS + warehouse.BANK_SECONDS // 2
    closes_at = datetime.now(UTC) + timedelta(seconds=OPENING_SECONDS + deliveries.RUSH_SECONDS)
    conf: dict[str, dict[str, object]] = {
        SYNC: {"until": closes_at.isoformat(), "poll_interval": "PT3S"},
        "flights": {"flights": flights},
        "matches_from_warehouse": {"matches": MATCHES},
        "match_segment": {"seconds": seconds},
        "broadcast_match": {"broadcast_live_activity_id": BROADCAST, "seconds": seconds + 10},
    }
    runs = [Run(dag_id, airflow.trigger(dag_id, conf[dag_id])) for dag_id in DAGS]
    for dag_id in DAGS:  # now, so that the schedule of the sync waits for the run that is triggered
        airflow.unpause(dag_id)
    return runs


def watch(stack: Stack, airflow: AirflowApi, runs: Sequence[Run]) -> Iterator[Moment]:
    """
    Yield the state of the demo every second, until the runs are over.

    :param stack: the running processes.
    :param airflow: its REST API.
    :param runs: from :func:`play`.
    """
    deadline = time.monotonic() + MAX_SECONDS
    tasks: Counter[str] = Counter()
    over = False
    for second in itertools.count():
        stack.check()
        # Ask the API server less often than the sandbox: the tasks need it too.
        if second % 3 == 0:
            over = all(airflow.run_state(run.dag_id, run.run_id) in OVER for run in runs)
            instances = [task for run in runs for task in airflow.task_instances(run.dag_id, run.run_id)]
            tasks = Counter(task["state"] or "waiting" for task in instances)
        activities = stack.sandbox("GET", "/activities", params={"limit": 10_000})["activities"]
        yield Moment(activities, stack.sandbox("GET", "/summary"), tasks)
        if over or time.monotonic() > deadline:
            return
        time.sleep(1)


def _parsed(airflow: AirflowApi) -> bool:
    if errors := airflow.import_errors():
        raise RuntimeError("Airflow cannot read the example DAGs:\n" + "\n".join(errors))
    return airflow.dag_ids() >= set(DAGS)

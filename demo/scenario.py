"""What the demo plays: a bank of flights, four matches and a broadcast, all at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from demo import warehouse
from demo.airflow_api import AirflowApi
from demo.stack import Stack

DAGS = ("flights", "matches_from_warehouse", "match_segment", "broadcast_match")
BROADCAST = "match-city-county"
MATCHES = 3  # of the warehouse; they leave with each bank of flights
AUDIENCES = {
    "segments/segment-northside-southside": 90,
    "segments/segment-harbour-uptown": 120,
    "segments/segment-rovers-wanderers": 60,
    "segments/segment-albion-meridian": 30,
    f"campaigns/{BROADCAST}": 200,
}
#: Airflow needs this long to board a whole bank on two cores.
BOARDING_SECONDS = 30


@dataclass(frozen=True)
class Run:
    """A DAG run of the demo."""

    dag_id: str
    run_id: str


def prepare(stack: Stack, airflow: AirflowApi, flights: int = 14) -> None:
    """
    Fill warehouse and sandbox, and let the DAGs run; from here on the clock ticks.

    :param stack: what is running.
    :param airflow: its REST API.
    :param flights: how many leave together.
    """
    stack.wait_until(lambda: _parsed(airflow), "the DAGs", 60)
    # A segment lives in Braze, the audience of a broadcast in MoEngage: the warehouse knows neither.
    for audience, fans in AUDIENCES.items():
        users = [f"fan-{audience.rpartition('/')[2]}-{number:03}" for number in range(fans)]
        stack.sandbox("PUT", f"/{audience}", json={"users": users})
    for dag_id in DAGS:
        airflow.unpause(dag_id)
    # Last of all, so that the first departure is as far away as it can be.
    boarding = timedelta(seconds=BOARDING_SECONDS)
    warehouse.load(stack.warehouse, datetime.now(UTC) + boarding, bank_size=flights)


def play(airflow: AirflowApi, flights: int = 14) -> list[Run]:
    """
    Start a run of every DAG.

    :param airflow: the REST API.
    :param flights: how many to follow.
    """
    seconds = BOARDING_SECONDS + warehouse.BANK_SECONDS // 2
    conf: dict[str, dict[str, object]] = {
        "flights": {"flights": flights},
        "matches_from_warehouse": {"matches": MATCHES},
        "match_segment": {"seconds": seconds},
        "broadcast_match": {"broadcast_live_activity_id": BROADCAST, "seconds": seconds + 10},
    }
    return [Run(dag_id, airflow.trigger(dag_id, conf[dag_id])) for dag_id in DAGS]


def _parsed(airflow: AirflowApi) -> bool:
    if errors := airflow.import_errors():
        raise RuntimeError("Airflow cannot read the example DAGs:\n" + "\n".join(errors))
    return airflow.dag_ids() >= set(DAGS)

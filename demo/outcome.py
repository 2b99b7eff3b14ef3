"""The outcome of a demo in numbers: what the phones showed, what Airflow did, and which problems occurred."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median
from typing import Any

from demo import warehouse
from demo.airflow_api import AirflowApi
from demo.scenario import BROADCAST, MATCHES, SYNC, Run
from demo.stack import Stack


@dataclass(frozen=True)
class Outcome:
    """
    The outcome of a demo.

    :param activities: the activities, as the sandbox shows them.
    :param phones: the sandbox's counts.
    :param statuses: number of requests for each status of a response.
    :param seconds_late: seconds from the landing of each flight to the end of its activity.
    :param states: of each DAG run.
    :param tasks: task instances of all runs.
    :param flights: number of flights that the run followed.
    :param sync: report of the sync of the orders; empty if its run failed.
    """

    activities: Sequence[dict[str, Any]]
    phones: dict[str, int]
    statuses: dict[int, int]
    seconds_late: dict[str, float]
    states: dict[str, str]
    tasks: Sequence[dict[str, Any]]
    flights: int
    sync: dict[str, Any]

    @property
    def ended(self) -> int:
        """Number of activities that have ended."""
        return sum(_is_over(activity) for activity in self.activities)

    @property
    def updates(self) -> int:
        """Number of updates that were sent."""
        return sum(activity["updates"] for activity in self.activities)

    @property
    def left_behind(self) -> int:
        """Number of phones that still show a running or stale card; 0 after the last landing."""
        return self.phones["running"] + self.phones["stale_cards"]

    @property
    def failed_tasks(self) -> list[dict[str, Any]]:
        """The task instances that failed for good."""
        return [task for task in self.tasks if task["state"] == "failed"]

    @property
    def retried(self) -> int:
        """Number of tasks that needed more than one attempt."""
        return sum(task["try_number"] > 1 for task in self.tasks)

    @property
    def refused(self) -> int:
        """Number of requests that were not accepted."""
        return sum(count for status, count in self.statuses.items() if not 200 <= status < 300)

    @property
    def broadcast(self) -> dict[str, Any]:
        """The MoEngage broadcast, as the sandbox shows it; empty if it never started."""
        return next((activity for activity in self.activities if activity["activity_id"] == BROADCAST), {})

    @property
    def lateness(self) -> tuple[float, float]:
        """Median and maximum of the seconds from landing to end."""
        late = sorted(self.seconds_late.values()) or [float("nan")]
        return median(late), late[-1]

    def problems(self) -> list[str]:
        """Return the problems of the run, one sentence each; an empty list if there are none."""
        orders = self.sync.get("started", 0)
        expected = self.flights + MATCHES + 2 + orders
        unclear = sum(self.sync.get(name, 0) for name in ("bad_rows", "rejected", "unknown", "failed"))
        ended_early = min(self.seconds_late.values(), default=0) < 0
        runs = [(state != "success", f"the run of {dag} is {state}") for dag, state in self.states.items()]
        checks = [
            *runs,
            (self.failed_tasks, f"{len(self.failed_tasks)} tasks failed"),
            (len(self.activities) != expected, f"{len(self.activities)} activities instead of {expected}"),
            (self.ended < len(self.activities), f"{len(self.activities) - self.ended} activities go on"),
            (len(self.seconds_late) < self.flights, f"only {len(self.seconds_late)} landings were shown"),
            (self.sync.get("ended", 0) < orders, f"the sync did not end all of its {orders} orders"),
            (unclear or not orders, f"the sync started {orders} orders, and {unclear} were not sent"),
            (ended_early, "an activity ended before its flight had landed"),
            (self.left_behind, f"{self.left_behind} phones still show a running or stale card"),
            (self.phones["started_twice"], f"{self.phones['started_twice']} phones got a second card"),
            (not all(activity["phones"] for activity in self.activities), "an activity reached no phone"),
            (self.refused, f"{self.refused} requests were not accepted"),
        ]
        return [problem for wrong, problem in checks if wrong]


def gather(stack: Stack, airflow: AirflowApi, runs: Sequence[Run], flights: int) -> Outcome:
    """
    Collect the outcome from the sandbox, Airflow and the warehouse.

    :param stack: the running processes.
    :param airflow: its REST API.
    :param runs: the DAG runs.
    :param flights: number of flights that the run followed.
    """
    activities = stack.sandbox("GET", "/activities", params={"limit": 10_000})["activities"]
    states = {run.dag_id: airflow.run_state(run.dag_id, run.run_id) for run in runs}
    sync_run = next(run.run_id for run in runs if run.dag_id == SYNC)
    requests = stack.sandbox("GET", "/requests", params={"limit": 10_000})["requests"]
    timetable = warehouse.timetable(stack.warehouse)
    late = {}
    for activity in activities:
        flight = timetable.get(logical_key(activity))
        if flight and _is_over(activity):
            ended_at = datetime.fromisoformat(activity["last_push_at"])
            late[flight.flight_key] = (ended_at - flight.lands_at).total_seconds()
    return Outcome(
        activities=activities,
        phones=stack.sandbox("GET", "/summary"),
        statuses=dict(Counter(request["status"] or 0 for request in requests)),
        seconds_late=late,
        states=states,
        tasks=[task for run in runs for task in airflow.task_instances(run.dag_id, run.run_id)],
        flights=flights,
        sync=airflow.xcom(SYNC, sync_run, "sync") if states[SYNC] == "success" else {},
    )


def logical_key(activity: dict[str, Any]) -> str:
    """Return the key of an activity's subject: the examples use ids such as ``kind/key/run``."""
    return str(activity["activity_id"].split("/")[1 if "/" in activity["activity_id"] else 0])


def _is_over(activity: dict[str, Any]) -> bool:
    return bool(activity["ends"]) and not activity["running"] and not activity["stale"]

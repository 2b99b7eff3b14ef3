"""
Every history of a life ends: what fails in its first life, times what happens to the run then.

After each history no phone shows a running card where Airflow runs the tasks that end it, and none at all
after the safety net has run once.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from airflow_provider_liveactivity.hooks._base import LiveActivityHook
from airflow_provider_liveactivity.http.retries import RetryConfig
from airflow_provider_liveactivity.lifecycle import BrazeLiveActivity, MoEngageBroadcastLiveActivity
from airflow_provider_liveactivity.operators._start_update import StartMixin
from airflow_provider_liveactivity.operators.overdue import EndOverdueLiveActivitiesOperator
from airflow_provider_liveactivity.sensors.end_time import LiveActivityEndTimeSensor
from tests.support.airflow_db import new_dag
from tests.support.airflow_versions import needs_variable_list
from tests.support.dag_runs import SteppedRun

if TYPE_CHECKING:
    from airflow.sdk import DAG

    from airflow_provider_liveactivity.sandbox import RunningSandbox

LONG_AGO = "2025-07-22T12:00:00+00:00"
CROWD = [f"fan-{number}" for number in range(120)]  # three requests
ALERT = {"title": "City", "body": "Kick-off!"}

#: How the first life goes wrong; "nothing" for a life that goes well.
FAILURES = [
    "nothing",
    "body_fails",
    "sensor_fails",
    "end_fails_once",
    "start_reaches_no_one",
    "start_stops_half_way",
    "start_is_unknown",
    "start_is_unknown_then_unreachable",
    "retry_cannot_render",
    "worker_dies",
]
#: What happens to the run then; a mark and a time-out come while the start waits for its retry, if it does.
EVENTS = ["run_ends", "clear_run", "clear_failed", "clear_start", "mark_failed", "mark_success", "time_out"]
KINDS = ["braze_people", "braze_segment", "moengage"]


@dataclass(frozen=True)
class History:
    """One row of the table."""

    kind: str
    failure: str
    event: str

    def __str__(self) -> str:
        return f"{self.kind}-{self.failure}-{self.event}"

    @property
    def is_possible(self) -> bool:
        half_way = ("start_stops_half_way", "retry_cannot_render")
        if self.kind != "braze_people" and self.failure in half_way:
            return False  # the start is a single request
        if self.kind != "moengage" and self.failure == "start_is_unknown_then_unreachable":
            return False  # a Braze start whose answer is missing is not sent again
        return (self.failure, self.event) != ("nothing", "clear_failed")

    @property
    def airflow_runs_the_ends(self) -> bool:
        return self.event not in ("mark_failed", "mark_success", "time_out")


ALL = [
    history for row in itertools.product(KINDS, FAILURES, EVENTS) if (history := History(*row)).is_possible
]


def chosen() -> Iterator[History]:
    """Yield few histories: among them each failure and each event of each kind, and most pairs of the two."""

    def needed(history: History) -> set[tuple[str, str]]:
        return {(history.kind, history.failure), (history.kind, history.event)}

    def pair(history: History) -> set[tuple[str, str]]:
        return {(history.failure, history.event)}

    open_, pairs = set().union(*map(needed, ALL)), set().union(*map(pair, ALL))
    while open_:
        history = max(ALL, key=lambda one: (len(needed(one) & open_), len(pair(one) & pairs)))
        open_ -= needed(history)
        pairs -= pair(history)
        yield history


#: The whole table takes minutes: HISTORIES=all runs it, as "make nightly" does.
HISTORIES = ALL if os.environ.get("HISTORIES") == "all" else list(chosen())


class World:
    """The vendor, the DAG, and what is wrong with them until a person mends it."""

    def __init__(self, history: History, sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch) -> None:
        self.history = history
        self.failure = history.failure
        self.url = sandbox.url
        self.vendor = sandbox.sandbox
        self.vendor.put_campaign("final", CROWD)
        self.vendor.put_segment("everybody", "Everybody", CROWD)
        self._monkeypatch = monkeypatch
        self._break()

    def mend(self) -> None:
        """Mend the cause, as a person does before clearing."""
        self.failure = "nothing"
        self.vendor.faults.clear()
        self._monkeypatch.setenv("AIRFLOW_VAR_HOME_SCORE", "0")

    def dag(self) -> DAG:
        """Return a DAG with the life."""
        from airflow.providers.standard.operators.python import PythonOperator

        with new_dag() as dag, self._life() as life:
            scores = PythonOperator(task_id="scores", python_callable=self._fail_if, op_args=["body_fails"])
            update: dict[str, Any] = {"content_state": {"home": 7}}
            if self.history.kind == "moengage":
                update["alert"] = ALERT
            goal = life.update("goal", **update)
            scores >> goal
        goal >> life.end_time_sensor  # makes the order of this one run the same every time
        return dag

    def _sandbox(self, what: str) -> list[dict[str, Any]]:
        # Without certificates, which take longer to load than the sandbox to answer.
        answer = httpx.get(f"{self.url}/sandbox/{what}", params={"limit": 1000}, verify=False)
        return list(answer.json()[what])

    def running(self) -> int:
        """Return how many phones show a card that has not ended."""
        phones = self._sandbox("phones")
        return sum(phone["status"] in ("running", "stale") for phone in phones)

    def requests(self, verb: str) -> int:
        """Return how many requests of a verb the vendor has accepted."""
        records = self._sandbox("requests")
        return sum(verb_of(record) == verb for record in records if 200 <= (record["status"] or 0) < 300)

    def _life(self) -> Any:
        retries = 0 if self.failure == "worker_dies" else 1
        common: dict[str, Any] = {
            "end_time": LONG_AGO,
            "on_past_end_time": "send",
            "content_state": {"home": "{{ var.value.home_score }}"},
            "default_args": {"retries": retries, "retry_delay": timedelta(0)},
        }
        if self.history.kind == "moengage":
            return MoEngageBroadcastLiveActivity(
                "life",
                broadcast_live_activity_id="final",
                attribute_type="MatchAttributes",
                attribute_info={"home": "City"},
                alert=ALERT,
                end_alert=ALERT,
                **common,
            )
        people = {"external_user_ids": CROWD, "max_workers": 1}
        return BrazeLiveActivity(
            "life",
            activity_id="final",
            activity_attributes_type="MatchAttributes",
            activity_attributes={"home": "City"},
            notification={"alert": ALERT},
            on_unknown="fail",
            **(people if self.history.kind == "braze_people" else {"segment_id": "everybody"}),
            **common,
        )

    def _break(self) -> None:
        patch, vendor = self._monkeypatch, self.vendor
        patch.setenv("AIRFLOW_VAR_HOME_SCORE", "0")
        # No waits, and one try of each request: an attempt of the task is what this is about.
        patch.setattr(LiveActivityHook, "default_retry", RetryConfig(attempts=1))
        patch.setattr("airflow_provider_liveactivity.lifecycle._group._RETRY_DELAY", timedelta(0))
        start, end = PATHS["moengage" if self.history.kind == "moengage" else "braze"]
        match self.failure:
            case "end_fails_once":
                vendor.add_fault("502", path=end, skip=0 if self.history.kind == "moengage" else 1)
            case "start_reaches_no_one":
                vendor.add_fault("502", path=start, times=None)
            case "start_stops_half_way" | "retry_cannot_render":
                vendor.add_fault("502", path=start, times=None, skip=1)
            case "start_is_unknown":
                vendor.add_fault("drop_after", path=start, times=None)
            case "start_is_unknown_then_unreachable":
                vendor.add_fault("drop_after", path=start)
                vendor.add_fault("502", path=start, times=None)
        self._patch(LiveActivityEndTimeSensor, "execute", before=lambda: self._fail_if("sensor_fails"))
        self._patch(StartMixin, "execute", after=self._after_start)
        self._patch(StartMixin, "_withdraw", instead=self._is_dead)

    def _patch(
        self,
        owner: type,
        name: str,
        before: Callable[[], Any] = lambda: None,
        after: Callable[[], Any] = lambda: None,
        instead: Callable[[], bool] = lambda: False,
    ) -> None:
        original = getattr(owner, name)

        def patched(operator: Any, *args: Any, **kwargs: Any) -> Any:
            if instead():
                return None
            before()
            try:
                return original(operator, *args, **kwargs)
            finally:
                after()

        self._monkeypatch.setattr(owner, name, patched)

    def _after_start(self) -> None:
        if self.failure == "retry_cannot_render":
            self._monkeypatch.delenv("AIRFLOW_VAR_HOME_SCORE")
        if self.failure == "worker_dies":
            raise SystemExit("killed after the last answer")

    def _is_dead(self) -> bool:
        return self.failure == "worker_dies"  # a killed worker cleans nothing up

    def _fail_if(self, failure: str) -> None:
        if self.failure == failure:
            raise ValueError("as ordered")


PATHS = {
    "braze": ("/messages/live_activity/start", "/messages/live_activity/update"),
    "moengage": ("/v1.0/live-activity/broadcast/start", "/v1.0/live-activity/broadcast/end"),
}


def verb_of(record: dict[str, Any]) -> str:
    if record["path"] == PATHS["braze"][1]:
        return "end" if record["body"].get("end_activity") else "update"
    return str(record["path"].rpartition("/")[2])


def run_safety_net() -> None:
    with new_dag() as dag:
        EndOverdueLiveActivitiesOperator(task_id="end_overdue", grace_period=timedelta(0))
    net = SteppedRun(dag)
    net.advance()
    assert net.states() == {"end_overdue": "success", "": "success"}


@needs_variable_list
@pytest.mark.parametrize("history", HISTORIES, ids=str)
@pytest.mark.usefixtures("database")
def test_no_history_leaves_an_activity_on(
    history: History, sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(history, sandbox, monkeypatch)
    run = SteppedRun(world.dag())
    lives = 1
    if history.airflow_runs_the_ends:
        run.advance()
        assert world.running() == 0, run.states()
    else:
        run.advance(until="life.start")
    match history.event:
        case "clear_run" | "clear_failed" | "clear_start":
            world.mend()
            lives = 2
            clear: dict[str, Callable[[], None]] = {
                "clear_run": run.clear,
                "clear_failed": run.clear_failed,
                "clear_start": lambda: run.clear_downstream("life.start"),
            }
            clear[history.event]()
            run.advance()
        case "mark_failed" | "mark_success":
            run.mark(history.event.removeprefix("mark_"))
        case "time_out":
            run.time_out()

    if history.airflow_runs_the_ends:
        assert world.running() == 0, run.states()
        assert world.requests("end") <= lives
    world.mend()
    run_safety_net()

    assert world.running() == 0, run.states()
    assert records_left() == []
    assert sum(activity.started_twice for activity in world.vendor.activities.values()) == 0
    if history.failure == "nothing" and history.airflow_runs_the_ends:
        assert (world.requests("update"), world.requests("end")) == (lives, lives)


def records_left() -> list[str]:
    from airflow.models.variable import Variable
    from airflow.utils.session import create_session
    from sqlalchemy import select

    with create_session() as session:
        return list(session.scalars(select(Variable.key).where(Variable.key.startswith("live_activity."))))

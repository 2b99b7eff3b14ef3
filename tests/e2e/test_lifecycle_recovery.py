"""
Histories of lives on a real Airflow: what fails in the first life, and what people and the scheduler do then.

Each history has a vendor of its own, so that all of them happen at once. The whole table stands in
tests/dags/test_lifecycle_recovery.py.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_liveactivity.sandbox import RunningSandbox, running_sandbox
from demo.airflow_api import AirflowApi
from demo.stack import Stack
from tests.support.e2e import PATIENCE

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]

DAGS = {"history_braze", "history_waits", "history_timeout", "history_moengage", "history_net"}
CROWD = [f"fan-{number}" for number in range(120)]
DONE = ("success", "failed", "upstream_failed", "skipped")
BRAZE_START = "/messages/live_activity/start"
MOENGAGE_START = "/v1.0/live-activity/broadcast/start"


class OneAtATime(AirflowApi):
    """A client for many threads."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self._lock = threading.Lock()

    def call(self, method: str, path: str, **arguments: Any) -> Any:
        with self._lock:
            return super().call(method, path, **arguments)


class World:
    """One history: its vendor, its run, and what happens to it."""

    def __init__(self, number: int, sandbox: RunningSandbox, flags: Path) -> None:
        self.number = number
        self.flags = flags
        self.vendor = sandbox.sandbox
        self.url = sandbox.url
        self.vendor.put_campaign("final", CROWD)
        self.airflow: AirflowApi
        self.wait: Callable[[Callable[[], bool], str, float], None]
        self.dag_id = "history_braze"
        self.run_id = ""

    @property
    def connections(self) -> list[dict[str, Any]]:
        extra = json.dumps({"app_id": "sandbox-app"})
        braze = {"host": self.url, "password": "sandbox-braze-key", "extra": extra}
        moengage = {"host": self.url, "login": "SANDBOX", "password": "sandbox-push-key"}
        return [
            {"connection_id": f"braze_{self.number}", "conn_type": "braze", **braze},
            {"connection_id": f"moengage_{self.number}", "conn_type": "moengage", **moengage},
        ]

    def running(self) -> int:
        """Return how many phones show a card that has not ended."""
        now = self.vendor.now()
        return sum(
            activity.card(start, now).status in ("running", "stale")
            for activity in self.vendor.activities.values()
            for start in activity.cards.values()
        )

    def requests(self, verb: str) -> int:
        """Return how many requests of a verb the vendor has accepted."""
        return sum(
            _verb(record) == verb for record in self.vendor.records if 200 <= (record.status or 0) < 300
        )

    # What a person, a vendor or the scheduler does.

    def start(
        self,
        dag_id: str = "history_braze",
        *,
        ends_in: float = 3600,  # so far away that the wait defers, however slow the machine is
        body_fails: bool = False,
        **more: str,
    ) -> None:
        self.dag_id = dag_id
        if body_fails:
            self._fails.touch()
        ends = datetime.now(UTC) + timedelta(seconds=ends_in)
        conf = {"world": str(self.number), "flags": str(self.flags), "end_time": ends.isoformat()}
        self.run_id = self.airflow.trigger(dag_id, conf | more)

    def mend(self) -> None:
        self.vendor.faults.clear()
        self._fails.unlink(missing_ok=True)

    @property
    def _fails(self) -> Path:
        return self.flags / f"{self.number}-fails"

    def clear(self, **which: Any) -> None:
        body = {
            "dag_run_id": self.run_id,
            "dry_run": False,
            "only_failed": False,
            "reset_dag_runs": True,
            **which,
        }
        self.airflow.call("POST", f"/dags/{self.dag_id}/clearTaskInstances", json=body)

    def mark(self, state: str) -> None:
        self.airflow.call("PATCH", f"/dags/{self.dag_id}/dagRuns/{self.run_id}", json={"state": state})

    def state(self, task_id: str) -> str | None:
        path = f"/dags/{self.dag_id}/dagRuns/{self.run_id}/taskInstances/life.{task_id}"
        return self.airflow.call("GET", path)["state"]  # type: ignore[no-any-return]

    def until(self, state: str, task_id: str = "start") -> None:
        self.wait(
            lambda: self.state(task_id) == state, f"{task_id} {state} of history {self.number}", PATIENCE
        )

    def is_over(self) -> bool:
        return self.airflow.run_state(self.dag_id, self.run_id) in ("success", "failed")

    def until_over(self) -> None:
        """Wait for the end of the run. When nothing is left but the wait for the end time, let it come."""

        def is_over() -> bool:
            if self.is_over():
                return True
            tasks = self.airflow.task_instances(self.dag_id, self.run_id)
            states = {task["task_id"]: task["state"] for task in tasks}
            if states.get("life.end_time") == "deferred" and states["life.goal"] in DONE:
                path = f"/dags/{self.dag_id}/dagRuns/{self.run_id}/taskInstances/life.end_time"
                self.airflow.call("PATCH", path, json={"new_state": "success"})
            return False

        self.wait(is_over, f"the end of history {self.number}", 2 * PATIENCE)


def _verb(record: Any) -> str:
    if record.path == "/messages/live_activity/update":
        return "end" if record.content["end_activity"] else "update"
    return str(record.path.rpartition("/")[2])


def stops_half_way(world: World) -> None:
    world.vendor.add_fault("502", path=BRAZE_START, times=None, skip=1)


# The histories. Each returns how many ends the vendor must have got without the safety net; None leaves the
# end to the safety net.


def goes_well(world: World) -> int | None:
    world.start()
    world.until_over()
    assert world.requests("update") == 1
    return 1


def cleared_after_success(world: World) -> int | None:
    world.start()
    world.until_over()
    world.clear()
    world.until_over()
    return 2


def block_fails(world: World) -> int | None:
    world.start(body_fails=True)
    world.until("success", "end_early")
    return 1


def block_fails_and_is_cleared(world: World) -> int | None:
    world.start(body_fails=True)
    world.until("success", "end_early")
    world.mend()
    world.clear()
    world.until_over()
    assert world.requests("update") == 1
    return 2


def stopped_half_way(world: World) -> int | None:
    stops_half_way(world)
    world.start()
    world.until_over()
    return 1


def stopped_half_way_and_cleared(world: World) -> int | None:
    stops_half_way(world)
    world.start()
    world.until_over()
    world.mend()
    world.clear()
    world.until_over()
    assert sum(activity.started for activity in world.vendor.activities.values()) == len(CROWD)
    return 2


def retry_cannot_render(world: World) -> int | None:
    stops_half_way(world)
    world.airflow.call("POST", "/variables", json={"key": "home_score", "value": "0"})
    world.start(ends_in=240, variable="home_score")
    world.until("up_for_retry")
    world.airflow.call("DELETE", "/variables/home_score")
    world.until_over()
    return 1


def marked_failed_while_the_start_waits(world: World) -> int | None:
    stops_half_way(world)
    world.start("history_waits", ends_in=60)
    world.until("up_for_retry")
    world.mark("failed")
    return None


def marked_success_while_the_start_waits(world: World) -> int | None:
    stops_half_way(world)
    world.start("history_waits", ends_in=60)
    world.until("up_for_retry")
    world.mark("success")
    return None


def marked_failed_while_the_end_waits(world: World) -> int | None:
    world.start()
    world.until("deferred", "end_time")
    world.mark("failed")
    world.until_over()
    return 1  # the teardown still runs, and without an end time it ends the activity at once


def timed_out(world: World) -> int | None:
    world.start("history_timeout", ends_in=75)
    world.wait(world.is_over, "the time-out", PATIENCE)
    assert world.requests("start") > 0
    return None


def the_end_fails_for_good(world: World) -> int | None:
    world.vendor.add_fault("502", path="/messages/live_activity/update", times=None, skip=1)
    world.start(ends_in=40)
    world.until_over()
    return None


def broadcast_is_unknown_then_unreachable(world: World) -> int | None:
    world.vendor.add_fault("drop_after", path=MOENGAGE_START)
    world.vendor.add_fault("502", path=MOENGAGE_START, times=None)
    world.start("history_moengage")
    world.until_over()
    return 1


def broadcast_is_cleared(world: World) -> int | None:
    world.start("history_moengage", body_fails=True)
    world.until("success", "end_early")
    world.mend()
    world.clear()
    world.until_over()
    assert world.requests("update") == 1
    return 2


HISTORIES: list[Callable[[World], int | None]] = [
    goes_well,
    cleared_after_success,
    block_fails,
    block_fails_and_is_cleared,
    stopped_half_way,
    stopped_half_way_and_cleared,
    retry_cannot_render,
    marked_failed_while_the_start_waits,
    marked_success_while_the_start_waits,
    marked_failed_while_the_end_waits,
    timed_out,
    the_end_fails_for_good,
    broadcast_is_unknown_then_unreachable,
    broadcast_is_cleared,
]


@pytest.fixture
def worlds(stack: Stack, tmp_path: Path) -> Iterator[list[World]]:
    with ExitStack() as opened:
        api = opened.enter_context(OneAtATime(stack.airflow_url))
        stack.wait_until(lambda: api.dag_ids() >= DAGS, "the DAGs", PATIENCE)
        for dag_id in DAGS:
            api.unpause(dag_id)
        worlds = [
            World(number, opened.enter_context(running_sandbox()), tmp_path)
            for number in range(len(HISTORIES))
        ]
        for world in worlds:
            world.airflow = api
            world.wait = partial(stack.wait_until, every=3)
            for connection in world.connections:
                api.call("POST", "/connections", json=connection)
        yield worlds


def test_no_history_leaves_an_activity_on(worlds: list[World]) -> None:
    with ThreadPoolExecutor(len(worlds)) as pool:
        happening = [pool.submit(history, world) for history, world in zip(HISTORIES, worlds, strict=True)]

    for history, world in zip(HISTORIES, worlds, strict=True):
        print(history.__name__, "ends:", world.requests("end"), "running:", world.running())
    for history, world, happened in zip(HISTORIES, worlds, happening, strict=True):
        if (ends := happened.result()) is not None:
            assert (history.__name__, world.running(), world.requests("end")) == (history.__name__, 0, ends)
    for world in worlds:
        world.mend()
    net = worlds[0]
    net.dag_id = "history_net"
    deadline = time.monotonic() + 200
    while any(world.running() for world in worlds) and time.monotonic() < deadline:
        net.run_id = net.airflow.trigger("history_net")
        net.until_over()

    assert {history.__name__: world.running() for history, world in zip(HISTORIES, worlds, strict=True)} == {
        history.__name__: 0 for history in HISTORIES
    }
    assert sum(a.started_twice for world in worlds for a in world.vendor.activities.values()) == 0
    variables = net.airflow.call("GET", "/variables", params={"variable_key_pattern": "live_activity.%"})
    assert variables["variables"] == []

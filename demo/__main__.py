"""``python -m demo``: a bank of real flights, from the warehouse to the phones, through a real Airflow."""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from types import FrameType

from demo import scenario, warehouse
from demo.airflow_api import AirflowApi
from demo.display import Display, Moment
from demo.outcome import FINAL, Outcome, gather
from demo.scenario import Run
from demo.stack import ROOT, Stack, running_stack

PATIENCE = 240  # seconds for the DAG runs; they take about 140


def main() -> int:
    """Run the demo and return the exit code."""
    arguments = _arguments()
    display = Display()
    home = ROOT / ".demo" / datetime.now().strftime("%Y%m%d-%H%M%S")  # noqa: DTZ005 - a name for a person
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    good = False
    try:
        good = _demo(home, display, flights=arguments.flights, keep=arguments.keep)
    except KeyboardInterrupt:
        display.say("Stopped")
        if not arguments.keep:  # there it is the way to leave
            return 130
        good = True
    except RuntimeError as error:
        display.problem(str(error))
    if good:
        shutil.rmtree(home, ignore_errors=True)
    elif home.exists():
        display.say(f"The logs stay in {home}")
    return 0 if good else 1


def _demo(home: Path, display: Display, *, flights: int, keep: bool) -> bool:
    with ExitStack() as up:
        with display.working("Starting Airflow and the sandbox; Airflow takes most of a minute"):
            stack = up.enter_context(running_stack(home, preferred_ports=(8080, 8390) if keep else (0, 0)))
            airflow = up.enter_context(AirflowApi(stack.airflow_url))
        display.say(f"Airflow  {stack.airflow_url}  no login: whoever opens it is an admin")
        display.say(f"Phones   {stack.sandbox_url}")
        scenario.prepare(stack, airflow, flights)
        runs = scenario.play(airflow, flights)
        _watch(stack, airflow, runs, display)
        outcome = gather(stack, airflow, runs, flights)
        display.summary(outcome)
        _point_at_logs(home, display, outcome)
        if keep:
            display.say("Everything stays up; trigger any DAG again. Ctrl-C stops it.")
            while True:
                stack.check()
                time.sleep(1)
        _ignore_signals()
    return not outcome.problems()


def _watch(stack: Stack, airflow: AirflowApi, runs: Sequence[Run], display: Display) -> None:
    timetable = warehouse.timetable(stack.warehouse)
    deadline = time.monotonic() + PATIENCE
    finished = False
    with display.board() as board:
        while not finished and time.monotonic() < deadline:
            stack.check()
            finished = all(airflow.run_state(run.dag_id, run.run_id) in FINAL for run in runs)
            tasks = [task for run in runs for task in airflow.task_instances(run.dag_id, run.run_id)]
            moment = Moment(
                activities=stack.sandbox("GET", "/activities")["activities"],
                phones=stack.sandbox("GET", "/summary"),
                tasks=Counter(task["state"] or "waiting" for task in tasks),
            )
            display.show(board, timetable, moment)
            time.sleep(1)


def _point_at_logs(home: Path, display: Display, outcome: Outcome) -> None:
    for task in outcome.failed_tasks:
        if task["state"] == "failed":
            index = f"map_index={task['map_index']}/" if task["map_index"] >= 0 else ""
            path = f"dag_id={task['dag_id']}/run_id={task['dag_run_id']}/task_id={task['task_id']}/{index}"
            display.problem(f"{task['dag_id']}.{task['task_id']} failed; see {home}/logs/{path}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m demo", description=__doc__)
    parser.add_argument("--keep", action="store_true", help="stay up until Ctrl-C, to look around")
    parser.add_argument("--flights", type=int, default=14, help="how many leave (default: %(default)s)")
    return parser.parse_args()


def _interrupt(_: int, __: FrameType | None) -> None:
    _ignore_signals()
    raise KeyboardInterrupt


def _ignore_signals() -> None:
    """Let nobody interrupt the stopping: a second Ctrl-C would leave half of it running."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)


if __name__ == "__main__":
    sys.exit(main())

"""``python -m demo``: a bank of real flights, from the warehouse to the phones, through a real Airflow."""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
import time
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from types import FrameType

import httpx

from demo import braze_events, picture, scenario, warehouse
from demo.airflow_api import AirflowApi
from demo.display import Display
from demo.outcome import gather
from demo.processes import ROOT
from demo.stack import running_stack


def main() -> int:
    """Run the demo and return the exit code."""
    arguments = _arguments()
    display = Display()
    home = ROOT / ".demo" / datetime.now().strftime("%Y%m%d-%H%M%S")  # noqa: DTZ005 - local time, for a name
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    try:
        code = 0 if _demo(home, display, flights=arguments.flights, keep=arguments.keep) else 1
    except KeyboardInterrupt:
        display.say("Stopped")
        code = 0 if arguments.keep else 130  # with --keep, Ctrl-C is the way to stop
    except (RuntimeError, httpx.HTTPError) as error:
        display.problem(str(error) or type(error).__name__)
        code = 1
    if code == 0:
        shutil.rmtree(home, ignore_errors=True)
    elif home.exists():
        display.say(f"The logs stay in {home}")
    return code


def _demo(home: Path, display: Display, *, flights: int, keep: bool) -> bool:
    with ExitStack() as up:
        with display.working("Starting Airflow and the sandbox; Airflow takes most of a minute"):
            stack = up.enter_context(running_stack(home, preferred_ports=(8080, 8390) if keep else (0, 0)))
            airflow = up.enter_context(AirflowApi(stack.airflow_url))
        display.say(f"Phones   {stack.sandbox_url}  the wall of phones: open it first")
        display.say(f"Airflow  {stack.airflow_url}  no login: every visitor is an admin")
        scenario.prepare(stack, airflow, flights)
        runs = scenario.play(airflow, flights)
        timetable = warehouse.timetable(stack.warehouse)
        with display.board() as board:
            for moment in scenario.watch(stack, airflow, runs):
                display.show(board, timetable, moment)
        outcome = gather(stack, airflow, runs, flights)
        shown = stack.sandbox("GET", "/phones", params={"limit": 10_000})["phones"]
        braze_events.load(stack.sync_state, shown)  # for the example reconcile_with_braze
        display.summary(outcome)
        display.failures(outcome, home / "logs")
        display.say(picture.take(stack.sandbox_url, home.with_suffix(".png")))
        if keep:
            display.say("Everything keeps running; trigger any DAG again. Ctrl-C stops it.")
            while True:
                stack.check()
                time.sleep(1)
        _ignore_signals()
    return not outcome.problems()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m demo", description=__doc__)
    parser.add_argument("--keep", action="store_true", help="stay up until Ctrl-C, to look around")
    parser.add_argument("--flights", type=int, default=14, help="number of flights (default: %(default)s)")
    return parser.parse_args()


def _interrupt(_: int, __: FrameType | None) -> None:
    _ignore_signals()
    raise KeyboardInterrupt


def _ignore_signals() -> None:
    """Ignore further signals while the processes stop: a second Ctrl-C would leave some of them running."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)


if __name__ == "__main__":
    sys.exit(main())

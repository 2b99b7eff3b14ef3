"""The output of the demo: a departure board while it runs (lines without a terminal), then a table."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from demo.outcome import Outcome, logical_key
from demo.scenario import OVER, Moment
from demo.warehouse import Flight

LINE_EVERY = 10  # seconds between two lines, without a terminal
FOLDERS = {"dag": "dag_id", "run": "dag_run_id", "task": "task_id"}
STYLES = {"Boarding": "yellow", "In the air": "cyan"}


@dataclass
class Display:
    """
    The terminal.

    :param console: where to write.
    """

    console: Console = field(default_factory=Console)
    _began: float = field(default_factory=time.monotonic)
    _line_at: float = 0

    def say(self, text: str) -> None:
        """Print a line, with the time since the beginning."""
        minutes, seconds = divmod(int(time.monotonic() - self._began), 60)
        self.console.print(f"[dim]{minutes}:{seconds:02}[/dim]  {text}", highlight=False, soft_wrap=True)

    def problem(self, text: str) -> None:
        """Print a line about something that went wrong."""
        self.console.print(Text.assemble(("✗ ", "red"), text), soft_wrap=True)

    @property
    def elapsed(self) -> float:
        """Seconds since the beginning."""
        return time.monotonic() - self._began

    @contextmanager
    def working(self, text: str) -> Iterator[None]:
        """
        Show a line while something takes time.

        :param text: what is done.
        """
        if not self.console.is_terminal:
            self.say(f"{text} …")
            yield
            return
        with self.console.status(f"{text} …"):
            yield
        self.say(text)

    @contextmanager
    def board(self) -> Iterator[Live]:
        """Reserve the place of the departure board."""
        with Live(console=self.console, auto_refresh=False) as live:
            yield live

    def show(self, live: Live, timetable: dict[str, Flight], moment: Moment) -> None:
        """
        Update the board.

        :param live: from :meth:`board`.
        :param timetable: flights by key.
        :param moment: the state of the demo.
        """
        if self.console.is_terminal:
            lines = Text(_orders(moment)), Text(_tasks(moment))
            live.update(Group(_board(timetable, moment), *lines), refresh=True)
        elif time.monotonic() - self._line_at >= LINE_EVERY:
            self._line_at = time.monotonic()
            self.say(f"{_line(timetable, moment)} · {_orders(moment)} · {_tasks(moment)}")

    def summary(self, outcome: Outcome) -> None:
        """
        Print the table with the outcome.

        :param outcome: the numbers.
        """
        table = Table(title="What the phones showed", show_header=False, title_justify="left")
        middle, latest = outcome.lateness
        late = outcome.seconds_late
        broadcast = outcome.broadcast
        shown = f"{broadcast['phones']} phones, {_stage(broadcast)}" if broadcast else "never started"
        for name, value in (
            ("Flights", f"{outcome.flights}"),
            ("Activities started", f"{len(outcome.activities)} on {outcome.phones['started']:,} phones"),
            ("Updates", f"{outcome.updates}"),
            ("Activities ended", f"{outcome.ended}"),
            ("Ended after landing", f"median {middle:.1f} s, at most {latest:.1f} s" if late else "none"),
            ("Started twice", f"{outcome.phones['started_twice']} phones"),
            ("Left with a stale card", f"{outcome.left_behind} phones"),
            ("MoEngage broadcast", shown),
            ("Sync of the orders", _sync(outcome.sync)),
            ("Requests", f"{outcome.phones['requests']}, {outcome.refused} not accepted"),
            ("Airflow tasks", f"{len(outcome.tasks)}, {outcome.retried} tried again"),
            ("Took", f"{self.elapsed:.0f} s"),
        ):
            table.add_row(name, value)
        self.console.print(table)
        for problem in outcome.problems():
            self.problem(problem)
        if not outcome.problems():
            self.console.print("[green]✓[/green] Every activity that started has ended, none twice.")

    def failures(self, outcome: Outcome, logs: Path, most: int = 3) -> None:
        """
        Print which tasks failed, why, and the path of the whole log.

        :param outcome: the numbers.
        :param logs: Airflow's directory of task logs.
        :param most: maximum number of tasks to name.
        """
        for task in outcome.failed_tasks[:most]:
            parts = [f"{name}_id={task[key]}" for name, key in FOLDERS.items()]
            if task["map_index"] >= 0:
                parts.append(f"map_index={task['map_index']}")
            log = logs.joinpath(*parts, f"attempt={task['try_number']}.log")
            self.problem(f"{task['dag_id']}.{task['task_id']}: {last_error(log)}\n  {log}")
        if len(outcome.failed_tasks) > most:
            self.problem(f"… and {len(outcome.failed_tasks) - most} more")


def last_error(log: Path) -> str:
    """
    Return the last error in the log of a task.

    :param log: JSON lines.
    """
    said = "no log"
    for line in log.read_text().splitlines() if log.exists() else ():
        with suppress(ValueError):  # libraries print lines that are not JSON
            event = json.loads(line)
            if event.get("level") in ("error", "critical"):
                errors = event.get("error_detail") or [{"exc_type": "error", "exc_value": event["event"]}]
                said = f"{errors[0]['exc_type']}: {errors[0]['exc_value']}"
    return said


def _board(timetable: dict[str, Flight], moment: Moment) -> Table:
    table = Table("Activity", "", "Delay", "Phones", "Lock screen", "Lands", box=SIMPLE_HEAD)
    far = datetime.max.replace(tzinfo=UTC)

    def order(activity: dict[str, Any]) -> tuple[datetime, str]:
        flight = timetable.get(logical_key(activity))
        return (flight.lands_at if flight else far), activity["activity_id"]

    for activity in sorted(_not_orders(moment), key=order):
        stage = Text(_stage(activity), STYLES.get(_stage(activity), "green" if activity["ends"] else "cyan"))
        phones, key = f"{activity['phones']}", logical_key(activity)
        if flight := timetable.get(key):
            seconds = (flight.lands_at - datetime.now(UTC)).total_seconds()
            lands = f"in {seconds:.0f} s" if seconds > 0 else "landed"
            delay = Text(f"{flight.delay:+} min", "red" if flight.delay > 15 else "")
            table.add_row(
                flight.flight, f"{flight.origin} → {flight.destination}", delay, phones, stage, lands
            )
        else:
            table.add_row("Match", key.partition("-1")[0], "", phones, stage, "")
    return table


def _line(timetable: dict[str, Flight], moment: Moment) -> str:
    flights = [activity for activity in moment.activities if logical_key(activity) in timetable]
    stages = Counter(_stage(activity).lower() for activity in flights)
    matches = len(_not_orders(moment)) - len(flights)
    over = sum(bool(activity["ends"]) for activity in _not_orders(moment) if activity not in flights)
    shown = ", ".join(f"{count} {stage}" for stage, count in stages.items()) or "none yet"
    return f"flights: {shown} · matches: {matches - over} on, {over} over"


def _not_orders(moment: Moment) -> list[dict[str, Any]]:
    return [activity for activity in moment.activities if not _is_order(activity)]


def _is_order(activity: dict[str, Any]) -> bool:
    return str(activity["activity_id"]).startswith("order/")


def _orders(moment: Moment) -> str:
    """Return how many orders have which status: there are too many for a line each."""
    stages = Counter(_stage(activity).lower() for activity in moment.activities if _is_order(activity))
    return f"orders: {', '.join(f'{count} {stage}' for stage, count in stages.items()) or 'none yet'}"


def _sync(report: dict[str, Any]) -> str:
    if not report:
        return "no report"
    counts = ", ".join(f"{report[name]:,} {name}" for name in ("started", "updated", "ended"))
    return f"{counts} by one task, in {report['requests']:,} requests and {report['passes']} passes"


def _stage(activity: dict[str, Any]) -> str:
    state = activity["content_state"]
    if "status" in state:
        return str(state["status"])
    return f"{state['phase']} {state['home']}–{state['away']}"


def _tasks(moment: Moment) -> str:
    done = sum(moment.tasks[state] for state in OVER)
    states = [state for state in ("running", "queued", "deferred", "failed") if moment.tasks[state]]
    shown = ["", *(f"{moment.tasks[state]} {state}" for state in states)]
    phones = moment.phones
    return (
        f"tasks: {done} of {moment.tasks.total()} done{', '.join(shown)} · "
        f"phones: {phones['running']} live, {phones['ended'] + phones['dismissed']} ended"
    )

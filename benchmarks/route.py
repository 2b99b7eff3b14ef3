"""
Print the way of a start through the code, from ``execute`` to the first byte: ``python -m benchmarks.route``.

A Braze start for 120 people from a SQL query runs twice against a sandbox: first to import and load
everything, then to be recorded. A step is a call into another file than the call before it. Class bodies and
imports are no steps, nor is what the main thread does after it has submitted the first request to the pool.
The task has a state store, as in Airflow 3.3, so the checkpoint is part of the way.
"""

from __future__ import annotations

import ast
import base64
import json
import os
import sqlite3
import sys
import tempfile
import textwrap
import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from inspect import CO_ASYNC_GENERATOR, CO_COROUTINE, CO_GENERATOR
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

from airflow_provider_liveactivity.sandbox import running_sandbox

PACKAGE = Path(__file__).parents[1] / "airflow_provider_liveactivity"
PEOPLE = 120

_RESUMABLE = CO_ASYNC_GENERATOR | CO_COROUTINE | CO_GENERATOR
# Python 3.12 no longer calls comprehensions, and a generator expression reads like one.
_PART_OF_THEIR_FUNCTION = {"<dictcomp>", "<genexpr>", "<listcomp>", "<setcomp>"}


@dataclass(slots=True)
class Step:
    """Calls into one file that follow each other."""

    thread: str
    file: str
    functions: list[str] = field(default_factory=list)


class Recorder:
    """A profile function that records the calls of the package until the first byte of a request leaves."""

    def __init__(self) -> None:
        self._calls: dict[str, list[tuple[str, str]]] = {}
        self._resumable: set[FrameType] = set()
        self._main = threading.current_thread().name
        self._is_submitted = False
        self._has_left = False

    def __call__(self, frame: FrameType, event: str, _: Any) -> None:
        """Record a call."""
        thread = threading.current_thread().name
        if self._has_left or (self._is_submitted and thread == self._main):
            return
        code = frame.f_code
        if event == "return":
            self._is_submitted |= code.co_qualname == "WorkerPool.submit"
        elif event == "call":
            if _is_write(frame):
                self._has_left = True
            elif _is_ours(code) and self._is_new(frame):
                name = code.co_qualname.replace(".<locals>", "")
                calls = self._calls.setdefault(thread, [])
                calls.append((str(Path(code.co_filename).relative_to(PACKAGE)), name))

    def _is_new(self, frame: FrameType) -> bool:
        """Return False if a coroutine or a generator continues: that is no call."""
        if not frame.f_code.co_flags & _RESUMABLE:
            return True
        is_new = frame not in self._resumable
        self._resumable.add(frame)
        return is_new

    def steps(self) -> list[Step]:
        """Return the steps in order, the main thread's first."""
        if not self._has_left:
            raise RuntimeError("no request left while the route was recorded")
        steps: list[Step] = []
        for thread, calls in self._calls.items():
            for file, function in calls:
                if not steps or (steps[-1].thread, steps[-1].file) != (thread, file):
                    steps.append(Step(thread, file))
                if function not in steps[-1].functions:
                    steps[-1].functions.append(function)
        return steps


def _is_ours(code: CodeType) -> bool:
    path = Path(code.co_filename)
    return PACKAGE in path.parents and code.co_name not in _PART_OF_THEIR_FUNCTION


def _is_write(frame: FrameType) -> bool:
    """Return whether code of the package writes to the transport of a connection."""
    return frame.f_code.co_name == "write" and frame.f_back is not None and _is_ours(frame.f_back.f_code)


class _TaskInstance:
    dag_id, run_id, task_id, map_index, try_number, max_tries = "dag", "run", "start", -1, 1, 0

    def xcom_push(self, key: str, value: Any) -> None:
        """Airflow's method; a start without an end pushes nothing."""


class _StateStore(dict[str, Any]):
    set = dict[str, Any].__setitem__


def _task() -> Callable[[], Any]:
    """Return what executes the task."""
    from airflow_provider_liveactivity.operators.braze import BrazeStartLiveActivityOperator

    operator = BrazeStartLiveActivityOperator(
        task_id="start",
        activity_id="match-1",
        activity_attributes_type="MatchAttributes",
        activity_attributes={"home": "City"},
        content_state={"score": "0 - 0"},
        notification={"alert": {"title": "Kick-off", "body": "The match has started."}},
        sql="SELECT external_id FROM fans",
        sql_conn_id="warehouse",
    )
    context: Any = {"ti": _TaskInstance(), "task_state_store": _StateStore()}
    return partial(operator.execute, context)


def record() -> list[Step]:
    """Run the start twice, and return the steps of the second run."""
    _task()()
    start, recorder = _task(), Recorder()
    threading.setprofile(recorder)
    sys.setprofile(recorder)
    try:
        start()
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
    return recorder.steps()


def environment(home: str, url: str) -> dict[str, str]:
    """Create a warehouse in a folder, and return the environment of the task with its two connections."""
    database = str(Path(home, "fans.sqlite"))
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("CREATE TABLE fans (external_id TEXT)")
        connection.executemany("INSERT INTO fans VALUES (?)", [(f"fan-{n}",) for n in range(PEOPLE)])
        connection.commit()
    braze = {"host": url, "password": "sandbox-braze-key", "extra": {"app_id": "sandbox-app"}}
    return {
        "AIRFLOW_CONN_BRAZE_DEFAULT": json.dumps({"conn_type": "braze", **braze}),
        "AIRFLOW_CONN_WAREHOUSE": json.dumps({"conn_type": "sqlite", "host": database}),
        "AIRFLOW_HOME": home,
        "AIRFLOW__CORE__FERNET_KEY": base64.urlsafe_b64encode(os.urandom(32)).decode(),
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "ERROR",
    }


def _purpose(file: str) -> str:
    """Return the first sentence of a module's docstring."""
    text = ast.get_docstring(ast.parse((PACKAGE / file).read_text())) or ""
    return text.partition("\n")[0]


def show(steps: list[Step]) -> None:
    """Print the steps; a file is introduced by its docstring where it first appears."""
    introduced: set[str] = set()
    thread = ""
    for number, step in enumerate(steps, start=1):
        if step.thread != thread:
            thread = step.thread
            print(f"\nThread {thread}\n")
        print(f"{number:3}  {step.file}{'' if step.file in introduced else f'   # {_purpose(step.file)}'}")
        introduced.add(step.file)
        print(
            textwrap.fill(", ".join(step.functions), 110, initial_indent=" " * 7, subsequent_indent=" " * 7)
        )
    print(f"\n{len(introduced)} files, {len(steps) - 1} changes of file")


def main() -> None:
    """Print the route and its length."""
    with tempfile.TemporaryDirectory() as home, running_sandbox() as sandbox:
        os.environ |= environment(home, sandbox.url)  # before Airflow is imported
        show(record())


if __name__ == "__main__":
    main()

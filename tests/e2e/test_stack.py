from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from demo.processes import ROOT, free_ports, stop
from demo.stack import Stack, StackError

STUBBORN = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = "import time; print('up', flush=True); time.sleep(60); print('late')"
subprocess.Popen([sys.executable, "-c", child]).wait()
"""


def test_stopping_ends_the_children_too_and_kills_what_does_not_listen() -> None:
    command = [sys.executable, "-c", STUBBORN]
    with subprocess.Popen(command, stdout=subprocess.PIPE, start_new_session=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"up\n"

        stop(process, patience=0.5)

    assert process.returncode == -signal.SIGKILL
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)


STARTS_ONE = """
import sys
from contextlib import closing
from pathlib import Path
from demo.processes import running_process
with running_process([sys.executable, "-c", sys.argv[2]], Path(sys.argv[1]), {}):
    sys.stdin.read()
"""


def test_what_runs_dies_with_a_process_that_is_killed(tmp_path: Path) -> None:
    log = tmp_path / "log"
    os.mkfifo(log)
    command = [sys.executable, "-c", STARTS_ONE, str(log), STUBBORN]
    with subprocess.Popen(command, stdin=subprocess.PIPE, cwd=ROOT) as process, log.open("rb") as printed:
        assert printed.readline() == b"up\n"

        process.kill()

        assert printed.read() == b"", "the child lived on"


def test_a_process_that_dies_is_named_with_its_last_words(tmp_path: Path) -> None:
    stack = Stack(tmp_path, "http://127.0.0.1:1", "http://127.0.0.1:2")
    with closing(stack):
        stack.start("scheduler", [sys.executable, "-c", "import sys; print('locked'); sys.exit(3)"])

        with pytest.raises(StackError, match="scheduler died with exit code 3: locked"):
            stack.wait_until(lambda: False, "anything", 60, every=0.05)


def test_ports_are_free_and_no_two_are_the_same() -> None:
    ports = free_ports(0, 0, 0, 0)
    assert len(set(ports)) == 4

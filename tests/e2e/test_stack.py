from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from demo.stack import _free_ports, _stop

STUBBORN = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import time; print('up', flush=True); time.sleep(60)"])
time.sleep(60)
"""


def test_stopping_ends_the_children_too_and_kills_what_does_not_listen() -> None:
    command = [sys.executable, "-c", STUBBORN]
    with subprocess.Popen(command, stdout=subprocess.PIPE, start_new_session=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"up\n"

        _stop(process, patience=0.5)

    assert process.returncode == -signal.SIGKILL
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)


def test_ports_are_free_and_no_two_are_the_same() -> None:
    ports = _free_ports(0, 0, 0, 0)
    assert len(set(ports)) == 4

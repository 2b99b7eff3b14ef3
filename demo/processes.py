"""Programs that end with this process: groups of processes, and free ports for them."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

ROOT = Path(__file__).parent.parent
LOOPBACK = "127.0.0.1"

#: Waits for the end of its input, which comes when our process ends in whatever way, and kills a group.
_GUARD = 'read -r _; kill -KILL "-$0"'


@contextmanager
def running_process(
    command: Sequence[str], log: Path, environment: Mapping[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    """
    Run a program and its children until the block is left, or until this process dies.

    :param command: program and its arguments.
    :param log: file to which what it prints is appended.
    :param environment: its environment variables.
    """
    # In a session of its own: Ctrl-C in the terminal must not reach it before the outcome is collected, and
    # its children must stop with it, as one group.
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    guard = ["/bin/sh", "-c", _GUARD, str(process.pid)]
    with subprocess.Popen(guard, stdin=subprocess.PIPE, start_new_session=True) as guarding:
        try:
            yield process
        finally:
            stop(process)
            guarding.kill()


def stop(process: subprocess.Popen[bytes], patience: float = 10) -> None:
    """
    Stop a process and its children.

    :param process: the leader of a group of processes.
    :param patience: seconds until what still runs is killed.
    """
    deadline = time.monotonic() + patience
    sent = signal.SIGTERM
    while _group_lives(process):
        if time.monotonic() > deadline:
            sent, deadline = signal.SIGKILL, time.monotonic() + patience
        signal_group(process, sent)
        time.sleep(0.2)
    process.wait()


def signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """
    Send a signal to a process and its children, if any of them lives.

    :param process: the leader of a group of processes.
    :param number: the signal.
    """
    with suppress(ProcessLookupError):
        os.killpg(process.pid, number)


def _group_lives(process: subprocess.Popen[bytes]) -> bool:
    process.poll()  # reap the group's leader, which would count as alive
    try:
        os.killpg(process.pid, 0)
    except ProcessLookupError:
        return False
    return True


def free_ports(*preferred: int) -> list[int]:
    """Return a free port for each preferred one; 0 means any port."""
    with ExitStack() as held:  # held together, so that no two are the same
        ports = []
        for port in preferred:
            probe = held.enter_context(socket.socket())
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((LOOPBACK, port))
            except OSError:
                probe.bind((LOOPBACK, 0))
            ports.append(int(probe.getsockname()[1]))
        return ports

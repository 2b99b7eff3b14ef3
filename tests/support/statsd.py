"""A statsd server on a UDP socket, and Airflow's own statsd client that is pointed to it."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric as it arrived: its name, its tags, its value and its type ("c", "g" or "ms")."""

    name: str
    tags: dict[str, str]
    value: float
    kind: str


class Statsd:
    """What has arrived at the socket."""

    def __init__(self, server: socket.socket) -> None:
        self._server = server

    def received(self) -> list[Metric]:
        """Return what has arrived since the last call; on loopback it arrives before ``send`` returns."""
        found = []
        while True:
            try:
                found.append(_parse(self._server.recv(4096).decode()))
            except BlockingIOError:
                return found


def _parse(text: str) -> Metric:
    named, _, rest = text.partition(":")
    name, *tags = named.split(",")
    value, kind = rest.split("|")[:2]
    return Metric(name, dict(tag.split("=", 1) for tag in tags), float(value), kind)


@contextmanager
def statsd_of_airflow(monkeypatch: pytest.MonkeyPatch) -> Iterator[Statsd]:
    """Configure Airflow's statsd as a task's process does, and give the server that receives its metrics."""
    from airflow.sdk._shared.observability.metrics import stats as stats_module
    from airflow.sdk.observability import stats
    from airflow.sdk.observability.metrics import stats_utils

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        server.bind(("127.0.0.1", 0))
        server.settimeout(0)
        for name, value in {
            "STATSD_ON": "True",
            "STATSD_HOST": "127.0.0.1",
            "STATSD_PORT": str(server.getsockname()[1]),
            "STATSD_INFLUXDB_ENABLED": "True",
        }.items():
            monkeypatch.setenv(f"AIRFLOW__METRICS__{name}", value)
        with pytest.MonkeyPatch.context() as patch:
            for name in ("_factory", "_backend"):
                patch.setattr(stats_module, name, None)
            stats.initialize(factory=stats_utils.get_stats_factory(), export_legacy_names=False)
            try:
                yield Statsd(server)
            finally:
                if (client := getattr(stats_module._backend, "statsd", None)) is not None:
                    client.close()

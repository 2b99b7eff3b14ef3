"""Files of outcomes in memory, for a process that dies."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from types import SimpleNamespace
from typing import Any

from airflow_provider_liveactivity.outcomes import Outcome, OutcomeFiles, outcomes
from tests.support.state_store import ProcessDied


class CrashingOutcomeFiles(OutcomeFiles):
    """
    Files of outcomes that outlive the sender.

    ``die_at`` says at which file the process dies, and whether before the file is stored.
    """

    def __init__(self) -> None:
        super().__init__(self._keep)
        self.files: dict[str, bytes] = {}
        self.writes = 0
        self.die_at: tuple[int, bool] | None = None

    def _keep(self, name: str, data: bytes) -> None:
        self.writes += 1
        dies_here = self.die_at is not None and self.writes >= self.die_at[0]
        if not (dies_here and self.die_at and self.die_at[1]):
            assert name not in self.files
            self.files[name] = data
        if dies_here:
            raise ProcessDied

    def iterdir(self) -> Iterator[Any]:
        for name, data in self.files.items():
            yield SimpleNamespace(name=name, read_bytes=partial(bytes, data))

    def rows(self) -> list[Outcome]:
        return list(outcomes(self))

    def people(self, outcome: str) -> set[str]:
        """Return the people with an outcome."""
        return {str(row.person) for row in self.rows() if row.outcome == outcome}

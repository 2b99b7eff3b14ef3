"""Airflow's task state store, in memory."""

from __future__ import annotations

import json
from typing import Any


class ProcessDied(BaseException):
    """The process is gone."""


class StateStore(dict[str, Any]):
    """A task state store; its values must be JSON, as Airflow's are."""

    def set(self, key: str, value: Any) -> None:
        """Store a copy of a value."""
        self[key] = json.loads(json.dumps(value))


class CrashingStore(StateStore):
    """
    A store with which the process can die.

    :param values: what earlier processes have stored.
    :param die_at: number of the write at which the process dies, and whether it dies before the value is
        stored; None for never.
    """

    def __init__(
        self, values: dict[str, Any] | None = None, *, die_at: tuple[int, bool] | None = None
    ) -> None:
        super().__init__(values or {})
        self.die_at = die_at
        self.dead = False
        self.writes = 0
        self.stored = False  # whether this process has stored anything
        self.largest = 0  # characters of the longest value

    def set(self, key: str, value: Any) -> None:
        """Store a copy of a value, unless the process dies first."""
        if self.dead:
            raise ProcessDied
        self.writes += 1
        dies_here = self.die_at is not None and self.writes >= self.die_at[0]
        if not (dies_here and self.die_at and self.die_at[1]):
            self.largest = max(self.largest, len(json.dumps(value)))
            super().set(key, value)
            self.stored = True
        if dies_here:
            self.dead = True
            raise ProcessDied

    def for_next_process(self) -> CrashingStore:
        """Return the store as the next process finds it."""
        return CrashingStore(self)

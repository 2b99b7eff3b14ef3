"""Airflow's Variables in memory."""

from __future__ import annotations

import json
from typing import Any

import pytest


class Variables(dict[str, str]):
    """What the Variables hold."""

    @property
    def records(self) -> list[dict[str, Any]]:
        return [json.loads(text) for text in self.values()]


@pytest.fixture
def variables(monkeypatch: pytest.MonkeyPatch) -> Variables:
    """Let operators run as in a task, as far as Variables go; the value is what they hold."""
    held = Variables()

    def get_variable(key: str, default: str | None) -> str | None:
        return held.get(key, default)

    def set_variable(key: str, value: str, description: str | None = None) -> None:
        held[key] = value

    def keys(prefix: str) -> list[str]:
        return [key for key in held if key.startswith(prefix)]

    monkeypatch.setattr("airflow_provider_liveactivity.operators._records.runs_in_a_task", lambda: True)
    monkeypatch.setattr("airflow.sdk.Variable.get", get_variable)
    monkeypatch.setattr("airflow.sdk.Variable.set", set_variable)
    monkeypatch.setattr("airflow.sdk.Variable.delete", held.pop)
    monkeypatch.setattr("airflow.sdk.Variable.keys", keys, raising=False)  # new in Airflow 3.3
    return held

"""The safety net on an Airflow that lists no Variables."""

from __future__ import annotations

from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException

from airflow_provider_liveactivity.operators import overdue


def test_before_airflow_3_3_the_safety_net_says_what_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overdue, "AIRFLOW_V_3_3_PLUS", False)
    operator: Any = overdue.EndOverdueLiveActivitiesOperator(task_id="net")
    with pytest.raises(AirflowFailException, match=r"needs Airflow 3\.3 or newer"):
        operator.execute({})

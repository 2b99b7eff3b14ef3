"""What the installed Airflow lacks, as reasons to skip a test. docs/versions.md lists the same for users."""

from __future__ import annotations

import airflow
import pytest

from airflow_provider_liveactivity.airflow_version import AIRFLOW_V_3_3_PLUS

AIRFLOW = tuple(map(int, airflow.__version__.split(".")[:2]))
NO_STORE = "Airflow before 3.3 has no task state store."

needs_state_store = pytest.mark.skipif(not AIRFLOW_V_3_3_PLUS, reason=NO_STORE)
needs_retry_policies = pytest.mark.skipif(
    not AIRFLOW_V_3_3_PLUS, reason="Airflow before 3.3 has no retry policies."
)
needs_task_loops = pytest.mark.skipif(AIRFLOW < (3, 4), reason="Airflow before 3.4 has no task loops.")

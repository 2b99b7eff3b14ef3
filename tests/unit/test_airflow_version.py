from __future__ import annotations

import subprocess
import sys

from airflow_provider_liveactivity._airflow_internals import AIRFLOW_V_3_3_PLUS

# In an interpreter of its own: the module reads the version when it is imported.
OLDER_AIRFLOW = """
import airflow
airflow.__version__ = "3.2.2"
from airflow_provider_liveactivity.retry_policy import LiveActivityRetryPolicy
try:
    LiveActivityRetryPolicy()
except RuntimeError as error:
    print(error)
"""


def test_the_constant_says_whether_airflow_has_retry_policies() -> None:
    import airflow.sdk

    assert hasattr(airflow.sdk, "RetryPolicy") is AIRFLOW_V_3_3_PLUS


def test_before_3_3_the_retry_policy_imports_and_says_what_it_needs() -> None:
    done = subprocess.run([sys.executable, "-c", OLDER_AIRFLOW], check=True, capture_output=True, text=True)
    assert "LiveActivityRetryPolicy needs Airflow 3.3 or newer." in done.stdout

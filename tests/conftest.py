"""A home for Airflow, made before anything imports it. Nothing here imports it: most tests need none."""

from __future__ import annotations

import atexit
import base64
import os
import shutil
import tempfile
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]

# Connections, variables and settings of the developer's own Airflow must not reach a test.
for name in [name for name in os.environ if name.startswith("AIRFLOW_")]:
    del os.environ[name]

home = tempfile.mkdtemp(prefix="liveactivity-tests-")
atexit.register(shutil.rmtree, home, ignore_errors=True)

os.environ |= {
    "AIRFLOW_HOME": home,
    "AIRFLOW__CORE__UNIT_TEST_MODE": "True",
    # In unit test mode Airflow's own setting is a placeholder, with which nothing can be encrypted.
    "AIRFLOW__CORE__FERNET_KEY": base64.urlsafe_b64encode(os.urandom(32)).decode(),
    "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    "AIRFLOW__CORE__DAGS_FOLDER": str(REPOSITORY / "example_dags"),
    "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home}/airflow.db",
}

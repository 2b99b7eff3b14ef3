"""
Check the package as it is installed: every module imports, and Airflow accepts what it says of itself.

Run it in an environment that has the package and its declared dependencies only: there alone an undeclared
dependency is missed.
"""

from __future__ import annotations

import importlib
import importlib.resources
import json
import pkgutil

import airflow
import jsonschema
from airflow.providers_manager import ProvidersManager

import airflow_provider_liveactivity as package
from airflow_provider_liveactivity.provider_info import get_provider_info

names = [
    module.name
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
    # Importing these has effects: a __main__ starts a server, and the examples make DAGs.
    if not module.name.endswith(".__main__") and ".example_dags" not in module.name
]
for name in names:
    importlib.import_module(name)

schema = importlib.resources.files("airflow") / "provider_info.schema.json"
jsonschema.validate(get_provider_info(), json.loads(schema.read_text()))
hooks = ProvidersManager().hooks
for connection_type in ("braze", "moengage"):
    hook = hooks[connection_type]
    assert hook is not None, f"Airflow cannot import the hook of {connection_type}."
    assert hook.package_name == "airflow-provider-liveactivity", hook

distribution = f"{package.__name__} {package.__version__}"
print(f"{len(names)} modules of {distribution} import beside Airflow {airflow.__version__}.")

"""Import every module of the installed package: here alone a dependency that nobody declared is missed."""

from __future__ import annotations

import importlib
import pkgutil

import airflow_provider_liveactivity as package

names = [
    module.name
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
    # These do something when they are imported: the one starts a server, the others make DAGs.
    if not module.name.endswith(".__main__") and ".example_dags" not in module.name
]
for name in names:
    importlib.import_module(name)
print(f"{len(names)} modules of {package.__name__} {package.__version__} import.")

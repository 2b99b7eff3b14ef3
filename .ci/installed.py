"""
Check the package as it is installed: every module imports, and Airflow accepts what it says of itself.

Run it in an environment that has the package and its declared dependencies only: there alone an undeclared
dependency is missed.
"""

from __future__ import annotations

import ast
import importlib
import importlib.resources
import json
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import airflow
import jsonschema
from airflow.providers_manager import ProvidersManager

import airflow_provider_liveactivity as package
from airflow_provider_liveactivity.get_provider_info import get_provider_info

#: Modules that are imported only where Airflow has what they belong to.
IMPORTED_WHERE_PRESENT = {
    "airflow.sdk.crypto": "the task state store",
    "airflow.sdk.observability": "metrics and traces of providers",
    "airflow.providers.common.compat.openlineage.facet": "OpenLineage",
}


def modules() -> Iterator[ModuleType]:
    """Import the modules of the package, one by one."""
    for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        # Importing these has effects: a __main__ starts a server, and the examples make DAGs.
        if not found.name.endswith(".__main__") and ".example_dags" not in found.name:
            yield importlib.import_module(found.name)


def airflow_imports(node: ast.AST) -> Iterator[tuple[str, str]]:
    """Return what is imported from Airflow, inside functions too, but not for type checkers or by version."""
    if isinstance(node, ast.If) and any(
        word in ast.unparse(node.test) for word in ("TYPE_CHECKING", "AIRFLOW_V")
    ):
        return
    if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "airflow":
        yield from ((str(node.module), alias.name) for alias in node.names)
    for child in ast.iter_child_nodes(node):
        yield from airflow_imports(child)


names = 0
for module in modules():
    names += 1
    assert module.__file__ is not None
    for source, name in airflow_imports(ast.parse(Path(module.__file__).read_text())):
        if source not in IMPORTED_WHERE_PRESENT and not hasattr(importlib.import_module(source), name):
            importlib.import_module(f"{source}.{name}")

schema = importlib.resources.files("airflow") / "provider_info.schema.json"
jsonschema.validate(get_provider_info(), json.loads(schema.read_text()))
hooks = ProvidersManager().hooks
for connection_type in ("braze", "moengage"):
    hook = hooks[connection_type]
    assert hook is not None, f"Airflow cannot import the hook of {connection_type}."
    assert hook.package_name == "airflow-provider-liveactivity", hook

distribution = f"{package.__name__} {package.__version__}"
print(f"{names} modules of {distribution} import beside Airflow {airflow.__version__}.")

"""The metadata that every Airflow process reads: a mistake in it breaks all of them, not only ours."""

from __future__ import annotations

import ast
import importlib
import importlib.metadata
import importlib.resources
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import airflow_provider_liveactivity
from airflow_provider_liveactivity.get_provider_info import get_provider_info
from airflow_provider_liveactivity.hooks._connection import COMMON_EXTRA
from airflow_provider_liveactivity.hooks.braze import BrazeHook
from airflow_provider_liveactivity.hooks.moengage import MoEngageHook
from airflow_provider_liveactivity.operators._base import LiveActivityOperator
from tests.support.airflow_versions import needs_connection_forms, needs_forms_without_hooks

PACKAGE = Path(airflow_provider_liveactivity.__file__).parent
INFO: Any = get_provider_info()
GROUPS = ("operators", "sensors", "hooks")
CONNECTION_TYPES = {form["connection-type"]: form for form in INFO["connection-types"]}


def airflow_schema(name: str) -> Any:
    return json.loads((importlib.resources.files("airflow") / name).read_text())


def unknown_keys(instance: Any, schema: Any, path: str = "") -> list[str]:
    """Keys that are no property of the schema: Airflow's own check lets them pass, and nothing reads them."""
    if isinstance(instance, list):
        items = schema.get("items", {})
        return [key for item in instance for key in unknown_keys(item, items, path + "[]")]
    known = schema.get("properties")
    if not isinstance(instance, dict) or known is None:
        return []
    return [
        found
        for key, value in instance.items()
        for found in (unknown_keys(value, known[key], f"{path}.{key}") if key in known else [f"{path}.{key}"])
    ]


def listed() -> list[Any]:
    return [entry for group in GROUPS for entry in INFO[group]]


def python_modules() -> list[str]:
    return [module for entry in listed() for module in entry["python-modules"]]


@pytest.mark.parametrize("name", ["__init__.py", "get_provider_info.py"])
def test_modules_that_every_airflow_process_reads_import_nothing(name: str) -> None:
    tree = ast.parse((PACKAGE / name).read_text())
    assert [
        ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)
    ] == []


def test_info_is_what_airflow_accepts() -> None:
    jsonschema.validate(INFO, airflow_schema("provider_info.schema.json"))


@needs_forms_without_hooks
def test_connection_types_are_what_the_schema_of_official_providers_accepts() -> None:
    schema = airflow_schema("provider.yaml.schema.json")["properties"]["connection-types"]
    jsonschema.validate(INFO["connection-types"], schema)
    assert unknown_keys(INFO["connection-types"], schema) == []


def test_every_key_is_one_that_airflow_knows() -> None:
    schema = airflow_schema("provider_info.schema.json")
    # The schema of the forms is the strict one, above.
    schema["properties"]["connection-types"] = {}
    schema["properties"].setdefault("cli", {})  # Airflow 3.1 has no commands of providers and ignores the key
    assert unknown_keys(INFO, schema) == []


def test_misspelt_keys_are_noticed() -> None:
    schema = airflow_schema("provider_info.schema.json")
    assert unknown_keys({"name": "x", "conection-types": []}, schema) == [".conection-types"]
    assert unknown_keys({"hooks": [{"python-module": []}]}, schema) == [".hooks[].python-module"]


def test_the_entry_point_leads_to_the_info_of_this_distribution() -> None:
    [entry_point] = [
        entry_point
        for entry_point in importlib.metadata.entry_points(group="apache_airflow_provider")
        if entry_point.dist and entry_point.dist.name == INFO["package-name"]
    ]
    assert entry_point.load() is get_provider_info


def test_examples_are_found_because_package_and_distribution_share_a_name() -> None:
    assert INFO["package-name"].replace("-", "_") == airflow_provider_liveactivity.__name__


@pytest.mark.parametrize("module", python_modules())
def test_every_listed_module_imports(module: str) -> None:
    importlib.import_module(module)


def module_text(module: Path) -> str:
    return (module / "__init__.py" if module.is_dir() else module).read_text()


def test_every_module_with_a_hook_operator_or_sensor_is_listed() -> None:
    # A module or package with a public name; a private module holds what several of them share.
    found = {
        f"{PACKAGE.name}.{folder}.{module.stem}"
        for folder in GROUPS
        for module in (PACKAGE / folder).iterdir()
        if not module.name.startswith("_")
        and re.search(r"\w+(Hook|Operator|Sensor)\b", module_text(module), re.MULTILINE)
    }
    assert found == set(python_modules())


def imported(path: str) -> Any:
    module, _, name = path.rpartition(".")
    return getattr(importlib.import_module(module), name)


def test_every_notifier_is_listed() -> None:
    from airflow.providers.common.compat.sdk import BaseNotifier

    listed = [imported(path) for path in INFO["notifications"]]
    assert all(issubclass(notifier, BaseNotifier) for notifier in listed)
    found = {
        name
        for file in (PACKAGE / "notifications").glob("*.py")
        if not file.stem.startswith("_")
        for name in re.findall(r"^class (\w+Notifier)\(", file.read_text(), re.MULTILINE)
    }
    assert {notifier.__name__ for notifier in listed} == found


@pytest.mark.parametrize("decorator", INFO["task-decorators"], ids=lambda decorator: decorator["name"])
def test_every_decorator_is_named_as_its_operator_says(decorator: dict[str, str]) -> None:
    made = imported(decorator["class-name"])(imported)
    assert made.operator_class.custom_operator_name == f"@task.{decorator['name']}"


def test_every_integration_that_is_named_exists() -> None:
    assert {entry["integration-name"] for entry in listed()} == {
        entry["integration-name"] for entry in INFO["integrations"]
    }


def test_every_link_of_an_operator_is_listed() -> None:
    found = {
        f"{type(link).__module__}.{type(link).__name__}"
        for module in INFO["operators"]
        for name in module["python-modules"]
        for member in vars(importlib.import_module(name)).values()
        if isinstance(member, type) and issubclass(member, LiveActivityOperator)
        for link in member.operator_extra_links
    }
    assert found == set(INFO["extra-links"])


# The commands one after the other in one process: importing Airflow takes most of the time of each.
LIST_ALL = """
import contextlib, io, json, sys
from airflow.__main__ import main

listed = {}
for command in sys.argv[1:]:
    sys.argv = ["airflow", "providers", command, "--output", "json"]
    with contextlib.redirect_stdout(io.StringIO()) as said:
        main()
    listed[command] = said.getvalue()
print(json.dumps(listed))
"""
COMMANDS = ("hooks", "widgets", "behaviours", "links", "notifications")


@pytest.fixture(scope="module")
def said_by_airflow() -> tuple[dict[str, str], str]:
    """What ``airflow providers`` lists, by command, and what the commands say beside it."""
    done = subprocess.run(
        [sys.executable, "-c", LIST_ALL, *COMMANDS], check=True, capture_output=True, text=True
    )
    return json.loads(done.stdout.splitlines()[-1]), done.stderr


@pytest.mark.parametrize(
    ("command", "rows"),
    [
        ("hooks", ["braze_conn_id", "moengage_conn_id"]),
        pytest.param(
            "widgets",
            ["extra__braze__instance", "extra__moengage__data_center"],
            marks=needs_connection_forms,
        ),
        pytest.param("behaviours", ["braze", "moengage"], marks=needs_connection_forms),
        ("links", INFO["extra-links"]),
        ("notifications", INFO["notifications"]),
    ],
)
def test_airflow_lists_what_there_is_without_a_complaint(
    said_by_airflow: tuple[dict[str, str], str], command: str, rows: list[str]
) -> None:
    listed, complaints = said_by_airflow
    assert all(row in listed[command] for row in rows)
    assert "Error when importing" not in listed[command]
    assert not [line for line in complaints.splitlines() if "liveactivity" in line]


@pytest.mark.parametrize("connection_type", CONNECTION_TYPES)
def test_the_hook_agrees_with_its_form(connection_type: str) -> None:
    form = CONNECTION_TYPES[connection_type]
    module, _, name = form["hook-class-name"].rpartition(".")
    hook = getattr(importlib.import_module(module), name)
    assert (hook.conn_type, hook.hook_name) == (connection_type, form["hook-name"])
    assert (hook.conn_name_attr, hook.default_conn_name) == (
        f"{connection_type}_conn_id",
        f"{connection_type}_default",
    )


def test_the_hooks_read_every_field_of_their_forms() -> None:
    for hook in (BrazeHook, MoEngageHook):
        assert set(CONNECTION_TYPES[hook.conn_type]["conn-fields"]) <= {*hook.extra_keys, *COMMON_EXTRA}


@pytest.mark.parametrize("connection_type", CONNECTION_TYPES)
def test_every_field_of_a_form_may_stay_empty_and_has_a_legal_default(connection_type: str) -> None:
    for field in CONNECTION_TYPES[connection_type]["conn-fields"].values():
        assert "null" in field["schema"]["type"]
        if "default" in field["schema"]:
            jsonschema.validate(field["schema"]["default"], field["schema"])

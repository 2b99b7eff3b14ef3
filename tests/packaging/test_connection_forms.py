"""The connection forms as Airflow's UI gets them."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from airflow_provider_liveactivity.vendors.braze_instances import INSTANCES
from airflow_provider_liveactivity.vendors.moengage import DATA_CENTERS
from tests.support.airflow_versions import needs_connection_forms, needs_forms_without_hooks

pytestmark = needs_connection_forms


@pytest.fixture(scope="module")
def forms() -> dict[str, Any]:
    from airflow.api_fastapi.core_api.services.ui.connections import HookMetaService

    return {form.connection_type: form for form in HookMetaService.hook_meta_data() if form.connection_type}


@pytest.mark.parametrize(
    ("connection_type", "shown", "hidden"),
    [
        (
            "braze",
            {"host": "Instance or REST endpoint", "password": "REST API key"},
            {"login", "url_schema"},
        ),
        (
            "moengage",
            {"login": "Workspace ID", "password": "Push API key"},
            {"url_schema"},
        ),
    ],
)
def test_standard_fields_are_named_as_the_vendor_names_them(
    forms: dict[str, Any], connection_type: str, shown: dict[str, str], hidden: set[str]
) -> None:
    fields = forms[connection_type].standard_fields.model_dump()
    assert {name: fields[name]["title"] for name in shown} == shown
    assert {name for name, field in fields.items() if field and field["hidden"]} == hidden


@pytest.mark.parametrize(
    ("connection_type", "extras"),
    [
        ("braze", ["instance", "app_id", "connect_timeout", "read_timeout"]),
        (
            "moengage",
            [
                "data_center",
                "campaign_api_key",
                "inform_api_key",
                "data_api_key",
                "connect_timeout",
                "read_timeout",
            ],
        ),
    ],
)
def test_extra_fields_have_labels_and_explanations(
    forms: dict[str, Any], connection_type: str, extras: list[str]
) -> None:
    fields = forms[connection_type].extra_fields
    assert list(fields) == extras
    assert all(field["schema"]["title"] and field["description"] for field in fields.values())


def test_keys_are_typed_unseen_and_have_names_that_airflow_masks(forms: dict[str, Any]) -> None:
    fields = {**forms["braze"].extra_fields, **forms["moengage"].extra_fields}
    secret = {name for name, field in fields.items() if field["schema"].get("format") == "password"}
    # Airflow masks an extra by its name, and "api_key" is one of the words that it looks for.
    assert secret == {name for name in fields if name.endswith("_api_key")} != set()


@pytest.mark.parametrize(
    ("connection_type", "field", "choices"),
    [("braze", "instance", list(INSTANCES)), ("moengage", "data_center", list(DATA_CENTERS))],
)
def test_where_the_workspace_is_can_be_chosen_in_readable_words(
    forms: dict[str, Any], connection_type: str, field: str, choices: list[str]
) -> None:
    schema = forms[connection_type].extra_fields[field]["schema"]
    assert schema["enum"] == list(schema["values_display"]) == choices
    assert all(words.startswith(choice) for choice, words in schema["values_display"].items())


def test_an_instance_is_shown_with_its_rest_endpoint(forms: dict[str, Any]) -> None:
    shown = forms["braze"].extra_fields["instance"]["schema"]["values_display"]
    assert len(shown) == 15
    assert shown == {name: f"{name} ({instance.rest})" for name, instance in INSTANCES.items()}


def test_the_form_says_where_in_the_dashboard_a_key_is_found(forms: dict[str, Any]) -> None:
    for form in (forms["braze"], forms["moengage"]):
        assert "Settings >" in form.standard_fields.password.placeholder
        keys = [field for name, field in form.extra_fields.items() if name.endswith(("_api_key", "app_id"))]
        assert all("Settings >" in field["description"] for field in keys)
    assert "Settings >" in forms["moengage"].standard_fields.login.placeholder


@needs_forms_without_hooks
def test_a_form_is_drawn_without_importing_a_hook() -> None:
    # In an interpreter of its own, because other tests import the hooks.
    code = (
        "import sys\n"
        "hooks = 'airflow_provider_liveactivity.hooks'\n"
        "from airflow.providers_manager import ProvidersManager\n"
        "forms = list(ProvidersManager().iter_connection_type_hook_ui_metadata())\n"
        "assert {'braze', 'moengage'} <= {form.connection_type for form in forms}\n"
        "assert not [name for name in sys.modules if name.startswith(hooks)]\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)

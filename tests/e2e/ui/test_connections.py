"""A connection made in the form is one that works, and the button beside it says so."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.support.browser import AirflowUi, Form, marks

if TYPE_CHECKING:
    from demo.airflow_api import AirflowApi
    from demo.stack import Stack

pytestmark = marks


def fill_address(form: Form, label: str, stack: Stack) -> None:
    # The port apart: without one, Airflow 3.3.2 refuses to test a saved connection (apache/airflow#73298).
    host, _, port = stack.sandbox_url.rpartition(":")
    form.fill(label, host)
    form.fill("Port", port)


def press_test(ui: AirflowUi, conn_id: str) -> tuple[bool, str]:
    from playwright.sync_api import expect

    ui.go("/connections")
    button = ui.page.get_by_role("row", name=conn_id).get_by_role("button", name="Test Connection")
    with ui.page.expect_response("**/api/v2/connections/test") as tested:
        button.click()
    answer = tested.value.json()
    color = "green" if answer["status"] else "red"
    expect(button.locator("svg")).to_have_attribute("color", color)
    return answer["status"], answer["message"]


@pytest.mark.parametrize(
    ("conn_id", "key", "good", "said"),
    [
        ("braze_fans", "sandbox-braze-key", True, "accepts the key"),
        ("braze_wrong_key", "wr0ng-k3y", False, "the REST API key is wrong"),
    ],
)
def test_a_braze_connection_is_made_in_the_form_and_tested_with_the_button(
    ui: AirflowUi, stack: Stack, airflow: AirflowApi, conn_id: str, key: str, good: bool, said: str
) -> None:
    form = ui.form("/connections", "Add Connection")
    form.fill("Connection ID", conn_id)
    form.choose("Connection Type", "Braze")
    fill_address(form, "Instance or REST endpoint", stack)
    form.fill("REST API key", key)
    if good:
        ui.picture("connection-braze", form.dialog)
    form.section("Extra Fields")
    form.fill("App ID", "sandbox-app")
    form.submit("Save", "/connections")

    status, message = press_test(ui, conn_id)

    assert (status, said in message) == (good, True), message
    assert key not in message
    saved = airflow.call("GET", f"/connections/{conn_id}")
    assert json.loads(saved["extra"])["app_id"] == "sandbox-app"
    assert saved["password"] == "***"


def test_a_moengage_connection_is_made_in_the_form_and_tested_with_the_button(
    ui: AirflowUi, stack: Stack, airflow: AirflowApi
) -> None:
    form = ui.form("/connections", "Add Connection")
    form.fill("Connection ID", "moengage_fans")
    form.choose("Connection Type", "MoEngage")
    fill_address(form, "Host", stack)
    form.fill("Workspace ID", "SANDBOX")
    form.fill("Push API key", "sandbox-push-key")
    form.section("Extra Fields")
    form.choose("Data center", "02 (EU)")
    form.fill("Campaign API key", "sandbox-campaign-key")
    ui.picture("connection-moengage", form.dialog)
    form.submit("Save", "/connections")

    status, message = press_test(ui, "moengage_fans")

    assert (status, "accepts campaign_api_key" in message) == (True, True), message
    saved = airflow.call("GET", "/connections/moengage_fans")
    assert json.loads(saved["extra"])["data_center"] == "02"
    assert "sandbox-campaign-key" not in saved["extra"]

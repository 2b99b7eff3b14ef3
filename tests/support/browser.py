"""Airflow's UI in a browser, used by the labels on its pages."""

from __future__ import annotations

import os
import re
from contextlib import AbstractContextManager
from datetime import datetime
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import pytest

from demo.browser import find_chromium
from demo.processes import ROOT

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page, Response

MISSING = [
    *([] if find_chromium() else ["Chromium (apt-get install chromium)"]),
    *([] if find_spec("playwright") else ["the Python package playwright"]),
]
needs_browser = pytest.mark.skipif(bool(MISSING), reason=f"tests in a browser need {' and '.join(MISSING)}")
marks = [pytest.mark.e2e, pytest.mark.timeout(900), needs_browser]
#: Milliseconds for what is to appear: a slow machine needs half a minute to start a task.
PATIENCE = 180_000
IMAGES = ROOT / "docs" / "images"
#: Pictures change with every pixel of Airflow, so a test run takes none unless it is asked to.
TAKE_PICTURES = bool(os.environ.get("PICTURES"))


class AirflowUi:
    """
    Airflow in a browser.

    :param page: a page of the browser.
    :param url: where Airflow answers.
    """

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url

    def go(self, path: str) -> None:
        """Open a page of Airflow's."""
        self.page.goto(f"{self.url}{path}")

    def form(self, path: str, button: str) -> Form:
        """Open the form that a button leads to."""
        self.go(path)
        self.page.get_by_role("button", name=button).first.click()
        return Form(self.page, self.page.get_by_role("dialog").first)

    def picture(self, name: str, part: Locator | None = None) -> None:
        """Take a picture for the docs, where that is wanted: of a part of the page, or of its upper half."""
        if TAKE_PICTURES:
            IMAGES.mkdir(exist_ok=True)
            self.page.mouse.move(0, 0)
            options: dict[str, Any] = {"path": IMAGES / f"{name}.png", "animations": "disabled"}
            if part is not None:
                part.screenshot(**options)
            else:
                options["clip"] = {"x": 0, "y": 0, "width": 1200, "height": 700}
                self.page.screenshot(**options)


class Form:
    """
    A form of Airflow's, for a connection or a DAG run.

    :param page: the page.
    :param dialog: the form on it.
    """

    def __init__(self, page: Page, dialog: Locator) -> None:
        self.page = page
        self.dialog = dialog

    def section(self, name: str) -> None:
        """Open a section; Airflow closes the others."""
        header = self.dialog.get_by_role("button", name=name, exact=True)
        if header.get_attribute("aria-expanded") == "false":
            header.click()

    def field(self, label: str) -> Locator:
        """Return the field with a label; a star means that it is required."""
        own_label = self.page.locator("label", has_text=re.compile(rf"^{re.escape(label)}\s*\*?$"))
        return self.dialog.get_by_role("group").filter(has=own_label)

    def fill(self, label: str, text: str) -> None:
        """Type into a field."""
        self.field(label).locator("input, textarea").first.fill(text)

    def choose(self, label: str, option: str) -> None:
        """Choose from a list."""
        self.field(label).get_by_role("combobox").fill(option)
        self.page.get_by_role("option", name=option, exact=True).click()

    def switch(self, label: str) -> None:
        """Turn a switch."""
        self.field(label).locator("[data-part=control]").click()

    def pick(self, label: str, moment: datetime) -> None:
        """Pick a moment from the calendar, in the zone that the UI shows."""
        opener = self.field(label).get_by_test_id("datetime-input")
        opener.click()
        self.page.get_by_placeholder("YYYY/MM/DD").fill(f"{moment:%Y/%m/%d}")
        self.page.get_by_placeholder("HH:mm").fill(f"{moment:%H:%M}")
        opener.click()

    def button(self, name: str) -> Locator:
        """Return the button with which the form is sent."""
        return self.dialog.get_by_role("button", name=name).last

    def submit(self, button: str, path: str) -> Any:
        """Press a button, and return what Airflow answered to what it sent there."""
        with self.sending(path) as sent:
            self.button(button).click()
        return sent.value.json()

    def sending(self, path: str) -> AbstractContextManager[Any]:
        """Wait for the answer to what is sent to a path of the API."""

        def is_it(response: Response) -> bool:
            return response.request.method == "POST" and response.url.endswith(path)

        return self.page.expect_response(is_it)

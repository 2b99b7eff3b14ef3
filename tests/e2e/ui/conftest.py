"""A browser in front of the Airflow that the end-to-end tests share."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from demo import warehouse
from demo.browser import running_browser
from demo.stack import Stack
from tests.support.browser import PATIENCE, AirflowUi

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext


# Not for the whole session: as long as Playwright runs, nothing else can have an event loop in this thread.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    from playwright.sync_api import expect

    expect.set_options(timeout=PATIENCE)
    with running_browser() as browser:
        yield browser


# One for a module: a fresh one would load all of Airflow's UI again for each test.
@pytest.fixture(scope="module")
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(
        viewport={"width": 1200, "height": 1500},  # tall enough for every form: pictures show all of it
        locale="en-GB",
        timezone_id="UTC",
        color_scheme="light",
        reduced_motion="reduce",  # without a graphics card, what moves on a page costs most of a core
    )
    context.set_default_timeout(PATIENCE)
    yield context
    context.close()


@pytest.fixture
def ui(context: BrowserContext, stack: Stack) -> Iterator[AirflowUi]:
    page = context.new_page()
    yield AirflowUi(page, stack.airflow_url)
    page.close()


@pytest.fixture
def departures(stack: Stack) -> None:
    """Flights in the warehouse, where no other test has put any."""
    if not stack.warehouse.exists():
        warehouse.load(stack.warehouse, datetime.now(UTC), lasts=timedelta(hours=1))

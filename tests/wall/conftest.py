"""One browser and one sandbox for the tests of the wall."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

import pytest

from airflow_provider_liveactivity.sandbox import RunningSandbox, running_sandbox
from demo.browser import running_browser
from demo.scene import Scene
from tests.support.clock import Clock

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

Open = Callable[..., "Page"]
Theme = Literal["light", "dark"]
PATIENCE = 30_000  # milliseconds, on a busy machine


def new_page(browser: Browser, *, width: int = 1440, height: int = 900, theme: Theme = "dark") -> Page:
    """Open an empty page."""
    page = browser.new_page(
        viewport={"width": width, "height": height},
        color_scheme=theme,
        reduced_motion="reduce",
        locale="en-GB",
        timezone_id="UTC",
    )
    page.set_default_timeout(PATIENCE)
    return page


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    from playwright.sync_api import expect

    expect.set_options(timeout=PATIENCE)
    with running_browser() as browser:
        yield browser


@pytest.fixture(scope="module")
def shared() -> Iterator[RunningSandbox]:
    with running_sandbox() as running:
        yield running


@pytest.fixture
def sandbox(shared: RunningSandbox) -> RunningSandbox:
    shared.sandbox.reset(settings=True)
    return shared


@pytest.fixture
def scene(sandbox: RunningSandbox) -> Iterator[Scene]:
    with closing(Scene(sandbox.url)) as scene:
        yield scene


@pytest.fixture
def evening() -> Iterator[tuple[Scene, Clock, str]]:
    """A sandbox on the evening of a match, whose clock a test moves on."""
    clock = Clock(datetime(2026, 11, 22, 20, 42, tzinfo=UTC))
    with running_sandbox(now=clock) as running, closing(Scene(running.url)) as scene:
        yield scene, clock, running.url


@pytest.fixture
def open_wall(browser: Browser, sandbox: RunningSandbox) -> Iterator[Open]:
    """Return a function that opens the page; the test fails if the page logs an error."""
    pages, problems = [], []

    def open_page(path: str = "/", *, width: int = 1440, height: int = 900, theme: Theme = "dark") -> Page:
        page = new_page(browser, width=width, height=height, theme=theme)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("dialog", lambda dialog: problems.append(f"dialog: {dialog.message}"))
        page.goto(sandbox.url + path)
        pages.append(page)
        return page

    yield open_page
    for page in pages:
        page.close()
    assert problems == []

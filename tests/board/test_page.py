"""The page in a browser: inside Airflow, in both themes, with a keyboard and a screen reader."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Literal
from urllib.parse import quote

import pytest

from demo.browser import running_browser
from tests.support.api_server import ADMIN, GUEST, ApiServer
from tests.support.board_evening import ALL_ON, FLIGHT_RUN
from tests.support.browser import IMAGES, PATIENCE, TAKE_PICTURES, marks

if TYPE_CHECKING:
    from playwright.sync_api import Browser, FrameLocator, Page

pytestmark = marks
SIZES = {"wide": (1440, 900), "tablet": (1024, 768), "phone": (390, 844)}
#: The page without Airflow around it, for tools that do not look into frames.
ITSELF = "/liveactivity/"
Open = Callable[..., "Page"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    from playwright.sync_api import expect

    expect.set_options(timeout=PATIENCE)
    with running_browser() as browser:
        yield browser


@pytest.fixture
def open_board(browser: Browser, api: ApiServer) -> Iterator[Open]:
    """Open the board as a person who is logged in: ``open_board(user, theme=..., size=..., path=...)``."""
    contexts = []

    def open_board(
        user: str = ADMIN,
        *,
        theme: Literal["light", "dark"] = "light",
        size: str = "wide",
        path: str = "/plugin/live-activities",
    ) -> Page:
        width, height = SIZES[size]
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme=theme,
            reduced_motion="reduce",
            locale="en-GB",
            timezone_id="UTC",
            bypass_csp=True,  # for axe; the page itself is checked with its policy in test_permissions
        )
        contexts.append(context)
        context.set_default_timeout(PATIENCE)
        context.add_cookies([{"name": "_token", "value": api.token(user), "url": api.url}])
        context.add_init_script(f"localStorage.setItem('theme', '{theme}')")
        page = context.new_page()
        page.goto(f"{api.url}{path}")
        board = board_of(page) if not path.startswith(ITSELF) else page
        board.locator("#board[aria-busy=false]").wait_for()
        return page

    yield open_board
    for context in contexts:
        context.close()


def board_of(page: Page) -> FrameLocator:
    return page.frame_locator("iframe")


def shown(page: Page) -> set[str | None]:
    return {tile.get_attribute("title") for tile in board_of(page).locator(".tile h3 .id").all()}


def picture(page: Page, name: str) -> None:
    if TAKE_PICTURES:
        page.screenshot(path=IMAGES / f"{name}.png", animations="disabled")


def test_a_person_sees_the_board_in_the_navigation_with_the_worst_news_first(open_board: Open) -> None:
    page = open_board()
    page.get_by_role("link", name="Live Activities").wait_for()
    board = board_of(page)
    assert shown(page) == ALL_ON
    assert board.locator(".tile h3 .id").first.get_attribute("title") == "flight/UA1545"
    first = board.locator("#attention li").first
    assert "Overdue" in first.inner_text()
    first.get_by_role("link", name="Open the task").click()
    page.wait_for_url("**/dags/flights/runs/*/tasks/start/mapped/0**")


def test_a_person_without_rights_on_a_dag_sees_none_of_its_activities(open_board: Open) -> None:
    page = open_board(GUEST)
    assert shown(page) == {"match-1"}
    text = board_of(page).locator("body").inner_text()
    assert not [name for name in ("flight/UA1545", "derby-final", "cup-final", "noon-1") if name in text]


def test_the_tab_of_a_run_shows_the_activities_of_the_run(open_board: Open) -> None:
    page = open_board(path="/dags/match/runs/run/plugin/live-activities-of-run")
    assert shown(page) == {"match-1"}


def test_the_tab_of_a_run_understands_a_run_id_as_airflow_3_1_writes_it(open_board: Open) -> None:
    page = open_board(path=f"{ITSELF}?dag_id=flights&run_id={FLIGHT_RUN}")
    titles = page.locator(".tile h3 .id").all()
    assert [title.get_attribute("title") for title in titles] == ["flight/UA1545"]


def test_the_time_left_goes_on_without_news(open_board: Open) -> None:
    page = open_board(path=ITSELF)
    page.clock.install()
    page.reload()
    changing = [
        page.locator(".tile", has_text="derby-final").locator(".ring"),
        page.locator("#coming tr", has_text="derby-final").locator("td").nth(1),
        page.locator("#day text.now"),
    ]
    page.locator("#board[aria-busy=false]").wait_for()
    before = [one.evaluate("element => element.outerHTML") for one in changing]
    page.route("**/api/board*", lambda route: route.abort())
    page.clock.fast_forward("10:00")
    page.locator("#error").wait_for()
    after = [one.evaluate("element => element.outerHTML") for one in changing]
    assert not set(before) & set(after)


def test_the_board_follows_a_change_of_the_theme(open_board: Open) -> None:
    page = open_board()
    board_of(page).locator("#on").wait_for()
    scheme = "getComputedStyle(document.documentElement).colorScheme"
    assert board_of(page).locator("html").evaluate(scheme) == "light"
    page.evaluate("document.documentElement.classList.replace('light', 'dark')")
    page.wait_for_function(
        "document.querySelector('iframe').contentDocument.documentElement.style.colorScheme === 'dark'"
    )


def test_the_search_narrows_the_board(open_board: Open) -> None:
    page = open_board()
    board_of(page).get_by_label("Search").fill("derby")
    board_of(page).locator(".tile").nth(1).wait_for(state="detached")
    assert shown(page) == {"derby-final"}


def test_the_form_of_an_end_is_filled_and_refuses_what_is_no_state(open_board: Open) -> None:
    page = open_board()
    board = board_of(page)
    board.locator(".tile", has_text="derby-final").get_by_role("button", name="End now").click()
    dialog = board.get_by_role("dialog")
    assert dialog.get_by_label("Alert: text").input_value() == "Full time"
    picture(page, "board-end-now")
    dialog.get_by_label("Last state").fill("[1]")
    dialog.get_by_role("button", name="End now").click()
    dialog.get_by_text("The state must be a JSON object").wait_for()
    page.keyboard.press("Escape")
    dialog.wait_for(state="detached")


def test_a_tile_says_why_its_activity_cannot_be_ended_yet(open_board: Open) -> None:
    tile = board_of(open_board()).locator(".tile", has_text="cup-final")
    tile.get_by_text("No end or update while the start is being sent").wait_for()
    assert tile.get_by_role("button").count() == 0


@pytest.mark.parametrize(("size", "theme"), list(itertools.product(SIZES, ("light", "dark"))))
def test_nothing_is_wrong_for_a_screen_reader(
    open_board: Open, size: str, theme: Literal["light", "dark"]
) -> None:
    from axe_playwright_python.sync_playwright import Axe

    page = open_board(size=size, theme=theme, path=ITSELF)
    found = Axe().run(page, options={"resultTypes": ["violations"]})
    serious = [one["id"] for one in found.response["violations"] if one["impact"] in ("serious", "critical")]
    assert serious == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_board_shows_every_section(open_board: Open, theme: Literal["light", "dark"]) -> None:
    page = open_board(theme=theme)
    titles = [title.partition("\n")[0] for title in board_of(page).locator("h2").all_inner_texts()]
    assert titles == [
        "Needs attention",
        "On now",
        "Sending",
        "Coming up",
        "Time line of the day",
        "Syncs",
        "Over today",
    ]
    picture(page, "board" if theme == "light" else "board-dark")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_page_of_a_card_draws_what_its_link_describes(
    open_board: Open, theme: Literal["light", "dark"]
) -> None:
    from playwright.sync_api import expect

    page = open_board(path=ITSELF, theme=theme, size="phone")
    text = "<b>Expect</b> delays (JFK)"
    storm = {"attributes": {"airport": "JFK"}, "content_state": {"status": "Delays", "text": text}}
    page.goto(f"{page.url}files/card.html#{quote(json.dumps(storm))}")
    expect(page.locator(".la-card")).to_contain_text(text)
    assert page.evaluate("document.documentElement.scrollWidth") <= SIZES["phone"][0]
    for nothing in ("", "#%7B", "#[1]", "#null"):
        page.evaluate("fragment => { location.hash = fragment; }", nothing)
        expect(page.locator("#screen")).to_have_text("The link has no card.")

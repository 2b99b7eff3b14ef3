"""The wall in a browser: what a person sees, filters and operates, with the mouse, the keyboard, a reader."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from airflow_provider_liveactivity.sandbox import RunningSandbox
from demo.scene import ENDED, SUBJECTS, TWICE, Scene
from tests.support.browser import IMAGES, TAKE_PICTURES, needs_browser
from tests.support.clock import Clock
from tests.wall.conftest import Open, Theme, new_page

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = needs_browser

MATCH, FLIGHT = SUBJECTS[0], SUBJECTS[1]
SIZES = [(1440, 900), (1024, 768), (390, 844)]


def phones(page: Page) -> Any:
    return page.get_by_role("listbox", name="Phones", exact=True).get_by_role("option")


def picture(page: Page, name: str) -> None:
    if TAKE_PICTURES:
        page.wait_for_timeout(500)  # the canvas is drawn after the next events
        page.screenshot(path=IMAGES / f"{name}.png")


def serious(page: Page) -> list[str]:
    """Return the serious violations that axe-core finds, with the elements."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    return [
        f"{one['id']}: {[node['target'] for node in one['nodes']]}"
        for one in found
        if one["impact"] in ("serious", "critical")
    ]


def test_a_phone_appears_is_updated_and_ends_without_a_reload(open_wall: Open, scene: Scene) -> None:
    from playwright.sync_api import expect

    page = open_wall()
    expect(page.get_by_role("heading", name="No phone shows a Live Activity yet")).to_be_visible()
    assert "AIRFLOW_CONN_BRAZE_DEFAULT" in page.locator("#empty pre").inner_text()
    scene.start(MATCH, ["ada"])
    phone = phones(page)
    expect(phone).to_have_accessible_name(re.compile("ada. Match: Northside 2, Southside 1"))
    scene.update(MATCH, content_state={**MATCH.state, "home": 3}, notification=MATCH.alert)
    expect(phone).to_have_accessible_name(re.compile("Northside 3, Southside 1"))
    expect(phone.locator(".la-alerting")).to_be_visible()
    scene.update(MATCH, end_activity=True)
    expect(phone.locator(".la-state")).to_contain_text("Ended")
    expect(page.get_by_role("button", name="✓ Ended 1")).to_be_visible()


def test_a_dismissed_card_dissolves_and_is_counted(open_wall: Open, scene: Scene) -> None:
    from playwright.sync_api import expect

    scene.start(MATCH, ["ada"])
    page = open_wall()
    expect(phones(page)).to_have_count(1)
    scene.update(MATCH, end_activity=True, dismissal_date="2020-01-01T00:00:00+00:00")
    expect(phones(page)).to_have_count(0)
    dismissed = page.get_by_role("button", name="Dismissed 1")
    expect(page.locator("#drawn")).to_contain_text("1 filtered out")
    dismissed.click()
    expect(phones(page)).to_have_count(1)


def test_a_card_that_was_started_twice_is_first_and_announced(open_wall: Open, scene: Scene) -> None:
    from playwright.sync_api import expect

    scene.fill(16)
    page = open_wall()
    alarm = page.get_by_role("button", name="1 phone started twice")
    expect(phones(page).first).to_contain_text("Started twice: 2 cards")
    alarm.click()
    expect(phones(page)).to_have_count(1)
    assert TWICE.alert["alert"]["title"]


def test_the_level_follows_the_number_of_phones_and_can_be_chosen(open_wall: Open, scene: Scene) -> None:
    from playwright.sync_api import expect

    scene.start(MATCH, ["ada"])
    page = open_wall()
    expect(page.locator(".phone-cell")).to_have_count(1)
    scene.start(FLIGHT, [f"user-{number}" for number in range(60)])
    expect(page.locator(".card-cell").first).to_be_visible()
    scene.start(ENDED, [f"fan-{number}" for number in range(400)])
    expect(page.get_by_role("listbox", name="Phones, one tile each")).to_be_visible()
    page.get_by_role("group", name="Zoom").get_by_role("button", name="Phones").click()
    expect(page.locator(".phone-cell").first).to_be_visible()
    assert page.locator(".phone-cell").count() < 40  # only those in sight are elements
    expect(page.locator("#drawn")).to_contain_text(re.compile(r"461 phones · 45\d out of sight"))


def test_search_and_vendor_filter_phones_and_activities(
    open_wall: Open, scene: Scene, sandbox: RunningSandbox
) -> None:
    from playwright.sync_api import expect

    scene.fill(16)
    page = open_wall()
    expect(phones(page)).not_to_have_count(0)
    search = page.get_by_role("searchbox")
    search.fill("bob-1-001")
    expect(phones(page)).to_have_count(1)
    search.fill("city-county")
    expect(page.locator("#activities-count")).to_have_text("1")
    search.fill("nothing like that")
    expect(page.get_by_role("heading", name="No phone matches")).to_be_visible()
    search.fill("")
    page.get_by_role("button", name="MoEngage", exact=True).click()
    expect(phones(page)).to_have_count(2)
    expect(page.locator("#activities-count")).to_have_text("1")


def test_an_activity_of_the_list_filters_the_phones(open_wall: Open, scene: Scene) -> None:
    from playwright.sync_api import expect

    scene.fill(16)
    page = open_wall()
    entry = page.get_by_role("listbox", name="Activities").get_by_role("option", name=MATCH.activity_id)
    entry.click()
    expect(phones(page)).to_have_count(2)
    expect(entry).to_have_attribute("aria-selected", "true")
    entry.click()
    expect(page.locator("#drawn")).not_to_contain_text("filtered out")


def test_the_page_of_one_activity_shows_nothing_else(open_wall: Open, scene: Scene) -> None:
    from playwright.sync_api import expect

    scene.fill(16)
    page = open_wall(f"/activities/{MATCH.activity_id}")
    expect(phones(page)).to_have_count(2)
    expect(page.get_by_role("link", name="All activities")).to_be_visible()
    picture(page, "wall-activity")


def test_the_inspector_tells_what_a_phone_saw_and_explains_missed(open_wall: Open, scene: Scene) -> None:
    from playwright.sync_api import expect

    scene.start(MATCH, ["ada"])
    scene.update(MATCH, notification=MATCH.alert)
    scene.update(MATCH, end_activity=True)
    scene.update(MATCH)
    page = open_wall()
    phones(page).click()
    inspector = page.get_by_role("complementary", name="Inspector")
    expect(inspector.get_by_role("heading", name="ada")).to_be_focused()
    steps = inspector.get_by_role("listitem")
    expect(steps).to_have_count(4)
    assert [text.split()[0] for text in steps.locator("b").all_inner_texts()] == [
        "update,",
        "end",
        "update",
        "start",
    ]
    inspector.get_by_text("1 missed").click()
    expect(inspector.get_by_text("the phone shows nothing of them")).to_be_visible()
    expect(inspector.get_by_label("Content state")).to_contain_text('"phase": "Second half"')
    page.keyboard.press("Escape")
    expect(inspector).to_be_hidden()


def test_a_request_is_inspected_without_its_key(open_wall: Open, scene: Scene) -> None:
    from playwright.sync_api import expect

    scene.start(MATCH, ["ada"])
    page = open_wall()
    expect(page.locator("#legend")).to_contain_text("1 accepted")
    page.get_by_role("button", name="List").click()
    inspector = page.get_by_role("complementary", name="Inspector")
    inspector.get_by_role("button", name="braze start").click()
    expect(inspector.get_by_label("Body")).to_contain_text(MATCH.activity_id)
    expect(inspector.get_by_label("Headers")).to_contain_text('"authorization": "(hidden)"')


def test_a_range_of_the_time_line_filters_by_mouse_and_by_keyboard(open_wall: Open, scene: Scene) -> None:
    from playwright.sync_api import expect

    scene.start(MATCH, ["ada"])
    page = open_wall()
    expect(phones(page)).to_have_count(1)
    box = page.locator("#track canvas").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 100, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + 300, box["y"] + 20, steps=3)
    page.mouse.up()
    expect(page.get_by_role("heading", name="No phone matches")).to_be_visible()
    page.get_by_role("button", name="Clear selection").click()
    expect(phones(page)).to_have_count(1)
    page.get_by_role("slider").last.focus()
    page.keyboard.press("Home")
    expect(phones(page)).to_have_count(0)


def test_faults_are_switched_on_and_off(open_wall: Open, scene: Scene, sandbox: RunningSandbox) -> None:
    from playwright.sync_api import expect

    page = open_wall()
    page.get_by_role("button", name="Faults").click()
    page.get_by_role("combobox", name="Requests to").select_option(label="Braze update and end")
    switch = page.get_by_role("switch", name="503_after")
    switch.click()
    expect(switch).to_have_attribute("aria-checked", "true")
    [fault] = sandbox.sandbox.faults
    assert (fault.fault, fault.path, fault.times) == ("503_after", "/messages/live_activity/update", None)
    scene.update(MATCH)
    expect(page.locator("#legend")).to_contain_text("1 unknown")
    switch.click()
    expect(switch).to_have_attribute("aria-checked", "false")
    assert sandbox.sandbox.faults == []


def test_a_paused_wall_stands_still_and_catches_up(open_wall: Open, scene: Scene) -> None:
    from playwright.sync_api import expect

    scene.start(MATCH, ["ada"])
    page = open_wall()
    live = page.locator("#live")
    live.click()
    expect(live).to_have_text("Paused")
    scene.update(MATCH, content_state={**MATCH.state, "home": 5})
    expect(live).to_have_text("Paused, 1 request waiting")
    expect(phones(page)).to_have_accessible_name(re.compile("Northside 2"))
    live.click()
    expect(phones(page)).to_have_accessible_name(re.compile("Northside 5"))


def test_a_reset_empties_the_wall(open_wall: Open, scene: Scene, sandbox: RunningSandbox) -> None:
    from playwright.sync_api import expect

    scene.start(MATCH, ["ada"])
    page = open_wall()
    expect(phones(page)).to_have_count(1)
    sandbox.sandbox.reset()
    expect(page.get_by_role("heading", name="No phone shows a Live Activity yet")).to_be_visible()


def test_the_keyboard_reaches_every_phone(open_wall: Open, scene: Scene) -> None:
    from playwright.sync_api import expect

    scene.start(MATCH, [f"user-{number:03}" for number in range(100)])
    page = open_wall()
    expect(page.locator(".card-cell").first).to_be_visible()
    box = page.get_by_role("listbox", name="Phones", exact=True)
    box.focus()
    page.keyboard.press("End")
    active = page.locator(f"#{box.get_attribute('aria-activedescendant')}")
    expect(active).to_have_accessible_name(re.compile("^user-099"))
    expect(active).to_have_attribute("aria-posinset", "100")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="user-099")).to_be_focused()


def test_the_keyboard_reaches_the_tiles_of_the_mosaic(open_wall: Open, scene: Scene) -> None:
    from playwright.sync_api import expect

    scene.start(MATCH, [f"user-{number:03}" for number in range(400)])
    page = open_wall()
    box = page.get_by_role("listbox", name="Phones, one tile each")
    box.focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#tip .la-card")).to_be_visible()
    expect(page.locator("#tile")).to_have_text(re.compile("^user-001. Match: Northside 2"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="user-001")).to_be_focused()


def test_the_theme_is_chosen_and_remembered(open_wall: Open) -> None:
    page = open_wall(theme="light")
    button = page.locator("#theme")
    button.click()
    button.click()
    assert page.evaluate("document.documentElement.style.colorScheme") == "dark"
    page.reload()
    assert page.locator("#theme").get_attribute("aria-label") == "Theme: dark"


@pytest.mark.parametrize(
    ("level", "theme"), [("phone", "light"), ("phone", "dark"), ("card", "dark"), ("mosaic", "light")]
)
def test_axe_finds_nothing_serious(open_wall: Open, scene: Scene, level: str, theme: Theme) -> None:
    from playwright.sync_api import expect

    scene.fill(16)
    page = open_wall(theme=theme)
    expect(phones(page).first).to_be_visible()
    page.locator(f"#zoom [data-value={level}]").click()
    if level != "mosaic":
        phones(page).first.click()
    page.locator("#faults-button").click()
    assert serious(page) == []


@pytest.mark.parametrize("number", [0, 1, 20])
@pytest.mark.parametrize(("width", "height"), SIZES)
def test_the_page_fits_the_screen(
    open_wall: Open, scene: Scene, number: int, width: int, height: int
) -> None:
    from playwright.sync_api import expect

    scene.fill(number)
    page = open_wall(width=width, height=height)
    expect(page.locator("#drawn")).to_contain_text(f"{number} phone")
    overflow = page.evaluate("[document.documentElement.scrollWidth - innerWidth, scrollY]")
    assert overflow == [0, 0]
    stage = page.locator("#stage").bounding_box()
    assert stage is not None
    assert stage["height"] > 200


@pytest.mark.parametrize(
    ("name", "number", "theme"),
    [
        ("wall", 20, "dark"),
        ("wall", 20, "light"),
        ("wall-cards", 64, "light"),
        ("wall-mosaic", 5_000, "dark"),
    ],
)
def test_an_evening_is_shown_whole(
    browser: Browser, evening: tuple[Scene, Clock, str], name: str, number: int, theme: Theme
) -> None:
    """Every phone is in the picture or counted, and no card in sight is cut."""
    from playwright.sync_api import expect

    scene, clock, url = evening
    scene.fill(number, clock.moment)
    scene.pass_time(5, clock.sleep)
    page = new_page(browser, theme=theme)
    page.goto(url)
    expect(page.locator("#drawn")).to_have_text(re.compile(rf"^{number:,} phones( · \d+ out of sight)?$"))
    expect(page.locator(".la-alerting, [data-status=starting]")).to_have_count(0)
    cut = "cards => cards.filter(card => card.scrollHeight > card.clientHeight + 1).length"
    assert page.locator(".cell .la-card").evaluate_all(cut) == 0
    picture(page, f"{name}-{theme}")
    page.close()


def test_thousands_of_updates_do_not_block_the_page(browser: Browser) -> None:
    """In CPU time: the tests of the other workers lengthen a block, too."""
    from benchmarks.wall import measure

    for level in ("mosaic", "phone"):
        measured = measure(browser, level, 3)
        assert float(measured["longest task, CPU ms"]) < 100, measured

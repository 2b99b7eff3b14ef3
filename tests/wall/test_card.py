"""The card: which template fits, what it shows in each state, and that content stays content."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from airflow_provider_liveactivity.sandbox import RunningSandbox
from tests.support.browser import needs_browser

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

pytestmark = needs_browser

NOW = "2026-11-22T12:30:00Z"
ACTIVITY: dict[str, Any] = {
    "vendor": "braze",
    "activity_id": "match-7",
    "attributes_type": "MatchAttributes",
    "attributes": {"home": "Northside", "away": "Southside"},
    "content_state": {"home": 2, "away": 1, "phase": "Second half", "minute": 63},
    "alert": None,
    "status": "on",
    "cards": 1,
    "started_at": "2026-11-22T12:00:00Z",
    "updated_at": "2026-11-22T12:28:00Z",
    "stale_date": None,
    "ended_at": None,
    "dismissal_at": None,
}
HOSTILE = '<img src=x onerror="alert(1)"><script>alert(2)</script>'


@pytest.fixture(scope="module")
def bench(browser: Browser, shared: RunningSandbox) -> Iterator[Page]:
    """A page with nothing on it but the renderer."""
    page = browser.new_page(locale="en-GB", timezone_id="UTC")
    page.route("**/bench", lambda route: route.fulfill(body="<main></main>", content_type="text/html"))
    page.goto(f"{shared.url}/bench")
    page.add_style_tag(url="/wall/card.css")
    page.evaluate("import('/wall/card.js').then(card => { window.card = card; })")
    page.on("dialog", lambda dialog: pytest.fail(f"content ran as code: {dialog.message}"))
    yield page
    page.close()


def template(page: Page, attributes: dict[str, Any], state: dict[str, Any], name: str = "") -> Any:
    activity = {**ACTIVITY, "attributes_type": name, "attributes": attributes, "content_state": state}
    return page.evaluate("activity => card.templateOf(activity)", activity)


def show(page: Page, **changes: Any) -> Locator:
    page.evaluate(
        """([activity, now]) => {
            window.shown = card.renderCard(activity, {now, locale: "en-GB"});
            document.querySelector("main").replaceChildren(window.shown);
        }""",
        [{**ACTIVITY, **changes}, NOW],
    )
    return page.locator(".la-card")


def change(page: Page, **changes: Any) -> None:
    page.evaluate(
        "([activity, now]) => card.updateCard(window.shown, activity, {now, locale: 'en-GB'})",
        [{**ACTIVITY, **changes}, NOW],
    )


@pytest.mark.parametrize(
    ("attributes", "state"),
    [
        ({"home": "City", "away": "County"}, {"home": 0, "away": 1}),
        ({"homeTeam": "City", "awayTeam": "County"}, {"homeScore": 0, "awayScore": 1, "period": "Q4"}),
        ({"teamA": "City", "teamB": "County"}, {"scoreA": 0, "scoreB": 1}),
        ({"team_1": "City", "team_2": "County"}, {"team_1_points": 0, "team_2_points": 1}),
        ({}, {"home": {"name": "City", "score": 0}, "away": {"name": "County", "score": 1}}),
        ({"home": "City", "away": "County"}, {"score": {"home": 0, "away": 1}, "clock": "12:04"}),
        ({"hostName": "City", "guestName": "County"}, {"hostGoals": "0", "guestGoals": "1"}),
    ],
)
def test_two_sides_and_two_numbers_are_a_match(
    bench: Page, attributes: dict[str, Any], state: dict[str, Any]
) -> None:
    found = template(bench, attributes, state)
    assert found["template"] == "match"
    assert found["sides"] == [{"name": "City", "score": 0}, {"name": "County", "score": 1}]


@pytest.mark.parametrize(
    ("attributes", "state", "name"),
    [
        ({"origin": "EWR", "destination": "IAH"}, {"status": "Boarding", "delayMinutes": 5}, ""),
        ({"from": "EWR", "to": "IAH"}, {"phase": "Boarding", "delay": 5}, ""),
        (
            {"originCity": "EWR", "destinationCity": "IAH"},
            {"status": "Boarding", "delay": 5},
            "FlightAttributes",
        ),
        ({}, {"departureAirport": "EWR", "arrivalAirport": "IAH", "status": "Boarding", "delay": 5}, ""),
    ],
)
def test_an_origin_and_a_destination_are_a_flight(
    bench: Page, attributes: dict[str, Any], state: dict[str, Any], name: str
) -> None:
    found = template(bench, attributes, state, name)
    assert found["template"] == "flight"
    shown = (found["origin"], found["destination"], found["status"], found["delay"])
    assert shown == ("EWR", "IAH", "Boarding", 5)


@pytest.mark.parametrize(
    ("state", "step", "done"),
    [
        ({"status": "Received", "minutesLeft": 40}, 1, False),
        ({"phase": "Preparing", "etaMinutes": 30}, 2, False),
        ({"status": "On the way", "eta": "2026-11-22T13:00:00Z"}, 3, False),
        ({"status": "Delivered", "minutes": 0}, 4, True),
        ({"status": "Anywhere", "step": 2, "steps": 4}, 2, False),
    ],
)
def test_a_phase_and_minutes_are_a_delivery(
    bench: Page, state: dict[str, Any], step: int, done: bool
) -> None:
    found = template(bench, {"restaurant": "Luigi's"}, state)
    assert (found["template"], found["step"], found["steps"], found["done"]) == ("delivery", step, 4, done)
    assert found["rest"] == [["Restaurant", "Luigi's"]]


@pytest.mark.parametrize(
    "state",
    [
        {},
        {"home": 1, "away": 2},
        {"status": "Open"},
        {"from": "Berlin", "to": "Paris"},
        {"title": "Sale", "hoursLeft": 3},
        {"a": None, "b": [], "c": {"d": {"e": 1}}},
    ],
)
def test_any_other_content_has_the_default_card(bench: Page, state: dict[str, Any]) -> None:
    assert template(bench, {}, state)["template"] == "default"
    card = show(bench, attributes={}, content_state=state)
    assert card.bounding_box() is not None


def test_a_default_card_shows_words_figures_and_a_warning_for_null(bench: Page) -> None:
    state = {
        "stage": "Main",
        "queueMinutes": 14,
        "isOpen": True,
        "gate": None,
        "next": "2026-11-22T18:00:00Z",
    }
    text = show(bench, attributes_type="FestivalAttributes", attributes={}, content_state=state).inner_text()
    for shown in ("Festival", "Main", "14", "Queue minutes", "Is open", "yes", "null", "18:00"):
        assert shown in text


def test_what_does_not_fit_is_counted(bench: Page) -> None:
    state = {f"field{number}": f"value {number}" for number in range(20)}
    text = show(bench, attributes={}, content_state=state).inner_text()
    shown = sum(f"value {number}" in text for number in range(20))
    assert f"{20 - shown} more" in text


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"status": "stale", "stale_date": "2026-11-22T12:20:00Z"}, "Stale since 12:20"),
        ({"status": "ended", "ended_at": "2026-11-22T12:25:00Z"}, "Ended 12:25"),
        ({"status": "dismissed", "dismissal_at": "2026-11-22T12:29:00Z"}, "Dismissed 12:29"),
        ({"cards": 2}, "Started twice: 2 cards"),
        ({"alert": {"title": "Goal!", "body": "2 – 1"}}, "Goal!"),
        ({"alert": "It has started"}, "It has started"),
        ({}, "2 min ago"),
    ],
)
def test_each_state_is_told_in_words(bench: Page, changes: dict[str, Any], said: str) -> None:
    assert said in show(bench, **changes).text_content()  # type: ignore[operator]


def test_a_screen_reader_gets_the_card_as_a_sentence(bench: Page) -> None:
    label = show(bench, cards=2).get_attribute("aria-label")
    assert label == "Match: Northside 2, Southside 1, Second half, on, started twice: 2 cards"


def test_an_update_keeps_the_element_and_changes_its_texts(bench: Page) -> None:
    card = show(bench)
    bench.evaluate("window.number = window.shown.querySelector('.la-num')")
    change(bench, content_state={**ACTIVITY["content_state"], "home": 3})
    assert card.locator(".la-num").first.inner_text() == "3"
    assert bench.evaluate("window.number.isConnected && window.number.textContent") == "3"


def test_an_update_with_an_alert_opens_the_card_and_a_silent_one_does_not(bench: Page) -> None:
    show(bench)
    change(bench, updated_at="2026-11-22T12:29:00Z")
    assert not bench.evaluate("shown.classList.contains('la-alerting')")
    change(bench, updated_at="2026-11-22T12:29:30Z", alert={"title": "Goal!", "body": "3 – 1"})
    assert bench.evaluate("shown.classList.contains('la-alerting')")


def test_a_card_may_change_its_template(bench: Page) -> None:
    card = show(bench)
    change(bench, attributes={}, content_state={"title": "Abandoned"})
    assert card.locator(".la-default").inner_text().startswith("Abandoned")


def test_hostile_content_is_shown_as_text(bench: Page) -> None:
    for attributes, state in (
        ({"home": HOSTILE, "away": HOSTILE}, {"home": 1, "away": 2, "phase": HOSTILE}),
        ({"origin": HOSTILE, "destination": HOSTILE, "gate": HOSTILE}, {"status": HOSTILE}),
        ({}, {"status": HOSTILE, "minutes": 3, HOSTILE: HOSTILE}),
        ({}, {HOSTILE: HOSTILE, "list": [HOSTILE], "nested": {HOSTILE: HOSTILE}, "__proto__": HOSTILE}),
    ):
        card = show(
            bench,
            attributes=attributes,
            content_state=state,
            attributes_type=HOSTILE,
            activity_id=HOSTILE,
            alert={"title": HOSTILE, "body": {"loc-key": HOSTILE}},
        )
        assert card.locator("img, script").count() == 0
        assert "<img src=x" in card.inner_text()


@pytest.mark.parametrize("width", [360, 200])
def test_a_card_is_as_high_as_the_lock_screen_allows(bench: Page, width: int) -> None:
    """160 px at scale 1, and nothing of it is cut."""
    style = {"width": f"{width}px", "fontSize": f"{width / 22.5}px"}
    long = "A very long word of a team that nobody has heard of"
    for state in (
        {"home": 100, "away": 100, "phase": long, "a": long, "b": long},
        {"title": long, "x": 1, "y": 2, "z": 3, "progress": 0.4, "more": long, "none": None},
        {"status": long, "minutes": 5, "note": long, "other": long},
    ):
        alert = {"title": long, "body": long}
        card = show(bench, attributes={"home": long, "away": long}, content_state=state, alert=alert)
        card.evaluate("(card, style) => Object.assign(card.style, style)", style)
        height, content = card.evaluate("element => [element.offsetHeight, element.scrollHeight]")
        assert content <= height <= 160

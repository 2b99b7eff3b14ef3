"""The page of a preview shows the card as a phone does, and needs no other file and no network."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pytest

from airflow_provider_liveactivity.preview import Preview
from tests.support.browser import AirflowUi, marks

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page

pytestmark = marks

BODY = {
    "activity_id": "match/1",
    "activity_attributes_type": "MatchAttributes",
    "activity_attributes": {"home": "Northside", "away": "Southside"},
    "content_state": {"home": 2, "away": 1, "phase": "Second half"},
    "notification": {"alert": {"title": "Goal!", "body": "Northside lead 2–1"}},
    "external_user_ids": "<50 recipients>",
}
MATCH = Preview(
    dag_id="matches",
    task_id="match.start",
    vendor="braze",
    verb="start",
    activity_id="match/1",
    recipients=1_250_000,
    audience="the recipients of a list or a query",
    requests=25_000,
    duplicates=12,
    nulls=0,
    seconds=22.4,
    until="2026-12-01T20:00:22+00:00",
    push_bytes=344,
    push_limit=4096,
    request_bytes=1_355,
    request_limit=None,
    warnings=[
        "no stale_date: if later updates do not arrive, phones continue to show this state as current."
    ],
    url="https://rest.iad-01.braze.com/messages/live_activity/start",
    body=BODY,
    curl="curl --request POST https://rest.iad-01.braze.com/messages/live_activity/start",
    activity={
        "vendor": "braze",
        "activity_id": "match/1",
        "attributes_type": "MatchAttributes",
        "attributes": BODY["activity_attributes"],
        "content_state": BODY["content_state"],
        "alert": BODY["notification"]["alert"],  # type: ignore[index]
        "status": "on",
        "cards": 1,
        "started_at": "2026-12-01T20:00:00+00:00",
        "updated_at": "2026-12-01T20:00:00+00:00",
        "ended_at": None,
        "stale_date": None,
        "dismissal_at": None,
    },
)


@pytest.fixture
def show(context: BrowserContext, tmp_path: Path) -> Iterator[Callable[[Preview], Page]]:
    """Open the page of a preview; it must load nothing and raise no error."""
    file = tmp_path / "preview.html"
    requests: list[str] = []
    errors: list[str] = []
    page = context.new_page()
    page.on("request", lambda request: requests.append(request.url))
    page.on("pageerror", lambda error: errors.append(str(error)))

    def show(preview: Preview) -> Page:
        file.write_text(preview.to_html(), encoding="utf-8")
        page.goto(file.as_uri())
        return page

    yield show
    page.close()
    assert requests == [file.as_uri()]
    assert errors == []


def test_the_page_shows_the_card_the_numbers_and_one_request(show: Callable[[Preview], Page]) -> None:
    from playwright.sync_api import expect

    page = show(MATCH)
    card = page.locator(".la-card")
    for text in ("Northside", "Southside", "Second half", "Goal!"):
        expect(card).to_contain_text(text)
    for text in (
        "1,250,000 recipients (12 duplicates left out)",
        "25,000",
        "344 of the 4,096 bytes",
        "stale_date",
    ):
        expect(page.get_by_role("main")).to_contain_text(text)
    AirflowUi(page, "").picture("preview")
    page.emulate_media(color_scheme="dark")
    AirflowUi(page, "").picture("preview-dark")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_page_is_accessible(show: Callable[[Preview], Page], theme: Literal["light", "dark"]) -> None:
    from axe_playwright_python.sync_playwright import Axe

    page = show(MATCH)
    page.emulate_media(color_scheme=theme)
    assert Axe().run(page).response["violations"] == []


def test_the_page_fits_a_phone(show: Callable[[Preview], Page]) -> None:
    page = show(MATCH)
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_content_cannot_add_to_the_page(show: Callable[[Preview], Page]) -> None:
    from playwright.sync_api import expect

    text = "</script><b>added</b>"
    alert = {"title": text, "body": text}
    page = show(replace(MATCH, activity_id=text, warnings=[text], activity=MATCH.activity | {"alert": alert}))
    expect(page.locator(".la-card")).to_contain_text(text)
    assert page.locator("b", has_text="added").filter(has_not_text="<b>").count() == 0

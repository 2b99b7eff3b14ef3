"""A picture of the wall of phones, taken by the system's Chromium."""

from __future__ import annotations

from pathlib import Path

from demo.browser import find_chromium, running_browser

SETTLING_MS = 2_500  # the first events arrive, and cards slide in


def take(url: str, picture: Path) -> str:
    """
    Take the picture, and return what to tell about it.

    :param url: address of the page.
    :param picture: the PNG file to write.
    """
    from playwright.sync_api import Error

    if find_chromium() is None:
        return f"No picture of the wall: there is no Chromium. Open {url} instead"
    try:
        with running_browser() as browser:
            page = browser.new_page(viewport={"width": 1440, "height": 900}, color_scheme="dark")
            page.goto(url)
            page.locator("#zoom [data-value=card]").click()  # by then there are hundreds of phones
            page.wait_for_timeout(SETTLING_MS)
            page.screenshot(path=picture)
    except Error as error:
        return f"No picture of the wall: {error.message.splitlines()[0]}. Open {url} instead"
    return f"The wall, as a picture: {picture}"

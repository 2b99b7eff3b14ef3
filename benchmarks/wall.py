"""Measure the wall of phones in Chromium: 5,000 phones and 200 updates a second, at each level of zoom."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING

from airflow_provider_liveactivity.sandbox import running_sandbox
from benchmarks.table import Row, Table
from demo.browser import find_chromium, running_browser
from demo.scene import SUBJECTS, Scene, Subject

if TYPE_CHECKING:
    from playwright.sync_api import Browser

PHONES = 5_000
ACTIVITIES = 100
UPDATES_PER_SECOND = 200
LEVELS = ("mosaic", "card", "phone")
# Everything that blocks the page for more than 50 ms is a long task.
OBSERVE = """
window.longTasks = []; window.frames = 0;
new PerformanceObserver(list => window.longTasks.push(...list.getEntries().map(entry => entry.duration)))
  .observe({type: "longtask", buffered: true});
(function count() { window.frames += 1; requestAnimationFrame(count); })();
"""


def run(*, quick: bool) -> Iterator[Table]:
    """Show the wall, update its activities, and observe its main thread."""
    if find_chromium() is None:
        print("wall: not measured, because there is no Chromium")
        return
    seconds = 5 if quick else 60
    with running_browser() as browser:
        rows = [measure(browser, level, seconds) for level in (LEVELS[:1] if quick else LEVELS)]
    yield Table(
        f"The wall: {PHONES:,} phones, {UPDATES_PER_SECOND} updates/s for {seconds} s, 1440 × 900",
        rows,
        "No block may be longer than 200 ms. Other work on the machine shows in these figures.",
    )


def measure(browser: Browser, level: str, seconds: float) -> Row:
    """
    Measure one level of zoom.

    :param browser: the browser.
    :param level: mosaic, card or phone.
    :param seconds: how long the updates come.
    """
    with running_sandbox() as running, closing(Scene(running.url)) as scene:
        activities = [(SUBJECTS[number % len(SUBJECTS)], f"-{number}") for number in range(ACTIVITIES)]
        for subject, suffix in activities:
            scene.start(subject, [f"user{suffix}-{n}" for n in range(PHONES // ACTIVITIES)], suffix)
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.add_init_script(OBSERVE)
        page.goto(running.url)
        page.click(f"#zoom [data-value={level}]")
        page.get_by_text(f"{PHONES:,} phones").wait_for()
        page.wait_for_timeout(2000)  # the cards have slid in
        before = page.evaluate("[window.longTasks.length, window.frames]")
        load = Load(scene, activities)
        browser.start_tracing(page=page, categories=["toplevel", "__metadata"])
        load.start()
        page.wait_for_timeout(seconds * 1000)
        load.stop()
        cpu = cpu_of_tasks(browser.stop_tracing())
        tasks, frames = page.evaluate("[window.longTasks, window.frames]")
        page.close()
    new = tasks[before[0] :]
    return {
        "level": level,
        "updates/s": load.sent / load.took,
        "longest block ms": max(new, default=0.0),
        "blocks over 50 ms": float(len(new)),
        "frames/s": (frames - before[1]) / seconds,
        "longest task, CPU ms": max(cpu),
        "main thread, CPU %": sum(cpu) / 10 / seconds,
    }


def cpu_of_tasks(trace: bytes) -> list[float]:
    """
    Return the milliseconds of CPU time of each task of the page's main thread.

    Other work on the machine lengthens a task, and does not show in its CPU time.

    :param trace: what the browser has recorded.
    """
    events = json.loads(trace)["traceEvents"]
    threads = {
        (event["pid"], event["tid"])
        for event in events
        if event["name"] == "thread_name" and event["args"]["name"] == "CrRendererMain"
    }
    return [
        event["tdur"] / 1000
        for event in events
        if event["name"].endswith("RunTask") and (event["pid"], event["tid"]) in threads and "tdur" in event
    ]


class Load(threading.Thread):
    """
    Updates at a steady rate, each third one with an alert.

    :param scene: where to send them.
    :param activities: the activities, one after the other.
    """

    def __init__(self, scene: Scene, activities: list[tuple[Subject, str]]) -> None:
        super().__init__(daemon=True)
        self._scene = scene
        self._activities = activities
        self._stopped = threading.Event()
        self.sent = 0
        self.took = 0.0

    def run(self) -> None:
        """Send until it is stopped."""
        begun = time.monotonic()
        while not self._stopped.wait(0.005):
            self.took = time.monotonic() - begun
            while self.sent < self.took * UPDATES_PER_SECOND:
                self._send()

    def stop(self) -> None:
        """Stop sending."""
        self._stopped.set()
        self.join()

    def _send(self) -> None:
        subject, suffix = self._activities[self.sent % len(self._activities)]
        state = {
            name: value + self.sent if type(value) is int else value for name, value in subject.state.items()
        }
        alert = {"notification": subject.alert} if self.sent % 3 == 0 else {}
        self._scene.update(subject, suffix, content_state=state, **alert)
        self.sent += 1

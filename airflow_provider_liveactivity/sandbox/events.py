"""Server-sent events: the changes of the sandbox, ten times a second."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

from airflow_provider_liveactivity.sandbox.feed import Feed

if TYPE_CHECKING:
    from airflow_provider_liveactivity.sandbox.state import Sandbox

SECONDS_PER_TICK = 0.1
TICKS_PER_SIGN_OF_LIFE = 10


async def stream(sandbox: Sandbox, activity_id: str | None = None) -> AsyncIterator[str]:
    """
    Yield the events for one page, until it is closed.

    A page that connects again gets everything anew: the events have no ids to resume from.

    :param sandbox: the state.
    :param activity_id: only this activity; None for all.
    """
    feed, tick, shown = Feed(sandbox, activity_id), 0, ""
    yield "retry: 1000\n\n"
    while True:
        for event in feed.events():
            around = json.dumps([event["quotas"], event["faults"]])
            if tick % TICKS_PER_SIGN_OF_LIFE == 0 or around != shown or _has_news(event):
                shown = around
                yield f"data: {json.dumps(event, separators=(',', ':'))}\n\n"
            await asyncio.sleep(0)  # a large first visit must not delay the answers to the vendors' clients
        tick += 1
        await asyncio.sleep(SECONDS_PER_TICK)


def _has_news(event: dict[str, Any]) -> bool:
    return bool(event["reset"] or event["activities"] or event["requests"] or event["requests_left_out"])

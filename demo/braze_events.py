"""A local stand-in for Braze's tables of Live Activity events in Snowflake."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from contextlib import closing
from datetime import datetime
from hashlib import md5
from pathlib import Path
from typing import Any

SENT = "USERS_MESSAGES_LIVEACTIVITY_SEND_SHARED"
OUTCOME = "USERS_MESSAGES_LIVEACTIVITY_OUTCOME_SHARED"
#: Of the columns of both tables, those that a query of starts needs; OUTCOME has one more.
COLUMNS = (
    "ID TEXT PRIMARY KEY, EXTERNAL_USER_ID TEXT, ACTIVITY_ID TEXT, TIME INTEGER,"
    " ACTIVITY_ATTRIBUTES_TYPE TEXT, LIVE_ACTIVITY_EVENT_TYPE TEXT"
)


def draw_outcome(phone: dict[str, Any]) -> str | None:
    """
    Return the outcome of a start: of 20 phones, one has no token, and one a token that Apple refuses.

    :param phone: a phone, as the sandbox's API returns it.
    """
    return (None, "BadDeviceToken", *["Success"] * 18)[int(_event_id(phone), 16) % 20]


def load(
    path: Path,
    phones: Iterable[dict[str, Any]],
    outcome: Callable[[dict[str, Any]], str | None] = draw_outcome,
) -> None:
    """
    Write the events of the starts of Braze, and replace those of an earlier call.

    :param path: the SQLite file of the state table.
    :param phones: phones, as the sandbox's API returns them.
    :param outcome: returns the outcome of the start on a phone; None if Braze has sent nothing to it.
    """
    sent, outcomes = [], []
    for phone in phones:
        event = (
            _event_id(phone),
            phone["user"],
            phone["activity_id"],
            int(datetime.fromisoformat(phone["started_at"]).timestamp()),
            phone["attributes_type"],
            "start",
        )
        if phone["vendor"] == "braze" and (found := outcome(phone)) is not None:
            sent.append(event)
            outcomes.append((*event, found))
    with closing(sqlite3.connect(path)) as connection, connection:
        for table, more, rows in (
            (SENT, "", sent),
            (OUTCOME, ", LIVE_ACTIVITY_EVENT_OUTCOME TEXT", outcomes),
        ):
            connection.execute(f"DROP TABLE IF EXISTS {table}")
            connection.execute(f"CREATE TABLE {table} ({COLUMNS}{more})")
            marks = ", ".join("?" * (6 + bool(more)))
            connection.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)  # noqa: S608 - our own names


def _event_id(phone: dict[str, Any]) -> str:
    text = f"{phone['activity_id']} {phone['user']}"
    return md5(text.encode(), usedforsecurity=False).hexdigest()

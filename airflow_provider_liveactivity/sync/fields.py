"""Parse the values of a row's columns."""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import Any

from airflow_provider_liveactivity.audience.ids import MAX_ID_BYTES, to_id
from airflow_provider_liveactivity.errors import InvalidPayload
from airflow_provider_liveactivity.models.arguments import parse_object


class BadRow(InvalidPayload):
    """
    A row that cannot be sent.

    :param key: key of the activity, if the row has a usable ``activity_id``; None by default.
    :param ended: whether the row ends its activity all the same; False by default.
    """

    def __init__(self, message: str, key: str | None = None, *, ended: bool = False) -> None:
        super().__init__(message)
        self.key = key
        self.ended = ended


def state_field(name: str, value: Any) -> Any:
    """
    Return an object that is compared from pass to pass; None for blank text.

    :param name: name of the column.
    :param value: the value.
    :raises InvalidPayload: if the value is not an object.
    """
    if isinstance(value, str) and not value.strip():
        return None
    return parse_object(value, name)


def object_field(name: str, value: Any) -> Any:
    """
    Return an object; JSON text stays text, and the model of a request that needs it checks it.

    :param name: name of the column.
    :param value: a dict, or JSON text of one.
    :raises InvalidPayload: if the value is not an object.
    """
    if isinstance(value, str):
        return value if value.strip() else None
    return state_field(name, value)


def date_field(name: str, value: Any) -> Any:
    """
    Return a date as text or epoch seconds; the model of the request checks it.

    :param name: name of the column.
    :param value: datetime, text or number.
    :raises BadRow: if the value is none of these.
    """
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, date) or not isinstance(value, str | int):
        raise BadRow(f"{name} must be an aware datetime or ISO-8601 text with an offset")
    return value or None


def text_field(name: str, value: Any) -> str | None:
    """
    Return an id or a name as text; None for blank text.

    :param name: name of the column.
    :param value: text, whole number or UUID.
    :raises BadRow: if the value is none of these.
    """
    try:
        text = to_id(value)
        size = len((text or "").encode())
    except InvalidPayload as error:
        raise BadRow(f"{name} {error.message.rstrip('.')}") from None
    except UnicodeEncodeError:
        raise BadRow(f"{name} contains half a character (a lone surrogate), which cannot be sent") from None
    if size > MAX_ID_BYTES:
        raise BadRow(f"{name} has more than {MAX_ID_BYTES} bytes; is it the right column?")
    return text


def ids_field(name: str, value: Any) -> list[str]:
    """
    Return a list of ids.

    :param name: name of the column.
    :param value: list of ids, or its JSON text.
    :raises BadRow: if the value is not a list, or an id is missing.
    """
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            raise BadRow(f"{name} must be a list or JSON text of one") from None
    if not isinstance(value, list | tuple):
        raise BadRow(f"{name} must be a list or JSON text of one, not {type(value).__name__}")
    ids = [text_field(name, one) for one in value]
    if None in ids:
        raise BadRow(f"{name} holds a blank id")
    return [one for one in ids if one is not None]


def flag_field(name: str, value: Any) -> bool:
    """
    Return a switch; None means False.

    :param name: name of the column.
    :param value: a boolean, or 0 or 1, since SQLite and MySQL have no booleans.
    :raises BadRow: if the value is none of these.
    """
    if value is None or value in (0, 1):
        return bool(value)
    raise BadRow(f"{name} must be true or false")

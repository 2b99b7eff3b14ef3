"""Parse JSON objects in every form that users pass, and refuse values that JSON would change."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Mapping, Set
from datetime import datetime
from typing import Any

from pydantic import BaseModel

#: Maximum number of bits of an integer: a 64-bit float holds no larger number.
_MAX_NUMBER_BITS = 1024
_JSON_TYPES = {dict, list, float, int, bool, type(None)}


def to_object(value: Any) -> dict[str, Any]:
    """
    Return an object as a dict that contains only JSON values, for a caller that names the argument.

    Templates render JSON text, in which numbers stay numbers. Both vendors accept a wrong type in
    ``content_state``, and the phone then shows nothing.

    :param value: as in ``arguments.parse_object``. A model or dataclass may also be inside a dict or list.
    :raises ValueError: if the text is not JSON, the value is not an object, or JSON cannot represent a value
        in it.
    """
    try:
        if isinstance(value, str):
            value = _DECODER.decode(value)
        value = _dumped(value)
        if not isinstance(value, Mapping):
            raise ValueError(
                "must be an object (a dict, its JSON text, a pydantic model or a dataclass), "
                f"not {type(value).__name__}"
            )
        checked: dict[str, Any] = _json(value, "")
    except json.JSONDecodeError as error:
        raise ValueError(
            f"is text that is not JSON ({error.msg} at line {error.lineno}, column {error.colno}); "
            "give a dict, or JSON with double quotes, for instance through the tojson filter"
        ) from None
    except RecursionError:
        raise ValueError("is nested too deeply, or contains itself") from None
    return checked


def hashable(value: Any) -> Any:
    """
    Return a form of a value that is not JSON, for a hash that is the same in every process.

    :param value: value that ``json.dumps`` does not know.
    """
    dumped = _dumped(value)
    return str(value) if dumped is value else dumped


def _dumped(value: Any) -> Any:
    """Return the dict of a model or dataclass, without fields that are None; return other values as given."""
    if isinstance(value, BaseModel):
        if _has_set(value.model_dump()):  # pydantic makes a list of it, and a retry would be another send
            raise ValueError("holds a set, which has another order on a retry; give a list")
        return value.model_dump(mode="json", by_alias=True, exclude_none=True)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        # Nested models are left to the caller, so that each keeps its own rules.
        fields = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
        return {name: item for name, item in fields.items() if item is not None}
    return value


def _has_set(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(map(_has_set, value.values()))
    return isinstance(value, Set) or (isinstance(value, list | tuple) and any(map(_has_set, value)))


def _no_constant(name: str) -> None:
    raise ValueError(f"holds {name}, which JSON cannot represent; use a number, or leave out the key")


_DECODER = json.JSONDecoder(parse_constant=_no_constant)  # json.loads would make one for each text


def _json(value: Any, path: str) -> Any:
    """Return a JSON value; refuse what ``json.dumps`` would change. Name the path, but never the value."""
    # The most frequent types first: a sync checks thousands of objects in each pass.
    if isinstance(value, str):
        if not value.isascii():
            _check_text(value, path)
        return value
    if type(value) not in _JSON_TYPES:
        value = _dumped(value)
    if isinstance(value, dict | Mapping):
        return {
            _key(key, path): _json(item, f"{path}.{key}" if path else str(key)) for key, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [_json(item, f"{path}[{index}]") for index, item in enumerate(value)]
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(
            f"holds {value} at '{path}', which JSON cannot represent; use a number, or leave out the key"
        )
    if isinstance(value, datetime):
        # By default Swift decodes Date from a number, so the phone may show nothing for a text.
        raise ValueError(
            f"holds a datetime at '{path}'; pass the number or text that the app's ContentState decodes"
        )
    if isinstance(value, int):
        if value.bit_length() > _MAX_NUMBER_BITS:
            raise ValueError(f"holds a number at '{path}' that is larger than 64 bits")
    elif value is not None and not isinstance(value, float):
        raise ValueError(f"holds {type(value).__name__} at '{path}', which is not JSON")
    return value


def _key(key: Any, path: str) -> str:
    if not isinstance(key, str):
        raise ValueError(f"has a key at '{path or 'top'}' that is {type(key).__name__}, not text")
    if not key.isascii():
        _check_text(key, path)
    return key


def _check_text(text: str, path: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError(
            f"contains half a character (a lone surrogate) at '{path or 'top'}', which cannot be sent"
        ) from None

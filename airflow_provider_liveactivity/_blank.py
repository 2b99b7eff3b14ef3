"""Decide which values of an argument count as missing."""

from __future__ import annotations

from typing import Any


def blank_to_none(value: Any) -> Any:
    """
    Return None for blank text and for "None", which a template renders for a missing value; else the value.

    :param value: any value.
    """
    return None if isinstance(value, str) and value.strip() in ("", "None") else value

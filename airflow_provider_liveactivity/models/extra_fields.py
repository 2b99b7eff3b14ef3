"""Add fields to a body that this provider does not know yet."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

#: Path of each object that the provider builds → names of its known fields. The path of the body is "".
Envelopes = Mapping[str, Collection[str]]


def with_extra_fields(
    body: dict[str, Any], extra: Mapping[str, Any], envelopes: Envelopes, path: str = ""
) -> dict[str, Any]:
    """
    Return a body with further fields.

    :param body: body that is valid without them.
    :param extra: the further fields. An object with the path of an envelope adds fields to that envelope.
    :param envelopes: the objects to which fields can be added.
    :param path: path of ``body``; that of the whole body by default.
    :raises ValueError: if a field is known or in the body already. The message names its path.
    """
    result = dict(body)
    for name, value in extra.items():
        here = f"{path}.{name}" if path else name
        if here in envelopes and isinstance(value, Mapping) and isinstance(body.get(name), dict):
            result[name] = with_extra_fields(body[name], value, envelopes, here)
        elif name in body or name in envelopes[path]:
            raise ValueError(
                f"extra_fields has {here}, a field of this request; use the argument for it, because "
                "extra_fields adds unknown fields only"
            )
        else:
            result[name] = value
    return result

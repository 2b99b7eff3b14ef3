"""Describe what breaks a JSON Schema: the place, what is expected, and the type that is there."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError

_BOUNDS = {
    "minimum": "at least",
    "maximum": "at most",
    "exclusiveMinimum": "more than",
    "exclusiveMaximum": "less than",
}
_TYPES = {bool: "boolean", int: "integer", float: "number", str: "string", dict: "object", list: "array"}


def describe(errors: Iterable[ValidationError], argument: str) -> Iterator[str]:
    """
    Yield a description of each error, in the order of their places, without any value of the object.

    :param errors: errors of the validator.
    :param argument: name of the argument with the object.
    """
    seen = set()
    for error in sorted(errors, key=_place):  # the validator's order is not the same in each process
        for leaf in _leaves(error):
            for text in _describe(leaf, argument):
                if text not in seen:
                    seen.add(text)
                    yield text


def _place(error: ValidationError) -> list[tuple[bool, int | str]]:
    return [(isinstance(part, str), part) for part in error.absolute_path]


def _leaves(error: ValidationError) -> Iterator[ValidationError]:
    """Yield the errors of the only alternative that the value can be meant for, such as a value or null."""
    branches: dict[Any, list[ValidationError]] = {}
    for inner in error.context or ():
        branches.setdefault(inner.schema_path[0], []).append(inner)
    meant = [branch for branch in branches.values() if not _is_other_type(branch, error)]
    if error.validator in {"anyOf", "oneOf"} and len(meant) == 1:
        for inner in meant[0]:
            yield from _leaves(inner)
    else:
        yield error


def _is_other_type(branch: list[ValidationError], parent: ValidationError) -> bool:
    return any(_is_about_type(inner, parent) for inner in branch)


def _is_about_type(error: ValidationError, parent: ValidationError) -> bool:
    return error.validator == "type" and error.absolute_path == parent.absolute_path


def _alternatives(error: ValidationError) -> list[str]:
    """Return what the alternatives expect; nothing if the value has the type of one of them."""
    wrong = [inner for inner in error.context or () if _is_about_type(inner, error)]
    if len(wrong) < len(cast("list[Any]", error.validator_value)):
        return []
    return [_name(inner.schema) or str(inner.validator_value) for inner in wrong]


def _describe(error: ValidationError, argument: str) -> Iterator[str]:
    place = argument + "".join(
        f"[{part}]" if isinstance(part, int) else f".{part}" for part in error.absolute_path
    )
    value: Any = error.validator_value
    schema: Any = error.schema
    instance: Any = error.instance
    title = schema.get("title") if isinstance(schema, dict) else None
    label = f" ({title})" if isinstance(title, str) else ""
    got = _TYPES.get(type(instance), "null")
    if "propertyNames" in error.absolute_schema_path:
        place = f"a key of {place}"
    match error.validator:
        case "type":
            kinds = value if isinstance(value, list) else [value]
            yield f"{place} must be {' or '.join(kinds)}{label}, not {got}"
        case "required":
            properties = schema.get("properties", {}) if isinstance(schema, dict) else {}
            for key in value:
                if key not in instance:
                    expected = _name(properties.get(key))
                    yield f"{place}.{key} is missing" + (f" (expected {expected})" if expected else "")
        case "enum":
            allowed = ", ".join(json.dumps(item, ensure_ascii=False) for item in value)
            other = "another " if any(type(item) is type(instance) for item in value) else ""
            yield f"{place} must be one of {allowed}{label}, not {other}{got}"
        case "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" as bound:
            yield f"{place} must be {_BOUNDS[bound]} {value}{label}"
        case "pattern" if label:
            yield f"{place} must be {title}, not another string"
        case "anyOf" | "oneOf" if alternatives := _alternatives(error):
            yield f"{place} must be {' or '.join(alternatives)}, not {got}"
        case rule:
            yield f"{place} breaks the schema's rule '{rule}: {json.dumps(value)}'{label}"


def _name(schema: Any) -> str | None:
    """Return a short name of what a schema accepts, if it has one."""
    if not isinstance(schema, dict):
        return None
    name = schema.get("title") or schema.get("$ref") or schema.get("type")
    return name.removeprefix("#/$defs/") if isinstance(name, str) else None

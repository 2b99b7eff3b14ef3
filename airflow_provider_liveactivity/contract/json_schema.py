"""
Write JSON Schemas that accept what Swift's default JSONDecoder accepts.

Source: ``JSONDecoder.swift`` of https://github.com/swiftlang/swift-foundation. An integer may be written as
``1.0`` or ``1e2``, since the decoder converts a number without a fraction exactly; a Bool is never a number.
Unknown keys are ignored.
"""

from __future__ import annotations

from typing import Any

from airflow_provider_liveactivity.contract.types import (
    Contract,
    DictionaryOf,
    Enum,
    ListOf,
    OptionalOf,
    RangeOf,
    Reference,
    Scalar,
    Struct,
    SwiftType,
)

DRAFT = "https://json-schema.org/draft/2020-12/schema"
_MAX_FLOAT = 3.4028234663852886e38
#: Characters that every version of ``URL(string:)`` takes. Since iOS 17 it encodes others, such as spaces.
_URL = r"^(?:[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=]|%[0-9A-Fa-f]{2})+$"
_UUID = r"^[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$"
_BASE64 = r"^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$"


def _integer(name: str, bits: int, *, signed: bool) -> dict[str, Any]:
    low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)
    return {"title": name, "type": "integer", "minimum": low, "maximum": high}


def _text(title: str, pattern: str) -> dict[str, Any]:
    # A regular expression of Python lets "$" match before a line break at the end.
    return {"title": title, "type": "string", "pattern": pattern + r"(?!\n)"}


#: Schema of each type that is one JSON value. The title is what an error says was expected.
SCALARS: dict[str, dict[str, Any]] = {
    "String": {"title": "String", "type": "string"},
    "Bool": {"title": "Bool", "type": "boolean"},
    "Double": {"title": "Double", "type": "number"},
    "Float": {"title": "Float", "type": "number", "minimum": -_MAX_FLOAT, "maximum": _MAX_FLOAT},
    "Decimal": {"title": "Decimal", "type": "number"},
    "Date": {"title": "Date, seconds since 2001-01-01 00:00 UTC", "type": "number"},
    "URL": _text("URL, text without spaces", _URL),
    "UUID": _text("UUID", _UUID),
    "Data": _text("Data, text in Base64", _BASE64),
    "Int": _integer("Int", 64, signed=True),
    "UInt": _integer("UInt", 64, signed=False),
    **{f"Int{bits}": _integer(f"Int{bits}", bits, signed=True) for bits in (8, 16, 32, 64)},
    **{f"UInt{bits}": _integer(f"UInt{bits}", bits, signed=False) for bits in (8, 16, 32, 64)},
}
#: Other names of the same types.
SAME_TYPES = {"CGFloat": "Double", "Float32": "Float", "Float64": "Double", "TimeInterval": "Double"}


def attributes_schema(contract: Contract) -> dict[str, Any]:
    """
    Return the JSON Schema of the static attributes.

    :param contract: what the app decodes.
    """
    return _document(contract, contract.attributes)


def content_state_schema(contract: Contract) -> dict[str, Any]:
    """
    Return the JSON Schema of the content state.

    :param contract: what the app decodes.
    """
    return _document(contract, contract.content_state)


def _document(contract: Contract, root: str) -> dict[str, Any]:
    used: dict[str, dict[str, Any]] = {}
    remaining = [root]
    while remaining:
        name = remaining.pop()
        if name not in used:
            references: set[str] = set()
            used[name] = _type(contract.types[name], root, references)
            remaining.extend(sorted(references, reverse=True))
    document = {"$schema": DRAFT, **used.pop(root)}
    return {**document, "$defs": used} if used else document


def _type(declared: Struct | Enum, root: str, references: set[str]) -> dict[str, Any]:
    if isinstance(declared, Enum):
        return {"title": declared.name, "enum": list(declared.values)}
    properties = {key: _value(kind, root, references) for key, kind in declared.fields.items()}
    required = [key for key, kind in declared.fields.items() if not isinstance(kind, OptionalOf)]
    return {"title": declared.name, "type": "object", "properties": properties, "required": required}


def _value(kind: SwiftType, root: str, references: set[str]) -> dict[str, Any]:
    match kind:
        case Scalar(name):
            return SCALARS[name]
        case OptionalOf(Scalar(name)):
            scalar = SCALARS[name]
            return {**scalar, "type": [scalar["type"], "null"]}
        case OptionalOf(of):
            return {"anyOf": [_value(of, root, references), {"type": "null"}]}
        case ListOf(of):
            return {"type": "array", "items": _value(of, root, references)}
        case DictionaryOf(of, integer_keys):
            keys = (
                {"propertyNames": {"title": "Int", "pattern": r"^[+-]?[0-9]+$(?!\n)"}} if integer_keys else {}
            )
            return {"type": "object", **keys, "additionalProperties": _value(of, root, references)}
        case RangeOf(of):
            bound = _value(of, root, references)
            return {"title": "range", "type": "array", "prefixItems": [bound, bound], "minItems": 2}
        case Reference(name):
            references.add(name)
            return {"$ref": "#" if name == root else f"#/$defs/{name}"}

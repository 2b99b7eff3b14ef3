"""Read the literals of Swift: raw values of cases, and values that give a property its type."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from airflow_provider_liveactivity.contract.declarations import TypeName
from airflow_provider_liveactivity.contract.nodes import text_of

if TYPE_CHECKING:
    from tree_sitter import Node

_INTEGERS = {"integer_literal": 10, "hex_literal": 16, "oct_literal": 8, "bin_literal": 2}
_TYPES = {
    **dict.fromkeys(_INTEGERS, "Int"),
    "real_literal": "Double",
    "boolean_literal": "Bool",
    "line_string_literal": "String",
    "multi_line_string_literal": "String",
    "raw_string_literal": "String",
}
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", "\\": "\\", '"': '"', "'": "'"}
#: Initializers that cannot fail, so that the type is not an optional.
_CALL = re.compile(r"(Bool|Data|Date|Decimal|Double|Int|String|UUID)\(\)")
_RAW = re.compile(r'(#+)"(.*)"\1')


def type_of(node: Node) -> TypeName | None:
    """
    Return the type that Swift infers for a literal, or for a call such as ``UUID()``.

    :param node: the expression.
    :returns: the type; None for any other expression, whose type depends on more than its text.
    """
    operand = _negated(node)
    if name := _TYPES.get((operand or node).type):
        return TypeName(("Swift", name))
    call = _CALL.fullmatch(text_of(node))
    return TypeName((call[1],)) if call else None


def raw_value(node: Node) -> str | int:
    """
    Return the value of a literal.

    :param node: the literal.
    :raises ValueError: if it is neither an integer nor a string on one line without interpolation.
    """
    if (operand := _negated(node)) is not None and operand.type in _INTEGERS:
        return -_integer(operand)
    if node.type in _INTEGERS:
        return _integer(node)
    if node.type == "line_string_literal":
        return "".join(map(_text, node.named_children))
    if node.type == "raw_string_literal" and (raw := _RAW.fullmatch(text_of(node))):
        hashes, text = raw.groups()
        if f"\\{hashes}" not in text:
            return text
    raise ValueError(text_of(node))


def _negated(node: Node) -> Node | None:
    """Return the operand of a minus; None if the expression has none."""
    operator = node.child_by_field_name("operation")
    if node.type != "prefix_expression" or operator is None or text_of(operator) != "-":
        return None
    return node.child_by_field_name("target")


def _integer(node: Node) -> int:
    digits = text_of(node).replace("_", "")
    base = _INTEGERS[node.type]
    return int(digits if base == 10 else digits[2:], base)


def _text(part: Node) -> str:
    source = text_of(part)
    if part.type == "line_str_text":
        return source
    if part.type == "str_escaped_char":
        if source.startswith("\\u{"):
            return chr(int(source[3:-1], 16))
        if source[1:] in _ESCAPES:
            return _ESCAPES[source[1:]]
    raise ValueError(source)

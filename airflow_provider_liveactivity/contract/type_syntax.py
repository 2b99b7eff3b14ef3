"""Read the types in a syntax tree."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_provider_liveactivity.contract.declarations import TypeName, TypeSyntax, UnreadableType
from airflow_provider_liveactivity.contract.nodes import name_of, text_of

if TYPE_CHECKING:
    from tree_sitter import Node

_UNREADABLE = {
    "existential_type": "an existential type",
    "function_type": "a function",
    "opaque_type": "an opaque type",
    "tuple_type": "a tuple",
}


def read_type(node: Node) -> TypeSyntax:
    """
    Return a type as it is written.

    :param node: the type.
    """
    match node.type:
        case "user_type":
            return _named(node)
        case "optional_type":
            return optional(_inner(node, "wrapped")[0])
        case "array_type":
            return TypeName(("Swift", "Array"), _inner(node, "name"))
        case "dictionary_type":
            return TypeName(("Swift", "Dictionary"), _inner(node, "name"))
        case "tuple_type":
            elements = node.children_by_field_name("element")
            if len(elements) == 1 and len(elements[0].named_children) == 1:  # only parentheses
                return read_type(elements[0].named_children[0])
    return UnreadableType(_UNREADABLE.get(node.type, f"the type {text_of(node)}"))


def optional(wrapped: TypeSyntax) -> TypeName:
    """
    Return the optional of a type.

    :param wrapped: the type.
    """
    return TypeName(("Swift", "Optional"), (wrapped,))


def _named(node: Node) -> TypeSyntax:
    *names, last = node.named_children
    if any(name.type != "type_identifier" for name in names):
        return UnreadableType(f"the type {text_of(node)}")
    if last.type == "type_identifier":
        return TypeName(tuple(name_of(name) for name in (*names, last)))
    return TypeName(
        tuple(name_of(name) for name in names),
        tuple(read_type(argument) for argument in last.named_children),
    )


def _inner(node: Node, field: str) -> tuple[TypeSyntax, ...]:
    return tuple(read_type(child) for child in node.children_by_field_name(field))

"""Read the nodes of tree-sitter's syntax tree of a Swift file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from airflow_provider_liveactivity.contract.declarations import Place

if TYPE_CHECKING:
    from tree_sitter import Node

#: Attributes that do not change how a type or a property is decoded; any other may be a wrapper or a macro.
_HARMLESS = {"MainActor", "available", "frozen", "nonobjc", "objc", "preconcurrency", "usableFromInline"}
_BODIES = {
    "class_body",
    "computed_property",
    "enum_class_body",
    "function_body",
    "lambda_literal",
    "protocol_body",
    "willset_didset_block",
}


@dataclass(frozen=True, slots=True)
class Source:
    """
    A file.

    :param file: its path.
    :param uncertain: the condition of each line that may not be compiled.
    """

    file: str
    uncertain: dict[int, str]

    def place(self, node: Node) -> Place:
        """
        Return where a node begins.

        :param node: the node.
        """
        return Place(self.file, node.start_point[0] + 1)

    def condition(self, node: Node) -> str | None:
        """
        Return the condition on which a node is compiled; None if it is always.

        :param node: the node.
        """
        return self.uncertain.get(node.start_point[0] + 1)


def text_of(node: Node | None) -> str:
    """
    Return the source of a node.

    :param node: the node; None gives an empty text.
    """
    return (node.text or b"").decode() if node is not None else ""


def name_of(node: Node) -> str:
    """
    Return an identifier without the backticks of one that is also a keyword.

    :param node: the identifier.
    """
    return text_of(node).strip("`")


def children_in(node: Node, kind: str) -> Iterator[Node]:
    """
    Yield the children of those children that are of a kind.

    :param node: the node.
    :param kind: kind of its children.
    """
    for child in node.named_children:
        if child.type == kind:
            yield from child.children


def unknown_attributes(node: Node) -> Iterator[str]:
    """
    Yield the names of attributes that may change how a declaration is decoded.

    :param node: the declaration.
    """
    for child in children_in(node, "modifiers"):
        if child.type == "attribute" and (name := text_of(child.named_children[0])) not in _HARMLESS:
            yield name


def unknown_syntax(node: Node) -> Iterator[Node]:
    """
    Yield the places in a node that the parser does not know.

    Code that runs and the bodies of inner types are left out: they do not change what the node declares.

    :param node: a file, or the body of a type.
    """
    for child in node.children:
        if child.is_missing or (child.is_error and not _is_before_macro(child)):
            yield child
        elif child.has_error and child.type not in _BODIES:
            yield from unknown_syntax(child)


def _is_before_macro(error: Node) -> bool:
    """Return whether an error is an attribute before a macro like ``#Preview``; the grammar has none."""
    following = error.next_named_sibling
    is_macro = following is not None and following.type == "macro_invocation"
    return is_macro and all(child.type == "attribute" for child in error.named_children)


def parameters_of(node: Node) -> list[Node]:
    """
    Return the parameters of a function or an initializer.

    :param node: the function or initializer.
    """
    return [child for child in node.named_children if child.type == "parameter"]


def is_decoder(initializer: Node) -> bool:
    """
    Return whether an initializer is ``init(from: Decoder)``.

    :param initializer: the initializer.
    """
    parameters = parameters_of(initializer)
    if len(parameters) != 1 or text_of(parameters[0].named_children[0]) != "from":
        return False
    is_generic = any(child.type == "type_parameters" for child in initializer.named_children)
    return is_generic or "Decoder" in text_of(parameters[0])

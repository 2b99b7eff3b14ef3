"""Parse Swift files into declarations, with tree-sitter."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

from airflow_provider_liveactivity.contract.conditions import apply_conditions
from airflow_provider_liveactivity.contract.declarations import Declaration, Path, Problem, TypeName
from airflow_provider_liveactivity.contract.members import cases, other_members, stored_properties
from airflow_provider_liveactivity.contract.nodes import (
    Source,
    is_decoder,
    text_of,
    unknown_attributes,
    unknown_syntax,
)
from airflow_provider_liveactivity.contract.type_syntax import read_type
from airflow_provider_liveactivity.errors import LiveActivityError

if TYPE_CHECKING:
    from tree_sitter import Node, Parser

_TYPES = {"class_declaration", "protocol_declaration", "typealias_declaration"}


class SwiftNotInstalled(LiveActivityError, ImportError):
    """The extra ``swift``, which reads Swift files, is not installed."""


def parse_swift(file: str, text: str) -> tuple[list[Declaration], list[Problem]]:
    """
    Return the declarations of a Swift file, and the places outside of them that cannot be parsed.

    :param file: path of the file, for the problems.
    :param text: its contents.
    :raises SwiftNotInstalled: if tree-sitter is not installed.
    """
    compiled, uncertain = apply_conditions(text)
    root = _parser().parse(compiled.encode()).root_node
    source = Source(file, uncertain)
    advice = "the parser does not know this syntax; move the types of the activity to a file of their own"
    problems = [Problem(source.place(node), advice) for node in unknown_syntax(root)]
    return list(_declarations(root, source, (), ())), problems


@cache
def _parser() -> Parser:
    try:
        import tree_sitter
        import tree_sitter_swift
    except ImportError:
        raise SwiftNotInstalled(
            "A Swift file is read with tree-sitter, which is not installed: "
            "pip install 'airflow-provider-liveactivity[swift]'. "
            "A JSON Schema that was written from the file needs no extra."
        ) from None
    return tree_sitter.Parser(tree_sitter.Language(tree_sitter_swift.language()))


def _declarations(
    parent: Node, source: Source, outer: Path, scopes: tuple[Path, ...]
) -> Iterator[Declaration]:
    """Yield the declarations in a node, each before those inside it."""
    for node in parent.named_children:
        name = node.child_by_field_name("name")
        if node.type not in _TYPES or name is None:
            continue
        kind = text_of(node.child_by_field_name("declaration_kind")) or "typealias"
        path = tuple(part.strip("`") for part in text_of(name).split("."))
        # Swift looks names in an extension up in the extended type, but not in the types around it.
        path, visible = (path, ()) if kind == "extension" else ((*outer, *path), scopes)
        body = node.child_by_field_name("body")
        problems = tuple(_problems(node, body, source, kind, ".".join(path)))
        if body is None:
            target = read_type(node.children_by_field_name("name")[-1])
            yield Declaration(kind, path, source.place(node), scopes, target=target, problems=problems)
            continue
        inner = (path, *visible)
        yield Declaration(
            kind,
            path,
            source.place(node),
            inner,
            inherits=tuple(_inherited(node)),
            properties=tuple(stored_properties(body, source)),
            cases=tuple(cases(body, source)),
            members=other_members(body),
            problems=problems,
        )
        yield from _declarations(body, source, path, inner)


def _inherited(node: Node) -> Iterator[TypeName]:
    for child in node.named_children:
        if child.type == "inheritance_specifier" and (parent := child.child_by_field_name("inherits_from")):
            written = read_type(parent)
            yield written if isinstance(written, TypeName) else TypeName((text_of(parent),))


def _problems(node: Node, body: Node | None, source: Source, kind: str, name: str) -> Iterator[Problem]:
    """Yield what is outside of properties and cases and may change how a type is decoded."""
    condition = source.condition(node)
    if condition is not None and kind != "extension":
        yield Problem(source.place(node), f"{name} depends on the condition #if {condition}")
    if any(child.type == "type_parameters" for child in node.named_children):
        yield Problem(source.place(node), f"{name} is generic")
    for attribute in unknown_attributes(node):
        yield Problem(source.place(node), f"{name} has the attribute @{attribute}, which may be a macro")
    for child in body.children if body is not None else ():
        if child.type == "init_declaration" and is_decoder(child):
            yield Problem(source.place(child), f"{name} has a custom init(from:)")
        elif child.type == "macro_invocation":
            yield Problem(source.place(child), f"{name} contains a macro")
    for broken in unknown_syntax(body) if body is not None else ():
        yield Problem(source.place(broken), f"{name} has a syntax that the parser does not know")

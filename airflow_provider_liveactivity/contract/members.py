"""Read the properties and the cases of a type."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from airflow_provider_liveactivity.contract.declarations import Case, Property, TypeSyntax
from airflow_provider_liveactivity.contract.literals import raw_value, type_of
from airflow_provider_liveactivity.contract.nodes import (
    Source,
    children_in,
    name_of,
    parameters_of,
    text_of,
    unknown_attributes,
)
from airflow_provider_liveactivity.contract.type_syntax import optional, read_type

if TYPE_CHECKING:
    from tree_sitter import Node

_OF_THE_TYPE = {"class", "static"}


@dataclass(slots=True)
class _Binding:
    """One name of a declaration, which may declare several."""

    name: Node
    annotation: Node | None = None
    value: Node | None = None
    is_computed: bool = False

    @property
    def type(self) -> TypeSyntax | None:
        """The type that is written, or that Swift infers from the value."""
        written = self.annotation.child_by_field_name("name") if self.annotation is not None else None
        if self.annotation is not None and written is not None:
            is_unwrapped = any(child.type == "!" for child in self.annotation.children)
            return optional(read_type(written)) if is_unwrapped else read_type(written)
        return type_of(self.value) if self.value is not None else None


def stored_properties(body: Node, source: Source) -> Iterator[Property]:
    """
    Yield the stored properties of an instance.

    :param body: body of the type.
    :param source: the file.
    """
    for node in _instance_properties(body):
        problem = _problem(node, source)
        is_constant = any(child.type == "let" for child in children_in(node, "value_binding_pattern"))
        for binding in _bindings(node):
            if not binding.is_computed:
                is_name = binding.name.type == "simple_identifier"
                yield Property(
                    name_of(binding.name),
                    source.place(binding.name),
                    binding.type,
                    is_constant,
                    binding.value is not None,
                    problem if is_name else "is a pattern of several names",
                )


def other_members(body: Node) -> frozenset[str]:
    """
    Return the names of computed properties, functions, and first parameters of initializers.

    :param body: body of the type.
    """
    names = {
        name_of(binding.name)
        for node in _instance_properties(body)
        for binding in _bindings(node)
        if binding.is_computed
    }
    for node in body.named_children:
        if node.type == "function_declaration":
            names.update(name_of(name) for name in node.children_by_field_name("name")[:1])
        elif node.type == "init_declaration":
            names.update(name_of(parameter.named_children[0]) for parameter in parameters_of(node)[:1])
    return frozenset(names)


def cases(body: Node, source: Source) -> Iterator[Case]:
    """
    Yield the cases of an enum.

    :param body: body of the enum.
    :param source: the file.
    """
    for entry in body.named_children:
        if entry.type != "enum_entry":
            continue
        problem = _condition_problem(entry, source)
        found: list[Case] = []
        for index, child in enumerate(entry.children):
            match entry.field_name_for_child(index):
                case "name":
                    found.append(Case(name_of(child), source.place(child), problem=problem))
                case "raw_value" if found:
                    found[-1] = _with_raw_value(found[-1], child)
                case "data_contents" if found:
                    found[-1] = replace(found[-1], problem="has associated values")
        yield from found


def _instance_properties(body: Node) -> Iterator[Node]:
    for node in body.named_children:
        if node.type == "property_declaration" and not _modifiers(node) & _OF_THE_TYPE:
            yield node


def _modifiers(node: Node) -> set[str]:
    return {text_of(child) for child in children_in(node, "modifiers")}


def _problem(node: Node, source: Source) -> str | None:
    """Return why a declaration of properties cannot be read."""
    for attribute in unknown_attributes(node):
        return f"has the property wrapper or macro @{attribute}"
    if "lazy" in _modifiers(node):
        return "is lazy"
    return _condition_problem(node, source)


def _condition_problem(node: Node, source: Source) -> str | None:
    condition = source.condition(node)
    return f"depends on the condition #if {condition}" if condition is not None else None


def _with_raw_value(case: Case, node: Node) -> Case:
    try:
        return replace(case, raw_value=raw_value(node))
    except ValueError:
        return replace(case, problem="has a raw value that is neither an integer nor a plain string")


def _bindings(node: Node) -> list[_Binding]:
    bindings: list[_Binding] = []
    for index, child in enumerate(node.children):
        match node.field_name_for_child(index), child.type:
            case "name", "pattern":
                bindings.append(_Binding(child.child_by_field_name("bound_identifier") or child))
            case _, "type_annotation":
                bindings[-1].annotation = child
            case "value", _:
                bindings[-1].value = child
            case "computed_value", _:
                bindings[-1].is_computed = True
    for this, following in zip(reversed(bindings[:-1]), reversed(bindings[1:]), strict=True):
        if this.annotation is None and this.value is None:  # let home, away: Int
            this.annotation = following.annotation
    return bindings

"""Decide how Swift decodes the types of an activity."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_provider_liveactivity.contract.declarations import (
    Declaration,
    Path,
    Place,
    Problem,
    Property,
    TypeName,
    TypeSyntax,
    UnreadableType,
)
from airflow_provider_liveactivity.contract.json_schema import SAME_TYPES, SCALARS
from airflow_provider_liveactivity.contract.types import (
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

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_provider_liveactivity.contract.module import Module

#: Modules whose types may be written with their names.
_MODULES = {"CoreFoundation", "CoreGraphics", "Foundation", "Swift"}
_DECODABLE = {"ActivityAttributes", "Codable", "Decodable"}
#: Protocols that do not change how a type is decoded.
_HARMLESS = _DECODABLE | {
    "BrazeLiveActivityAttributes",
    "CaseIterable",
    "Comparable",
    "CustomDebugStringConvertible",
    "CustomStringConvertible",
    "Encodable",
    "Equatable",
    "Error",
    "Hashable",
    "Identifiable",
    "LocalizedError",
    "Sendable",
}


class Resolver:
    """
    Reads types, and collects the places that cannot be read without a guess.

    :param module: the declarations.
    """

    def __init__(self, module: Module) -> None:
        self.types: dict[str, Struct | Enum] = {}
        self.problems: dict[Problem, None] = {}  # in their order, each once
        self._module = module
        self._begun: set[Path] = set()

    def add(self, declared: Declaration) -> None:
        """
        Read a struct or an enum, and everything that it consists of.

        :param declared: its declaration.
        """
        if declared.path in self._begun:
            return
        self._begun.add(declared.path)
        self._check(declared)
        if declared.kind == "struct":
            self.types[declared.name] = Struct(declared.name, dict(self._fields(declared)))
        elif declared.kind == "enum":
            self.types[declared.name] = Enum(declared.name, self._raw_values(declared))
        else:
            self._note(
                declared.place, f"{declared.name} is neither a struct nor an enum, but a {declared.kind}"
            )

    def _note(self, place: Place, what: str) -> None:
        self.problems[Problem(place, what)] = None

    def _check(self, declared: Declaration) -> None:
        """Note what replaces the decoder that Swift synthesizes, and what may replace it."""
        name = declared.name
        for twin in self._module.twins(declared):
            self._note(twin.place, f"{name} is declared a second time, first at {declared.place}")
        for part in self._module.parts(declared):
            self.problems.update(dict.fromkeys(part.problems))
        is_decodable = False
        for protocol, found in self._module.conformances(declared):
            if found is not None and found.kind == "protocol":
                for part in self._module.parts(found):
                    self.problems.update(dict.fromkeys(part.problems))
            elif protocol in _HARMLESS:
                is_decodable = is_decodable or protocol in _DECODABLE
            elif protocol not in SCALARS:  # the type of an enum's raw values
                self._note(
                    declared.place,
                    f"{name} conforms to {protocol}, which may have a decoder; give a file that declares it",
                )
        if not is_decodable:
            self._note(declared.place, f"{name} does not conform to Codable in these files")

    def _fields(self, declared: Declaration) -> Iterator[tuple[str, SwiftType]]:
        keys = self._coding_keys(declared)
        names = {item.name for item in declared.properties}
        for case, (_, place) in keys.items() if keys is not None else ():
            if case not in names:
                self._note(place, f"{declared.name}.CodingKeys.{case} is not a stored property")
        for item in declared.properties:
            if item.is_constant and item.has_value:
                continue  # Swift keeps the value and does not decode the property
            name = f"{declared.name}.{item.name}"
            if keys is not None and item.name not in keys:
                if not (item.problem or _has_default(item)):
                    self._note(item.place, f"{name} has neither a case in CodingKeys nor a value")
                continue
            kind = self._field_type(item, name, declared)
            if kind is not None:
                yield (keys[item.name][0] if keys is not None else item.name), kind

    def _field_type(self, item: Property, name: str, declared: Declaration) -> SwiftType | None:
        if item.problem is not None:
            self._note(item.place, f"{name} {item.problem}")
        elif item.type is None:
            self._note(item.place, f"{name} has no type; write it after a colon")
        else:
            return self._type(item.type, declared.scopes, item.place, name)
        return None

    def _coding_keys(self, declared: Declaration) -> dict[str, tuple[str, Place]] | None:
        """Return the JSON key of each decoded property, with its place; None if the struct does not say."""
        found = self._module.find((*declared.path, "CodingKeys"), ())
        if found is None:
            return None
        self.problems.update(dict.fromkeys(found.problems))
        computed = any(part.members & {"stringValue"} for part in self._module.parts(found))
        if found.kind != "enum" or computed:
            self._note(found.place, f"{found.name} is not an enum whose cases are the keys")
        for case in found.cases:
            if case.problem is not None:
                self._note(case.place, f"{found.name}.{case.name} {case.problem}")
        return {
            case.name: (case.raw_value if isinstance(case.raw_value, str) else case.name, case.place)
            for case in found.cases
        }

    def _raw_values(self, declared: Declaration) -> tuple[str | int, ...]:
        name = declared.name
        kind = next((item.path[-1] for item in declared.inherits if item.path[-1] in SCALARS), None)
        bad = [case for case in declared.cases if case.problem is not None]
        for case in bad:
            self._note(case.place, f"{name}.{case.name} {case.problem}")
        if not bad and not (kind == "String" or (kind and "Int" in kind)):
            self._note(
                declared.place, f"{name} is an enum without raw values of a type such as String or Int"
            )
        if any("rawValue" in part.members for part in self._module.parts(declared)):
            self._note(declared.place, f"{name} computes its raw values")
        values: list[str | int] = []
        following = 0
        for case in declared.cases:
            value = case.raw_value
            if value is None:
                value = case.name if kind == "String" else following
            following = value + 1 if isinstance(value, int) else following
            values.append(value)
        return tuple(values)

    def _type(
        self, syntax: TypeSyntax, scopes: tuple[Path, ...], place: Place, name: str
    ) -> SwiftType | None:
        """Return a type; None, with a note, if it has no fixed JSON form."""
        if isinstance(syntax, UnreadableType):
            self._note(place, f"{name} is {syntax.what}")
            return None
        of_library = len(syntax.path) == 2 and syntax.path[0] in _MODULES
        declared = None if of_library else self._module.find(syntax.path, scopes)
        if declared is None:
            return self._library_type(syntax, scopes, place, name)
        if syntax.arguments:
            self._note(place, f"{name} has the type {syntax}, which is generic")
        elif declared.target is None:
            self.add(declared)
            return Reference(declared.name)
        elif declared.path not in self._begun:
            self.problems.update(dict.fromkeys(declared.problems))
            self._begun.add(declared.path)  # an alias of itself has no end
            kind = self._type(declared.target, declared.scopes, place, name)
            self._begun.discard(declared.path)
            return kind
        else:
            self._note(place, f"{name} has the type {syntax}, which is an alias of itself")
        return None

    def _library_type(
        self, syntax: TypeName, scopes: tuple[Path, ...], place: Place, name: str
    ) -> SwiftType | None:
        found = [self._type(argument, scopes, place, name) for argument in syntax.arguments]
        arguments = [argument for argument in found if argument is not None]
        if len(arguments) < len(found):
            return None
        kind = SAME_TYPES.get(syntax.path[-1], syntax.path[-1])
        match kind, arguments:
            case _, [] if kind in SCALARS:
                return Scalar(kind)
            case "Optional", [OptionalOf() as of]:
                return of
            case "Optional", [of]:
                return OptionalOf(of)
            case "Array" | "Set", [of]:
                return ListOf(of)
            case "ClosedRange" | "Range", [of]:
                return RangeOf(of)
            case "Dictionary", [Scalar("String" | "Int" as key), of]:
                return DictionaryOf(of, integer_keys=key == "Int")
            case "Dictionary", [_, _]:
                what = "is a dictionary whose keys are not String or Int, which Swift decodes from an array"
                self._note(place, f"{name} {what}")
            case _:
                self._note(place, f"{name} has the type {syntax}, which is not in the files")
        return None


def _has_default(item: Property) -> bool:
    is_optional = isinstance(item.type, TypeName) and item.type.path[-1] == "Optional"
    return item.has_value or (is_optional and not item.is_constant)

"""Read from Swift files what an app decodes for a Live Activity."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow_provider_liveactivity.contract.declarations import Problem
from airflow_provider_liveactivity.contract.json_schema import attributes_schema, content_state_schema
from airflow_provider_liveactivity.contract.module import Module
from airflow_provider_liveactivity.contract.parse import parse_swift
from airflow_provider_liveactivity.contract.resolve import Resolver
from airflow_provider_liveactivity.contract.types import Contract
from airflow_provider_liveactivity.errors import InvalidPayload

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from airflow_provider_liveactivity.contract.declarations import Declaration

#: The types whose methods a synthesized decoder calls for each property.
_CONTAINERS = {"KeyedDecodingContainer", "KeyedDecodingContainerProtocol", "UnkeyedDecodingContainer"}


class UnreadableSwift(InvalidPayload):
    """
    Without a guess, the Swift files do not say what the app decodes.

    :param problems: everything that cannot be read, each with file and line.
    """

    def __init__(self, problems: Sequence[Problem | str]) -> None:
        self.problems = [str(problem) for problem in problems]
        super().__init__("; ".join(self.problems) + ".")


def read_contract(files: Sequence[str | Path], type_name: str | None = None) -> Contract:
    """
    Return what an app decodes for one kind of activity, with the decoder that Swift synthesizes.

    :param files: paths of the Swift files with the ``ActivityAttributes`` struct, the types that it uses, and
        all extensions of these.
    :param type_name: name of the struct; None, the default, if the files have only one.
    :raises UnreadableSwift: if something in the types cannot be read; the message names every place.
    :raises InvalidPayload: if a file cannot be opened.
    :raises SwiftNotInstalled: if the extra ``swift`` is not installed.
    """
    declarations: list[Declaration] = []
    problems: list[Problem] = []
    for file in files:
        try:
            source = Path(file).read_text("utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise InvalidPayload(f"{file} cannot be read ({type(error).__name__}).") from None
        declared, unknown = parse_swift(str(file), source)
        declarations += declared
        problems += unknown
    module = Module(declarations)
    attributes = _choose(module, [str(file) for file in files], type_name, problems)
    resolver = Resolver(module)
    resolver.add(attributes)
    state = module.find((*attributes.path, "ContentState"), ())
    if state is None or state.kind != "struct":
        raise UnreadableSwift(
            [f"{attributes.place}: {attributes.name} has no struct ContentState in these files"]
        )
    resolver.add(state)
    problems += [*resolver.problems, *_replaced_decoders(declarations)]
    if problems:
        problems.sort(key=lambda problem: (problem.place.file, problem.place.line))
        raise UnreadableSwift(problems)
    return Contract(attributes.name, state.name, resolver.types)


def schema_of(path: str, argument: str) -> dict[str, Any]:
    """
    Return the JSON Schema of a Swift file.

    :param path: path of the file, with ``#`` and the name of the struct if it has several.
    :param argument: ``content_state_schema`` or ``attributes_schema``.
    :raises InvalidPayload: as ``read_contract``.
    :raises SwiftNotInstalled: if the extra ``swift`` is not installed.
    """
    file, _, type_name = path.partition("#")
    contract = read_contract([file], type_name or None)
    write = content_state_schema if argument == "content_state_schema" else attributes_schema
    return write(contract)


def _replaced_decoders(declarations: Iterable[Declaration]) -> Iterator[Problem]:
    """Yield the extensions that change how all types are decoded."""
    for declared in declarations:
        decodes = "decode" in declared.members or "decodeIfPresent" in declared.members
        if declared.kind == "extension" and declared.name in _CONTAINERS and decodes:
            yield Problem(declared.place, f"the extension of {declared.name} replaces Swift's own decoding")


def _choose(
    module: Module, files: Sequence[str], type_name: str | None, problems: Sequence[Problem]
) -> Declaration:
    """Return the struct of the activity."""
    found = {
        declared.name: declared
        for declared in module.types.values()
        if declared.kind == "struct"
        and any(protocol == "ActivityAttributes" for protocol, _ in module.conformances(declared))
    }
    if type_name is None and len(found) == 1:
        return next(iter(found.values()))
    if type_name in found:
        return found[type_name]
    listed = ", ".join(files)
    if not found:
        raise UnreadableSwift([*problems, f"{listed}: no struct conforms to ActivityAttributes"])
    names = " or ".join(sorted(found))
    if type_name is None:
        raise UnreadableSwift([f"{listed}: several structs conform to ActivityAttributes; name one: {names}"])
    raise UnreadableSwift([f"{listed}: no struct {type_name} conforms to ActivityAttributes, but {names}"])

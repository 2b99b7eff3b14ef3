"""Look up names in the declarations of all files."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from airflow_provider_liveactivity.contract.declarations import Declaration, Path, TypeName

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


class Module:
    """
    The declarations of all files, by qualified name.

    :param declarations: the declarations.
    """

    def __init__(self, declarations: Iterable[Declaration]) -> None:
        self.types: dict[Path, Declaration] = {}
        self._followed: set[Path] = set()
        self._twins: dict[Path, list[Declaration]] = defaultdict(list)
        extensions: dict[Path, list[Declaration]] = defaultdict(list)
        for declared in declarations:
            if declared.kind == "extension":
                extensions[declared.path].append(declared)
            elif declared.path in self.types:
                self._twins[declared.path].append(declared)
            else:
                self.types[declared.path] = declared
        self._extensions: dict[Path, list[Declaration]] = defaultdict(list)
        for path, declared_here in extensions.items():
            found = self.find(path, ())
            self._extensions[found.path if found else path].extend(declared_here)

    def parts(self, declared: Declaration) -> list[Declaration]:
        """
        Return a type and its extensions.

        :param declared: the type.
        """
        return [declared, *self._extensions[declared.path]]

    def twins(self, declared: Declaration) -> list[Declaration]:
        """
        Return further declarations of a type.

        :param declared: the first one.
        """
        return self._twins[declared.path]

    def find(self, name: Path, scopes: Iterable[Path]) -> Declaration | None:
        """
        Return the type that a name means; None if the files do not declare it.

        :param name: the name as it is written.
        :param scopes: types whose members are visible, innermost first.
        """
        for scope in (*scopes, ()):
            if (found := self._follow((*scope, name[0]))) is not None:
                for member in name[1:]:
                    found = self._follow((*found.path, member)) if found is not None else None
                return found
        return None

    def _follow(self, path: Path) -> Declaration | None:
        """Return the type at a path; for an alias of a type in the files, that type."""
        found = self.types.get(path)
        target = found.target if found is not None else None
        if found is None or not isinstance(target, TypeName) or target.arguments or path in self._followed:
            return found
        self._followed.add(path)  # an alias of itself has no end
        try:
            return self.find(target.path, found.scopes) or found
        finally:
            self._followed.discard(path)

    def conformances(self, declared: Declaration) -> Iterator[tuple[str, Declaration | None]]:
        """
        Yield the protocols of a type, with those that they inherit from.

        :param declared: the type.
        """
        for part in self.parts(declared):
            for inherited in part.inherits:
                protocol = self.find(inherited.path, part.scopes)
                yield str(inherited).split(".")[-1], protocol
                if protocol is not None and protocol.kind == "protocol":
                    yield from self.conformances(protocol)

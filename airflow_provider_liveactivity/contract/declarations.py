"""Define what a Swift file declares, as the parser leaves it: names are not looked up yet."""

from __future__ import annotations

from dataclasses import dataclass

#: Qualified name of a type, such as ``("MatchAttributes", "ContentState")``.
Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """
    A line of a file.

    :param file: path of the file, as it was given.
    :param line: number of the line, from 1.
    """

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class Problem:
    """
    A place that cannot be read without a guess.

    :param place: where it is.
    :param what: what is there, as a sentence without a full stop.
    """

    place: Place
    what: str

    def __str__(self) -> str:
        return f"{self.place}: {self.what}"


@dataclass(frozen=True, slots=True)
class TypeName:
    """
    A type as it is written: ``[Int]?`` is ``Swift.Optional<Swift.Array<Int>>``.

    :param path: the parts of the name.
    :param arguments: the types between ``<`` and ``>``; none by default.
    """

    path: Path
    arguments: tuple[TypeSyntax, ...] = ()

    def __str__(self) -> str:
        return ".".join(self.path)


@dataclass(frozen=True, slots=True)
class UnreadableType:
    """
    A type that has no fixed JSON form, such as a tuple.

    :param what: what it is, with its article.
    """

    what: str


TypeSyntax = TypeName | UnreadableType
#: Raw value of a case: None if the file gives none.
RawValue = str | int | None


@dataclass(frozen=True, slots=True)
class Property:
    """
    A stored property of an instance.

    :param name: its name.
    :param place: where it is declared.
    :param type: its type; None if neither an annotation nor a literal says it.
    :param is_constant: whether it is declared with ``let``.
    :param has_value: whether it is declared with a value.
    :param problem: why it cannot be read; None by default.
    """

    name: str
    place: Place
    type: TypeSyntax | None
    is_constant: bool = False
    has_value: bool = False
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """
    A case of an enum.

    :param name: its name.
    :param place: where it is declared.
    :param raw_value: its explicit raw value; None by default.
    :param problem: why it cannot be read; None by default.
    """

    name: str
    place: Place
    raw_value: RawValue = None
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Declaration:
    """
    A type, an extension, a protocol or a type alias.

    :param kind: keyword of the declaration, such as ``struct``.
    :param path: qualified name.
    :param place: where it begins.
    :param scopes: types whose members are visible in it, innermost first.
    :param inherits: types after the colon; none by default.
    :param properties: stored properties; none by default.
    :param cases: cases of an enum; none by default.
    :param members: names of its computed properties and functions; none by default.
    :param target: what a type alias stands for; None by default.
    :param problems: places in it that cannot be read; none by default.
    """

    kind: str
    path: Path
    place: Place
    scopes: tuple[Path, ...] = ()
    inherits: tuple[TypeName, ...] = ()
    properties: tuple[Property, ...] = ()
    cases: tuple[Case, ...] = ()
    members: frozenset[str] = frozenset()
    target: TypeSyntax | None = None
    problems: tuple[Problem, ...] = ()

    @property
    def name(self) -> str:
        """The qualified name, as Swift writes it."""
        return ".".join(self.path)

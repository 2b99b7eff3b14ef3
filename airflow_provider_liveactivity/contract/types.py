"""Define the types of an activity as Swift decodes them: all names are looked up."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Scalar:
    """
    A type of the standard library or of Foundation that is one JSON value.

    :param name: its name, a key of ``json_schema.SCALARS``.
    """

    name: str


@dataclass(frozen=True, slots=True)
class OptionalOf:
    """
    A value that may be null; as a field it may also be missing.

    :param of: type of the value.
    """

    of: SwiftType


@dataclass(frozen=True, slots=True)
class ListOf:
    """
    An array or a set: both are decoded from a JSON array, which may contain a value twice.

    :param of: type of the elements.
    """

    of: SwiftType


@dataclass(frozen=True, slots=True)
class DictionaryOf:
    """
    A dictionary with keys of the type String or Int, which is decoded from a JSON object.

    :param of: type of the values.
    :param integer_keys: whether the keys are integers.
    """

    of: SwiftType
    integer_keys: bool


@dataclass(frozen=True, slots=True)
class RangeOf:
    """
    A range, which is decoded from a JSON array of its two bounds.

    :param of: type of the bounds.
    """

    of: SwiftType


@dataclass(frozen=True, slots=True)
class Reference:
    """
    A struct or an enum of the files.

    :param name: its qualified name.
    """

    name: str


SwiftType = Scalar | OptionalOf | ListOf | DictionaryOf | RangeOf | Reference


@dataclass(frozen=True, slots=True)
class Struct:
    """
    A struct with the decoder that Swift synthesizes.

    :param name: qualified name.
    :param fields: type of each JSON key that is decoded.
    """

    name: str
    fields: dict[str, SwiftType]


@dataclass(frozen=True, slots=True)
class Enum:
    """
    An enum with raw values.

    :param name: qualified name.
    :param values: its raw values.
    """

    name: str
    values: tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Contract:
    """
    What an app decodes for one kind of activity.

    :param attributes: name of the struct that conforms to ``ActivityAttributes``.
    :param content_state: name of its content state.
    :param types: all structs and enums that they consist of, by name.
    """

    attributes: str
    content_state: str
    types: dict[str, Struct | Enum] = field(default_factory=dict)

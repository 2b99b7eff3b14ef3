"""Check attributes and content states against the user's JSON Schema; no vendor checks them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from airflow_provider_liveactivity.errors import InvalidPayload
from airflow_provider_liveactivity.models.arguments import Schema, parse_object
from airflow_provider_liveactivity.models.objects import to_object
from airflow_provider_liveactivity.models.schema_errors import describe

if TYPE_CHECKING:
    from jsonschema.protocols import Validator
    from referencing import Resource

_REFERENCES = ("$ref", "$dynamicRef", "$recursiveRef")
_BOM = "\ufeff"
#: How many problems an error names.
_SHOWN = 5


def check_schema(value: Any, schema: Schema | None, argument: str = "content_state") -> None:
    """
    Check that an object has the shape that the app decodes.

    :param value: the rendered object, as a dict or JSON text.
    :param schema: as in ``SchemaCheck.of``.
    :param argument: name of the argument with the object; "content_state" by default.
    :raises InvalidPayload: as ``SchemaCheck``.
    """
    SchemaCheck.of(schema, argument)(value)


@dataclass(frozen=True, slots=True)
class SchemaCheck:
    """
    A check of any number of objects.

    A schema must be complete: a reference may lead only to another place in the same schema. The check reads
    no other file and sends no request.

    :param argument: name of the argument with the objects, for the errors.
    :param validator: validator of the schema; None, the default, accepts every object.
    """

    argument: str
    validator: Validator | None = None

    @classmethod
    def of(cls, schema: Schema | None, argument: str) -> Self:
        """
        Return the check of a schema.

        :param schema: JSON Schema as a dict or JSON text, or the path of a file with one. Text that begins
            with ``{``, ``[`` or ``"`` is JSON, never a path. A path that ends in ``.swift`` is a Swift file,
            whose types give the schema. None disables the check.
        :param argument: name of the argument with the objects.
        :raises InvalidPayload: if the schema is invalid; the message says what is wrong with it.
        :raises SwiftNotInstalled: if the schema is a Swift file, and the extra ``swift`` is not installed.
        """
        if schema is None:
            return cls(argument)
        return cls(argument, _validator(schema, _schema_argument(argument)))

    def __call__(self, value: Any) -> None:
        """
        Check one object.

        :param value: the rendered object, as a dict or JSON text.
        :raises InvalidPayload: if the object breaks the schema. The message names each place, what the schema
            expects and the type that is there, but no value.
        """
        if self.validator is None:
            return
        problems = self.problems(value)
        if not problems:
            return
        more = f" and {len(problems) - _SHOWN} more" if len(problems) > _SHOWN else ""
        raise InvalidPayload("; ".join(problems[:_SHOWN]) + more + ".")

    def if_given(self, value: Any) -> None:
        """
        Check one object, unless it is None.

        :param value: the object.
        :raises InvalidPayload: as for any other object.
        """
        if value is not None:
            self(value)

    def problems(self, value: Any) -> list[str]:
        """
        Return what breaks the schema.

        :param value: the object, as a dict or JSON text.
        :raises InvalidPayload: if the value is not an object.
        """
        parsed = parse_object(value, self.argument)
        if self.validator is None:
            return []
        with _reading(_schema_argument(self.argument)):
            return list(describe(self.validator.iter_errors(parsed), self.argument))


#: Accepts every object.
NO_CHECK = SchemaCheck("")


def _schema_argument(argument: str) -> str:
    return "content_state_schema" if argument == "content_state" else "attributes_schema"


def _validator(schema: Schema, argument: str) -> Validator:
    from referencing import Registry

    path = str(schema) if isinstance(schema, str | Path) else ""
    if path.partition("#")[0].endswith(".swift"):
        schema = _schema_of_swift(path, argument)
    with _reading(argument):
        loaded = _load(schema)
        kind = _validator_class(loaded)
        kind.check_schema(loaded)
        _check_references(loaded)
        # An empty registry: the default one would fetch unknown references.
        validator: Validator = kind(loaded, registry=Registry())
        return validator


def _schema_of_swift(path: str, argument: str) -> dict[str, Any]:
    from airflow_provider_liveactivity.contract.swift import schema_of

    try:
        return schema_of(path, argument)
    except InvalidPayload as error:
        raise InvalidPayload(f"{argument}: {error}") from None


@contextmanager
def _reading(argument: str) -> Iterator[None]:
    """Name the argument in every error that a schema can cause."""
    from referencing.exceptions import Unresolvable

    try:
        yield
    except RecursionError:
        raise _unreadable(argument, "it is nested too deeply, or a $ref leads to itself") from None
    except Unresolvable:  # the error leaves out the reference: its address may contain a password
        raise _unreadable(
            argument,
            "a $ref leads out of the document, or does not exist in it; put the definition under $defs, "
            "and refer to it as #/$defs/name",
        ) from None
    except Exception as error:  # noqa: BLE001  # the library raises any error for an invalid schema
        raise _unreadable(argument, str(error).partition("\n")[0].rstrip(".")) from None


def _unreadable(argument: str, why: str) -> InvalidPayload:
    return InvalidPayload(f"{argument} is not a readable JSON Schema: {why}.")


def _load(schema: Any) -> dict[str, Any]:
    if isinstance(schema, str):
        text = schema.lstrip(_BOM + " \t\r\n")
        schema = text if text.startswith(("{", "[", '"')) else Path(schema)
    if isinstance(schema, Path):
        schema = schema.read_text("utf-8-sig")
    return to_object(schema)


def _validator_class(schema: dict[str, Any]) -> Any:
    """Return the validator class of the schema's draft, or of the latest draft if the schema names none."""
    from jsonschema.validators import validator_for

    if "$schema" not in schema:
        return validator_for(schema)
    draft = schema["$schema"]
    unknown: Any = None
    validator = validator_for(schema, default=unknown) if isinstance(draft, str) else unknown
    if validator is None:
        raise ValueError(
            "its $schema is not a known draft; write https://json-schema.org/draft/2020-12/schema"
        )
    return validator


def _check_references(schema: dict[str, Any]) -> None:
    """Resolve every reference: validation would reach some of them only with certain states."""
    from referencing import Registry, Resource
    from referencing.jsonschema import DRAFT202012

    root: Resource[Any] = Resource.from_contents(schema, default_specification=DRAFT202012)
    registry: Registry[Any] = Registry().with_resource(root.id() or "", root)
    _resolve(root, registry.crawl().resolver_with_root(root))


def _resolve(part: Resource[Any], resolver: Any) -> None:
    if isinstance(part.contents, dict):
        for keyword in _REFERENCES:
            if isinstance(reference := part.contents.get(keyword), str):
                resolver.lookup(reference)
    for inner in part.subresources():
        _resolve(inner, resolver.in_subresource(inner))

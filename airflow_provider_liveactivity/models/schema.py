"""Check a content state against the user's JSON Schema; no vendor checks it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow_provider_liveactivity.errors import InvalidPayload
from airflow_provider_liveactivity.models.arguments import parse_object
from airflow_provider_liveactivity.models.objects import to_object

if TYPE_CHECKING:
    from referencing import Resource

_REFERENCES = ("$ref", "$dynamicRef", "$recursiveRef")
_BOM = "\ufeff"


def check_schema(content_state: Any, schema: dict[str, Any] | str | Path | None) -> None:
    """
    Check that the content state has the shape that the app decodes.

    A schema must be complete: a reference may lead only to another place in the same schema. The check reads
    no other file and sends no request.

    :param content_state: the rendered state, as a dict or JSON text.
    :param schema: JSON Schema as a dict or JSON text, or the path of a file with one. Text that begins with
        ``{``, ``[`` or ``"`` is JSON, never a path. None disables the check.
    :raises InvalidPayload: if the state breaks the schema, or the schema is invalid. The message names the
        first wrong field, or what is wrong with the schema.
    """
    if schema is None:
        return
    from jsonschema.exceptions import best_match
    from referencing import Registry
    from referencing.exceptions import Unresolvable

    state = parse_object(content_state, "content_state")
    try:
        loaded = _load(schema)
        validator = _validator(loaded)
        validator.check_schema(loaded)
        _check_references(loaded)
        # An empty registry: the default one would fetch unknown references.
        problem = best_match(validator(loaded, registry=Registry()).iter_errors(state))
    except RecursionError:
        raise _unreadable("it is nested too deeply, or a $ref leads to itself") from None
    except Unresolvable:  # the error leaves out the reference: its address may contain a password
        raise _unreadable(
            "a $ref leads out of the document, or does not exist in it; put the definition under $defs, "
            "and refer to it as #/$defs/name"
        ) from None
    except Exception as error:  # noqa: BLE001  # the library raises any error for an invalid schema
        raise _unreadable(str(error).partition("\n")[0].rstrip(".")) from None
    if problem is not None:
        path = ".".join(["content_state", *(str(part) for part in problem.absolute_path)])
        raise InvalidPayload(
            f"{path} breaks the schema's rule '{problem.validator}: {problem.validator_value}'."
        )


def _unreadable(why: str) -> InvalidPayload:
    return InvalidPayload(f"content_state_schema is not a readable JSON Schema: {why}.")


def _load(schema: Any) -> dict[str, Any]:
    if isinstance(schema, str):
        text = schema.lstrip(_BOM + " \t\r\n")
        schema = text if text.startswith(("{", "[", '"')) else Path(schema)
    if isinstance(schema, Path):
        schema = schema.read_text("utf-8-sig")
    return to_object(schema)


def _validator(schema: dict[str, Any]) -> Any:
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

"""The shape of a content state, as a JSON Schema of the customer's own: no vendor checks it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from airflow_provider_liveactivity.errors import InvalidPayload
from airflow_provider_liveactivity.models.common import parse_object


def check_schema(content_state: Any, schema: dict[str, Any] | str | Path | None) -> None:
    """
    Require that the content state has the shape that the app decodes.

    :param content_state: the rendered state, as a dict or JSON text.
    :param schema: a JSON Schema, or the path of a file that holds one; None requires nothing.
    :raises InvalidPayload: naming the first field that breaks the schema, or saying that the schema is none.
    """
    if schema is None:
        return
    import jsonschema
    from referencing.exceptions import Unresolvable

    try:
        state = parse_object(content_state)
    except ValueError as error:
        raise InvalidPayload(f"content_state {error}.") from None
    try:
        loaded = parse_object(schema if isinstance(schema, dict) else Path(schema).read_text("utf-8"))
        validator = jsonschema.validators.validator_for(loaded)
        validator.check_schema(loaded)
        problem = jsonschema.exceptions.best_match(validator(loaded).iter_errors(state))
    except (OSError, ValueError, jsonschema.SchemaError, Unresolvable) as error:
        why = str(error).partition("\n")[0]
        raise InvalidPayload(f"content_state_schema is not a readable JSON Schema: {why}.") from error
    if problem is not None:
        path = ".".join(["content_state", *(str(part) for part in problem.absolute_path)])
        raise InvalidPayload(
            f"{path} breaks the schema's rule '{problem.validator}: {problem.validator_value}'."
        )

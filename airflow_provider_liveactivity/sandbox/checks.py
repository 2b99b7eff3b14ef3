"""Checks for both vendors: strict models and standard JSON."""

from __future__ import annotations

import json
from typing import Annotated, Any, NamedTuple, Self, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    StringConstraints,
    ValidationError,
    model_validator,
)
from pydantic_core import PydanticCustomError, from_json


class Strict(BaseModel):
    """An object with known fields of exactly the documented types."""

    model_config = ConfigDict(extra="forbid", strict=True)

    @model_validator(mode="after")
    def _no_null(self) -> Self:
        # An optional field may be left out; the documents have no nulls.
        nulls = [name for name in self.model_fields_set if getattr(self, name) is None]
        if nulls:
            raise PydanticCustomError("null", "Must not be null: {names}", {"names": ", ".join(nulls)})
        return self


Text = Annotated[str, StringConstraints(min_length=1)]


def _finite(value: dict[str, Any]) -> dict[str, Any]:
    json.dumps(value, allow_nan=False)  # 1e999 is JSON, but Python reads it as infinity
    return value


Object = Annotated[dict[str, Any], AfterValidator(_finite)]

Model = TypeVar("Model", bound=BaseModel)


class Problem(NamedTuple):
    """
    A problem of a body.

    :param code: kind of problem, such as ``missing``.
    :param target: dotted path of the field.
    :param message: description of the problem.
    """

    code: str
    target: str
    message: str


class Refused(Exception):
    """
    A body that the model does not allow.

    :param problems: all problems of the body.
    :param no_json: whether the body is not a JSON object.
    """

    def __init__(self, problems: list[Problem], no_json: bool = False) -> None:
        super().__init__(problems)
        self.problems = problems
        self.no_json = no_json


def parse(model: type[Model], body: bytes) -> Model:
    """
    Parse a body.

    :param model: model of the body.
    :param body: the body as received.
    :raises Refused: if the model does not allow the body.
    """
    try:
        # Not model_validate_json: that of pydantic 2.13 takes the name of a field that has an alias.
        return model.model_validate(from_json(body, allow_inf_nan=False))  # standard JSON has no NaN
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        problems = [Problem(e["type"], ".".join(map(str, e["loc"])), e["msg"]) for e in found]
        no_json = any(not e["loc"] and e["type"] in ("json_invalid", "model_type") for e in found)
        raise Refused(problems, no_json) from None
    except ValueError as error:
        raise Refused([Problem("json_invalid", "", str(error))], no_json=True) from None

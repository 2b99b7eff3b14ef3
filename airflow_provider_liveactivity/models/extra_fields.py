"""Add fields to a body that this provider does not know yet."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Annotated, Any, ClassVar, Self

from pydantic import BaseModel, Field, model_validator

from airflow_provider_liveactivity.models.common import JsonObject, VendorModel

#: Path of each object that the provider builds → names of its known fields. The path of the body is "".
Envelopes = Mapping[str, Collection[str]]


def field_names(model: type[BaseModel]) -> frozenset[str]:
    """
    Return the names that a model's fields have in JSON.

    :param model: the model.
    """
    return frozenset(field.alias or name for name, field in model.model_fields.items())


def with_extra_fields(
    body: dict[str, Any], extra: Mapping[str, Any], envelopes: Envelopes, path: str = ""
) -> dict[str, Any]:
    """
    Return a body with further fields.

    :param body: body that is valid without them.
    :param extra: the further fields. An object with the path of an envelope adds fields to that envelope.
    :param envelopes: the objects to which fields can be added.
    :param path: path of ``body``; that of the whole body by default.
    :raises ValueError: if a field is known or in the body already. The message names its path.
    """
    result = dict(body)
    for name, value in extra.items():
        here = f"{path}.{name}" if path else name
        if here in envelopes and isinstance(value, Mapping) and isinstance(body.get(name), dict):
            result[name] = with_extra_fields(body[name], value, envelopes, here)
        elif name in body or name in envelopes[path]:
            raise ValueError(
                f"extra_fields has {here}, a field of this request; use the argument for it, because "
                "extra_fields adds unknown fields only"
            )
        else:
            result[name] = value
    return result


class RequestBody(VendorModel):
    """
    Base of the bodies that take extra fields.

    :param extra_fields: object with fields that the model does not know; None by default.
    """

    #: Envelopes below the body, and names beside the model's own that extra_fields may not have.
    envelopes: ClassVar[Envelopes] = {}

    extra_fields: Annotated[JsonObject | None, Field(exclude=True, repr=False)] = None

    @model_validator(mode="after")
    def _check_extra_fields(self) -> Self:
        if self.extra_fields:
            self.to_json()
        return self

    def to_json(self) -> dict[str, Any]:
        body = super().to_json()
        if not self.extra_fields:
            return body
        known = field_names(type(self)) | frozenset(self.envelopes.get("", ()))
        return with_extra_fields(body, self.extra_fields, {**self.envelopes, "": known})

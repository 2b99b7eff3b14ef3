"""Define what the payloads of both vendors share: types of fields, validation and error messages."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    model_validator,
)
from pydantic_core import to_json

from airflow_provider_liveactivity.errors import InvalidPayload
from airflow_provider_liveactivity.models.extra_fields import Envelopes, with_extra_fields
from airflow_provider_liveactivity.models.moments import to_epoch_moment, to_moment
from airflow_provider_liveactivity.models.objects import to_object

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails


def text_or_object(value: Any) -> str:
    """
    Return the tag of an alert's form, so that an error names only this form.

    :param value: the alert as given.
    """
    return "(text)" if isinstance(value, str) else "(object)"


JsonObject = Annotated[dict[str, Any], BeforeValidator(to_object)]
Text = Annotated[str, StringConstraints(min_length=1, strict=True)]
# Strict: an app does not decode "1" or True as 1.
Flag = Annotated[bool, Field(strict=True)]
Whole = Annotated[int, Field(strict=True)]
Number = Annotated[float, Field(strict=True)]


def _moment(value: Any, info: ValidationInfo) -> datetime:
    if info.context is None:  # a model that the user makes: only ``build`` knows the moment of sending
        return to_moment(value, relative=False)
    return to_moment(value, now=info.context.get("now"))


def _epoch(value: Any, info: ValidationInfo) -> datetime:
    return to_epoch_moment(value, now=(info.context or {}).get("now"))


UtcMoment = Annotated[datetime, BeforeValidator(_moment)]
#: A date that may also be given as epoch seconds.
UtcEpochMoment = Annotated[datetime, BeforeValidator(_epoch)]


def braze_date(moment: datetime) -> str:
    """
    Return a date as text in the format of Braze's documentation: no colon in the offset.

    :param moment: datetime in UTC.
    """
    return moment.isoformat(timespec="seconds").replace("+00:00", "+0000")


BrazeDate = Annotated[UtcMoment, PlainSerializer(braze_date)]
#: MoEngage accepts whole epoch seconds.
EpochSeconds = Annotated[
    UtcEpochMoment,
    PlainSerializer(lambda moment: int(moment.replace(microsecond=0).timestamp()), return_type=int),
]


class VendorModel(BaseModel):
    """Base of all bodies and their parts; it refuses unknown fields, and shows no input in errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, serialize_by_alias=True)

    #: Names of objects that the provider adds around the user's fields; errors leave them out.
    nests: ClassVar[frozenset[str]] = frozenset()

    @classmethod
    def build(cls, *, now: datetime | None = None, **fields: Any) -> Self:
        """
        Validate ``fields`` and return the model.

        :param now: aware datetime that a duration counts from; the current time by default.
        :param fields: fields of the model; None means that a field is not set.
        :raises InvalidPayload: if a field is wrong. The message names each wrong field and what it must be.
        :raises PayloadTooLarge: if the vendor or a phone would refuse the payload for its size.
        """
        given = {name: value for name, value in fields.items() if value is not None}
        try:
            model = cls.model_validate(given, context={"now": now})
        except ValidationError as error:
            # "from None": the original error contains the input, and therefore external ids.
            raise InvalidPayload(cls._describe(error)) from None
        model.check_size()
        return model

    def to_json(self) -> dict[str, Any]:
        """Return the JSON object to send, without unset fields."""
        return self.model_dump(mode="json", exclude_none=True)

    def check_size(self) -> None:
        """
        Check the size of the payload.

        :raises PayloadTooLarge: if the vendor or a phone would refuse the payload for its size.
        """

    def warnings(self) -> list[str]:
        """Return a warning for each valid value that some phones do not show, or show for too long."""
        return []

    @classmethod
    def _describe(cls, error: ValidationError) -> str:
        """Describe what is wrong with each field, without any value."""
        problems = error.errors(include_input=False, include_url=False)
        return "; ".join(_describe_one(problem, cls.nests) for problem in problems) + "."


def _describe_one(item: ErrorDetails, nests: frozenset[str]) -> str:
    # Parts in parentheses are tags of unions, which the user did not write.
    parts = [str(part) for part in item["loc"] if part not in nests]
    field = ".".join(part for part in parts if not part.startswith("("))
    match item["type"]:
        case "missing":
            return f"{field} is required"
        case "extra_forbidden":
            return f"{field} is not a field of this request"
        case "value_error":
            return f"{field} {item['msg'].removeprefix('Value error, ')}".strip()
        case _:
            return f"{field}: {item['msg'][:1].lower()}{item['msg'][1:]}"


def field_names(model: type[BaseModel]) -> frozenset[str]:
    """
    Return the names that a model's fields have in JSON.

    :param model: the model.
    """
    return frozenset(field.alias or name for name, field in model.model_fields.items())


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


def encode(body: Any) -> bytes:
    """
    Return a body as compact JSON in UTF-8.

    :param body: any JSON value.
    """
    return to_json(body)

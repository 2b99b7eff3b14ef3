"""Define what the payloads of both vendors share: JSON objects, dates, sizes and error messages."""

from __future__ import annotations

import json
import math
import re
from datetime import UTC, datetime, timedelta
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
)

from airflow_provider_liveactivity.errors import InvalidPayload

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails


#: Maximum number of bits of an integer: a 64-bit float holds no larger number.
_MAX_NUMBER_BITS = 1024
#: The year 5138. In milliseconds, every date since 1973 is larger.
_MAX_EPOCH_SECONDS = 10**11


def utcnow() -> datetime:
    """Return the current time in UTC."""
    return datetime.now(UTC)


def parse_moment(value: Any, *, now: datetime | None = None, relative: bool = True) -> datetime:
    """
    Convert a date that a user gives to a datetime in UTC.

    :param value: aware ``datetime`` (pendulum included), ISO-8601 text with an offset, or ``timedelta`` from
        ``now``.
    :param now: aware datetime that a ``timedelta`` counts from; the current time by default.
    :param relative: whether a ``timedelta`` is allowed; True by default. Refuse it if the value is read
        repeatedly: the moment would move on with each reading.
    :raises ValueError: if the value is none of these or has no offset: a naive time is a different moment on
        each machine that reads it.
    """
    try:
        return _to_utc(value, now, relative=relative)
    except OverflowError:
        raise ValueError("lies outside the years 1 to 9999") from None


def _to_utc(value: Any, now: datetime | None, *, relative: bool) -> datetime:
    if relative and isinstance(value, timedelta):
        return (now or utcnow()) + value
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.strip())
        except ValueError:
            raise ValueError(
                "is not an ISO-8601 date-time; write it like 2026-07-22T18:30:00+00:00"
            ) from None
    if not isinstance(value, datetime):
        raise ValueError(
            f"must be an aware datetime or ISO-8601 text with an offset, not {type(value).__name__}"
        )
    if value.utcoffset() is None:
        raise ValueError("has no UTC offset; add one, such as 2026-07-22T18:30:00+00:00")
    moment = value.astimezone(UTC)
    # Return a plain datetime: pendulum's loses its offset when a timedelta is subtracted from one with this
    # time zone.
    return datetime.combine(moment.date(), moment.time(), UTC)


def parse_epoch(value: Any, *, now: datetime | None = None) -> datetime:
    """
    Convert a date for MoEngage to a datetime in UTC.

    :param value: epoch seconds as a whole number or digits, or any value that ``parse_moment`` takes.
    :param now: aware datetime that a ``timedelta`` counts from; the current time by default.
    :raises ValueError: if the value is none of these. Milliseconds are refused.
    """
    if isinstance(value, float):
        raise ValueError("must be a whole number of epoch seconds, not float")
    # Eight digits are an ISO-8601 date, such as 20260722.
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,7}|[0-9]{9,19}", value.strip()):
        value = int(value)
    if type(value) is not int:
        return parse_moment(value, now=now)
    if not 0 <= value <= _MAX_EPOCH_SECONDS:
        raise ValueError(
            "must be epoch seconds, such as 1795305600; this number looks like milliseconds or is negative"
        )
    return datetime.fromtimestamp(value, UTC)


def parse_object(value: Any) -> dict[str, Any]:
    """
    Convert a dict or JSON text to a dict that contains only JSON values.

    Templates render JSON text, in which numbers stay numbers. Both vendors accept a wrong type in
    ``content_state``, and the phone then shows nothing.

    :param value: dict, or JSON text of an object.
    :raises ValueError: if the text is not JSON, the value is not an object, or JSON cannot represent a value
        in it.
    """
    try:
        if isinstance(value, str):
            value = json.loads(value, parse_constant=_no_constant)
        if not isinstance(value, dict):
            raise ValueError(f"must be an object (a dict or its JSON text), not {type(value).__name__}")
        _check_json(value, "")
    except json.JSONDecodeError as error:
        raise ValueError(
            f"is text that is not JSON ({error.msg} at line {error.lineno}, column {error.colno}); "
            "give a dict, or JSON with double quotes, for instance through the tojson filter"
        ) from None
    except RecursionError:
        raise ValueError("is nested too deeply, or holds itself") from None
    return value


def _no_constant(name: str) -> None:
    raise ValueError(f"holds {name}, which JSON cannot carry; give a number, or leave the key out")


def _check_json(value: Any, path: str) -> None:
    """Refuse values that ``json.dumps`` would change, except tuples; name the path, but never the value."""
    if isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str):
                raise ValueError(f"has a key at '{path or 'top'}' that is {type(key).__name__}, not text")
            _check_text(key, path)
            _check_json(item, f"{path}.{key}" if path else key)
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            _check_json(item, f"{path}[{index}]")
    elif isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(
                f"holds {value} at '{path}', which JSON cannot carry; give a number, or leave the key out"
            )
    elif isinstance(value, datetime):
        # By default Swift decodes Date from a number, so the phone may show nothing for a text.
        raise ValueError(
            f"holds a datetime at '{path}'; give the number or text that the app's ContentState decodes"
        )
    elif isinstance(value, str):
        _check_text(value, path)
    elif isinstance(value, int):
        if value.bit_length() > _MAX_NUMBER_BITS:
            raise ValueError(f"holds a number at '{path}' that is larger than any phone knows")
    elif value is not None:
        raise ValueError(f"holds {type(value).__name__} at '{path}', which is not JSON")


def _check_text(text: str, path: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError(
            f"holds half a character (a lone surrogate) at '{path or 'top'}', which cannot be sent"
        ) from None


def text_or_object(value: Any) -> str:
    """
    Return the tag of an alert's form, so that an error names only this form.

    :param value: the alert as given.
    """
    return "(text)" if isinstance(value, str) else "(object)"


JsonObject = Annotated[dict[str, Any], BeforeValidator(parse_object)]
Text = Annotated[str, StringConstraints(min_length=1, strict=True)]
# Strict: the app that decodes "1" or True does not read them as 1.
Flag = Annotated[bool, Field(strict=True)]
Whole = Annotated[int, Field(strict=True)]
Number = Annotated[float, Field(strict=True)]


def _moment(value: Any, info: ValidationInfo) -> datetime:
    return parse_moment(value, now=(info.context or {}).get("now"))


def _epoch(value: Any, info: ValidationInfo) -> datetime:
    return parse_epoch(value, now=(info.context or {}).get("now"))


Moment = Annotated[datetime, BeforeValidator(_moment)]
#: A date that may also be given as epoch seconds.
EpochMoment = Annotated[datetime, BeforeValidator(_epoch)]


def braze_date(moment: datetime) -> str:
    """
    Return a date as text in the format of Braze's documentation: no colon in the offset.

    :param moment: datetime in UTC.
    """
    return moment.isoformat(timespec="seconds").replace("+00:00", "+0000")


BrazeDate = Annotated[Moment, PlainSerializer(braze_date)]
#: MoEngage takes whole epoch seconds.
EpochSeconds = Annotated[
    EpochMoment,
    PlainSerializer(lambda moment: int(moment.replace(microsecond=0).timestamp()), return_type=int),
]


class VendorModel(BaseModel):
    """Base of all bodies and their parts: refuse unknown fields, and show no input in errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, serialize_by_alias=True)

    #: Names of objects that the provider adds around the user's fields; errors leave them out.
    nests: ClassVar[frozenset[str]] = frozenset()

    @classmethod
    def build(cls, *, now: datetime | None = None, **fields: Any) -> Self:
        """
        Validate ``fields`` and return the model.

        :param now: aware datetime that a ``timedelta`` counts from; the current time by default.
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
        """Return a warning for each legal value that some phones do not show, or show for too long."""
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


def encode(body: Any) -> bytes:
    """
    Return a body as compact JSON in UTF-8.

    :param body: any JSON value.
    """
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()

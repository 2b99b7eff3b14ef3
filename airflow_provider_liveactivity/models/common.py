"""What both vendors' payloads share: JSON objects, moments in time, sizes, and errors in words."""

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


#: More than the exponent of a 64-bit float can hold.
_MAX_NUMBER_BITS = 1024
#: The year 5138. Every date since 1973 has a larger number in milliseconds.
_MAX_EPOCH_SECONDS = 10**11


def utcnow() -> datetime:
    """Return the present moment, in UTC."""
    return datetime.now(UTC)


def parse_moment(value: Any, *, now: datetime | None = None, relative: bool = True) -> datetime:
    """
    Turn what a user may give as a date into a moment in UTC.

    :param value: an aware ``datetime`` (pendulum included), ISO-8601 text with an offset, or a ``timedelta``
        from ``now``.
    :param now: what a ``timedelta`` counts from; the present moment by default.
    :param relative: whether a ``timedelta`` is allowed; what is read again and again would never come.
    :raises ValueError: where the value is none of these, or has no offset: a naive time means another moment
        on every machine that reads it.
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
    # A plain datetime: pendulum's loses the offset when a timedelta is taken from one with this time zone.
    return datetime.combine(moment.date(), moment.time(), UTC)


def parse_epoch(value: Any, *, now: datetime | None = None) -> datetime:
    """
    Turn a date for MoEngage into a moment in UTC: epoch seconds, or what ``parse_moment`` takes.

    :param value: epoch seconds as a whole number or its digits, or any value that ``parse_moment`` takes.
    :param now: what a ``timedelta`` counts from; the present moment by default.
    :raises ValueError: where the value is none of these; milliseconds are refused.
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
    Turn a dict or a JSON string into a dict that is certain to be JSON.

    Templated text arrives here as a JSON string, so that numbers stay numbers: both vendors accept a wrong
    type in ``content_state``, and the phone then shows nothing.

    :raises ValueError: for text that does not parse, anything but an object, and values that JSON cannot
        carry.
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
    """Refuse what ``json.dumps`` would bend (tuples aside), naming the path to it but never the value."""
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
        # Swift decodes Date from a number by default, so guessing a text form would show nothing on the
        # phone.
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
    """Tell the two forms of an alert apart, so that an error speaks of the one that was meant."""
    return "(text)" if isinstance(value, str) else "(object)"


JsonObject = Annotated[dict[str, Any], BeforeValidator(parse_object)]
Text = Annotated[str, StringConstraints(min_length=1, strict=True)]
# Strict: "1" and True are not 1 to the app that decodes them.
Flag = Annotated[bool, Field(strict=True)]
Whole = Annotated[int, Field(strict=True)]
Number = Annotated[float, Field(strict=True)]


def _moment(value: Any, info: ValidationInfo) -> datetime:
    return parse_moment(value, now=(info.context or {}).get("now"))


def _epoch(value: Any, info: ValidationInfo) -> datetime:
    return parse_epoch(value, now=(info.context or {}).get("now"))


Moment = Annotated[datetime, BeforeValidator(_moment)]
#: A moment that may also be given as epoch seconds.
EpochMoment = Annotated[datetime, BeforeValidator(_epoch)]


def braze_date(moment: datetime) -> str:
    """Write a moment in UTC as Braze's pages do, in particular without a colon in the offset."""
    return moment.isoformat(timespec="seconds").replace("+00:00", "+0000")


BrazeDate = Annotated[Moment, PlainSerializer(braze_date)]
#: MoEngage takes integer epoch seconds.
EpochSeconds = Annotated[
    EpochMoment,
    PlainSerializer(lambda moment: int(moment.replace(microsecond=0).timestamp()), return_type=int),
]


class VendorModel(BaseModel):
    """Base of every body and part of a body: unknown fields are refused, inputs never show in errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, serialize_by_alias=True)

    #: Objects of the request that users do not write, whose names would only puzzle them in an error.
    nests: ClassVar[frozenset[str]] = frozenset()

    @classmethod
    def build(cls, *, now: datetime | None = None, **fields: Any) -> Self:
        """
        Validate ``fields``; an absent option may be given as None.

        :param now: what a ``timedelta`` counts from; the present moment by default.
        :raises InvalidPayload: naming each wrong field and what would be right.
        :raises PayloadTooLarge: where the vendor or a phone would refuse it for its size.
        """
        given = {name: value for name, value in fields.items() if value is not None}
        try:
            model = cls.model_validate(given, context={"now": now})
        except ValidationError as error:
            # "from None": the original holds the input, and with it external ids.
            raise InvalidPayload(cls._describe(error)) from None
        model.check_size()
        return model

    def to_json(self) -> dict[str, Any]:
        """Return the JSON object to send, without unset options."""
        return self.model_dump(mode="json", exclude_none=True)

    def check_size(self) -> None:
        """Raise PayloadTooLarge where the vendor or a phone would refuse this for its size."""

    def warnings(self) -> list[str]:
        """Return a warning for each legal value that some phones do not show, or show for too long."""
        return []

    @classmethod
    def _describe(cls, error: ValidationError) -> str:
        """Say in words what is wrong with each field, without repeating any value."""
        problems = error.errors(include_input=False, include_url=False)
        return "; ".join(_describe_one(problem, cls.nests) for problem in problems) + "."


def _describe_one(item: ErrorDetails, nests: frozenset[str]) -> str:
    # Parts in parentheses are tags of unions, which the user never wrote either.
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
    """Write JSON as it goes over the wire: compact, UTF-8."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()

"""Convert a value to exactly the id that the vendor knows, or refuse it."""

from __future__ import annotations

import uuid
from decimal import Decimal, InvalidOperation
from numbers import Integral, Number
from typing import TYPE_CHECKING, Any

from airflow_provider_liveactivity.errors import InvalidPayload

if TYPE_CHECKING:
    from collections.abc import Collection

#: Braze's own SDK refuses longer ids: "longer than 997 bytes", changeUser() of @braze/web-sdk 6.1.0.
MAX_ID_BYTES = 997

_MAX_BYTES_OF_A_CHARACTER = 4  # in UTF-8

_ADVICE = {
    float: ", which loses digits of long ids; use an integer or text",
    bytes: ", whose text encoding is not known; decode it",
    bytearray: ", whose text encoding is not known; decode it",
    memoryview: ", whose text encoding is not known; decode it",
}


def to_id(value: Any) -> str | None:
    """
    Return the id as text, or None if it is missing.

    Text stays as it is, with its case and leading zeros. Numbers must be whole: 10 and Decimal("10.0") become
    "10". A float is refused: a long id has already lost its last digits.

    :param value: text, whole number, UUID or None; blank text and a Decimal NaN count as missing.
    :raises InvalidPayload: if the value cannot be an id. The message does not contain the value: "is a float,
        …".
    """
    if isinstance(value, str):
        return value if value and not value.isspace() else None
    if value is None:
        return None
    if type(value) is not bool and isinstance(value, Integral):
        return str(int(value))
    if isinstance(value, uuid.UUID):
        return str(value)
    if isinstance(value, Decimal):
        return _whole(value)
    raise InvalidPayload(f"is of the type {type(value).__name__}{_ADVICE.get(type(value), '')}.")


def _whole(value: Decimal) -> str | None:
    if value.is_nan():
        return None
    if not value.is_finite() or value.adjusted() > MAX_ID_BYTES or value != value.to_integral_value():
        raise InvalidPayload("is not a whole number; is it the right column?")
    return str(int(value))


def is_numeric(value: Any, column: int) -> bool:
    """
    Return whether a database column contains numbers, according to one of its values.

    :param value: a value of the column, as the driver returns it.
    :param column: number of the column, from 1, for the error.
    :raises InvalidPayload: if the value cannot be an id, neither as a number nor as text.
    """
    try:
        to_id(value)
    except InvalidPayload as refused:
        raise InvalidPayload(f"column {column} of the audience {refused}") from None
    return isinstance(value, Number)


def to_ids(texts: list[Any], *, numeric: bool) -> list[str | None]:
    """
    Return the ids for the texts of a database column; a numeric "10.00" becomes "10".

    :param texts: values of the column, which the database converted to text.
    :param numeric: whether the column holds numbers.
    :raises InvalidPayload: if a text cannot be an id.
    """
    if set(map(type, texts)) != {str}:
        raise InvalidPayload(
            "the audience's database returned a value that is not text, although the query casts it to text."
        )
    if numeric and not all(map(str.isdecimal, texts)):
        try:
            return [to_id(Decimal(text)) for text in texts]
        except (InvalidPayload, InvalidOperation):
            raise InvalidPayload(
                "a number in the audience is not a whole number; is it the right column?"
            ) from None
    if any(map(str.isspace, texts)):
        return [to_id(text) for text in texts]
    return texts


def check_length(ids: Collection[str], max_bytes: int) -> None:
    """
    Check that no id is longer than the vendor allows.

    :param ids: the ids.
    :param max_bytes: maximum length of an id in bytes of UTF-8.
    :raises InvalidPayload: if an id is longer. The message does not contain the id.
    """
    # Counting characters is many times faster than counting bytes, and is enough in nearly every case.
    if max(map(len, ids), default=0) * _MAX_BYTES_OF_A_CHARACTER > max_bytes and any(
        len(one.encode(errors="replace")) > max_bytes for one in ids
    ):
        raise too_long(max_bytes)


def too_long(max_bytes: int) -> InvalidPayload:
    """
    Return the error for an id that is longer than the vendor allows.

    :param max_bytes: maximum length of an id in bytes of UTF-8.
    """
    return InvalidPayload(
        f"the audience has an id of more than {max_bytes} bytes, which the vendor does not accept; "
        "is it the right column?"
    )

"""Define the types of the arguments that users pass, with parsers whose errors name the argument."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar, Protocol

from pydantic import BaseModel

from airflow_provider_liveactivity.errors import InvalidPayload
from airflow_provider_liveactivity.models.moments import to_duration, to_moment
from airflow_provider_liveactivity.models.objects import to_object


class DataclassInstance(Protocol):
    """An instance of any dataclass."""

    __dataclass_fields__: ClassVar[dict[str, dataclasses.Field[Any]]]


#: An object to send. Text is JSON. A pydantic model is sent as ``model_dump(mode="json", by_alias=True)``
#: returns it. A field of a model or dataclass that is None is left out.
Object = Mapping[str, Any] | str | BaseModel | DataclassInstance
#: Text is JSON or a path.
Schema = dict[str, Any] | str | Path
#: A duration. Text is ISO-8601, such as "PT30M", or the digits of a number; a number counts seconds.
Duration = timedelta | float | str
#: A moment. Text is ISO-8601: a date-time with an offset, or a duration such as "PT30M". A duration counts
#: from the moment of sending.
Moment = datetime | timedelta | str
#: A moment, or epoch seconds as a number or digits, as in MoEngage's documentation.
EpochMoment = Moment | int


def parse_object(value: Any, argument: str) -> dict[str, Any]:
    """
    Return an object as a dict that contains only JSON values.

    :param value: dict, JSON text of an object, pydantic model or dataclass instance.
    :param argument: name of the argument, for the error.
    :raises InvalidPayload: if the value is none of these, or JSON cannot represent a value in it. The message
        names the argument and the place in it, but no value.
    """
    with _naming(argument):
        return to_object(value)


def parse_duration(value: Any, argument: str) -> timedelta:
    """
    Return a duration as a timedelta.

    :param value: timedelta (pendulum's ``Duration`` included), seconds as a number or digits, or ISO-8601
        text such as "PT30M"; at least 0.
    :param argument: name of the argument, for the error.
    :raises InvalidPayload: if the value is none of these, is negative, or has years or months, whose length
        varies.
    """
    with _naming(argument):
        return to_duration(value)


def parse_moment(
    value: Any, argument: str, *, now: datetime | None = None, relative: bool = True
) -> datetime:
    """
    Return a moment as a datetime in UTC.

    :param value: aware datetime (pendulum's ``DateTime`` included), ISO-8601 text with an offset, or a
        duration from ``now``: timedelta, or ISO-8601 text such as "PT30M".
    :param argument: name of the argument, for the error.
    :param now: aware datetime that a duration counts from; the current time by default.
    :param relative: whether a duration is allowed; True by default. Refuse it if the value is read
        repeatedly: each reading would give a different moment.
    :raises InvalidPayload: if the value is none of these, or has no offset.
    """
    with _naming(argument):
        return to_moment(value, now=now, relative=relative)


@contextmanager
def _naming(argument: str) -> Iterator[None]:
    try:
        yield
    except ValueError as error:
        raise InvalidPayload(f"{argument} {error}.") from None

"""Bodies that MoEngage's broadcast endpoints accept, written from the vendor's documents alone."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator
from pydantic_core import PydanticCustomError

from airflow_provider_liveactivity.sandbox.checks import Object, Strict, Text


def _epoch(value: Any) -> datetime:
    # A number beyond the year 9999 is milliseconds. In Python a bool is an int, in the schema it is not.
    if type(value) is not int or not 0 <= value < 253_402_300_800:
        raise PydanticCustomError("int_type", "Input should be a valid integer, in epoch seconds")
    return datetime.fromtimestamp(value, UTC)


def _text_or_object(value: Any) -> Any:
    if not isinstance(value, (str, dict)):
        raise PydanticCustomError("string_type", "Input should be a valid string or dictionary")
    return value


Epoch = Annotated[datetime, BeforeValidator(_epoch)]


class Alert(Strict):
    """Alert of all three calls."""

    title: str
    body: Annotated[Any, AfterValidator(_text_or_object)]
    subtitle: str | None = None
    sound: str | None = None


class StartPayload(Strict):
    """The ``ios`` object of a start; the schema has no ``stale_date`` here."""

    attribute_type: Text
    attribute_info: Object
    content_state: Object
    alert: Alert
    dismissal_date: Epoch | None = None


class PushPayload(Strict):
    """The ``ios`` object of an update or an end."""

    content_state: Object
    alert: Alert
    dismissal_date: Epoch | None = None
    stale_date: Epoch | None = None


class Broadcast(Strict):
    """The fields that all three bodies share."""

    broadcast_live_activity_id: Text
    instance_id: Text | None = None


class StartBody(Broadcast):
    """Body of /v1.0/live-activity/broadcast/start."""

    ios: StartPayload


class PushBody(Broadcast):
    """Body of /v1.0/live-activity/broadcast/update and /end."""

    ios: PushPayload

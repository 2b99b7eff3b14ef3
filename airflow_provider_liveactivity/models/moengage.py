"""Bodies of MoEngage's ``/live-activity/broadcast/start``, ``/update`` and ``/end``."""

from __future__ import annotations

from functools import cached_property
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, BeforeValidator, Discriminator, Tag

from airflow_provider_liveactivity.errors import PayloadTooLarge
from airflow_provider_liveactivity.models.apns import Event, Push, null_warnings, stale_date_warnings
from airflow_provider_liveactivity.models.common import (
    EpochSeconds,
    JsonObject,
    RequestBody,
    Text,
    VendorModel,
    encode,
    field_names,
    text_or_object,
)
from airflow_provider_liveactivity.models.extra_fields import Envelopes  # noqa: TC001
from airflow_provider_liveactivity.models.objects import to_object

#: The 413 response of these endpoints says "Max size is 5120 bytes". What counts is not documented, so the
#: whole request body is counted, which is the strictest reading.
MAX_REQUEST_BYTES = 5120


AlertBody = Annotated[
    Annotated[Text, Tag("(text)")] | Annotated[JsonObject, Tag("(object)")],
    Discriminator(text_or_object),
]


class Alert(VendorModel):
    """The alert of a broadcast; every request requires one."""

    title: Text
    body: AlertBody
    subtitle: Text | None = None
    sound: Text | None = None


AlertObject = Annotated[Alert, BeforeValidator(to_object)]


class IOSStart(VendorModel):
    """The ``ios`` object of a start, which has no ``stale_date``."""

    attribute_type: Text
    attribute_info: JsonObject
    content_state: JsonObject
    alert: AlertObject
    dismissal_date: EpochSeconds | None = None


class IOSUpdate(VendorModel):
    """The ``ios`` object of an update or end."""

    content_state: JsonObject
    alert: AlertObject
    dismissal_date: EpochSeconds | None = None
    stale_date: EpochSeconds | None = None


def _fits_header(activity_id: str) -> str:
    if not (activity_id.isascii() and activity_id.isprintable() and activity_id == activity_id.strip()):
        raise ValueError("is also sent in a header, so it must be printable ASCII without spaces at its ends")
    return activity_id


BroadcastId = Annotated[Text, AfterValidator(_fits_header)]


class _Broadcast(RequestBody):
    nests = frozenset({"ios"})
    #: A start has no stale_date.
    envelopes: ClassVar[Envelopes] = {"ios": field_names(IOSStart), "ios.alert": field_names(Alert)}

    broadcast_live_activity_id: BroadcastId
    instance_id: Text | None = None

    def check_size(self) -> None:
        """
        Check that the request is not larger than MoEngage allows.

        :raises PayloadTooLarge: if the request body has more than 5,120 bytes.
        """
        size = len(encode(self.to_json()))
        if size > MAX_REQUEST_BYTES:
            raise PayloadTooLarge(
                f"the request has {size} bytes; MoEngage takes {MAX_REQUEST_BYTES}. Shorten content_state, "
                "attribute_info or alert."
            )


class StartBroadcast(_Broadcast):
    """
    Body of a broadcast start.

    Source: https://www.moengage.com/docs/api/live-activities/start-broadcast-live-activity
    """

    ios: IOSStart

    @cached_property
    def push(self) -> Push:
        """The push that phones receive."""
        return Push(
            "start",
            self.ios.content_state,
            attributes=self.ios.attribute_info,
            attributes_type=self.ios.attribute_type,
            alert=self.ios.alert.to_json(),
            dismissal_date=self.ios.dismissal_date,
        )

    def warnings(self) -> list[str]:
        return [
            *null_warnings(self.ios.content_state),
            *null_warnings(self.ios.attribute_info, "attribute_info"),
        ]


class UpdateBroadcast(_Broadcast):
    """
    Body of a broadcast update.

    Source: https://www.moengage.com/docs/api/live-activities/update-broadcast-live-activity
    """

    envelopes: ClassVar[Envelopes] = {"ios": field_names(IOSUpdate), "ios.alert": field_names(Alert)}

    ios: IOSUpdate
    event: ClassVar[Event] = "update"

    @cached_property
    def push(self) -> Push:
        """The push that phones receive."""
        return Push(
            self.event,
            self.ios.content_state,
            alert=self.ios.alert.to_json(),
            stale_date=self.ios.stale_date,
            dismissal_date=self.ios.dismissal_date,
        )

    def warnings(self) -> list[str]:
        return [*null_warnings(self.ios.content_state), *stale_date_warnings(self.ios.stale_date)]


class EndBroadcast(UpdateBroadcast):
    """
    Body of a broadcast end. It equals that of an update; only the path differs.

    Source: https://www.moengage.com/docs/api/live-activities/update-broadcast-live-activity
    """

    event = "end"

    def warnings(self) -> list[str]:
        return null_warnings(self.ios.content_state)


def flat(**fields: Any) -> dict[str, Any]:
    """
    Nest flat arguments as MoEngage requires: all fields except the ids and the extra fields go into ``ios``.

    :param fields: fields of a broadcast; None means that a field is not set.
    """
    outer = {
        name: fields.pop(name, None) for name in ("broadcast_live_activity_id", "instance_id", "extra_fields")
    }
    return outer | {"ios": {name: value for name, value in fields.items() if value is not None}}

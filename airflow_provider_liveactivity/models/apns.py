"""Check Apple's rules for the push that results from a request, because no vendor checks them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from airflow_provider_liveactivity.errors import PayloadTooLarge
from airflow_provider_liveactivity.models.common import encode

#: Limit of the whole payload. The vendors accept a request that results in a larger push, and the phone then
#: shows nothing. Source:
#: https://developer.apple.com/documentation/usernotifications/sending-notification-requests-to-apns
MAX_PUSH_BYTES = 4_096

Event = Literal["start", "update", "end"]
#: Ten digits, as epoch seconds have until the year 2286.
_EPOCH_SECONDS = 1_000_000_000
#: Number of paths that a warning names.
_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Push:
    """
    The push that results from a request, as far as the request determines it.

    :param event: start, update or end.
    :param content_state: object with the state; None for none.
    :param attributes: object with the static attributes, which only a start has; None, the default, for none.
    :param added_attributes: attributes that the vendor adds; None, the default, for none.
    :param attributes_type: name of the Swift type of the attributes; None, the default, for none.
    :param alert: text or object of the alert in the vendor's spelling, which is as long as Apple's; None, the
        default, for none.
    :param stale_date: when the state counts as outdated; None, the default, for no such date.
    :param dismissal_date: when the ended activity leaves the lock screen; None, the default, for no such
        date.
    """

    event: Event
    content_state: dict[str, Any] | None
    attributes: dict[str, Any] | None = None
    added_attributes: dict[str, Any] | None = None
    attributes_type: str | None = None
    alert: dict[str, Any] | str | None = None
    stale_date: datetime | None = None
    dismissal_date: datetime | None = None

    @property
    def size(self) -> int:
        """
        Number of bytes of the push in its smallest form.

        Vendors add keys of their own, so a push with a few bytes to spare may still be too large.
        """
        attributes = self.attributes
        if self.added_attributes is not None:
            attributes = {**(attributes or {}), **self.added_attributes}
        optional = {
            "content-state": self.content_state,
            "attributes-type": self.attributes_type,
            "attributes": attributes,
            "alert": self.alert,
            "stale-date": None if self.stale_date is None else _EPOCH_SECONDS,
            "dismissal-date": None if self.dismissal_date is None else _EPOCH_SECONDS,
        }
        aps = {"timestamp": _EPOCH_SECONDS, "event": self.event}
        return len(encode({"aps": aps | {name: part for name, part in optional.items() if part is not None}}))

    def check_size(self) -> None:
        """
        Refuse content that does not fit into a push, even in the smallest form of the push.

        :raises PayloadTooLarge: if the push has more than 4,096 bytes. The message names both sizes.
        """
        if (size := self.size) <= MAX_PUSH_BYTES:
            return
        start = "content_state, the attributes or the alert"
        large = start if self.event == "start" else "content_state or the alert"
        raise PayloadTooLarge(
            f"the push of this {self.event} has at least {size:,} bytes; Apple takes {MAX_PUSH_BYTES:,}, and "
            f"a phone does not show a larger push. Shorten {large}."
        )


def null_warnings(value: dict[str, Any] | None, argument: str = "content_state") -> list[str]:
    """
    Return a warning if an object contains nulls: some apps then drop the whole push without an error.

    :param value: content state or attributes; None for none.
    :param argument: name of the argument with the object; "content_state" by default.
    """
    paths = list(_nulls(value or {}, argument))
    if not paths:
        return []
    shown = ", ".join(paths[:_SHOWN]) + (f" and {len(paths) - _SHOWN} more" if len(paths) > _SHOWN else "")
    return [
        f"null at {shown}: phones may show nothing, even if the Swift type is optional. Leave out the key."
    ]


def stale_date_warnings(stale_date: Any) -> list[str]:
    """
    Return a warning if a push has no stale date, which marks the state as outdated on the phone.

    :param stale_date: the date; None if the push has none.
    """
    if stale_date is not None:
        return []
    return ["no stale_date: if later updates do not arrive, phones continue to show this state as current."]


def _nulls(value: Any, path: str) -> Any:
    if value is None:
        yield path
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from _nulls(item, f"{path}.{name}")
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from _nulls(item, f"{path}[{index}]")

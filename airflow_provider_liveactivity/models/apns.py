"""Apple's rules for the push that a vendor makes of a request; no vendor checks them."""

from __future__ import annotations

from typing import Any, Literal

from airflow_provider_liveactivity.errors import PayloadTooLarge
from airflow_provider_liveactivity.models.common import encode

#: https://developer.apple.com/documentation/usernotifications/sending-notification-requests-to-apns: of the
#: whole payload. The vendors accept a request that makes a larger one, and the phone then shows nothing.
MAX_PUSH_BYTES = 4_096

Event = Literal["start", "update", "end"]
#: Epoch seconds have ten digits until the year 2286.
_EPOCH_SECONDS = 1_000_000_000
#: Paths that a warning names.
_SHOWN = 3


def check_push_size(
    event: Event,
    *,
    content_state: dict[str, Any] | None,
    attributes: dict[str, Any] | None = None,
    attributes_type: str | None = None,
    alert: dict[str, Any] | str | None = None,
    stale_date: Any = None,
    dismissal_date: Any = None,
) -> None:
    """
    Refuse what does not fit into a push, even in the push's smallest form.

    Vendors add keys of their own, so a push that passes here by a few bytes may still be too large.

    :param event: what the push does to the activity.
    :param content_state: the state that it carries.
    :param attributes: the static attributes, which only a start carries; with what the vendor adds to them.
    :param attributes_type: name of the Swift type of the attributes.
    :param alert: the alert, as the vendor spells it: Apple's spelling has as many characters.
    :param stale_date: anything but None where the push carries such a date.
    :param dismissal_date: anything but None where the push carries such a date.
    :raises PayloadTooLarge: with the size and the limit.
    """
    optional = {
        "content-state": content_state,
        "attributes-type": attributes_type,
        "attributes": attributes,
        "alert": alert,
        "stale-date": None if stale_date is None else _EPOCH_SECONDS,
        "dismissal-date": None if dismissal_date is None else _EPOCH_SECONDS,
    }
    aps = {"timestamp": _EPOCH_SECONDS, "event": event}
    size = len(encode({"aps": aps | {name: part for name, part in optional.items() if part is not None}}))
    if size > MAX_PUSH_BYTES:
        large = (
            "content_state, the attributes or the alert" if event == "start" else "content_state or the alert"
        )
        raise PayloadTooLarge(
            f"the push of this {event} has at least {size:,} bytes; Apple takes {MAX_PUSH_BYTES:,}, and a "
            f"phone shows nothing of a larger one. Shorten {large}."
        )


def content_state_warnings(content_state: dict[str, Any] | None) -> list[str]:
    """Return a warning where the state holds nulls: some apps then drop the whole push without an error."""
    paths = list(_nulls(content_state or {}, "content_state"))
    if not paths:
        return []
    shown = ", ".join(paths[:_SHOWN]) + (f" and {len(paths) - _SHOWN} more" if len(paths) > _SHOWN else "")
    return [
        f"null at {shown}: phones may show nothing, even where the Swift type is optional. Leave the key out."
    ]


def stale_date_warnings(stale_date: Any) -> list[str]:
    """Return a warning where a push has no stale date: without further pushes it would look current."""
    if stale_date is not None:
        return []
    return ["no stale_date: where later updates do not arrive, phones go on to show this state as current."]


def _nulls(value: Any, path: str) -> Any:
    if value is None:
        yield path
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from _nulls(item, f"{path}.{name}")
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from _nulls(item, f"{path}[{index}]")

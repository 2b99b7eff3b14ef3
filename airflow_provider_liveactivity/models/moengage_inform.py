"""Bodies of MoEngage's Inform API, which starts, updates and ends the Live Activity of a single user."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, ValidationInfo, model_validator

from airflow_provider_liveactivity.errors import PayloadTooLarge
from airflow_provider_liveactivity.models.common import (
    JsonObject,
    Moment,
    Text,
    VendorModel,
    encode,
    utcnow,
)

LaType = Literal["start", "update", "end"]
#: Error 120007: an attribute has more characters than this.
MAX_ATTRIBUTE_CHARACTERS = 1_500
#: Apple's limit for attributes and content state together; Inform states none of its own.
MAX_ACTIVITY_BYTES = 4_096


def _check_attributes(value: dict[str, Any], path: str = "") -> dict[str, Any]:
    for name, item in value.items():
        where = f"{path}{name}"
        if isinstance(item, str) and len(item) > MAX_ATTRIBUTE_CHARACTERS:
            raise ValueError(
                f"has {len(item):,} characters at '{where}'; MoEngage takes {MAX_ATTRIBUTE_CHARACTERS:,}"
            )
        if isinstance(item, dict):
            _check_attributes(item, f"{where}.")
    return value


def _check_future(value: Any, info: ValidationInfo) -> Any:
    # Documented for Inform alone: the broadcast API takes a past date for "at once".
    if value <= ((info.context or {}).get("now") or utcnow()):
        raise ValueError("is over; Inform refuses a past date, so leave it out, or give a later one")
    return value


Attributes = Annotated[JsonObject, AfterValidator(_check_attributes)]


class UserActivity(VendorModel):
    """
    What all the users of one call have in common.

    :param la_type: start, update or end.
    :param alert_id: the alert that was made in the dashboard; this, or its reference name.
    :param personalized_attributes: values of the variables in the alert's template.
    """

    la_type: LaType
    activity_id: Text
    alert_id: Text | None = None
    alert_reference_name: Text | None = None
    attribute_info: Attributes | None = None
    content_state: Attributes
    stale_date: Moment | None = None
    dismissal_date: Annotated[Moment, AfterValidator(_check_future)] | None = None
    personalized_attributes: Attributes = Field(default_factory=dict)

    @model_validator(mode="after")
    def _check(self) -> UserActivity:
        if not (self.alert_id or self.alert_reference_name):
            raise ValueError("alert_id or alert_reference_name is required")
        if self.attribute_info is not None and self.la_type != "start":
            raise ValueError("attribute_info belongs to the start: it cannot change afterwards")
        return self

    def check_size(self) -> None:
        """Refuse what no phone would show."""
        size = len(encode(self.attribute_info or {})) + len(encode(self.content_state))
        if size > MAX_ACTIVITY_BYTES:
            raise PayloadTooLarge(
                f"attribute_info and content_state have {size:,} bytes together; Apple takes "
                f"{MAX_ACTIVITY_BYTES:,}. Shorten them."
            )

    def message(self) -> dict[str, Any]:
        """
        Return the body that all users share: what is missing is theirs alone.

        The dates are variables of the template, and MoEngage's samples show those as text; the format of a
        date is not stated, so it is the epoch seconds of its other endpoints.
        """
        dates = {
            name: str(int(moment.timestamp()))
            for name in ("stale_date", "dismissal_date")
            if (moment := getattr(self, name)) is not None
        }
        activity = {
            "la_type": self.la_type,
            "attribute_info": self.attribute_info,
            "content_state": self.content_state,
        }
        personal = {**self.personalized_attributes, **dates}
        push = {
            **({"personalized_attributes": personal} if personal else {}),
            "live_activity_attributes": {k: v for k, v in activity.items() if v is not None},
        }
        alert = {"alert_id": self.alert_id, "alert_reference_name": self.alert_reference_name}
        return {**{k: v for k, v in alert.items() if v is not None}, "payloads": {"PUSH": push}}

"""Bodies of MoEngage's Inform API, which starts, updates and ends the Live Activity of a single user."""

from __future__ import annotations

from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, StringConstraints, ValidationInfo, model_validator

from airflow_provider_liveactivity.models.apns import Push, null_warnings, stale_date_warnings
from airflow_provider_liveactivity.models.common import (
    JsonObject,
    Text,
    UtcEpochMoment,
    VendorModel,
)
from airflow_provider_liveactivity.models.extra_fields import with_extra_fields
from airflow_provider_liveactivity.models.moments import utcnow

LaType = Literal["start", "update", "end"]
#: MoEngage returns error 120007 for an attribute with more characters.
MAX_ATTRIBUTE_CHARACTERS = 1_500
#: MoEngage returns error 120004 for a longer transaction_id.
MAX_TRANSACTION_ID_CHARACTERS = 50


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
    # MoEngage documents this for Inform only; the broadcast API reads a past date as "at once".
    if value <= ((info.context or {}).get("now") or utcnow()):
        raise ValueError("is in the past, which Inform refuses; leave it out, or use a later date")
    return value


Attributes = Annotated[JsonObject, AfterValidator(_check_attributes)]
TransactionId = Annotated[
    str, StringConstraints(min_length=1, max_length=MAX_TRANSACTION_ID_CHARACTERS, strict=True)
]

#: The objects of the body, and the fields that a user's request has besides the shared ones.
_ENVELOPES = {
    "": ("user_id", "transaction_id", "alert_id", "alert_reference_name"),
    "payloads": (),
    "payloads.PUSH": ("recipient", "personalized_attributes"),
    "payloads.PUSH.live_activity_attributes": ("attribute_info", "content_state"),
}


class UserActivity(VendorModel):
    """
    The content that all users of a call share.

    :param la_type: start, update or end.
    :param activity_id: your id of the activity.
    :param transaction_id: id of the activity of the only user, 1 to 50 characters. None, the default, derives
        one for each user from ``activity_id`` and the user id.
    :param alert_id: id of the alert in the dashboard; this or ``alert_reference_name``.
    :param alert_reference_name: reference name of the alert.
    :param attribute_info: object with the static attributes; by default they come from the alert's template.
    :param content_state: object with the whole state to show; by default it comes from the alert's template.
    :param stale_date: when the content counts as outdated; None by default.
    :param dismissal_date: when the activity leaves the phones, in the future; None by default.
    :param personalized_attributes: object with the values of the variables in the alert's template; empty by
        default.
    :param extra_fields: object with fields of the body that the model does not know; None by default.
    """

    la_type: LaType
    activity_id: Text
    transaction_id: Annotated[TransactionId | None, Field(repr=False)] = None
    alert_id: Text | None = None
    alert_reference_name: Text | None = None
    attribute_info: Attributes | None = None
    content_state: Attributes | None = None
    stale_date: UtcEpochMoment | None = None
    dismissal_date: Annotated[UtcEpochMoment, AfterValidator(_check_future)] | None = None
    personalized_attributes: Attributes = Field(default_factory=dict)
    extra_fields: Annotated[JsonObject | None, Field(repr=False)] = None

    @model_validator(mode="after")
    def _check(self) -> UserActivity:
        if not (self.alert_id or self.alert_reference_name):
            raise ValueError("alert_id or alert_reference_name is required")
        if self.attribute_info is not None and self.la_type != "start":
            raise ValueError("attribute_info belongs to the start: it cannot change afterwards")
        self.message()  # refuses extra fields that are known
        return self

    def check_size(self) -> None:
        self.push.check_size()

    @cached_property
    def push(self) -> Push:
        """The push that phones receive, as far as it does not come from the alert's template."""
        # Attributes type and alert are in the template, so their sizes are not known; a start has both.
        start: dict[str, Any] = {}
        if self.la_type == "start":
            start = {"attributes": self.attribute_info or {}, "attributes_type": "", "alert": {}}
        return Push(
            self.la_type,
            content_state=self.content_state,
            stale_date=self.stale_date,
            dismissal_date=self.dismissal_date,
            **start,
        )

    def warnings(self) -> list[str]:
        return [
            *null_warnings(self.content_state),
            *null_warnings(self.attribute_info, "attribute_info"),
            *(() if self.la_type == "end" else stale_date_warnings(self.stale_date)),
        ]

    def message(self) -> dict[str, Any]:
        """
        Return the part of the body that all users share.

        The dates are variables of the template, which are text in MoEngage's samples. The format of a date is
        not documented: use epoch seconds, as in MoEngage's other endpoints.
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
        body = {**{k: v for k, v in alert.items() if v is not None}, "payloads": {"PUSH": push}}
        return with_extra_fields(body, self.extra_fields or {}, _ENVELOPES)

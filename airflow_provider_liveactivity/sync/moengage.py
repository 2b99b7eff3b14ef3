"""Turn the fields of a row into requests to MoEngage's Inform API."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from airflow_provider_liveactivity.errors import InvalidPayload
from airflow_provider_liveactivity.models.moengage_inform import UserActivity
from airflow_provider_liveactivity.models.schema import NO_CHECK, SchemaCheck
from airflow_provider_liveactivity.sync.fields import (
    date_field,
    object_field,
    state_field,
    text_field,
)
from airflow_provider_liveactivity.sync.rows import Columns
from airflow_provider_liveactivity.vendors.moengage_inform import DUPLICATE_WINDOW, Inform

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airflow_provider_liveactivity.models.moengage_inform import LaType
    from airflow_provider_liveactivity.sync.messages import Fields
    from airflow_provider_liveactivity.vendors.base import Request

MOENGAGE_COLUMNS = Columns(
    {
        "external_user_id": text_field,
        "alert_id": text_field,
        "alert_reference_name": text_field,
        "transaction_id": text_field,
        "attribute_info": object_field,
        "content_state": state_field,
        "personalized_attributes": state_field,
        "stale_date": date_field,
        "dismissal_date": date_field,
        "extra_fields": object_field,
        "update_extra_fields": object_field,
        "end_extra_fields": object_field,
    },
    state=("content_state", "personalized_attributes"),
    kept=(
        "external_user_id",
        "alert_id",
        "alert_reference_name",
        "transaction_id",
        "personalized_attributes",
        "end_extra_fields",
    ),
)
#: Column of the further fields of each request.
_EXTRA: dict[LaType, str] = {
    "start": "extra_fields",
    "update": "update_extra_fields",
    "end": "end_extra_fields",
}


@dataclass(frozen=True, slots=True)
class MoEngageMessages:
    """
    Requests to MoEngage's Inform API: an activity of one user.

    :param vendor: the workspace's alerts.
    :param defaults: fields of all rows that do not have their own; none by default.
    :param state_check: check of each state; accepts every state by default.
    :param attributes_check: check of the attributes of each start; accepts all attributes by default.
    """

    vendor: Inform
    defaults: Mapping[str, Any] = field(default_factory=dict)
    state_check: SchemaCheck = NO_CHECK
    attributes_check: SchemaCheck = NO_CHECK

    columns = MOENGAGE_COLUMNS
    spacing = DUPLICATE_WINDOW

    def check_state(self, fields: Fields) -> None:
        """Check the state, if the row has one."""
        self.state_check.if_given(fields.get("content_state"))

    def start(self, fields: Fields) -> Request:
        """Return the request that starts the user's activity."""
        self.attributes_check.if_given(fields.get("attribute_info"))
        return self._alert("start", fields, "attribute_info", "stale_date", "dismissal_date")

    def update(self, fields: Fields) -> Request:
        """Return the request that shows a new state."""
        return self._alert("update", fields, "stale_date", "dismissal_date")

    def end(self, fields: Fields) -> Request:
        """Return the request that ends the user's activity."""
        return self._alert("end", fields)

    def check_end(self, fields: Fields) -> None:
        """Build the end if it has fields that start and update have not."""
        if {**self.defaults, **fields}.get("end_extra_fields") is not None:
            self.end(fields)

    def _alert(self, la_type: LaType, fields: Fields, *more: str) -> Request:
        given = {**self.defaults, **fields}
        user = given.get("external_user_id")
        if user is None:
            raise InvalidPayload(
                "external_user_id is required: MoEngage's activities belong to one user each."
            )
        names = (
            "activity_id",
            "alert_id",
            "alert_reference_name",
            "transaction_id",
            "content_state",
            "personalized_attributes",
            *more,
        )
        content = {name: given.get(name) for name in names}
        activity = UserActivity.build(la_type=la_type, extra_fields=given.get(_EXTRA[la_type]), **content)
        return self.vendor.alerts(activity)(user)

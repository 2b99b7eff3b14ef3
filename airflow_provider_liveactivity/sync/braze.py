"""Turn the fields of a row into requests to Braze."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow_provider_liveactivity.errors import InvalidPayload
from airflow_provider_liveactivity.models.braze import StartLiveActivity, UpdateLiveActivity
from airflow_provider_liveactivity.models.schema import check_schema
from airflow_provider_liveactivity.sync.rows import (
    Columns,
    date_field,
    ids_field,
    object_field,
    state_field,
    text_field,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airflow_provider_liveactivity.sync.messages import Fields
    from airflow_provider_liveactivity.vendors.base import Request
    from airflow_provider_liveactivity.vendors.braze import Braze

#: An update without an alert, which Apple delivers with low priority: it does not use up the app's budget.
SILENT = {"content-available": True}

BRAZE_COLUMNS = Columns(
    {
        "external_user_id": text_field,
        "external_user_ids": ids_field,
        "segment_id": text_field,
        "activity_attributes_type": text_field,
        "activity_attributes": object_field,
        "content_state": state_field,
        "notification": object_field,
        "update_notification": object_field,
        "end_notification": object_field,
        "stale_date": date_field,
        "dismissal_date": date_field,
    },
    state=("content_state",),
    kept=("end_notification", "dismissal_date"),
)


@dataclass(frozen=True, slots=True)
class BrazeMessages:
    """
    Requests to Braze.

    :param vendor: the workspace.
    :param app_id: API identifier of the iOS app.
    :param defaults: fields of all rows that do not have their own; none by default.
    :param silent_updates: whether updates without ``update_notification`` have low priority; False by
        default.
    :param schema: JSON Schema that each content state must match; None by default.
    """

    vendor: Braze
    app_id: str
    defaults: Mapping[str, Any] = field(default_factory=dict)
    silent_updates: bool = False
    schema: Any = None

    columns = BRAZE_COLUMNS
    spacing = timedelta(0)

    def start(self, fields: Fields) -> Request:
        """Return the request that starts the activity for the people or the segment of the row."""
        given = {**self.defaults, **fields}
        check_schema(given.get("content_state"), self.schema)
        one, several = given.get("external_user_id"), given.get("external_user_ids")
        audience: dict[str, Any] = {
            "external_user_ids": [one] if one is not None else several,
            "segment_id": given.get("segment_id"),
        }
        if sum(value is not None for value in (one, several, audience["segment_id"])) != 1:
            raise InvalidPayload(
                "a new activity needs exactly one of external_user_id, external_user_ids and segment_id."
            )
        names = ("activity_id", "activity_attributes_type", "activity_attributes", "content_state")
        return self.vendor.start(
            StartLiveActivity.build(
                app_id=self.app_id,
                notification=given.get("notification"),
                stale_date=given.get("stale_date"),
                **{name: given.get(name) for name in names},
                **audience,
            )
        )

    def update(self, fields: Fields) -> Request:
        """Return the request that shows a new state, without an alert unless the row has one for updates."""
        given = {**self.defaults, **fields}
        check_schema(given.get("content_state"), self.schema)
        alert = given.get("update_notification") or (SILENT if self.silent_updates else None)
        return self._change(given, notification=alert, stale_date=given.get("stale_date"))

    def end(self, fields: Fields) -> Request:
        """Return the request that ends the activity on every phone."""
        given = {**self.defaults, **fields}
        alert, dismissal = given.get("end_notification"), given.get("dismissal_date")
        return self._change(given, notification=alert, dismissal_date=dismissal, end_activity=True)

    def check_end(self, fields: Fields) -> None:
        """Build the end if it has fields that start and update have not."""
        given = {**self.defaults, **fields}
        if given.get("end_notification") is not None or given.get("dismissal_date") is not None:
            self.end(fields)

    def _change(self, given: Fields, **more: Any) -> Request:
        content = {"activity_id": given.get("activity_id"), "content_state": given.get("content_state")}
        return self.vendor.update(UpdateLiveActivity.build(app_id=self.app_id, **content, **more))

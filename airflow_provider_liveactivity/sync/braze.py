"""Turn the fields of a row into requests to Braze."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow_provider_liveactivity.errors import InvalidPayload
from airflow_provider_liveactivity.models.braze import (
    Notification,
    NotificationObject,
    StartLiveActivity,
    UpdateLiveActivity,
)
from airflow_provider_liveactivity.models.common import VendorModel
from airflow_provider_liveactivity.models.schema import NO_CHECK, SchemaCheck
from airflow_provider_liveactivity.sync.fields import (
    date_field,
    ids_field,
    object_field,
    state_field,
    text_field,
)
from airflow_provider_liveactivity.sync.rows import Columns

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airflow_provider_liveactivity.sync.messages import Fields
    from airflow_provider_liveactivity.vendors.base import Request
    from airflow_provider_liveactivity.vendors.braze import Braze

#: The alert of an update that shows none: low priority, which does not use up the app's budget of updates.
SILENT = Notification.model_validate({"content-available": True})

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
        "extra_fields": object_field,
        "update_extra_fields": object_field,
        "end_extra_fields": object_field,
    },
    state=("content_state",),
    kept=("end_notification", "dismissal_date", "end_extra_fields"),
)


class _Notifications(VendorModel):
    """The notifications of all rows without their own."""

    notification: NotificationObject | None = None
    update_notification: NotificationObject | None = None
    end_notification: NotificationObject | None = None


class BrazeMessages:
    """
    Requests to Braze.

    :param vendor: the workspace.
    :param app_id: API identifier of the iOS app.
    :param defaults: fields of all rows that do not have their own; none by default.
    :param silent_updates: whether updates without ``update_notification`` have low priority; False by
        default.
    :param state_check: check of each state; accepts every state by default.
    :param attributes_check: check of the attributes of each start; accepts all attributes by default.
    :raises InvalidPayload: if a notification among the defaults is wrong.
    """

    columns = BRAZE_COLUMNS
    spacing = timedelta(0)

    def __init__(
        self,
        vendor: Braze,
        app_id: str,
        defaults: Mapping[str, Any] | None = None,
        *,
        silent_updates: bool = False,
        state_check: SchemaCheck = NO_CHECK,
        attributes_check: SchemaCheck = NO_CHECK,
    ) -> None:
        self._vendor = vendor
        self._app_id = app_id
        self._defaults = {**(defaults or {}), **_checked(defaults or {})}
        self._silent_updates = silent_updates
        self._state_check = state_check
        self._attributes_check = attributes_check

    def check_state(self, fields: Fields) -> None:
        """Check the state, if the row has one."""
        self._state_check.if_given(fields.get("content_state"))

    def start(self, fields: Fields) -> Request:
        """Return the request that starts the activity for the recipients or the segment of the row."""
        given = {**self._defaults, **fields}
        self._attributes_check.if_given(given.get("activity_attributes"))
        one, several = given.get("external_user_id"), given.get("external_user_ids")
        audience: dict[str, Any] = {
            "external_user_ids": [one] if one is not None else several,
            "segment_id": given.get("segment_id"),
        }
        if sum(value is not None for value in (one, several, audience["segment_id"])) != 1:
            raise InvalidPayload(
                "a new activity needs exactly one of external_user_id, external_user_ids and segment_id."
            )
        names = (
            "activity_id",
            "activity_attributes_type",
            "activity_attributes",
            "content_state",
            "notification",
            "stale_date",
            "extra_fields",
        )
        content = {name: given.get(name) for name in names}
        return self._vendor.start(StartLiveActivity.build(app_id=self._app_id, **content, **audience))

    def update(self, fields: Fields) -> Request:
        """Return the request that shows a new state, without an alert unless the row has one for updates."""
        given = {**self._defaults, **fields}
        return self._change(
            given,
            notification=given.get("update_notification") or (SILENT if self._silent_updates else None),
            stale_date=given.get("stale_date"),
            extra_fields=given.get("update_extra_fields"),
        )

    def end(self, fields: Fields) -> Request:
        """Return the request that ends the activity on every phone."""
        given = {**self._defaults, **fields}
        return self._change(
            given,
            notification=given.get("end_notification"),
            dismissal_date=given.get("dismissal_date"),
            extra_fields=given.get("end_extra_fields"),
            end_activity=True,
        )

    def check_end(self, fields: Fields) -> None:
        """Build the end if it has fields that start and update have not."""
        if any(fields.get(name, self._defaults.get(name)) is not None for name in self.columns.kept):
            self.end(fields)

    def _change(self, given: Fields, **more: Any) -> Request:
        content = {"activity_id": given.get("activity_id"), "content_state": given.get("content_state")}
        return self._vendor.update(UpdateLiveActivity.build(app_id=self._app_id, **content, **more))


def _checked(defaults: Mapping[str, Any]) -> dict[str, Notification]:
    """Check the notifications of all rows once, and return those that are the same at every moment."""
    names = _Notifications.model_fields
    checked = _Notifications.build(**{name: defaults.get(name) for name in names})
    found: dict[str, Notification | None] = {name: getattr(checked, name) for name in names}
    return {name: alert for name, alert in found.items() if alert is not None and alert.expiry is None}

"""Turn the fields of a row into the requests of a vendor."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Protocol

from airflow_provider_liveactivity.errors import InvalidPayload, QuotaExhausted, RecipientRejected
from airflow_provider_liveactivity.models.braze import StartLiveActivity, UpdateLiveActivity
from airflow_provider_liveactivity.models.moengage_inform import UserActivity
from airflow_provider_liveactivity.models.schema import check_schema
from airflow_provider_liveactivity.sync.rows import (
    Columns,
    date_field,
    ids_field,
    object_field,
    state_field,
    text_field,
)
from airflow_provider_liveactivity.vendors.moengage_inform import DUPLICATE_WINDOW, Inform

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airflow_provider_liveactivity.errors import LiveActivityError
    from airflow_provider_liveactivity.models.moengage_inform import LaType
    from airflow_provider_liveactivity.vendors.base import Request, Response, Vendor
    from airflow_provider_liveactivity.vendors.braze import Braze

Fields = dict[str, Any]
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
    },
    state=("content_state", "personalized_attributes"),
    kept=(
        "external_user_id",
        "alert_id",
        "alert_reference_name",
        "transaction_id",
        "personalized_attributes",
    ),
)


class RowRejected(RecipientRejected):
    """The vendor refused the request of one row; the other rows are still sent."""


class TooSoon(RecipientRejected):
    """The vendor does not accept another request for this activity yet."""


class RowVendor:
    """
    A vendor whose refusal of one row does not stop the others.

    :param vendor: the vendor.
    """

    def __init__(self, vendor: Vendor) -> None:
        self._vendor = vendor
        self.name = vendor.name
        self.window = vendor.window
        self.rate_limit_advice = vendor.rate_limit_advice
        self.requests_per_window = vendor.requests_per_window

    def secrets(self) -> tuple[str, ...]:
        """Return the keys, in every form in which a response may repeat them."""
        return self._vendor.secrets()

    def is_duplicate(self, response: Response) -> bool:
        """Return False: whether a refusal means a duplicate depends on the request."""
        return False

    def to_error(self, request: Request, response: Response) -> LiveActivityError:
        """
        Return the error for a response that refuses the request.

        :param request: the request.
        :param response: the response.
        """
        error = self._vendor.to_error(request, response)
        if isinstance(error, QuotaExhausted):
            return TooSoon(error.message, **_context(error))
        if isinstance(error, InvalidPayload) and response.status in {400, 413, 422}:
            return RowRejected(error.message, **_context(error))
        return error


def _context(error: LiveActivityError) -> dict[str, Any]:
    names = ("vendor", "endpoint", "status", "request_id", "body_excerpt")
    return {name: getattr(error, name) for name in names}


class Messages(Protocol):
    """The requests of a vendor for the fields of a row."""

    @property
    def columns(self) -> Columns:
        """The columns of the rows."""

    @property
    def spacing(self) -> timedelta:
        """Minimum time between two requests for one activity."""

    def start(self, fields: Fields) -> Request:
        """
        Return the request that starts the activity.

        :param fields: fields of the row.
        :raises InvalidPayload: if a field is wrong.
        """

    def update(self, fields: Fields) -> Request:
        """
        Return the request that shows a new state.

        :param fields: fields of the row.
        :raises InvalidPayload: if a field is wrong.
        """

    def end(self, fields: Fields) -> Request:
        """
        Return the request that ends the activity.

        :param fields: fields of the row, or what the state table kept of them.
        :raises InvalidPayload: if a field is wrong.
        """

    def check_end(self, fields: Fields) -> None:
        """
        Check that an activity with this state can be ended.

        :param fields: fields of the row.
        :raises InvalidPayload: if a field that only the end uses is wrong.
        """


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


@dataclass(frozen=True, slots=True)
class MoEngageMessages:
    """
    Requests to MoEngage's Inform API: an activity of one user.

    :param vendor: the workspace's alerts.
    :param defaults: fields of all rows that do not have their own; none by default.
    :param schema: JSON Schema that each content state must match; None by default.
    """

    vendor: Inform
    defaults: Mapping[str, Any] = field(default_factory=dict)
    schema: Any = None

    columns = MOENGAGE_COLUMNS
    spacing = DUPLICATE_WINDOW

    def start(self, fields: Fields) -> Request:
        """Return the request that starts the user's activity."""
        return self._alert("start", fields, "attribute_info", "stale_date", "dismissal_date")

    def update(self, fields: Fields) -> Request:
        """Return the request that shows a new state."""
        return self._alert("update", fields, "stale_date", "dismissal_date")

    def end(self, fields: Fields) -> Request:
        """Return the request that ends the user's activity."""
        return self._alert("end", fields)

    def check_end(self, fields: Fields) -> None:
        """Return: the end has only fields that start and update have too."""

    def _alert(self, la_type: LaType, fields: Fields, *more: str) -> Request:
        given = {**self.defaults, **fields}
        user = given.get("external_user_id")
        if user is None:
            raise InvalidPayload(
                "external_user_id is required: MoEngage's activities belong to one user each."
            )
        if la_type != "end" and given.get("content_state") is not None:
            check_schema(given["content_state"], self.schema)
        names = (
            "activity_id",
            "alert_id",
            "alert_reference_name",
            "transaction_id",
            "content_state",
            "personalized_attributes",
            *more,
        )
        activity = UserActivity.build(la_type=la_type, **{name: given.get(name) for name in names})
        return self.vendor.alerts(activity)(user)

"""Task group for a Live Activity through Braze."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_provider_liveactivity.lifecycle._group import LiveActivityGroup
from airflow_provider_liveactivity.operators.braze import (
    BrazeEndLiveActivityOperator,
    BrazeStartLiveActivityOperator,
    BrazeUpdateLiveActivityOperator,
)

if TYPE_CHECKING:
    from airflow_provider_liveactivity.models.arguments import Moment, Object, Schema


class BrazeLiveActivity(LiveActivityGroup):
    """
    Start a Live Activity through Braze, run the tasks of a ``with`` block, and end the activity.

    Also accepts the arguments of ``LiveActivityGroup``, and the arguments of
    ``BrazeStartLiveActivityOperator`` that choose the audience and control the send.

    :param activity_id: id of the activity, as text. (templated)
    :param activity_attributes_type: name of the app's ``ActivityAttributes`` type. (templated)
    :param activity_attributes: static attributes, as a dict or JSON text. (templated)
    :param content_state: first state to show, as a dict or JSON text. (templated)
    :param notification: Apple push object of the start, with ``alert.title`` and ``alert.body``, as a dict or
        JSON text. (templated)
    :param end_content_state: last state to show, as a dict or JSON text; by default the last state that was
        sent. (templated)
    :param end_notification: Apple push object of the end, as a dict or JSON text; none by default.
        (templated)
    :param dismissal_date: when the ended activity leaves the lock screen: aware datetime, ISO-8601 text with
        an offset, or timedelta from the end. By default iOS keeps the activity for up to four hours.
        (templated)
    :param app_id: API identifier of the iOS app; by default the ``app_id`` of the connection. (templated)
    :param braze_conn_id: id of the connection to the Braze workspace; "braze_default" by default. (templated)
    :param content_state_schema: JSON Schema that every content state must satisfy, as a dict, JSON text or
        path; none by default. (templated)
    :param validate_only: check everything, but send nothing; False by default.
    """

    start_operator = BrazeStartLiveActivityOperator
    update_operator = BrazeUpdateLiveActivityOperator
    end_operator = BrazeEndLiveActivityOperator

    def __init__(
        self,
        group_id: str,
        *,
        activity_id: str,
        activity_attributes_type: str,
        activity_attributes: Object,
        content_state: Object,
        notification: Object,
        end_content_state: Object | None = None,
        end_notification: Object | None = None,
        dismissal_date: Moment | None = None,
        app_id: str | None = None,
        braze_conn_id: str | None = None,
        content_state_schema: Schema | None = None,
        validate_only: bool | None = None,
        **more: Any,
    ) -> None:
        super().__init__(
            group_id,
            shared={
                "activity_id": activity_id,
                "app_id": app_id,
                "braze_conn_id": braze_conn_id,
                "content_state_schema": content_state_schema,
                "validate_only": validate_only,
            },
            start={
                "activity_attributes_type": activity_attributes_type,
                "activity_attributes": activity_attributes,
                "content_state": content_state,
                "notification": notification,
            },
            end={
                "content_state": end_content_state,
                "notification": end_notification,
                "dismissal_date": dismissal_date,
            },
            **more,
        )

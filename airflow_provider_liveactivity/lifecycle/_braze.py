"""The life of a Live Activity through Braze."""

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
    The life of a Live Activity through Braze, around the tasks of a ``with`` block.

    It takes all arguments of ``LiveActivityGroup`` beside these, and those of the start operator that name
    the audience and say how it is sent to.

    :param activity_id: the id of the activity. (templated)
    :param activity_attributes_type: name of the app's ``ActivityAttributes`` type. (templated)
    :param activity_attributes: object with the static attributes, or its JSON text. (templated)
    :param content_state: object with the first state, or its JSON text. (templated)
    :param notification: Apple push object of the start. (templated)
    :param end_content_state: the last state to show; by default the last one sent. (templated)
    :param end_notification: Apple push object of the end; none by default. (templated)
    :param dismissal_date: when the ended activity leaves the phones; a timedelta counts from the end.
        (templated)
    :param app_id: API identifier of the iOS app; by default the connection's. (templated)
    :param braze_conn_id: connection to the Braze workspace; "braze_default" by default. (templated)
    :param content_state_schema: JSON Schema, or its path, that every content state must satisfy. (templated)
    :param validate_only: do everything but send; False by default.
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

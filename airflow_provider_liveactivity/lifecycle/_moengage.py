"""The life of a broadcast Live Activity through MoEngage."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_provider_liveactivity.lifecycle._group import LiveActivityGroup
from airflow_provider_liveactivity.operators.moengage import (
    MoEngageEndBroadcastLiveActivityOperator,
    MoEngageStartBroadcastLiveActivityOperator,
    MoEngageUpdateBroadcastLiveActivityOperator,
)

if TYPE_CHECKING:
    from airflow_provider_liveactivity.models.arguments import Moment, Object, Schema


class MoEngageBroadcastLiveActivity(LiveActivityGroup):
    """
    The life of a broadcast Live Activity through MoEngage, around the tasks of a ``with`` block.

    It takes all arguments of ``LiveActivityGroup`` beside these.

    :param broadcast_live_activity_id: the id that the campaign was created with. (templated)
    :param attribute_type: name of the app's attributes type. (templated)
    :param attribute_info: object with the static attributes, or its JSON text. (templated)
    :param content_state: object with the first state, or its JSON text. (templated)
    :param alert: object with ``title`` and ``body``, of the start. (templated)
    :param end_alert: the same, of the end; MoEngage wants one. (templated)
    :param end_content_state: the last state to show; by default the last one sent. (templated)
    :param dismissal_date: when the ended activity leaves the phones; a timedelta counts from the end.
        (templated)
    :param moengage_conn_id: connection to the MoEngage workspace; "moengage_default" by default. (templated)
    :param content_state_schema: JSON Schema, or its path, that every content state must satisfy. (templated)
    :param validate_only: do everything but send; False by default.
    """

    start_operator = MoEngageStartBroadcastLiveActivityOperator
    update_operator = MoEngageUpdateBroadcastLiveActivityOperator
    end_operator = MoEngageEndBroadcastLiveActivityOperator

    def __init__(
        self,
        group_id: str,
        *,
        broadcast_live_activity_id: str,
        attribute_type: str,
        attribute_info: Object,
        content_state: Object,
        alert: Object,
        end_alert: Object,
        end_content_state: Object | None = None,
        dismissal_date: Moment | None = None,
        moengage_conn_id: str | None = None,
        content_state_schema: Schema | None = None,
        validate_only: bool | None = None,
        **more: Any,
    ) -> None:
        super().__init__(
            group_id,
            shared={
                "broadcast_live_activity_id": broadcast_live_activity_id,
                "moengage_conn_id": moengage_conn_id,
                "content_state_schema": content_state_schema,
                "validate_only": validate_only,
            },
            start={
                "attribute_type": attribute_type,
                "attribute_info": attribute_info,
                "content_state": content_state,
                "alert": alert,
                "end_alert": end_alert,
            },
            end={"content_state": end_content_state, "alert": end_alert, "dismissal_date": dismissal_date},
            **more,
        )

"""Task group for a broadcast Live Activity through MoEngage."""

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
    Start a broadcast through MoEngage, run the tasks of a ``with`` block, and end the broadcast.

    Also accepts the arguments of ``LiveActivityGroup``.

    :param broadcast_live_activity_id: id that the campaign was created with. (templated)
    :param attribute_type: name of the app's attributes type. (templated)
    :param attribute_info: static attributes, as a dict or JSON text. (templated)
    :param content_state: first state to show, as a dict or JSON text. (templated)
    :param alert: alert of the start with ``title`` and ``body``, and optionally ``subtitle`` and ``sound``,
        as a dict or JSON text. (templated)
    :param end_alert: alert of the end with ``title`` and ``body``, and optionally ``subtitle`` and ``sound``,
        as a dict or JSON text; MoEngage requires it. (templated)
    :param end_content_state: last state to show, as a dict or JSON text; by default the last state that was
        sent. (templated)
    :param dismissal_date: when the ended activity leaves the phones: aware datetime, ISO-8601 text with an
        offset, or timedelta from the end; none by default. (templated)
    :param moengage_conn_id: id of the connection to the MoEngage workspace; "moengage_default" by default.
        (templated)
    :param content_state_schema: JSON Schema that every content state must satisfy, as a dict, JSON text or
        path; none by default. (templated)
    :param validate_only: check everything, but send nothing; False by default.
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

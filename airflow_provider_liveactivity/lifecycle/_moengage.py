"""Task group for a broadcast Live Activity through MoEngage."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from airflow_provider_liveactivity._arguments import own_arguments
from airflow_provider_liveactivity.lifecycle._group import LiveActivityGroup
from airflow_provider_liveactivity.lifecycle._task_docs import UPDATE
from airflow_provider_liveactivity.operators.moengage import (
    MoEngageEndBroadcastLiveActivityOperator,
    MoEngageStartBroadcastLiveActivityOperator,
    MoEngageUpdateBroadcastLiveActivityOperator,
)

if TYPE_CHECKING:
    from typing import Unpack

    from airflow_provider_liveactivity.lifecycle._types import LifecycleOptions
    from airflow_provider_liveactivity.models.arguments import EpochMoment, Object, Schema
    from airflow_provider_liveactivity.operators._types import BroadcastUpdateOptions


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
        offset, epoch seconds, or timedelta from the end; none by default. (templated)
    :param moengage_conn_id: id of the connection to the MoEngage workspace; "moengage_default" by default.
        (templated)
    :param content_state_schema: JSON Schema that every content state must satisfy, as a dict, JSON text, or
        path of a JSON or Swift file; none by default. (templated)
    :param attributes_schema: JSON Schema that ``attribute_info`` must satisfy, as a dict, JSON text, or path
        of a JSON or Swift file; none by default. (templated)
    :param extra_fields: further fields of the start that this version does not know, as a dict or JSON text;
        none by default. (templated)
    :param end_extra_fields: the same for the end. (templated)
    :param validate_only: check everything, but send nothing; False by default. (templated)
    """

    start_operator = MoEngageStartBroadcastLiveActivityOperator
    update_operator = MoEngageUpdateBroadcastLiveActivityOperator
    end_operator = MoEngageEndBroadcastLiveActivityOperator
    shared = ("broadcast_live_activity_id", "moengage_conn_id", "content_state_schema", "validate_only")
    end_arguments: ClassVar[dict[str, str]] = {
        "content_state": "end_content_state",
        "alert": "end_alert",
        "dismissal_date": "dismissal_date",
        "extra_fields": "end_extra_fields",
    }

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
        dismissal_date: EpochMoment | None = None,
        moengage_conn_id: str | None = None,
        content_state_schema: Schema | None = None,
        attributes_schema: Schema | None = None,
        extra_fields: Object | None = None,
        end_extra_fields: Object | None = None,
        validate_only: bool | str | None = None,
        **options: Unpack[LifecycleOptions],
    ) -> None:
        super().__init__(**own_arguments(locals()), **options)

    def update(
        self, task_id: str, *, content_state: Object, alert: Object, **options: Unpack[BroadcastUpdateOptions]
    ) -> MoEngageUpdateBroadcastLiveActivityOperator:
        """
        Return an update of this broadcast, for use inside the block.

        :param task_id: id of the task.
        :param content_state: whole state to show, as a dict or JSON text. (templated)
        :param alert: alert with ``title`` and ``body``, and optionally ``subtitle`` and ``sound``, as a dict
            or JSON text. (templated)
        :param options: further arguments of ``MoEngageUpdateBroadcastLiveActivityOperator``. The group sets
            the id of the broadcast, the connection and the other shared arguments.
        """
        arguments: Any = {
            "doc_md": UPDATE,
            **self._shared,
            "content_state": content_state,
            "alert": alert,
            **options,
        }
        return self.update_operator(task_id=task_id, **arguments)

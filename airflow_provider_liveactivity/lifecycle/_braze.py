"""Task group for a Live Activity through Braze."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from airflow_provider_liveactivity._arguments import own_arguments
from airflow_provider_liveactivity.lifecycle._group import LiveActivityGroup
from airflow_provider_liveactivity.lifecycle._task_docs import UPDATE
from airflow_provider_liveactivity.operators.braze import (
    BrazeEndLiveActivityOperator,
    BrazeStartLiveActivityOperator,
    BrazeUpdateLiveActivityOperator,
)

if TYPE_CHECKING:
    from typing import Unpack

    from airflow_provider_liveactivity.lifecycle._types import BrazeLifecycleOptions
    from airflow_provider_liveactivity.models.arguments import Moment, Object, Schema
    from airflow_provider_liveactivity.operators._types import BrazeUpdateOptions


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
    :param stale_date: when the content of the start counts as outdated: aware datetime or ISO-8601 text with
        an offset, or a duration from the moment of sending (timedelta, or text such as "PT30M"); none by
        default. (templated)
    :param end_content_state: last state to show, as a dict or JSON text; by default the last state that was
        sent. (templated)
    :param end_notification: Apple push object of the end, as a dict or JSON text; none by default.
        (templated)
    :param dismissal_date: when the ended activity leaves the lock screen: aware datetime, ISO-8601 text with
        an offset, or timedelta from the end. By default iOS keeps the activity for up to four hours.
        (templated)
    :param app_id: API identifier of the iOS app; by default the ``app_id`` of the connection. (templated)
    :param braze_conn_id: id of the connection to the Braze workspace; "braze_default" by default. (templated)
    :param content_state_schema: JSON Schema that every content state must satisfy, as a dict, JSON text, or
        path of a JSON or Swift file; none by default. (templated)
    :param attributes_schema: JSON Schema that the attributes must satisfy, as a dict, JSON text, or path of a
        JSON or Swift file; none by default. (templated)
    :param extra_fields: further fields of the start that this version does not know, as a dict or JSON text;
        none by default. (templated)
    :param end_extra_fields: the same for the end. (templated)
    :param validate_only: check everything, but send nothing; False by default. (templated)
    """

    start_operator = BrazeStartLiveActivityOperator
    update_operator = BrazeUpdateLiveActivityOperator
    end_operator = BrazeEndLiveActivityOperator
    shared = ("activity_id", "app_id", "braze_conn_id", "content_state_schema", "validate_only")
    end_arguments: ClassVar[dict[str, str]] = {
        "content_state": "end_content_state",
        "notification": "end_notification",
        "dismissal_date": "dismissal_date",
        "extra_fields": "end_extra_fields",
    }

    def __init__(
        self,
        group_id: str,
        *,
        activity_id: str,
        activity_attributes_type: str,
        activity_attributes: Object,
        content_state: Object,
        notification: Object,
        stale_date: Moment | None = None,
        end_content_state: Object | None = None,
        end_notification: Object | None = None,
        dismissal_date: Moment | None = None,
        app_id: str | None = None,
        braze_conn_id: str | None = None,
        content_state_schema: Schema | None = None,
        attributes_schema: Schema | None = None,
        extra_fields: Object | None = None,
        end_extra_fields: Object | None = None,
        validate_only: bool | str | None = None,
        **options: Unpack[BrazeLifecycleOptions],
    ) -> None:
        super().__init__(**own_arguments(locals()), **options)

    def update(
        self, task_id: str, *, content_state: Object, **options: Unpack[BrazeUpdateOptions]
    ) -> BrazeUpdateLiveActivityOperator:
        """
        Return an update of this activity, for use inside the block.

        :param task_id: id of the task.
        :param content_state: whole state to show, as a dict or JSON text. (templated)
        :param options: further arguments of ``BrazeUpdateLiveActivityOperator``. The group sets the id of the
            activity, the connection and the other shared arguments.
        """
        arguments: Any = {"doc_md": UPDATE, **self._shared, "content_state": content_state, **options}
        return self.update_operator(task_id=task_id, **arguments)

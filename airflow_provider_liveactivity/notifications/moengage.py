"""Update or end a broadcast Live Activity through MoEngage from a callback or a Deadline Alert."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_provider_liveactivity.notifications._base import LiveActivityNotifier

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow_provider_liveactivity.delivery.report import SendReport
    from airflow_provider_liveactivity.models.arguments import EpochMoment, Object

_FIELDS = (
    "broadcast_live_activity_id",
    "content_state",
    "alert",
    "dismissal_date",
    "stale_date",
    "instance_id",
)


class MoEngageBroadcastNotifier(LiveActivityNotifier):
    """
    Update or end a broadcast from a callback such as ``on_success_callback`` or a Deadline Alert.

    :param broadcast_live_activity_id: id that the campaign was created with. (templated)
    :param content_state: whole state to show, as a dict or JSON text. (templated)
    :param alert: alert with ``title`` and ``body``, and optionally ``subtitle`` and ``sound``, as a dict or
        JSON text. (templated)
    :param verb: "update", the default, or "end".
    :param dismissal_date: when the activity leaves the phones: aware datetime, ISO-8601 text with an offset,
        epoch seconds, or timedelta from the moment of sending; none by default. (templated)
    :param stale_date: when the content counts as outdated: aware datetime, ISO-8601 text with an offset,
        epoch seconds, or timedelta from the moment of sending; none by default. (templated)
    :param instance_id: id of the request, as text; MoEngage rejects a second request with the same id. By
        default each call has a new id. (templated)
    :param moengage_conn_id: id of the connection to the MoEngage workspace; "moengage_default" by default.
        (templated)
    """

    template_fields: Sequence[str] = (*_FIELDS, "moengage_conn_id")

    def __init__(
        self,
        *,
        broadcast_live_activity_id: str,
        content_state: Object,
        alert: Object,
        dismissal_date: EpochMoment | None = None,
        stale_date: EpochMoment | None = None,
        instance_id: str | None = None,
        moengage_conn_id: str = "moengage_default",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.broadcast_live_activity_id = broadcast_live_activity_id
        self.content_state = content_state
        self.alert = alert
        self.dismissal_date = dismissal_date
        self.stale_date = stale_date
        self.instance_id = instance_id
        self.moengage_conn_id = moengage_conn_id

    def send(self) -> SendReport:
        from airflow_provider_liveactivity.hooks.moengage import MoEngageHook

        hook = MoEngageHook(self.moengage_conn_id)
        call = hook.end_broadcast if self.verb == "end" else hook.update_broadcast
        return call(**{name: getattr(self, name) for name in _FIELDS})

"""A callback or a Deadline Alert updates or ends a broadcast Live Activity through MoEngage."""

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
    Update or end a broadcast from ``on_success_callback`` and its like, or from a Deadline Alert.

    :param broadcast_live_activity_id: the id that the campaign was created with. (templated)
    :param content_state: object with the whole state to show, or its JSON text. (templated)
    :param alert: object with ``title`` and ``body``, optionally ``subtitle`` and ``sound``. (templated)
    :param verb: "update", the default, or "end".
    :param dismissal_date: when the activity leaves the phones: aware datetime, ISO-8601 text with an offset,
        epoch seconds, or timedelta from the moment of sending. (templated)
    :param stale_date: in the same forms, when the content counts as outdated. (templated)
    :param instance_id: MoEngage refuses a second request with the same one; by default a new one for each
        call. (templated)
    :param moengage_conn_id: connection to the MoEngage workspace; "moengage_default" by default. (templated)
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

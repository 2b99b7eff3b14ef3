"""Update or end a Live Activity through Braze from a callback or a Deadline Alert."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_provider_liveactivity.notifications._base import LiveActivityNotifier

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow_provider_liveactivity.delivery.report import SendReport
    from airflow_provider_liveactivity.models.arguments import Moment, Object

_FIELDS = ("activity_id", "content_state", "notification", "stale_date", "dismissal_date", "app_id")


class BrazeLiveActivityNotifier(LiveActivityNotifier):
    """
    Update or end a Live Activity from a callback such as ``on_success_callback`` or a Deadline Alert.

    :param activity_id: id that the activity was started with. (templated)
    :param content_state: whole state to show, as a dict or JSON text. (templated)
    :param verb: "update", the default, or "end".
    :param notification: Apple push object of an alert, as a dict or JSON text; by default no alert.
        (templated)
    :param stale_date: when the content counts as outdated: aware datetime, ISO-8601 text with an offset, or
        timedelta from the moment of sending; none by default. (templated)
    :param dismissal_date: when the ended activity leaves the lock screen: aware datetime, ISO-8601 text with
        an offset, or timedelta from the moment of sending. By default iOS keeps the activity for up to four
        hours. (templated)
    :param app_id: API identifier of the iOS app; by default the ``app_id`` of the connection. (templated)
    :param braze_conn_id: id of the connection to the Braze workspace; "braze_default" by default. (templated)
    """

    template_fields: Sequence[str] = (*_FIELDS, "braze_conn_id")

    def __init__(
        self,
        *,
        activity_id: str,
        content_state: Object,
        notification: Object | None = None,
        stale_date: Moment | None = None,
        dismissal_date: Moment | None = None,
        app_id: str | None = None,
        braze_conn_id: str = "braze_default",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.activity_id = activity_id
        self.content_state = content_state
        self.notification = notification
        self.stale_date = stale_date
        self.dismissal_date = dismissal_date
        self.app_id = app_id
        self.braze_conn_id = braze_conn_id

    def send(self) -> SendReport:
        from airflow_provider_liveactivity.hooks.braze import BrazeHook

        hook = BrazeHook(self.braze_conn_id)
        call = hook.end_live_activity if self.verb == "end" else hook.update_live_activity
        return call(**{name: getattr(self, name) for name in _FIELDS})

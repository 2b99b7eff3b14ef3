"""Update or end a Live Activity through Braze from a callback or a Deadline Alert."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from airflow_provider_liveactivity.notifications._base import LiveActivityNotifier, templated

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Literal

    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_liveactivity.hooks.braze import BrazeHook
    from airflow_provider_liveactivity.models.arguments import Moment, Object, Schema


class BrazeLiveActivityNotifier(LiveActivityNotifier):
    """
    Update or end a Live Activity from a callback such as ``on_success_callback`` or a Deadline Alert.

    :param activity_id: id that the activity was started with. (templated)
    :param content_state: whole state to show, as a dict or JSON text. (templated)
    :param verb: "update", the default, or "end".
    :param notification: Apple push object of an alert, as a dict or JSON text; by default no alert.
        (templated)
    :param stale_date: when the content counts as outdated: aware datetime or ISO-8601 text with an offset, or
        a duration from the moment of sending (timedelta, or text such as "PT30M"); none by default.
        (templated)
    :param dismissal_date: when the ended activity leaves the lock screen: aware datetime or ISO-8601 text
        with an offset, or a duration from the moment of sending (timedelta, or text such as "PT30M"). By
        default iOS keeps the activity for up to four hours. (templated)
    :param app_id: API identifier of the iOS app; by default the ``app_id`` of the connection. (templated)
    :param braze_conn_id: id of the connection to the Braze workspace; "braze_default" by default. (templated)
    :param content_state_schema: JSON Schema that the content state must satisfy, as a dict, JSON text, or
        path of a JSON or Swift file; none by default.
    :param extra_fields: fields of the request that this version does not know, as a dict or JSON text; none
        by default. They are added to the body after validation. (templated)
    :param validate_only: check everything, but send nothing; False by default. (templated)
    :param context: context of the callback, which Airflow passes when it calls the notifier.
    """

    methods: ClassVar[dict[str, str]] = {"update": "update_live_activity", "end": "end_live_activity"}
    braze_conn_id: str

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
        content_state_schema: Schema | None = None,
        extra_fields: Object | None = None,
        verb: Literal["update", "end"] = "update",
        validate_only: bool | str = False,
        context: Context | None = None,
    ) -> None:
        super().__init__(context)
        self._store(locals())

    template_fields: Sequence[str] = templated(__init__)

    @property
    def hook(self) -> BrazeHook:
        """Hook of the notifier's connection."""
        from airflow_provider_liveactivity.hooks.braze import BrazeHook

        return BrazeHook(self.braze_conn_id)

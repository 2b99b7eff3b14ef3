"""Update or end a broadcast Live Activity through MoEngage from a callback or a Deadline Alert."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from airflow_provider_liveactivity.notifications._base import LiveActivityNotifier, templated

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Literal

    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_liveactivity.hooks.moengage import MoEngageHook
    from airflow_provider_liveactivity.models.arguments import EpochMoment, Object, Schema


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
    :param content_state_schema: JSON Schema that the content state must satisfy, as a dict, JSON text, or
        path of a JSON or Swift file; none by default.
    :param extra_fields: fields of the request that this version does not know, as a dict or JSON text; none
        by default. They are added to the body after validation. (templated)
    :param validate_only: check everything, but send nothing; False by default. (templated)
    :param context: context of the callback, which Airflow passes when it calls the notifier.
    """

    methods: ClassVar[dict[str, str]] = {"update": "update_broadcast", "end": "end_broadcast"}
    moengage_conn_id: str

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
    def hook(self) -> MoEngageHook:
        """Hook of the notifier's connection."""
        from airflow_provider_liveactivity.hooks.moengage import MoEngageHook

        return MoEngageHook(self.moengage_conn_id)

"""Add the report of a send to the asset events of its task."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_liveactivity.delivery.report import SendReport
    from airflow_provider_liveactivity.hooks._base import LiveActivityHook

_EXTRA = (
    "vendor",
    "verb",
    "recipients",
    "accepted",
    "rejected",
    "unknown",
    "first_sent_at",
    "last_sent_at",
    "content_state",
    "validate_only",
)


def describe_events(context: Context, outlets: list[Any], hook: LiveActivityHook, report: SendReport) -> None:
    """
    Add the report of a send to the events of the task's assets.

    Airflow creates an event for each asset of a task that succeeds. If the vendor accepted a request, the
    activity's own asset is added to each alias.

    :param context: context of the running task.
    :param outlets: outlets of the task.
    :param hook: hook that sent the requests.
    :param report: report of the send.
    """
    if not outlets:
        return
    from airflow.providers.common.compat.sdk import Asset, AssetAlias

    extra: dict[str, Any] = {name: value for name, value in report.items() if name in _EXTRA}
    for outlet in outlets:
        if isinstance(outlet, Asset):
            context["outlet_events"][outlet].extra.update(extra)
        elif isinstance(outlet, AssetAlias) and report.get("accepted"):
            uri = hook.activity_uri(report["activity_id"])
            if uri is not None:
                context["outlet_events"][outlet].add(Asset(uri=uri), extra=extra)

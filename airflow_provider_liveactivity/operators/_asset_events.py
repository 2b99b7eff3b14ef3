"""Describe a send in the events of a task's assets."""

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
    Write the report of a send into the events of the task's assets.

    Airflow makes an event for each asset of a task that succeeds. An alias gets the activity as its asset, if
    the vendor accepted anything.

    :param context: context of the running task.
    :param outlets: outlets of the task.
    :param hook: the hook that has sent.
    :param report: report of the send.
    """
    if not outlets:
        return
    from airflow.providers.common.compat.sdk import Asset, AssetAlias

    extra = {name: report[name] for name in _EXTRA}  # type: ignore[literal-required]
    for outlet in outlets:
        if isinstance(outlet, Asset):
            context["outlet_events"][outlet].extra.update(extra)
        elif isinstance(outlet, AssetAlias) and report["accepted"]:
            uri = hook.activity_uri(report["activity_id"])
            if uri is not None:
                context["outlet_events"][outlet].add(Asset(uri=uri), extra=extra)

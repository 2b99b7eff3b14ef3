"""What the events of a task's assets say of a send."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_liveactivity.delivery.report import SendReport

_TOLD = (
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


def describe_events(context: Context, outlets: list[Any], uri: str | None, report: SendReport) -> None:
    """
    Tell the task's assets what was sent; an alias gets the activity as its asset.

    Airflow makes an event of every asset of a task that succeeds. One of an alias is made only here: where
    nothing was accepted, there is none.

    :param context: of the running task.
    :param outlets: of the task.
    :param uri: of the activity, where this attempt has sent to it.
    :param report: what was sent.
    """
    if not outlets:
        return
    from airflow.providers.common.compat.sdk import Asset, AssetAlias

    extra = {name: report[name] for name in _TOLD}  # type: ignore[literal-required]
    for outlet in outlets:
        if isinstance(outlet, Asset):
            context["outlet_events"][outlet].extra.update(extra)
        elif isinstance(outlet, AssetAlias) and uri is not None and report["accepted"]:
            context["outlet_events"][outlet].add(Asset(uri=uri), extra=extra)

"""End an activity with what its record knows, for tasks that are not its end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow_provider_liveactivity.errors import LiveActivityError
    from airflow_provider_liveactivity.models.arguments import Moment
    from airflow_provider_liveactivity.operators._records import ActivityRecord


def end_by_record(hook: Any, record: ActivityRecord, *, dismissal_date: Moment | None = None) -> None:
    """
    End an activity with the last state of its record; an activity that has ended already is no error.

    :param hook: hook of the record's vendor and connection.
    :param record: record of the activity.
    :param dismissal_date: when the ended activity leaves the lock screen; None, the default, for up to four
        hours.
    :raises LiveActivityError: if the end could not be sent.
    """
    from airflow_provider_liveactivity.errors import LiveActivityError as EndFailed

    content: dict[str, Any] = {
        "content_state": record.content_state,
        "dismissal_date": dismissal_date,
        **record.end_arguments,
    }
    if record.vendor == "braze":
        hook.end_live_activity(activity_id=record.activity_id, **content)
        return
    try:
        # The key is the same in every run: an end that MoEngage has already carried out counts as accepted.
        hook.end_broadcast(
            broadcast_live_activity_id=record.activity_id,
            instance_id=f"{record.start_id}-overdue",
            possibly_sent_before=True,
            **content,
        )
    except EndFailed as error:
        if not _is_over_already(error):
            raise


def _is_over_already(error: LiveActivityError) -> bool:
    """Return whether MoEngage rejects the end because the activity has ended already."""
    answer = str(getattr(error, "body_excerpt", None)).lower()
    return any(text in answer for text in ("invalid action", "dismissal date is already passed"))

"""What the tasks of one Live Activity read of each other's XComs in the same DAG run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_liveactivity.delivery.report import SendReport

#: Key of an end's moment: ``{"at": ISO-8601 text, "start_id": text or None}``. A later update is not sent.
ENDS_AT = "ends_at"
#: Key of the report of a start that failed after it had sent a part.
PARTIAL_REPORT = "partial_report"
RETURN_VALUE = "return_value"


def pull(context: Context, task_ids: Sequence[str], key: str = RETURN_VALUE) -> list[Any]:
    """
    Return what tasks of the same activity have pushed so far.

    In a mapped task group an activity is one map index; elsewhere each of the tasks may itself be mapped.
    """
    if not task_ids:
        return []
    ti = context["ti"]
    own_group: dict[str, Any] = {"map_indexes": ti.map_index} if is_in_mapped_group(context) else {}
    found: list[Any] = []
    for task_id in task_ids:
        values = ti.xcom_pull(task_ids=[task_id], key=key, **own_group)
        found.extend(value for value in values if value is not None)
    return found


def is_in_mapped_group(context: Context) -> bool:
    """Tell whether the running task belongs to a mapped task group, rather than being mapped itself."""
    return context["task"].get_closest_mapped_task_group() is not None


def reports_of(context: Context, task_ids: Sequence[str], activity_id: str) -> list[SendReport]:
    """Return the reports about an activity that has reached the vendor, or may have, oldest first."""
    reports = [
        report
        for key in (RETURN_VALUE, PARTIAL_REPORT)
        for report in pull(context, task_ids, key)
        if _counts(report) and report["activity_id"] == activity_id
    ]
    return sorted(reports, key=lambda report: report["last_sent_at"] or "")


def _counts(report: Any) -> bool:
    return (
        isinstance(report, dict)
        and "last_sent_at" in report
        and bool(report["accepted"] or report["unknown"] or report["validate_only"])
    )

"""Read the XComs that the tasks of one Live Activity share in a DAG run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_liveactivity.delivery.report import SendReport

#: Key of the moment of an end: ``{"at": ISO-8601 text, "start_id": text or None}``. Later updates are
#: dropped.
ENDS_AT = "ends_at"
RETURN_VALUE = "return_value"


def pull(context: Context, task_ids: Sequence[str], key: str = RETURN_VALUE) -> list[Any]:
    """
    Return the XCom values that tasks of the same activity have pushed so far.

    In a mapped task group, one activity is one map index. Elsewhere each task may itself be mapped.

    :param context: context of the running task.
    :param task_ids: ids of the tasks.
    :param key: key of the XComs; "return_value" by default.
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
    """Return whether the running task belongs to a mapped task group. A mapped task alone does not count."""
    return context["task"].get_closest_mapped_task_group() is not None


def reports_of(context: Context, task_ids: Sequence[str], activity_id: str) -> list[SendReport]:
    """
    Return the reports of an activity with accepted, unknown or only validated requests, oldest first.

    :param context: context of the running task.
    :param task_ids: ids of the tasks that return the reports.
    :param activity_id: id by which the vendor knows the activity.
    """
    from airflow_provider_liveactivity._stored_names import PARTIAL_REPORT

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

"""Report sends to Airflow's lineage: the query that selects the recipients, and the activity they get."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_provider_liveactivity.audience import SqlAudience

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import BaseHook


class TracedAudience(SqlAudience):
    """
    An audience from a query, which is reported to Airflow's lineage once.

    ``DbApiHook.run`` would report the query, but the recipients are streamed from another cursor.
    """

    _told = False

    def total(self) -> int:
        people = super().total()
        if not self._told:
            from airflow.providers.common.sql.hooks.lineage import send_sql_hook_lineage

            # Without the parameters, which may name recipients.
            send_sql_hook_lineage(context=self._hook, sql=self._query, row_count=people)
            self._told = True
        return people


def tell_lineage(hook: BaseHook, uri: str | None) -> None:
    """
    Report to Airflow's lineage that the running task wrote to an activity.

    :param hook: the hook that sent.
    :param uri: URI of the activity's asset; None reports nothing.
    """
    if uri is None:
        return
    from airflow.providers.common.compat.lineage.hook import get_hook_lineage_collector

    get_hook_lineage_collector().add_output_asset(context=hook, uri=uri)

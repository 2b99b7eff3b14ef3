"""What Airflow's lineage hears of a send: the query that named its people, and the activity it went to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_provider_liveactivity.audience import SqlAudience

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import BaseHook


class TracedAudience(SqlAudience):
    """
    A query's people; the query is told to Airflow's lineage, once.

    ``DbApiHook.run`` would do so, but people are streamed from a cursor of their own.
    """

    _told = False

    def total(self) -> int:
        people = super().total()
        if not self._told:
            from airflow.providers.common.sql.hooks.lineage import send_sql_hook_lineage

            # Without the parameters: they may name people.
            send_sql_hook_lineage(context=self._hook, sql=self._query, row_count=people)
            self._told = True
        return people


def tell_lineage(hook: BaseHook, uri: str | None) -> None:
    """Tell Airflow's lineage that the running task has written to an activity, if it has a URI."""
    if uri is None:
        return
    from airflow.providers.common.compat.lineage.hook import get_hook_lineage_collector

    get_hook_lineage_collector().add_output_asset(context=hook, uri=uri)

"""
A match whose kick-off may be delayed: the start waits for it, and the end moves along.

Both moments are columns of the warehouse. The sensors read them again every few minutes, and when the known
moment comes. If a row changes, the Live Activity follows.
"""

from __future__ import annotations

from datetime import timedelta

from airflow.providers.common.sql.operators.sql import SQLExecuteQueryOperator
from airflow.sdk import Param, chain, dag

from airflow_provider_liveactivity.lifecycle import BrazeLiveActivity
from airflow_provider_liveactivity.sensors.end_time import LiveActivityEndTimeSensor
from airflow_provider_liveactivity.sql_handlers import rows_as_dicts

# DuckDB writes a parameter as "?"; PostgreSQL, Snowflake and others write it as "%s".
NEXT_MATCH = """
SELECT match_key
FROM matches
WHERE home = ? AND kicks_off_at >= CAST(? AS TIMESTAMP WITH TIME ZONE)
ORDER BY kicks_off_at
LIMIT 1
"""
# Read by its key from then on: a match that is put off beyond the next one is still the same.
KEY = ["{{ ti.xcom_pull(task_ids='next_match')[0].match_key }}"]
EVERY_FEW_MINUTES = timedelta(minutes=5)


@dag(
    schedule=None,
    doc_md=__doc__,
    default_args={"retries": 2, "retry_delay": timedelta(seconds=5)},
    tags=["live-activity", "braze"],
    params={
        "home": Param("Harbour", type="string", description="Home team of the match"),
        "segment_id": Param("segment-harbour-uptown", type="string", description="Braze segment of its fans"),
    },
)
def delayed_kick_off() -> None:
    """Follow one match."""
    next_match = SQLExecuteQueryOperator(
        task_id="next_match",
        conn_id="warehouse",
        sql=NEXT_MATCH,
        parameters=["{{ params.home }}", "{{ dag_run.run_after }}"],
        handler=rows_as_dicts,
    )
    kick_off = LiveActivityEndTimeSensor(
        task_id="kick_off",
        sql="SELECT kicks_off_at FROM matches WHERE match_key = ?",
        sql_conn_id="warehouse",
        parameters=KEY,
        recheck_interval=EVERY_FEW_MINUTES,
        deferrable=True,
    )
    with BrazeLiveActivity(
        "match",
        activity_id="match/{{ params.home }}/{{ run_id }}",
        activity_attributes_type="MatchAttributes",
        activity_attributes={"home": "{{ params.home }}"},
        content_state={"home": 0, "away": 0, "phase": "First half"},
        notification={"alert": {"title": "{{ params.home }}", "body": "Kick-off!"}},
        segment_id="{{ params.segment_id }}",
        end_time_sql="SELECT ends_at FROM matches WHERE match_key = ?",
        end_time_sql_conn_id="warehouse",
        end_time_parameters=KEY,
        recheck_interval=EVERY_FEW_MINUTES,
    ) as match:
        match.update("goal", content_state={"home": 1, "away": 0, "phase": "First half"})
    chain(next_match, kick_off, match)


delayed_kick_off()

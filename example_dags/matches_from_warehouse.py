"""
A query whose rows are Live Activities: each match of the evening, for the segment of its fans.

Columns become arguments with their types: a score that is a number in the warehouse is a number on the phone.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from airflow.providers.common.sql.operators.sql import SQLExecuteQueryOperator
from airflow.sdk import Param, chain, dag, task_group

from airflow_provider_liveactivity.operators.braze import (
    BrazeEndLiveActivityOperator,
    BrazeStartLiveActivityOperator,
    BrazeUpdateLiveActivityOperator,
)
from airflow_provider_liveactivity.sensors.end_time import LiveActivityEndTimeSensor
from airflow_provider_liveactivity.sql_handlers import rows_as_dicts

# The run is part of the id: a second run is a second activity, a retry of a task is the same one.
# DuckDB writes a parameter as "?"; PostgreSQL, Snowflake and others write it as "%s".
MATCHES = """
SELECT
    'match/' || match_key || '/' || ? AS activity_id,
    segment_id, home, away, home || ' – ' || away AS title,
    home_half, away_half, home_full, away_full, ends_at
FROM matches
WHERE kicks_off_at >= CAST(? AS TIMESTAMP WITH TIME ZONE)
ORDER BY kicks_off_at, match_key
LIMIT CAST(? AS INTEGER)
"""


@dag(
    schedule=None,
    doc_md=__doc__,
    default_args={"retries": 2, "retry_delay": timedelta(seconds=5)},
    tags=["live-activity", "braze"],
    params={"matches": Param(3, type="integer", minimum=1, description="How many of the next matches")},
)
def matches_from_warehouse() -> None:
    """Follow the next matches."""
    matches = SQLExecuteQueryOperator(
        task_id="matches",
        conn_id="warehouse",
        sql=MATCHES,
        parameters=["{{ run_id }}", "{{ dag_run.run_after }}", "{{ params.matches }}"],
        handler=rows_as_dicts,
    )

    # The UI shows a mapped task by its match instead of its number.
    label = "{{ ti.xcom_pull(task_ids='matches')[ti.map_index].title }}"

    @task_group(default_args={"map_index_template": label})
    def match(
        activity_id: str, segment_id: str, home: str, away: str, title: str,
        home_half: int, away_half: int, home_full: int, away_full: int, ends_at: datetime,
    ) -> None:  # fmt: skip
        kick_off = BrazeStartLiveActivityOperator(
            task_id="kick_off",
            activity_id=activity_id,
            activity_attributes_type="MatchAttributes",
            activity_attributes={"home": home, "away": away},
            content_state={"home": 0, "away": 0, "phase": "First half"},
            notification={"alert": {"title": title, "body": "Kick-off!"}},
            segment_id=segment_id,
        )
        half_time = BrazeUpdateLiveActivityOperator(
            task_id="half_time",
            activity_id=activity_id,
            content_state={"home": home_half, "away": away_half, "phase": "Half-time"},
        )
        final_whistle = LiveActivityEndTimeSensor(task_id="final_whistle", end_time=ends_at, deferrable=True)
        result = BrazeEndLiveActivityOperator(
            task_id="result",
            activity_id=activity_id,
            content_state={"home": home_full, "away": away_full, "phase": "Final score"},
            notification={"alert": {"title": title, "body": "Final whistle"}},
        )
        chain(kick_off, half_time, final_whistle, result)

    match.expand_kwargs(matches.output)


matches_from_warehouse()

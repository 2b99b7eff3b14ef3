"""
A MoEngage broadcast for each warehouse row: a campaign for the fans of a match, then start to end.

MoEngage stores the audience with the campaign, so the campaign is created first. The other calls name no
recipient.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from airflow.providers.common.sql.operators.sql import SQLExecuteQueryOperator
from airflow.sdk import Param, chain, dag, task_group

from airflow_provider_liveactivity.operators.moengage import (
    MoEngageCreateBroadcastCampaignOperator,
    MoEngageEndBroadcastLiveActivityOperator,
    MoEngageStartBroadcastLiveActivityOperator,
    MoEngageUpdateBroadcastLiveActivityOperator,
)
from airflow_provider_liveactivity.sensors.end_time import LiveActivityEndTimeSensor
from airflow_provider_liveactivity.sql_handlers import rows_as_dicts

# DuckDB writes a parameter as "?"; PostgreSQL, Snowflake and others write it as "%s".
# The run is part of the id: a second run is a second campaign, a retry of a task is the same one.
MATCHES = """
SELECT
    match_key || '/' || ? AS broadcast_id,
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
    tags=["live-activity", "moengage"],
    params={
        # MoEngage takes five new campaigns and five starts a minute: for more, give those two tasks a pool.
        "matches": Param(3, type="integer", minimum=1, maximum=5, description="How many of the next matches"),
        "created_by": Param(
            "data.eng@example.com", type="string", description="E-mail of a user of MoEngage's dashboard"
        ),
    },
)
def campaign_from_warehouse() -> None:
    """Broadcast the next matches, each to its own segment."""
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
        broadcast_id: str, segment_id: str, home: str, away: str, title: str,
        home_half: int, away_half: int, home_full: int, away_full: int, ends_at: datetime,
    ) -> None:  # fmt: skip
        campaign = MoEngageCreateBroadcastCampaignOperator(
            task_id="campaign",
            name=broadcast_id,
            broadcast_live_activity_id=broadcast_id,
            created_by="{{ params.created_by }}",
            segment_id=segment_id,
        )
        kick_off = MoEngageStartBroadcastLiveActivityOperator(
            task_id="kick_off",
            broadcast_live_activity_id=broadcast_id,
            attribute_type="MatchAttributes",
            attribute_info={"home": home, "away": away},
            content_state={"home": 0, "away": 0, "phase": "First half"},
            alert={"title": title, "body": "Kick-off!"},
        )
        half_time = MoEngageUpdateBroadcastLiveActivityOperator(
            task_id="half_time",
            broadcast_live_activity_id=broadcast_id,
            content_state={"home": home_half, "away": away_half, "phase": "Half-time"},
            alert={"title": title, "body": "Half-time"},
        )
        final_whistle = LiveActivityEndTimeSensor(task_id="final_whistle", end_time=ends_at, deferrable=True)
        result = MoEngageEndBroadcastLiveActivityOperator(
            task_id="result",
            broadcast_live_activity_id=broadcast_id,
            content_state={"home": home_full, "away": away_full, "phase": "Final score"},
            alert={"title": title, "body": "Final whistle"},
        )
        chain(campaign, kick_off, half_time, final_whistle, result)

    match.expand_kwargs(matches.output)


campaign_from_warehouse()

"""
Compare what a sync has started with what Braze says it has sent.

Braze accepts a start without saying which phones it reaches. Its events say so later, in Snowflake or through
Currents: ``USERS_MESSAGES_LIVEACTIVITY_SEND_SHARED`` has a row for each push that Braze has sent to a phone,
and ``USERS_MESSAGES_LIVEACTIVITY_OUTCOME_SHARED`` a row with its outcome. This DAG joins both with the state
table of the sync. The result is the table ``live_activity_findings`` with one row for each activity of a day.
The log and the XCom contain only counts.

``sync_state`` is the connection to the database of the state table. The two tables of events, or views or
copies of them, must be in the same database.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.providers.common.compat.sdk import BaseHook
from airflow.sdk import Param, dag, task

log = logging.getLogger(__name__)

# SQLite writes a parameter as "?"; Snowflake, PostgreSQL and others write it as "%s".
# An activity with several recipients counts as shown if one phone shows it.
FINDINGS = """
CREATE TABLE live_activity_findings AS
WITH started AS (
    SELECT activity_id, status, started_at
    FROM live_activity_state
    WHERE status IN ('on', 'ended', 'unknown') AND started_at >= ? AND started_at < ?
), sent AS (
    SELECT ACTIVITY_ID AS activity_id, count(*) AS pushes
    FROM USERS_MESSAGES_LIVEACTIVITY_SEND_SHARED
    WHERE LIVE_ACTIVITY_EVENT_TYPE = 'start'
    GROUP BY ACTIVITY_ID
), outcomes AS (
    SELECT
        ACTIVITY_ID AS activity_id,
        sum(CASE WHEN lower(LIVE_ACTIVITY_EVENT_OUTCOME) = lower(?) THEN 1 ELSE 0 END) AS shown,
        count(*) AS known
    FROM USERS_MESSAGES_LIVEACTIVITY_OUTCOME_SHARED
    WHERE LIVE_ACTIVITY_EVENT_TYPE = 'start'
    GROUP BY ACTIVITY_ID
)
SELECT
    started.activity_id,
    started.status,
    started.started_at,
    CASE
        WHEN outcomes.shown > 0 THEN 'on the phone'
        WHEN outcomes.known > 0 THEN 'failed on the phone'
        WHEN sent.pushes > 0 THEN 'sent, no outcome'
        WHEN started.status = 'unknown' THEN 'unknown, no event'
        ELSE 'started, no event'
    END AS finding
FROM started
LEFT JOIN sent ON sent.activity_id = started.activity_id
LEFT JOIN outcomes ON outcomes.activity_id = started.activity_id
"""


@dag(
    schedule="0 6 * * *",
    catchup=False,
    max_active_runs=1,
    doc_md=__doc__,
    tags=["live-activity", "braze"],
    params={
        "started_before": Param(
            None,
            type=["null", "string"],
            format="date-time",
            description="End of the day that is compared; by default the moment of the run",
        ),
        "shown": Param(
            "Success",
            type="string",
            description="LIVE_ACTIVITY_EVENT_OUTCOME of a push that Apple has accepted. Braze does not "
            "document the values: look at those in your table",
        ),
    },
)
def reconcile_with_braze() -> None:
    """Compare the activities of the last day."""

    @task(multiple_outputs=False)
    def compare(params: Any = None, dag_run: Any = None) -> dict[str, int]:
        given = params["started_before"]
        before = (datetime.fromisoformat(given) if given else dag_run.run_after).astimezone(UTC)
        day = [moment.isoformat(" ", "seconds") for moment in (before - timedelta(days=1), before)]

        database = BaseHook.get_hook("sync_state")
        database.run("DROP TABLE IF EXISTS live_activity_findings")
        database.run(FINDINGS, parameters=[*day, params["shown"]])
        counts = dict(database.get_records("SELECT finding, count(*) FROM live_activity_findings GROUP BY 1"))
        log.info("%s.", ", ".join(f"{counts[name]:,} {name}" for name in sorted(counts)) or "No activities")
        return counts

    compare()


reconcile_with_braze()

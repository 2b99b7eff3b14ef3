"""
The same without an upstream DAG: scores come from a Redis channel, and a trigger listens to it.

Needs ``apache-airflow-providers-redis`` and ``apache-airflow-providers-common-messaging``, and a connection
``redis_default``. A message is the JSON of a row: ``{"match": "derby", "minute": 12, "home": 1, "away": 0}``.
Redis keeps no message for a listener that is away; a feed that repeats the current score now and then, and
``sequence``, make that harmless.
"""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import timedelta
from typing import Any

from airflow.providers.common.compat.sdk import AirflowSkipException
from airflow.sdk import Asset, AssetWatcher, dag, task

from airflow_provider_liveactivity.operators.braze import BrazeUpdateLiveActivityOperator

WATCHERS = []
with suppress(ImportError):  # without the two providers the DAG can be read, and hears nothing
    from airflow.providers.common.messaging.triggers.msg_queue import MessageQueueTrigger

    trigger = MessageQueueTrigger(scheme="redis+pubsub", channels=["scores"], poll_interval=1)
    WATCHERS.append(AssetWatcher(name="scores", trigger=trigger))
SCORES = Asset("live_activity_example_score_queue", watchers=WATCHERS)


@dag(
    schedule=[SCORES],
    doc_md=__doc__,
    max_active_runs=1,
    default_args={"retries": 2, "retry_delay": timedelta(seconds=5)},
    tags=["live-activity", "braze"],
)
def score_queue() -> None:
    """Show the newest score."""

    @task(multiple_outputs=True)
    def newest(triggering_asset_events: Any = None) -> dict[str, Any]:
        """Return the newest of the messages that this run is for."""
        messages = [event.extra["payload"]["data"] for event in triggering_asset_events.get(SCORES, ())]
        if not messages:
            raise AirflowSkipException("started by hand, without a message")
        row = max(map(json.loads, messages), key=lambda row: row["minute"])
        return {
            "activity_id": f"match/{row['match']}",
            "minute": row["minute"],
            "state": {"home": row["home"], "away": row["away"], "phase": f"Minute {row['minute']}"},
        }

    score: Any = newest()
    BrazeUpdateLiveActivityOperator(
        task_id="update",
        activity_id=score["activity_id"],
        content_state=score["state"],
        sequence=score["minute"],
        inlets=[SCORES],
    )


score_queue()

"""
Like ``score_card``, but without an upstream DAG: a trigger listens to scores on a Redis channel.

Needs ``apache-airflow-providers-redis`` and ``apache-airflow-providers-common-messaging``, and a connection
``redis_default``. A message is the JSON of a row: ``{"match": "derby", "minute": 12, "home": 1, "away": 0}``.
Redis keeps no messages for a listener that is not connected. Let the feed repeat the current score from time
to time; ``sequence`` drops repeated scores.
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
with suppress(ImportError):  # without the two providers the DAG parses, but gets no messages
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

    @task
    def newest(triggering_asset_events: Any = None) -> list[dict[str, Any]]:
        """Return the newest message of each match: several may have come meanwhile, for several matches."""
        messages = [event.extra["payload"]["data"] for event in triggering_asset_events.get(SCORES, ())]
        if not messages:
            raise AirflowSkipException("started by hand, without a message")
        rows = sorted(map(json.loads, messages), key=lambda row: row["minute"])
        return [
            {
                "activity_id": f"match/{match}",
                "content_state": {
                    "home": row["home"],
                    "away": row["away"],
                    "phase": f"Minute {row['minute']}",
                },
                "sequence": row["minute"],
            }
            for match, row in {row["match"]: row for row in rows}.items()
        ]

    BrazeUpdateLiveActivityOperator.partial(
        task_id="update", inlets=[SCORES], map_index_template="{{ task.activity_id }}"
    ).expand_kwargs(newest())


score_queue()

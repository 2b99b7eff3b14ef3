"""
A storm over an airport: one Live Activity for the passengers of its next departures, once a person approves.

First a dry run reads the whole audience and sends nothing. The approver then sees the number of people and
requests, the duration, and the card. The start reaches no more people than that.
Needs ``apache-airflow-providers-standard`` 1.12.2 or newer.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.providers.standard.operators.hitl import ApprovalOperator
from airflow.sdk import Param, chain, dag

from airflow_provider_liveactivity.operators.braze import (
    BrazeEndLiveActivityOperator,
    BrazeStartLiveActivityOperator,
)

# DuckDB writes a parameter as "?"; PostgreSQL, Snowflake and others write it as "%s".
PASSENGERS = """
SELECT external_id
FROM passengers
JOIN flights USING (flight_key)
WHERE origin = ? AND departs_at >= CAST(? AS TIMESTAMP WITH TIME ZONE)
    AND departs_at < CAST(? AS TIMESTAMP WITH TIME ZONE)
"""
START: dict[str, Any] = {
    "activity_id": "storm/{{ params.airport }}/{{ run_id }}",
    "activity_attributes_type": "AirportAttributes",
    "activity_attributes": {"airport": "{{ params.airport }}"},
    "content_state": {"status": "Delays", "text": "{{ params.text }}"},
    "notification": {"alert": {"title": "Storm at {{ params.airport }}", "body": "{{ params.text }}"}},
    "sql": PASSENGERS,
    "sql_conn_id": "warehouse",
    "parameters": [
        "{{ params.airport }}",
        "{{ dag_run.run_after }}",
        "{{ dag_run.run_after + macros.timedelta(minutes=params.minutes) }}",
    ],
    "max_requests_per_second": 50,
}
PEOPLE = '{{ "{:,}".format(ti.xcom_pull(task_ids="rehearsal").recipients) }}'
# The page card.html of the provider's plugin draws what comes after the "#".
QUESTION = """
{%- set report = ti.xcom_pull(task_ids="rehearsal") -%}
{%- set card = {
    "attributes_type": "AirportAttributes",
    "attributes": {"airport": params.airport},
    "content_state": report.content_state,
    "alert": {"title": "Storm at " ~ params.airport, "body": params.text},
} -%}
| | |
|---|---|
| People | {{ "{:,}".format(report.recipients) }} |
| Requests to Braze | {{ "{:,}".format(report.requests) }} |
| Takes about | {{ report.expected_seconds | round(0, "ceil") | int }} s |
| Over by, if you approve now | {{ report.expected_last_sent_at[:19] | replace("T", " ") }} UTC |

On the lock screen:

> **Storm at {{ params.airport }}**
>
> {{ params.text }}
>
> {{ report.content_state.status }}

[See the card as a phone shows it](/liveactivity/files/card.html#{{ card | tojson | urlencode }})

Without an answer within half an hour nothing is sent.
"""


@dag(
    schedule=None,
    doc_md=__doc__,
    default_args={"retries": 2, "retry_delay": timedelta(seconds=5)},
    tags=["live-activity", "braze"],
    params={
        "airport": Param("JFK", type="string", title="Airport", enum=["EWR", "JFK", "LGA"]),
        "minutes": Param(60, type="integer", minimum=1, title="Departures of the next minutes"),
        "text": Param(
            "Thunderstorms: expect delays, and look here for news.",
            type="string",
            title="Text on the lock screen",
            minLength=1,
            maxLength=120,
        ),
        "seconds": Param(3600, type="integer", minimum=0, title="Seconds until it ends", maximum=8 * 3600),
    },
)
def approved_start() -> None:
    """Tell the passengers of a storm."""
    rehearsal = BrazeStartLiveActivityOperator(task_id="rehearsal", **START, validate_only=True)
    # No answer within half an hour is a no: news of a storm would be late by then.
    approval = ApprovalOperator(
        task_id="approval",
        subject=f"Tell {PEOPLE} people of the storm at {{{{ params.airport }}}}?",
        body=QUESTION,
        defaults=ApprovalOperator.REJECT,
        response_timeout=timedelta(minutes=30),
    )
    start = BrazeStartLiveActivityOperator(
        task_id="start", **START, max_audience='{{ ti.xcom_pull(task_ids="rehearsal").recipients }}'
    )
    end = BrazeEndLiveActivityOperator(
        task_id="end",
        activity_id=START["activity_id"],
        content_state={"status": "Over", "text": "The storm has passed."},
        end_time="PT{{ params.seconds }}S",
    )
    chain(rehearsal, approval, start, end)


approved_start()

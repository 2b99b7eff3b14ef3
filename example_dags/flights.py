"""
One Live Activity for every departing flight, on the phones of its passengers.

A query lists the flights, and each row becomes a task group of its own: the activity starts, shows the
delay and the take-off, waits for the landing without a worker slot, and ends.
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
DEPARTURES = """
SELECT
    'flight/' || flight_key || '/' || ? AS activity_id,
    flight_key, flight, origin, destination, departs_at, lands_at, departure_delay, arrival_delay
FROM flights
WHERE departs_at >= CAST(? AS TIMESTAMP WITH TIME ZONE)
ORDER BY departs_at, flight_key
LIMIT CAST(? AS INTEGER)
"""


@dag(
    schedule=None,
    doc_md=__doc__,
    default_args={"retries": 2, "retry_delay": timedelta(seconds=5)},
    tags=["live-activity", "braze"],
    params={"flights": Param(14, type="integer", minimum=1, description="How many of the next departures")},
)
def flights() -> None:
    """Follow the next departures."""
    departures = SQLExecuteQueryOperator(
        task_id="departures",
        conn_id="warehouse",
        sql=DEPARTURES,
        parameters=["{{ run_id }}", "{{ dag_run.run_after }}", "{{ params.flights }}"],
        handler=rows_as_dicts,
    )

    # The UI shows a mapped task by its flight instead of its number.
    label = "{{ ti.xcom_pull(task_ids='departures')[ti.map_index].flight }}"

    @task_group(default_args={"map_index_template": label})
    def flight(
        activity_id: str, flight_key: str, flight: str, origin: str, destination: str,
        departs_at: datetime, lands_at: datetime, departure_delay: int, arrival_delay: int,
    ) -> None:  # fmt: skip
        boarding = BrazeStartLiveActivityOperator(
            task_id="boarding",
            activity_id=activity_id,
            activity_attributes_type="FlightAttributes",
            activity_attributes={"flight": flight, "origin": origin, "destination": destination},
            content_state={"status": "Boarding", "delayMinutes": 0},
            notification={"alert": {"title": flight, "body": "Boarding has begun"}},
            sql="SELECT external_id FROM passengers WHERE flight_key = ?",
            sql_conn_id="warehouse",
            parameters=[flight_key],
        )
        delay = BrazeUpdateLiveActivityOperator(
            task_id="delay",
            activity_id=activity_id,
            content_state={"status": "Boarding", "delayMinutes": departure_delay},
            notification={"alert": {"title": flight, "body": "New departure time"}},
        )
        # Boarding ends at take-off: the sensor can wait for any moment.
        take_off = LiveActivityEndTimeSensor(task_id="take_off", end_time=departs_at, deferrable=True)
        in_the_air = BrazeUpdateLiveActivityOperator(
            task_id="in_the_air",
            activity_id=activity_id,
            content_state={"status": "In the air", "delayMinutes": arrival_delay},
        )
        landing = LiveActivityEndTimeSensor(task_id="landing", end_time=lands_at, deferrable=True)
        landed = BrazeEndLiveActivityOperator(
            task_id="landed",
            activity_id=activity_id,
            content_state={"status": "Landed", "delayMinutes": arrival_delay},
            notification={"alert": {"title": flight, "body": "Welcome! You have landed"}},
        )
        chain(boarding, delay, take_off, in_the_air, landing, landed)

    flight.expand_kwargs(departures.output)


flights()

"""
One Live Activity for every order of a food delivery, in one task.

A query returns the orders as they are now, one row for each. The sync compares them with its state table and
sends only what has changed: a start for a new order, an update for a new status, an end for a delivery. A
scheduled run makes one pass. For the evening, trigger the DAG with ``until``: this run reads the orders again
every ``poll_interval``, and no scheduled run begins before it has ended.
"""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import Param, dag

from airflow_provider_liveactivity.operators.sync import BrazeSyncLiveActivitiesOperator

# One row is one activity, and the columns have the names of Braze's fields. JSON text becomes an object.
# An order without news for an hour is no longer in the result. Its end_time is over then: the sync ends it.
ORDERS = """
SELECT
    'order/' || order_key AS activity_id,
    external_id AS external_user_id,
    json_object('restaurant', restaurant, 'orderNumber', order_number) AS activity_attributes,
    json_object('status', status, 'minutesLeft', minutes_left) AS content_state,
    CASE status WHEN 'Nearby' THEN json_object(
        'alert', json_object('title', restaurant, 'body', 'Your courier is almost there')
    ) END AS update_notification,
    status IN ('Delivered', 'Cancelled') AS ended,
    happened_at + INTERVAL 1 HOUR AS end_time
FROM orders
JOIN order_events USING (order_key)
WHERE happened_at BETWEEN now() - INTERVAL 1 HOUR AND now()
QUALIFY row_number() OVER (PARTITION BY order_key ORDER BY happened_at DESC) = 1
"""


@dag(
    schedule="* * * * *",
    catchup=False,
    max_active_runs=1,  # more would be safe: no order is started twice by overlapping runs
    doc_md=__doc__,
    default_args={"retries": 2, "retry_delay": timedelta(seconds=5)},
    tags=["live-activity", "braze"],
    params={
        "until": Param(None, type=["null", "string"], format="date-time", description="End of the live mode"),
        "poll_interval": Param(
            "PT15S", type="string", description="Time from one pass of the live mode to the next"
        ),
    },
)
def deliveries() -> None:
    """Make the activities what the orders are."""
    BrazeSyncLiveActivitiesOperator(
        task_id="sync",
        priority_weight=100,  # one task for all orders: it goes before the tasks of single activities
        sql=ORDERS,
        sql_conn_id="warehouse",
        # Any database that SQLAlchemy has a driver for; by default the one of the query.
        state_conn_id="sync_state",
        activity_attributes_type="DeliveryAttributes",
        notification={"alert": {"title": "Your order", "body": "The restaurant has it"}},
        end_notification={"alert": {"title": "Your order", "body": "Enjoy your meal"}},
        dismissal_date=timedelta(minutes=15),
        silent_updates=True,  # a new number of minutes is no reason to light up the screen
        until="{{ params.until or '' }}",
        poll_interval="{{ params.poll_interval if params.until else '' }}",
    )


deliveries()

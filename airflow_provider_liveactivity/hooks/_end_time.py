"""Read the end of a Live Activity: a given moment, or the result of a query."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_provider_liveactivity.errors import InvalidPayload
from airflow_provider_liveactivity.hooks._sql import sql_hook
from airflow_provider_liveactivity.models.end_time import blank_to_none, end_moment, time_zone

if TYPE_CHECKING:
    from datetime import datetime

#: Key of what a query for an end found last, in the XComs of a start and in the state of a sensor.
KNOWN_END_KEY = "live_activity_known_end"
_NAME_THE_TIME_ZONE = (
    "set end_timezone to the time zone that it is in, such as 'UTC' or 'Europe/London', or {}"
)
_GIVE_AN_OFFSET = _NAME_THE_TIME_ZONE.format("add an offset, such as 2026-07-22T18:30:00+00:00")
_CAST_IN_THE_QUERY = _NAME_THE_TIME_ZONE.format(
    "cast it in the query, such as ends_at AT TIME ZONE 'UTC' in PostgreSQL (docs/lifecycle.md shows the "
    "cast of each database)"
)


def read_end_time(
    *,
    end_time: Any = None,
    sql: str | None = None,
    sql_conn_id: str | None = None,
    parameters: Any = None,
    end_timezone: str | None = None,
    prefix: str = "",
) -> datetime | None:
    """
    Return the end of an activity in UTC, or None where none is known yet.

    :param end_time: datetime or ISO-8601 text; blank text means the same as None.
    :param sql: in its place a query whose first row and column is the end; no row, NULL and blank text mean
        that the end is not known yet.
    :param sql_conn_id: connection to the database that the query is for.
    :param parameters: parameters of the query.
    :param end_timezone: IANA name of the time zone of values without an offset; None refuses them.
    :param prefix: what the names of the query's arguments begin with, for errors.
    :raises InvalidPayload: for a value that is no moment, and for both an end and a query, or neither.
    :raises InvalidConnection: where the connection is not one to a SQL database.
    """
    end_time, sql = blank_to_none(end_time), blank_to_none(sql)
    if (end_time is None) == (sql is None):
        found = (
            "both are given" if sql is not None else "both are None or blank, perhaps by a template or XCom"
        )
        raise InvalidPayload(f"Exactly one of end_time and {prefix}sql is required; {found}.")
    timezone = time_zone(end_timezone)
    if sql is None:
        return end_moment(end_time, timezone=timezone, advice=_GIVE_AN_OFFSET)
    if not sql_conn_id:
        raise InvalidPayload(
            f"{prefix}sql_conn_id is required: it names the database that {prefix}sql is for."
        )
    row = sql_hook(sql_conn_id, f"{prefix}sql_conn_id").get_first(sql, parameters=parameters)
    return end_moment(
        row[0] if row else None,
        name=f"The end that {prefix}sql finds",
        timezone=timezone,
        advice=_CAST_IN_THE_QUERY,
    )

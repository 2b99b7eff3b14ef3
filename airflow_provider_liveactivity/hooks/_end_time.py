"""Read the end of a Live Activity: a given moment, or the result of a query."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_provider_liveactivity._blank import blank_to_none
from airflow_provider_liveactivity.errors import InvalidPayload
from airflow_provider_liveactivity.hooks._audience_arguments import sql_hook
from airflow_provider_liveactivity.models.end_time import end_moment, time_zone

if TYPE_CHECKING:
    from datetime import datetime

#: Key of the end that a query found last, in the XComs of a start and in the state of a sensor.
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
    Return the end of an activity in UTC; None if it is not known yet.

    :param end_time: datetime or ISO-8601 text; None, the default, or blank text for none.
    :param sql: query, instead of ``end_time``, whose first row and column is the end. If it returns no row,
        NULL or blank text, the end is not known yet. None by default.
    :param sql_conn_id: id of the connection to the query's database; None by default.
    :param parameters: parameters of the query, in the style of its driver; None by default.
    :param end_timezone: IANA name of the time zone of a value without an offset; None, the default, refuses
        such a value.
    :param prefix: prefix of the query arguments' names in errors; empty by default.
    :raises InvalidPayload: if the value is not a moment, or if not exactly one of end and query is given.
    :raises InvalidConnection: if the connection is not to a SQL database.
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

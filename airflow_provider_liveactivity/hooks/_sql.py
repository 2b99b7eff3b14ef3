"""Get the database hook of a ``sql_conn_id`` of any type."""

from __future__ import annotations

from typing import Any

from airflow.providers.common.compat.sdk import AirflowException, BaseHook

from airflow_provider_liveactivity.errors import InvalidConnection


def sql_hook(sql_conn_id: str, argument: str = "sql_conn_id") -> Any:
    """
    Return the database hook of a connection.

    :param sql_conn_id: id of the connection.
    :param argument: name of the argument with the id, for errors; "sql_conn_id" by default.
    :raises InvalidConnection: if the connection does not exist, or is not to a SQL database.
    """
    from airflow.providers.common.sql.hooks.sql import DbApiHook

    try:
        hook = BaseHook.get_hook(sql_conn_id)
    except AirflowException as error:  # unknown, or its provider is not installed
        raise InvalidConnection(f"{argument} {sql_conn_id!r}: {error}.") from None
    if not isinstance(hook, DbApiHook):
        raise InvalidConnection(
            f"{argument} {sql_conn_id!r} gives a {type(hook).__name__}, not a SQL database (DbApiHook)."
        )
    return hook

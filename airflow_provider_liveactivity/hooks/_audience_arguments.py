"""Build an audience from a user's arguments: a list, or a query through a SQL connection of any type."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import AirflowException, BaseHook

from airflow_provider_liveactivity._blank import blank_to_none
from airflow_provider_liveactivity.audience import ListAudience
from airflow_provider_liveactivity.errors import InvalidConnection, InvalidPayload
from airflow_provider_liveactivity.hooks._lineage import TracedAudience

if TYPE_CHECKING:
    from airflow_provider_liveactivity.audience import Audience


def build_audience(
    arguments: Mapping[str, Any], *, max_alias_bytes: int | None = None, max_columns: int = 2
) -> Audience | None:
    """
    Return the audience of a call's arguments; None if they name no recipients.

    Blank text, which templates render for a missing value, counts as None.

    :param arguments: arguments of the call, with ``external_user_ids``, ``user_aliases``, ``sql``,
        ``sql_conn_id`` and ``parameters`` among them.
    :param max_alias_bytes: maximum length of an alias name or label in bytes of UTF-8; None, the default, for
        that of an id.
    :param max_columns: maximum number of columns of the query; 2 by default.
    :raises InvalidPayload: if there is a query without a connection, a connection without a query, or a query
        and a list; or if an id cannot be sent.
    :raises InvalidConnection: if the connection is not to a SQL database.
    """
    external_user_ids, user_aliases, sql, sql_conn_id = (
        blank_to_none(arguments.get(name))
        for name in ("external_user_ids", "user_aliases", "sql", "sql_conn_id")
    )
    listed = external_user_ids is not None or user_aliases is not None
    if not sql:
        if sql_conn_id and not listed:
            raise InvalidPayload("sql_conn_id is given without sql.")
        if not listed:
            return None
        return ListAudience(external_user_ids, user_aliases, max_alias_bytes=max_alias_bytes)
    if listed:
        raise InvalidPayload("exactly one audience is needed: sql, or external_user_ids and/or user_aliases.")
    if not sql_conn_id:
        raise InvalidPayload("sql needs sql_conn_id, the connection to the database that it is for.")
    return TracedAudience(
        sql_hook(sql_conn_id),
        sql,
        parse_parameters(arguments.get("parameters")),
        max_alias_bytes=max_alias_bytes,
        max_columns=max_columns,
    )


def parse_parameters(parameters: Any) -> Any:
    """
    Return the parameters of a query.

    :param parameters: list or dict, or JSON text of one; None for none.
    :raises InvalidPayload: if the value is none of these.
    """
    if isinstance(parameters, str):
        try:
            parameters = json.loads(parameters)
        except ValueError:
            parameters = ""
    if parameters is not None and not isinstance(parameters, list | tuple | Mapping):
        raise InvalidPayload("parameters must be a list or a dict, or JSON text of one.")
    return parameters


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

"""Build an audience from a user's arguments: a list, or a query through a SQL connection."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from airflow_provider_liveactivity.audience import ListAudience
from airflow_provider_liveactivity.errors import InvalidPayload
from airflow_provider_liveactivity.hooks._lineage import TracedAudience
from airflow_provider_liveactivity.hooks._sql import sql_hook

if TYPE_CHECKING:
    from airflow_provider_liveactivity.audience import Audience


def build_audience(
    *,
    external_user_ids: Any = None,
    user_aliases: Any = None,
    sql: str | None = None,
    sql_conn_id: str | None = None,
    parameters: Any = None,
    max_alias_bytes: int | None = None,
    max_columns: int = 2,
) -> Audience | None:
    """
    Return the audience of the arguments; None if they name no people.

    Empty text, which templates render for a missing value, counts as None.

    :param external_user_ids: list of external ids, or its JSON text; None by default.
    :param user_aliases: list of aliases, or its JSON text; None by default.
    :param sql: query that returns the people, instead of lists; None by default.
    :param sql_conn_id: id of the connection to the query's database; None by default.
    :param parameters: list or dict of the query's parameters, or its JSON text; None by default.
    :param max_alias_bytes: maximum length of an alias name or label in bytes of UTF-8; None, the default, for
        that of an id.
    :param max_columns: maximum number of columns of the query; 2 by default.
    :raises InvalidPayload: if there is a query without a connection, a connection without a query, or a query
        and a list; or if an id cannot be sent.
    :raises InvalidConnection: if the connection is not to a SQL database.
    """
    external_user_ids, user_aliases = drop_blank(external_user_ids), drop_blank(user_aliases)
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
        parse_parameters(parameters),
        max_alias_bytes=max_alias_bytes,
        max_columns=max_columns,
    )


def drop_blank(value: Any) -> Any:
    """
    Return None for empty text, which templates render for a missing value; else the value.

    :param value: any value.
    """
    return None if isinstance(value, str) and not value else value


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

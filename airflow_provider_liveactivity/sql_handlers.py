"""Rows of a query as activities: each row becomes a mapped lifecycle, each column one of its arguments."""

from __future__ import annotations

from typing import Any


def rows_as_dicts(cursor: Any) -> Any:  # Airflow's operator types a handler's rows as tuples
    """
    Return every row as a dict, so that ``expand_kwargs`` makes an argument of each column, with its type.

    Give it to ``SQLExecuteQueryOperator`` as its ``handler``, for queries whose rows are activities. For
    people give the query to the start instead: they are streamed, and never become an XCom.

    :param cursor: of any database, after the query was executed.
    """
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

"""Turn the rows of a query into activities: a mapped lifecycle for each row, an argument for each column."""

from __future__ import annotations

from typing import Any


def rows_as_dicts(cursor: Any) -> Any:  # Airflow types the rows of a handler as tuples
    """
    Return every row as a dict, so that ``expand_kwargs`` passes each column as an argument with its type.

    Use it as the ``handler`` of ``SQLExecuteQueryOperator`` for queries whose rows are activities. For
    queries whose rows are recipients, use the ``sql`` argument of the start instead: it streams them, and
    they never become an XCom.

    :param cursor: cursor of any database after it has executed the query.
    """
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

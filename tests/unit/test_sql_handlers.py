from __future__ import annotations

import sqlite3
from contextlib import closing

from airflow_provider_liveactivity.sql_handlers import rows_as_dicts


def test_a_row_becomes_a_dict_whose_values_keep_their_types() -> None:
    with closing(sqlite3.connect(":memory:")) as database:
        cursor = database.execute(
            "SELECT 'm-1' AS activity_id, 2 AS goals, NULL AS minute UNION SELECT 'm-2', 0, 90"
        )
        assert rows_as_dicts(cursor) == [
            {"activity_id": "m-1", "goals": 2, "minute": None},
            {"activity_id": "m-2", "goals": 0, "minute": 90},
        ]

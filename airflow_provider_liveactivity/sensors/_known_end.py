"""The end that a sensor read last: it stands while the database cannot be read."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

STATE_KEY = "live_activity_known_end"


class KnownEnd:
    """
    What the query of a sensor found last, kept over deferrals of the sensor.

    From Airflow 3.3 on the end lies in the task's state and outlives retries, too. Before, it is an XCom of
    the task, which Airflow removes when a retry begins. An end that was read before a person cleared the task
    is forgotten: clearing raises ``max_tries``, a retry does not.

    :param context: of the running sensor.
    """

    def __init__(self, context: Context) -> None:
        self._ti: Any = context["ti"]
        self._store: Any = context.get("task_state_store")
        self.end: datetime | None = None

    def load(self) -> bool:
        """Read ``end``, where None means "not known yet", and return whether the query was read before."""
        if self._store is not None:
            saved = self._store.get(STATE_KEY)
        else:
            saved = self._ti.xcom_pull(
                task_ids=self._ti.task_id, key=STATE_KEY, map_indexes=self._ti.map_index
            )
        if not saved or saved["max_tries"] != self._ti.max_tries:
            return False
        self.end = datetime.fromisoformat(saved["end"]) if saved["end"] else None
        return True

    def save(self, end: datetime | None) -> None:
        """Keep what the query found, None for "not known yet"."""
        value = {"end": end and end.isoformat(), "max_tries": self._ti.max_tries}
        if self._store is not None:
            self._store.set(STATE_KEY, value)
        else:
            self._ti.xcom_push(key=STATE_KEY, value=value)

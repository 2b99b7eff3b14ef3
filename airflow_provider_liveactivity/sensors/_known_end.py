"""Keep the end that a query found last, for use while the database cannot be read."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from airflow_provider_liveactivity.hooks._end_time import KNOWN_END_KEY

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context


class KnownEnd:
    """
    The end that the query of a sensor found last, kept over deferrals of the sensor.

    On Airflow 3.3 and later the end is in the task state store and outlives retries too. On earlier versions
    it is an XCom of the task, which Airflow deletes when a retry begins. An end that was found before a clear
    is ignored: a clear raises ``max_tries`` of the task, a retry does not.

    :param context: context of the running sensor.
    :param start_task_id: id of the task that starts the activity, if that task reads the end too. The end
        that it found is used until the sensor has read the query. None by default.
    """

    def __init__(self, context: Context, start_task_id: str | None = None) -> None:
        self._ti: Any = context["ti"]
        self._store: Any = context.get("task_state_store")
        self._start_task_id = start_task_id
        self.end: datetime | None = None

    def load(self) -> bool:
        """Load ``end``, None if it is not known yet, and return whether the query was read before."""
        saved = self._store.get(KNOWN_END_KEY) if self._store is not None else self._pull(self._ti.task_id)
        if saved is None or saved["max_tries"] != self._ti.max_tries:
            saved = self._pull(self._start_task_id) if self._start_task_id else None
        if saved is None:
            return False
        self.end = datetime.fromisoformat(saved["end"]) if saved["end"] else None
        return True

    def save(self, end: datetime | None) -> None:
        """
        Store the end that the query found.

        :param end: the end; None if it is not known yet.
        """
        value = {"end": end and end.isoformat(), "max_tries": self._ti.max_tries}
        if self._store is not None:
            self._store.set(KNOWN_END_KEY, value)
        else:
            self._ti.xcom_push(key=KNOWN_END_KEY, value=value)

    def _pull(self, task_id: str) -> Any:
        return self._ti.xcom_pull(task_ids=task_id, key=KNOWN_END_KEY, map_indexes=self._ti.map_index)

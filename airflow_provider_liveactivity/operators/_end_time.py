"""Read and check the end of an activity before its start is sent."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import AirflowSkipException

from airflow_provider_liveactivity.operators import _records
from airflow_provider_liveactivity.operators._base import LiveActivityOperator

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context


class EndTimeMixin(LiveActivityOperator):
    """
    Read and check the end of an activity before its start is sent.

    The start has the arguments ``end_time``, ``end_time_sql``, ``end_time_sql_conn_id``,
    ``end_time_parameters``, ``end_timezone``, ``end_required``, ``on_past_end_time`` and
    ``on_lifetime_exceeded``. Blank text counts as no end. No row or NULL in the query means that the end is
    not known yet.
    """

    end_time: Any
    end_time_sql: Any
    end_time_sql_conn_id: Any
    end_time_parameters: Any
    end_timezone: Any
    end_required: bool
    on_past_end_time: Any
    on_lifetime_exceeded: Any
    _end: datetime | None = None

    @property
    def _has_end(self) -> bool:
        """Whether ``end_time`` or ``end_time_sql`` is given, even if the end is not known yet."""
        return self.end_time is not None or self.end_time_sql is not None

    def _end_query(self) -> dict[str, Any] | None:
        """Return the arguments of ``read_end_time`` for an end that a query reads; None for any other end."""
        if self.end_time_sql is None:
            return None
        return {
            "sql": self.end_time_sql,
            "sql_conn_id": self.end_time_sql_conn_id,
            "parameters": self.end_time_parameters,
            "end_timezone": self.end_timezone,
        }

    def _end_moment(self, context: Context) -> datetime | None:
        """Return the checked end, which each attempt reads once; None if the end is not known."""
        return self._end

    def _check_lifetime(self, context: Context) -> None:
        """Read the end and check that the activity can end then."""
        from airflow_provider_liveactivity.errors import InvalidPayload
        from airflow_provider_liveactivity.models.end_time import MAX_LIFETIME

        self._end = self._read_end(context)
        if self._end is None:
            return
        now = datetime.now(UTC)
        if self._end <= now:
            self._handle_past_end(self._end, context)
        elif self._end - now > MAX_LIFETIME:
            problem = (
                f"end_time {self._end.isoformat()} is more than 8 hours away: iOS ends the activity before "
                "then, and its push tokens expire. Start it later, end it earlier, or restart it in between"
            )
            if self.on_lifetime_exceeded == "fail":
                raise InvalidPayload(f"{problem}; on_lifetime_exceeded='warn' sends the start anyway.")
            self.log.warning("%s.", problem)

    def _read_end(self, context: Context) -> datetime | None:
        from airflow_provider_liveactivity.hooks._end_time import KNOWN_END_KEY, read_end_time

        if not self._has_end and not self.end_required:
            return None
        given = self._end_query() or {"end_timezone": self.end_timezone}
        end = read_end_time(end_time=self.end_time, **given, prefix="end_time_")
        if self.end_time_sql is not None:  # the sensor falls back to this end if it cannot read the query
            context["ti"].xcom_push(key=KNOWN_END_KEY, value={"end": end and end.isoformat()})
        return end

    def _handle_past_end(self, end: datetime, context: Context) -> None:
        from airflow_provider_liveactivity.errors import InvalidPayload

        problem = f"end_time {end.isoformat()} is over"
        if self.on_past_end_time == "send":
            self.log.warning("%s. The start is sent anyway (on_past_end_time='send').", problem)
        elif self._may_have_started(context):
            raise InvalidPayload(
                f"{problem}, and an earlier attempt may have started the activity on some phones: the task "
                "fails, so that the activity is ended; on_past_end_time='send' sends the start."
            )
        elif self.on_past_end_time == "skip":
            raise AirflowSkipException(f"{problem}: nothing is sent (on_past_end_time='skip').")
        else:
            raise InvalidPayload(
                f"{problem}. Give a later end; on_past_end_time='skip' skips the task, and 'send' starts "
                "the activity anyway."
            )

    def _may_have_started(self, context: Context) -> bool:
        """Whether an earlier attempt in this DAG run has left a record and may have started the activity."""
        ti: Any = context["ti"]
        record = _records.read(self.record_key)
        return record is not None and (record.dag_id, record.run_id) == (ti.dag_id, ti.run_id)

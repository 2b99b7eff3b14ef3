"""Wait for the moment at which a Live Activity is to end, even if that moment moves."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.providers.common.compat.sdk import (
    AirflowFailException,
    BaseSensorOperator,
    PokeReturnValue,
    conf,
)

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context


class LiveActivityEndTimeSensor(BaseSensorOperator):
    """
    Succeed at the scheduled end of a Live Activity and return it; a moment that is over succeeds at once.

    The end is either given or read by a query. It is read again when the known end comes and every
    ``recheck_interval``: a later end waits on, an earlier one ends the wait, and NULL means that nobody knows
    it yet. Deferred, it waits in the triggerer on Airflow's own DateTimeTrigger, which carries a time and
    nothing else, and holds no worker slot; a wait of less than 15 seconds stays on the worker. In the modes
    poke and reschedule it reads at each poke, and looks up at the moment itself.

    :param end_time: aware datetime, or ISO-8601 text with an offset. (templated)
    :param sql: in its place a query, or a ``.sql`` file, whose first row and column is the end. (templated)
    :param sql_conn_id: connection to the database that the query is for. (templated)
    :param parameters: parameters of the query. (templated)
    :param recheck_interval: how often a deferred sensor reads the query again; 15 minutes by default, None
        for not before the known end.
    :param lead: timedelta or seconds by which it succeeds before the end, so that what follows is ready in
        time; 0 by default.
    :param deferrable: wait in the triggerer; by default ``[operators] default_deferrable``.
    :param start_from_trigger: begin to wait without a worker (Airflow 3.3 and later); False by default. For
        an ``end_time`` that is a datetime or text; with a template only where ``lead`` is 0.
    """

    template_fields: Sequence[str] = ("end_time", "sql", "sql_conn_id", "parameters")
    template_ext: Sequence[str] = (".sql",)
    template_fields_renderers: ClassVar[dict[str, str]] = {"sql": "sql", "parameters": "json"}
    ui_color = "#fef7e0"

    def __init__(
        self,
        *,
        end_time: datetime | str | None = None,
        sql: str | None = None,
        sql_conn_id: str | None = None,
        parameters: Any = None,
        recheck_interval: timedelta | None = timedelta(minutes=15),
        lead: timedelta | float = 0,
        deferrable: bool = conf.getboolean("operators", "default_deferrable", fallback=False),
        start_from_trigger: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.end_time = end_time
        self.sql = sql
        self.sql_conn_id = sql_conn_id
        self.parameters = parameters
        self.recheck_interval = recheck_interval
        self.lead = lead
        self.deferrable = deferrable
        if start_from_trigger and deferrable:
            self._start_from_trigger()

    def poke(self, context: Context) -> bool | PokeReturnValue:
        from airflow_provider_liveactivity.schedule import TOO_SHORT_TO_DEFER

        end = self._read()
        now = datetime.now(UTC)
        if end is not None and end - self._lead <= now:
            self.log.info("The end at %s has come.", end.isoformat())
            return PokeReturnValue(is_done=True, xcom_value=end.isoformat())
        self._next_look = self._look_again(end, now)
        self.log.info("The end is at %s.", end.isoformat() if end else "a moment that nobody knows yet")
        if self.deferrable and self._next_look - now > TOO_SHORT_TO_DEFER:
            self._defer_until(self._next_look, context)
        return False

    def execute_complete(self, context: Context, event: Any = None) -> Any:
        """Look again: the known end has come, or it is time to read it anew."""
        return self.execute(context)

    def _get_next_poke_interval(self, *args: Any, **kwargs: Any) -> float:
        # The moment is known, so a poke comes just then instead of up to an interval late.
        interval = super()._get_next_poke_interval(*args, **kwargs)
        return max(0.0, min(interval, (self._next_look - datetime.now(UTC)).total_seconds()))

    @property
    def _lead(self) -> timedelta:
        return self._duration("lead")

    def _duration(self, name: str) -> timedelta:
        from airflow_provider_liveactivity.errors import InvalidPayload
        from airflow_provider_liveactivity.schedule import duration

        try:
            return duration(getattr(self, name), name)
        except InvalidPayload as error:
            raise AirflowFailException(str(error)) from None

    def _look_again(self, end: datetime | None, now: datetime) -> datetime:
        known = [end - self._lead] if end is not None else []
        if self.sql is not None and self.recheck_interval is not None:
            known.append(now + self._duration("recheck_interval"))
        if known:
            return min(known)
        if self.deferrable:
            raise AirflowFailException("The query gives no end, and recheck_interval=None never asks again.")
        return now + timedelta(seconds=self.poke_interval)

    def _defer_until(self, moment: datetime, context: Context) -> None:
        from airflow.providers.standard.triggers.temporal import DateTimeTrigger

        self.log.info("Waiting in the triggerer until %s.", moment.isoformat())
        # The sensor's own time-out counts over all its waits; Airflow keeps the start date over a deferral.
        started = getattr(context["ti"], "start_date", None) or datetime.now(UTC)
        left = self.timeout - (datetime.now(UTC) - started).total_seconds()
        self.defer(
            trigger=DateTimeTrigger(moment=moment),
            method_name="execute_complete",
            timeout=timedelta(seconds=max(left, 1)),
        )

    def _read(self) -> datetime | None:
        from airflow_provider_liveactivity.models.common import parse_moment

        if (self.end_time is None) == (self.sql is None):
            found = (
                "both are given" if self.sql is not None else "both are None, perhaps by a template or XCom"
            )
            raise AirflowFailException(f"Exactly one of end_time and sql is required; {found}.")
        name, value = ("end_time", self.end_time) if self.sql is None else ("The end in sql", self._query())
        if value is None:
            return None
        try:
            return parse_moment(value, relative=False)
        except ValueError as error:
            raise AirflowFailException(f"{name} {error}.") from None

    def _query(self) -> Any:
        if not self.sql_conn_id:
            raise AirflowFailException("sql_conn_id is required: it names the database that sql is for.")
        from airflow_provider_liveactivity.errors import InvalidConnection
        from airflow_provider_liveactivity.hooks.sql import sql_hook

        try:
            hook = sql_hook(self.sql_conn_id)
        except InvalidConnection as error:
            raise AirflowFailException(str(error)) from error
        row = hook.get_first(self.sql, parameters=self.parameters)
        return row[0] if row else None

    def _start_from_trigger(self) -> None:
        """Let the scheduler hand the task to the triggerer, where the standard trigger can serve."""
        from airflow.providers.common.compat.version_compat import AIRFLOW_V_3_3_PLUS
        from airflow.triggers.base import StartTriggerArgs

        templated = isinstance(self.end_time, str) and "{" in self.end_time
        if not AIRFLOW_V_3_3_PLUS or not isinstance(self.end_time, str | datetime):
            return
        if templated and self._lead:
            return  # the trigger renders the text itself, and cannot subtract from it
        moment = self.end_time if templated else _earlier(self.end_time, self._lead)
        # Each such trigger keeps a copy of the DAG in the triggerer: what only a query needs stays out of it.
        self.template_fields = ("end_time",)
        self.template_ext = ()
        self.template_fields_renderers = {}  # type: ignore[misc]
        if templated:  # the trigger renders those of its arguments that are template fields of the task
            self.target_time = self.end_time
            self.template_fields = ("end_time", "target_time")
        self.start_trigger_args = StartTriggerArgs(
            trigger_cls="airflow.providers.standard.triggers.temporal.DateTimeTrigger",
            trigger_kwargs={"target_time": moment, "end_from_trigger": False},
            next_method="execute_complete",
            next_kwargs=None,
            timeout=timedelta(seconds=self.timeout),
        )
        self.start_from_trigger = True


def _earlier(end_time: datetime | str, lead: timedelta) -> str:
    from airflow_provider_liveactivity.models.common import parse_moment

    try:
        return (parse_moment(end_time, relative=False) - lead).isoformat()
    except ValueError as error:
        raise ValueError(f"end_time {error}.") from None

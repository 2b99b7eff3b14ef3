"""Wait for the moment at which a Live Activity is to end, even if that moment moves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, cast

from airflow.providers.common.compat.sdk import (
    AirflowFailException,
    BaseSensorOperator,
    PokeReturnValue,
    conf,
)

from airflow_provider_liveactivity._templating import TemplateGuard

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow.providers.common.compat.sdk import Context

_RECHECK_INTERVAL = timedelta(minutes=15)
#: How soon a query that could not be read again is tried once more, at the latest.
_RETRY_INTERVAL = timedelta(minutes=1)


class LiveActivityEndTimeSensor(TemplateGuard, BaseSensorOperator):
    """
    Succeed at the scheduled end of a Live Activity and return it; a moment that is over succeeds at once.

    The end is either given or read by a query. It is read again when the known end comes and every
    ``recheck_interval``: a later end waits on, an earlier one ends the wait, and NULL means that the end is
    not known yet. When a query that has been read before cannot be read again, the end that it found last
    stands: the query is tried again within a minute, and the wait ends when that end comes.

    Deferred, the sensor waits in the triggerer on Airflow's own DateTimeTrigger, which carries a time and
    nothing else, and holds no worker slot; a wait of less than 15 seconds stays on the worker. In the modes
    poke and reschedule it reads at each poke, and pokes at the known end itself.

    :param end_time: datetime or ISO-8601 text. (templated)
    :param sql: in its place a query, or a ``.sql`` file, whose first row and column is the end. (templated)
    :param sql_conn_id: connection to the database that the query is for. (templated)
    :param parameters: parameters of the query. (templated)
    :param end_timezone: IANA name of the time zone of an end without an offset, such as "Europe/London";
        without it such an end is refused. (templated)
    :param start_task_id: id of the task in the same DAG run that starts the activity and has the same query:
        what it read stands where the sensor's own first read fails. A lifecycle sets it.
    :param recheck_interval: how often a deferred sensor reads the query again; 15 minutes by default, None
        for not before the known end. An end that is not known yet is read every 15 minutes then.
    :param lead_time: timedelta or seconds before the end at which the sensor succeeds; 0 by default.
    :param deferrable: wait in the triggerer; by default ``[operators] default_deferrable``.
    :param start_from_trigger: begin to wait without a worker (Airflow 3.3 and later); False by default. For
        an ``end_time`` that is a datetime or text; with a template only where ``lead_time`` is 0 and no
        ``end_timezone`` is given.
    """

    template_fields: Sequence[str] = ("end_time", "sql", "sql_conn_id", "parameters", "end_timezone")
    template_ext: Sequence[str] = (".sql",)
    template_fields_renderers: ClassVar[dict[str, str]] = {"sql": "sql", "parameters": "json"}
    ui_color = "#fef7e0"
    _next_look: datetime | None = None

    def __init__(
        self,
        *,
        end_time: datetime | str | None = None,
        sql: str | None = None,
        sql_conn_id: str | None = None,
        parameters: Any = None,
        end_timezone: str | None = None,
        start_task_id: str | None = None,
        recheck_interval: timedelta | None = _RECHECK_INTERVAL,
        lead_time: timedelta | float = 0,
        deferrable: bool = conf.getboolean("operators", "default_deferrable", fallback=False),
        start_from_trigger: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.end_time = end_time
        self.sql = sql
        self.sql_conn_id = sql_conn_id
        self.parameters = parameters
        self.end_timezone = end_timezone
        self.start_task_id = start_task_id
        self.recheck_interval = recheck_interval
        self.lead_time = lead_time
        self.deferrable = deferrable
        if start_from_trigger and deferrable:
            self._start_from_trigger()

    def poke(self, context: Context) -> bool | PokeReturnValue:
        from airflow_provider_liveactivity.models.end_time import TOO_SHORT_TO_DEFER

        end, problem = self._current_end(context)
        now = datetime.now(UTC)
        if problem is not None:
            known = end.isoformat() if end else "not known yet"
            self.log.warning(
                "The end cannot be read: %s The end that was read last stands: %s.", problem, known
            )
        if end is not None and end - self._lead <= now:
            self.log.info("The end at %s has come.", end.isoformat())
            return PokeReturnValue(is_done=True, xcom_value=end.isoformat())
        self._next_look = self._look_again(end, now, failed=problem is not None)
        self.log.info("The end is %s.", f"at {end.isoformat()}" if end else "not known yet")
        if self.deferrable and self._next_look - now > TOO_SHORT_TO_DEFER:
            self._defer_until(self._next_look, context)
        return False

    def execute_complete(self, context: Context, event: Any = None) -> Any:
        """Look again: the known end has come, or it is time to read it anew."""
        return self.execute(context)

    def _get_next_poke_interval(self, *args: Any, **kwargs: Any) -> float:
        # The moment is known, so a poke comes just then instead of up to an interval late.
        interval = super()._get_next_poke_interval(*args, **kwargs)
        if self._next_look is None:  # no poke has succeeded yet, and silent_fail has the sensor go on
            return interval
        return max(0.0, min(interval, (self._next_look - datetime.now(UTC)).total_seconds()))

    @property
    def _lead(self) -> timedelta:
        return self._duration("lead_time")

    def _duration(self, name: str) -> timedelta:
        from airflow_provider_liveactivity.errors import InvalidPayload
        from airflow_provider_liveactivity.models.end_time import duration

        try:
            return duration(getattr(self, name), name)
        except InvalidPayload as error:
            raise AirflowFailException(str(error)) from None

    def _look_again(self, end: datetime | None, now: datetime, *, failed: bool) -> datetime:
        """Return when to read next: at the known end, and before that when the query may find another one."""
        looks = [end - self._lead] if end is not None else []
        if self.sql is not None and self.recheck_interval is not None:
            looks.append(now + self._duration("recheck_interval"))
        if failed:
            looks.append(now + _RETRY_INTERVAL)
        return min(looks, default=now + _RECHECK_INTERVAL)

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

    def _current_end(self, context: Context) -> tuple[datetime | None, str | None]:
        """Return the end, and why it is the one that was read last where it cannot be read now."""
        from airflow_provider_liveactivity.models.end_time import blank_to_none
        from airflow_provider_liveactivity.sensors._known_end import KnownEnd

        if blank_to_none(self.sql) is None:
            return self._read(), None
        known = KnownEnd(context, self.start_task_id)
        try:
            end = self._read()
        except Exception as error:  # each driver has its own
            if not known.load():
                raise
            # The text of a driver's error may hold the query's parameters; our own holds none.
            ours = isinstance(error, AirflowFailException)
            return known.end, str(error) if ours else f"{type(error).__name__}."
        known.save(end)
        return end, None

    def _read(self) -> datetime | None:
        from airflow_provider_liveactivity.errors import InvalidConnection, InvalidPayload
        from airflow_provider_liveactivity.hooks._end_time import read_end_time

        try:
            return read_end_time(
                end_time=self.end_time,
                sql=self.sql,
                sql_conn_id=self.sql_conn_id,
                parameters=self.parameters,
                end_timezone=self.end_timezone,
            )
        except (InvalidConnection, InvalidPayload) as error:
            raise AirflowFailException(str(error)) from error

    def _start_from_trigger(self) -> None:
        """Let the scheduler hand the task to the triggerer, where the standard trigger can serve."""
        from airflow.triggers.base import StartTriggerArgs

        from airflow_provider_liveactivity._airflow_internals import AIRFLOW_V_3_3_PLUS

        templated = any(
            isinstance(value, str) and "{" in value for value in (self.end_time, self.end_timezone)
        )
        if not AIRFLOW_V_3_3_PLUS or not isinstance(self.end_time, str | datetime):
            return
        if templated and (self._lead or self.end_timezone):
            return  # the trigger renders the text, and neither subtracts from it nor adds an offset
        moment = self.end_time if templated else _earlier(self.end_time, self.end_timezone, self._lead)
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


def _earlier(end_time: datetime | str, end_timezone: str | None, lead: timedelta) -> str:
    from airflow_provider_liveactivity.hooks._end_time import read_end_time

    end = cast("datetime", read_end_time(end_time=end_time, end_timezone=end_timezone))
    return (end - lead).isoformat()

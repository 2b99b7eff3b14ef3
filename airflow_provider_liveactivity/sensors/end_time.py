"""Wait for the end of a Live Activity, even if the end moves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, cast

from airflow.providers.common.compat.sdk import (
    AirflowFailException,
    BaseSensorOperator,
    PokeReturnValue,
    conf,
)

from airflow_provider_liveactivity._arguments import (
    check_literals,
    check_one_of,
    end_of_run,
    is_literal,
    parse,
    parse_arguments,
)
from airflow_provider_liveactivity._templating import TemplateGuard

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Unpack

    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_liveactivity._airflow_arguments import BaseSensorArguments
    from airflow_provider_liveactivity.models.arguments import Duration, Moment

_RECHECK_INTERVAL = timedelta(minutes=15)
#: Longest time before a query that could not be read is tried again.
_RETRY_INTERVAL = timedelta(minutes=1)


class LiveActivityEndTimeSensor(TemplateGuard, BaseSensorOperator):
    """
    Succeed at the end of a Live Activity, and return the end. A past end succeeds at once.

    Give the end itself or a query that reads it. The sensor reads the query again at the known end and every
    ``recheck_interval``. A later end extends the wait, an earlier one shortens it, and NULL means that the
    end is not known yet. If the query cannot be read again, the end that was read last applies: the sensor
    tries the query again within a minute, and succeeds when that end comes.

    With ``deferrable`` the sensor waits in the triggerer with Airflow's own DateTimeTrigger, which contains
    only a time, and holds no worker slot. A wait of less than 15 seconds stays on the worker. In the modes
    poke and reschedule the sensor reads the query at each poke, and pokes exactly at the known end.

    :param end_time: when the activity ends: datetime or ISO-8601 text, or a duration from the ``run_after``
        of the DAG run (timedelta, or text such as "PT105M"). Give either ``end_time`` or ``sql``. (templated)
    :param sql: query, or path of a ``.sql`` file, to read the end from its first row and column. Give either
        ``end_time`` or ``sql``. (templated)
    :param sql_conn_id: id of the connection to the database of ``sql``; none by default. (templated)
    :param parameters: parameters of ``sql``, in the style of the database's driver; none by default.
        (templated)
    :param end_timezone: IANA name of the time zone of an end without a UTC offset, such as "Europe/London".
        By default such an end is an error. (templated)
    :param start_task_id: id of the task in the same DAG run that starts the activity and reads the same
        query; none by default. The sensor uses the end that this task read if its own first read fails. A
        lifecycle sets it.
    :param recheck_interval: time between two reads of the query while the sensor is deferred, as timedelta,
        seconds or ISO-8601 text such as "PT5M"; 15 minutes by default. None reads the query again only at the
        known end, or every 15 minutes while the end is not known. (templated)
    :param lead_time: how long before the end the sensor succeeds, as timedelta, seconds or ISO-8601 text such
        as "PT30M"; 0 by default. (templated)
    :param deferrable: wait in the triggerer, without a worker slot; by default the value of ``[operators]
        default_deferrable``.
    :param start_from_trigger: begin the wait in the triggerer, without a worker (Airflow 3.3 and later);
        False by default. Works with an ``end_time`` that is a datetime or text. If ``end_time`` is a
        template, it works only with a ``lead_time`` of 0 and without ``end_timezone``. In other cases the
        wait begins on a worker.
    """

    template_fields: Sequence[str] = (
        "end_time",
        "sql",
        "sql_conn_id",
        "parameters",
        "end_timezone",
        "recheck_interval",
        "lead_time",
    )
    template_ext: Sequence[str] = (".sql",)
    template_fields_renderers: ClassVar[dict[str, str]] = {"sql": "sql", "parameters": "json"}
    ui_color = "#fef7e0"
    _next_look: datetime | None = None
    _utcnow: Callable[[], datetime] = staticmethod(partial(datetime.now, UTC))

    def __init__(
        self,
        *,
        end_time: Moment | None = None,
        sql: str | None = None,
        sql_conn_id: str | None = None,
        parameters: Any = None,
        end_timezone: str | None = None,
        start_task_id: str | None = None,
        recheck_interval: Duration | None = _RECHECK_INTERVAL,
        lead_time: Duration = 0,
        deferrable: bool = conf.getboolean("operators", "default_deferrable", fallback=False),
        start_from_trigger: bool = False,
        **kwargs: Unpack[BaseSensorArguments],
    ) -> None:
        super().__init__(**kwargs)
        if not self.is_mapped_instance:  # the values of a mapped task come from other tasks
            check_literals(locals())
            check_one_of(locals(), ("end_time",), ("sql",), what="end")
        self.end_time = end_time
        self.sql = sql
        self.sql_conn_id = sql_conn_id
        self.parameters = parameters
        self.end_timezone = end_timezone
        self.start_task_id = start_task_id
        self.recheck_interval: Any = recheck_interval
        self.lead_time: Any = lead_time
        self.deferrable = deferrable
        if start_from_trigger and deferrable:
            self._start_from_trigger()

    def after_rendering(self, context: Context) -> None:
        self.end_time = end_of_run(self.end_time, context)

    def poke(self, context: Context) -> bool | PokeReturnValue:
        from airflow_provider_liveactivity.models.end_time import TOO_SHORT_TO_DEFER

        try:
            self._parse_arguments()
            end, problem = self._current_end(context)
        except AirflowFailException as failure:
            self.log.error("%s", failure)  # noqa: TRY400
            raise failure.with_traceback(None) from failure.__cause__
        now = self._utcnow()
        if problem is not None:
            known = end.isoformat() if end else "not known yet"
            self.log.warning(
                "The end cannot be read. The end that was read last applies: %s. %s", known, problem
            )
        if end is not None and end - self.lead_time <= now:
            self.log.info("The end is reached: %s.", end.isoformat())
            return PokeReturnValue(is_done=True, xcom_value=end.isoformat())
        self._next_look = self._look_again(end, now, failed=problem is not None)
        self.log.info("The end is %s.", f"at {end.isoformat()}" if end else "not known yet")
        if self.deferrable and self._next_look - now > TOO_SHORT_TO_DEFER:
            self._defer_until(self._next_look, context)
        return False

    def execute_complete(self, context: Context, event: Any = None) -> Any:
        """Resume after a deferral: the known end has come, or the query is read again."""
        return self.execute(context)

    def _get_next_poke_interval(self, *args: Any, **kwargs: Any) -> float:
        # The end is known: poke at the end, not up to an interval later.
        interval = super()._get_next_poke_interval(*args, **kwargs)
        if self._next_look is None:  # no poke has succeeded yet; silent_fail lets the sensor continue
            return interval
        return max(0.0, min(interval, (self._next_look - self._utcnow()).total_seconds()))

    def _parse_arguments(self) -> None:
        from airflow_provider_liveactivity.errors import InvalidPayload

        try:
            parse_arguments(self)
        except InvalidPayload as error:
            raise AirflowFailException(str(error)) from None

    def _look_again(self, end: datetime | None, now: datetime, *, failed: bool) -> datetime:
        """Return when to read next: at the known end, or earlier if the query may find another one."""
        looks = [end - self.lead_time] if end is not None else []
        if self.sql is not None and self.recheck_interval is not None:
            looks.append(now + self.recheck_interval)
        if failed:
            looks.append(now + _RETRY_INTERVAL)
        return min(looks, default=now + _RECHECK_INTERVAL)

    def _defer_until(self, moment: datetime, context: Context) -> None:
        from airflow.providers.standard.triggers.temporal import DateTimeTrigger

        self.log.info("Waiting in the triggerer until %s.", moment.isoformat())
        # The sensor's timeout covers all its waits. Airflow keeps start_date over a deferral.
        started = getattr(context["ti"], "start_date", None) or self._utcnow()
        left = self.timeout - (self._utcnow() - started).total_seconds()
        self.defer(
            trigger=DateTimeTrigger(moment=moment),
            method_name="execute_complete",
            timeout=timedelta(seconds=max(left, 1)),
        )

    def _current_end(self, context: Context) -> tuple[datetime | None, str | None]:
        """Return the end and None; if the query cannot be read, the end that was read last and the error."""
        from airflow_provider_liveactivity.sensors._known_end import KnownEnd

        if self.sql is None:
            return self._read(), None
        known = KnownEnd(context, self.start_task_id)
        try:
            end = self._read()
        except Exception as error:  # each driver has its own errors
            if not known.load():
                raise
            # The message of a driver may contain the query's parameters; the provider's messages do not.
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
            raise AirflowFailException(str(error)) from error.__cause__

    def _start_from_trigger(self) -> None:
        """Let the scheduler send the task to the triggerer directly if DateTimeTrigger can do the wait."""
        from airflow.triggers.base import StartTriggerArgs

        from airflow_provider_liveactivity._airflow_internals import AIRFLOW_V_3_3_PLUS
        from airflow_provider_liveactivity.models.moments import is_duration

        templated = any(
            isinstance(value, str) and "{" in value for value in (self.end_time, self.end_timezone)
        )
        if not AIRFLOW_V_3_3_PLUS:
            return
        if not is_literal(self.lead_time) or not isinstance(self.end_time, str | datetime):
            return
        if is_duration(self.end_time):
            return  # the trigger does not know the DAG run
        lead = parse("lead_time", self.lead_time)
        if templated and (lead or self.end_timezone):
            return  # the trigger renders the text, but does not subtract the lead time or add an offset
        moment = self.end_time if templated else _earlier(self.end_time, self.end_timezone, lead)
        # Each such trigger keeps a copy of the DAG in the triggerer: leave out the fields that only a query
        # needs.
        self.template_fields = ("end_time",)
        self.template_ext = ()
        self.template_fields_renderers = {}  # type: ignore[misc]
        if templated:  # the trigger renders its arguments that are template fields of the task
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

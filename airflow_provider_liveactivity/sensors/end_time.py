"""Wait for the moment at which a Live Activity is to end."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import BaseSensorOperator, conf

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context


#: A shorter wait stays on the worker: deferring costs two task starts, and a trigger that fires within
#: seconds can overtake the scheduler's note of the deferral, which fails the task (apache/airflow#72716).
_TOO_SHORT_TO_DEFER = timedelta(seconds=15)


class LiveActivityEndTimeSensor(BaseSensorOperator):
    """
    Succeed at the scheduled end of a Live Activity; a moment that is over succeeds at once.

    Deferred, it waits in the triggerer on Airflow's own DateTimeTrigger and holds no worker slot; a wait of
    less than 15 seconds stays on the worker. In the modes poke and reschedule it looks up at the moment
    itself.

    :param end_time: aware datetime, or ISO-8601 text with an offset. (templated)
    :param deferrable: wait in the triggerer; by default ``[operators] default_deferrable``.
    """

    template_fields: Sequence[str] = ("end_time",)
    ui_color = "#fef7e0"

    def __init__(
        self,
        *,
        end_time: datetime | str,
        deferrable: bool = conf.getboolean("operators", "default_deferrable", fallback=False),
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.end_time = end_time
        self.deferrable = deferrable

    def poke(self, context: Context) -> bool:
        moment = self._moment()
        self.log.info("The end is at %s.", moment.isoformat())
        return datetime.now(UTC) >= moment

    def execute(self, context: Context) -> Any:
        if self.deferrable and self._is_far():
            from airflow.providers.standard.triggers.temporal import DateTimeTrigger

            self.log.info("Waiting in the triggerer until %s.", self._moment().isoformat())
            self.defer(
                trigger=DateTimeTrigger(moment=self._moment()),
                method_name="execute_complete",
                timeout=timedelta(seconds=self.timeout),
            )
        return super().execute(context)

    def execute_complete(self, context: Context, event: Any = None) -> None:
        """Succeed: the trigger has fired, so the moment has come."""

    def _get_next_poke_interval(self, *args: Any, **kwargs: Any) -> float:
        # The moment is known, so a poke comes just then instead of up to an interval late.
        interval = super()._get_next_poke_interval(*args, **kwargs)
        return max(0.0, min(interval, (self._moment() - datetime.now(UTC)).total_seconds()))

    def _is_far(self) -> bool:
        from airflow.providers.common.compat.sdk import AirflowFailException

        try:
            return self._moment() - datetime.now(UTC) > _TOO_SHORT_TO_DEFER
        except AirflowFailException:
            return False  # poke fails too, and there soft_fail is looked at

    def _moment(self) -> datetime:
        from airflow.providers.common.compat.sdk import AirflowFailException

        from airflow_provider_liveactivity.models.common import parse_moment

        try:
            return parse_moment(self.end_time, relative=False)
        except ValueError as error:
            raise AirflowFailException(f"end_time {error}.") from None

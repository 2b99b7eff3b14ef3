"""Wait for the moment at which a Live Activity is to end."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import BaseSensorOperator, conf

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context


class LiveActivityEndTimeSensor(BaseSensorOperator):
    """
    Succeed at the scheduled end of a Live Activity; a moment that is over succeeds at once.

    Deferred, it waits in the triggerer on Airflow's own DateTimeTrigger and holds no worker slot.

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
        if not self.deferrable:
            return super().execute(context)
        if not self.poke(context):
            from airflow.providers.standard.triggers.temporal import DateTimeTrigger

            self.defer(
                trigger=DateTimeTrigger(moment=self._moment()),
                method_name="execute_complete",
                timeout=timedelta(seconds=self.timeout),
            )
        return None

    def execute_complete(self, context: Context, event: Any = None) -> None:
        """Succeed: the trigger has fired, so the moment has come."""

    def _moment(self) -> datetime:
        from airflow.providers.common.compat.sdk import AirflowFailException

        from airflow_provider_liveactivity.models.common import parse_moment

        try:
            return parse_moment(self.end_time, relative=False)
        except ValueError as error:
            raise AirflowFailException(f"end_time {error}.") from None

"""What the notifiers share: one call of a hook, from a callback or from the triggerer."""

from __future__ import annotations

import copy
from abc import abstractmethod
from typing import TYPE_CHECKING, Any, Literal

from airflow.providers.common.compat.sdk import BaseNotifier

if TYPE_CHECKING:
    from collections.abc import Generator

    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_liveactivity.delivery.report import SendReport


class LiveActivityNotifier(BaseNotifier):
    """
    Base of the notifiers.

    A failure is logged and goes no further: Airflow lets no callback change how its task or run ended.

    :param verb: "update", the default, or "end".
    :param kwargs: Airflow's own, such as ``context``.
    """

    def __init__(self, *, verb: Literal["update", "end"] = "update", **kwargs: Any) -> None:
        if verb not in {"update", "end"}:
            raise ValueError(f"verb must be 'update' or 'end', not {verb!r}.")
        super().__init__(**kwargs)
        self.verb = verb

    # Airflow renders a notifier in place, and calls it for each callback and mapped task that it is given to.
    # The second rendering would render the data that the first one inserted.
    def __call__(self, *args: Any) -> None:
        super(LiveActivityNotifier, copy.copy(self)).__call__(*args)

    def __await__(self) -> Generator[Any, Any, Any]:
        return super(LiveActivityNotifier, copy.copy(self)).__await__()

    @abstractmethod
    def send(self) -> SendReport:
        """Send through the connection's hook, and return the report."""

    def notify(self, context: Context) -> None:
        report = self.send()
        self.log.info("%s %s of %s: accepted.", report["vendor"], report["verb"], report["activity_id"])

    async def async_notify(self, context: Context) -> None:
        from asgiref.sync import sync_to_async

        # Sending has an event loop of its own, and its waits must not hold the triggerer's. In a thread,
        # Airflow lets the connection be read on every version.
        await sync_to_async(self.notify, thread_sensitive=False)(context)

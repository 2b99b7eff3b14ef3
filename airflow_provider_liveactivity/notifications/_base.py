"""Call a hook from a callback, or from the triggerer."""

from __future__ import annotations

import copy
from abc import abstractmethod
from typing import TYPE_CHECKING, Any, Literal

from airflow.providers.common.compat.sdk import BaseNotifier

from airflow_provider_liveactivity.delivery.report import summarize

if TYPE_CHECKING:
    from collections.abc import Generator

    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_liveactivity.delivery.report import SendReport


class LiveActivityNotifier(BaseNotifier):
    """
    Base of the notifiers.

    A failure is only logged, because Airflow lets no callback change the state of its task or DAG run.

    :param verb: "update", the default, or "end".
    :param kwargs: arguments of Airflow's ``BaseNotifier``, such as ``context``.
    :raises ValueError: if ``verb`` has another value.
    """

    def __init__(self, *, verb: Literal["update", "end"] = "update", **kwargs: Any) -> None:
        if verb not in {"update", "end"}:
            raise ValueError(f"verb must be 'update' or 'end', not {verb!r}.")
        super().__init__(**kwargs)
        self.verb = verb

    # Airflow renders a notifier in place and reuses it for every callback and mapped task. A second rendering
    # would render the data that the first one inserted, so each call uses a copy.
    def __call__(self, *args: Any) -> None:
        super(LiveActivityNotifier, copy.copy(self)).__call__(*args)

    def __await__(self) -> Generator[Any, Any, Any]:
        return super(LiveActivityNotifier, copy.copy(self)).__await__()

    @abstractmethod
    def send(self) -> SendReport:
        """Send through the hook of the connection and return the report."""

    def notify(self, context: Context) -> None:
        report = self.send()
        self.log.info("%s", summarize(report))

    async def async_notify(self, context: Context) -> None:
        from asgiref.sync import sync_to_async

        # A send has its own event loop, and its waits must not block the loop of the triggerer. Airflow
        # allows a thread to read the connection on every supported version.
        await sync_to_async(self.notify, thread_sensitive=False)(context)

"""Define what the notifiers of both vendors have in common: call a hook from a callback or the triggerer."""

from __future__ import annotations

import copy
import inspect
from abc import abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, Self

from airflow.providers.common.compat.sdk import BaseNotifier

from airflow_provider_liveactivity._arguments import (
    check_literals,
    own_arguments,
    parse_arguments,
    refuse_unknown,
)
from airflow_provider_liveactivity.delivery.report import summarize

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping

    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_liveactivity.delivery.report import SendReport
    from airflow_provider_liveactivity.hooks._base import LiveActivityHook


def templated(constructor: Callable[..., None]) -> tuple[str, ...]:
    """
    Return the template fields of a notifier: all arguments of its constructor that a template may set.

    :param constructor: ``__init__`` of the notifier.
    """
    # A schema may be a path, and only a path in the DAG file is opened.
    not_templated = ("self", "verb", "content_state_schema", "context")
    return tuple(name for name in inspect.signature(constructor).parameters if name not in not_templated)


class LiveActivityNotifier(BaseNotifier):
    """
    Base of the notifiers.

    A failure is only logged, because a callback cannot change the state of its task or DAG run in Airflow.

    Each notifier names its arguments in its own ``__init__``, which passes ``locals()`` to ``_store``.
    """

    #: Name of the hook's method for each verb.
    methods: ClassVar[Mapping[str, str]]
    verb: str
    _own: tuple[str, ...] = ()

    def __new__(cls, *_: Any, **kwargs: Any) -> Self:
        refuse_unknown(cls, kwargs)
        return super().__new__(cls)

    def _store(self, scope: dict[str, Any]) -> None:
        own = own_arguments(scope)
        check_literals(own)
        vars(self).update(own)
        self._own = tuple(own)

    # Airflow renders a notifier in place and reuses it for every callback and mapped task. A second rendering
    # would render the data that the first one inserted, so each call uses a copy.
    def __call__(self, *args: Any) -> None:
        super(LiveActivityNotifier, copy.copy(self)).__call__(*args)

    def __await__(self) -> Generator[Any, Any, Any]:
        return super(LiveActivityNotifier, copy.copy(self)).__await__()

    @property
    @abstractmethod
    def hook(self) -> LiveActivityHook:
        """Hook of the notifier's connection."""

    def send(self) -> SendReport:
        """Send through the hook of the connection and return the report."""
        parse_arguments(self)
        method = getattr(self.hook, self.methods[self.verb])
        taken = inspect.signature(method).parameters
        report: SendReport = method(**{name: getattr(self, name) for name in self._own if name in taken})
        return report

    def notify(self, context: Context) -> None:
        report = self.send()
        self.log.info("%s", summarize(report))

    async def async_notify(self, context: Context) -> None:
        from asgiref.sync import sync_to_async

        # A send has its own event loop, and its waits must not block the loop of the triggerer. Airflow
        # allows a thread to read the connection on every supported version.
        await sync_to_async(self.notify, thread_sensitive=False)(context)

"""Store the arguments of an operator, and pass them on to its hook."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, ClassVar

from airflow_provider_liveactivity._arguments import (
    as_json,
    check_literals,
    check_one_of,
    end_of_run,
    own_arguments,
)
from airflow_provider_liveactivity._templating import TemplateGuard
from airflow_provider_liveactivity.errors import InvalidPayload

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from airflow.providers.common.compat.sdk import Context

#: Arguments that shape the DAG, and functions, so that no template can set them.
_NOT_TEMPLATED = {"deferrable", "end_required", "end_task_ids", "transform", "update_task_ids", "wake"}
_JSON_FIELDS = {
    "activity_attributes",
    "alert",
    "attribute_info",
    "attributes_schema",
    "content_state",
    "content_state_schema",
    "custom_audience",
    "end_alert",
    "end_extra_fields",
    "end_notification",
    "end_time_parameters",
    "extra_fields",
    "filters",
    "notification",
    "parameters",
    "personalized_attributes",
    "tags",
    "update_extra_fields",
    "update_notification",
}
_SQL_FIELDS = {"sql", "end_time_sql"}


def templated(constructor: Callable[..., None]) -> tuple[str, ...]:
    """
    Return the template fields of an operator: all arguments of its constructor that a template may set.

    :param constructor: ``__init__`` of the operator.
    """
    parameters = inspect.signature(constructor).parameters.values()
    own = (parameter.name for parameter in parameters if parameter.kind is parameter.KEYWORD_ONLY)
    return tuple(name for name in own if name not in _NOT_TEMPLATED)


def renderers(fields: Iterable[str]) -> dict[str, str]:
    """
    Return how Airflow shows the template fields.

    :param fields: names of the template fields.
    """
    kinds = {**dict.fromkeys(_JSON_FIELDS, "json"), **dict.fromkeys(_SQL_FIELDS, "sql")}
    return {name: kinds[name] for name in fields if name in kinds}


class OwnArguments(TemplateGuard):
    """
    The arguments that an operator has beside those of Airflow.

    Each operator names them in its own ``__init__``, so that editors, type checkers and Airflow know them,
    and passes ``locals()`` to ``_store``.
    """

    #: Alternatives of which exactly one names the recipients; empty if the operator has no audience.
    audiences: ClassVar[Sequence[tuple[str, ...]]] = ()
    end_time: Any
    #: Names of the arguments.
    _own: tuple[str, ...] = ()

    def _store(self, scope: dict[str, Any]) -> None:
        """
        Store the arguments under their own names, and check the literals among them.

        :param scope: ``locals()`` of ``__init__``.
        :raises InvalidPayload: if a literal is wrong.
        """
        own = own_arguments(scope)
        self._own = tuple(own)
        for name, value in own.items():
            setattr(self, name, value)
        if not self.is_mapped_instance:  # the values of a mapped task come from other tasks
            self._dump_models()
            check_literals(own)
            if self.audiences:
                check_one_of(own, *self.audiences, what="audience")

    def after_rendering(self, context: Context) -> None:
        self._dump_models()
        if "end_time" in self._own:
            self.end_time = end_of_run(self.end_time, context)

    def _dump_models(self) -> None:
        for name in self._own:
            value = getattr(self, name)
            try:
                dumped = as_json(value)
            except ValueError as error:
                raise InvalidPayload(f"{name} {error}.") from None
            if dumped is not value:
                setattr(self, name, dumped)

    def _arguments_for(self, method: Callable[..., Any], **changes: Any) -> dict[str, Any]:
        """
        Return the arguments of the operator that a method of the hook takes.

        :param method: method of the hook.
        :param changes: further arguments, and arguments with another value than the operator's.
        """
        taken = inspect.signature(method).parameters
        return {name: getattr(self, name) for name in self._own if name in taken} | changes

"""Build operators whose content state is the return value of a function."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import (
    DecoratedOperator,
    context_merge,
    determine_kwargs,
    task_decorator_factory,
)
from airflow.sdk.definitions._internal.types import SET_DURING_EXECUTION

from airflow_provider_liveactivity.operators._base import LiveActivityOperator

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow.providers.common.compat.sdk import BaseOperator, Context, TaskDecorator

    from airflow_provider_liveactivity.delivery.report import SendReport

#: Key of the return value of a start's function in the task state store.
STATE_KEY = "live_activity_content_state"


class StateFromFunction(DecoratedOperator, LiveActivityOperator):
    """
    Base of the operators behind the decorators.

    The return value of the function is sent unchanged, and Jinja in it is not rendered. An operator that
    defers calls the function again when it resumes, so that it sends the newest state.
    """

    overwrite_rtif_after_execution = True
    content_state: Any

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(content_state=SET_DURING_EXECUTION, **kwargs)

    def _prepare(self, context: Context) -> None:
        self.content_state = self._state(context)
        if not _is_json(self.content_state):
            from airflow_provider_liveactivity.errors import InvalidPayload

            raise InvalidPayload(
                f"content_state: what {self.python_callable.__name__} returned is no JSON; return a dict of "
                "text, numbers, booleans, lists, dicts and None, or JSON text of one."
            )
        super()._prepare(context)

    def _state(self, context: Context) -> Any:
        context_merge(context, self.op_kwargs)
        kwargs = determine_kwargs(self.python_callable, self.op_args, context)
        return self.python_callable(*self.op_args, **kwargs)


class StartStateFromFunction(StateFromFunction):
    """
    Base of the decorated starts: an attempt that resumes an earlier one sends the same state.

    A different state would be a new send, which would start the activity again on phones that already have
    it. Before Airflow 3.3, nothing is kept between attempts, so no attempt can resume an earlier one.
    """

    validate_only: bool

    def execute(self, context: Context) -> SendReport:
        report: SendReport = super().execute(context)
        self._keep(context, finished=True)
        return report

    def _state(self, context: Context) -> Any:
        store: Any = context.get("task_state_store")
        saved = store.get(STATE_KEY) if store is not None else None
        # Clearing a finished task means a new send. A clear raises max_tries, a retry does not.
        if saved and not (saved["finished"] and context["ti"].max_tries > saved["clears"]):
            self.log.info("The first attempt has computed the content state; this attempt sends the same.")
            return saved["content_state"]
        self.content_state = super()._state(context)
        self._keep(context, finished=False)
        return self.content_state

    def _keep(self, context: Context, *, finished: bool) -> None:
        store: Any = context.get("task_state_store")
        if store is None or self.validate_only or not _is_json(self.content_state):
            return
        clears = context["ti"].max_tries
        store.set(STATE_KEY, {"content_state": self.content_state, "clears": clears, "finished": finished})


def decorated(operator: type[LiveActivityOperator], verb: str) -> type[StateFromFunction]:
    """
    Return the operator behind a decorator.

    :param operator: sending operator.
    :param verb: end of the decorator's name: "start", "update" or "end".
    """
    vendor = "moengage_broadcast" if "Broadcast" in operator.__name__ else "braze"
    base = StartStateFromFunction if verb == "start" else StateFromFunction
    body = {
        "__doc__": f"Operator behind ``@task.{vendor}_live_activity_{verb}``.",
        "__module__": f"{__package__}.{vendor.partition('_')[0]}",
        "custom_operator_name": f"@task.{vendor}_live_activity_{verb}",
        "template_fields": (*DecoratedOperator.template_fields, *operator.template_fields),
        "template_fields_renderers": {
            **DecoratedOperator.template_fields_renderers,
            **operator.template_fields_renderers,
        },
    }
    return type(f"Decorated{verb.title()}", (base, operator), body)


def sending_task(
    operator: type[BaseOperator], python_callable: Callable[..., Any] | None, **kwargs: Any
) -> TaskDecorator:
    """
    Return the decorator that makes an operator from a function.

    :param operator: result of ``decorated``.
    :param python_callable: the function if the decorator is used without arguments; otherwise None.
    :param kwargs: arguments of the operator, without ``content_state``.
    """
    # A function annotated to return a dict must not create an XCom for each key of the report.
    kwargs.setdefault("multiple_outputs", False)
    return task_decorator_factory(
        python_callable=python_callable, decorated_operator_class=operator, **kwargs
    )


def _is_json(state: Any) -> bool:
    """Return whether the vendor and Airflow can accept a state unchanged."""
    try:
        json.dumps(state, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        return False
    return True

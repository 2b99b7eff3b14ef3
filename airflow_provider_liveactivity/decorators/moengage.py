"""The decorators ``@task.moengage_broadcast_live_activity_start``, ``_update`` and ``_end``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_provider_liveactivity.decorators._base import (
    StartStateFromFunction,
    StateFromFunction,
    fields_of,
    renderers_of,
    sending_task,
)
from airflow_provider_liveactivity.operators.moengage import (
    MoEngageEndBroadcastLiveActivityOperator,
    MoEngageStartBroadcastLiveActivityOperator,
    MoEngageUpdateBroadcastLiveActivityOperator,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow.providers.common.compat.sdk import TaskDecorator

State = dict[str, Any] | str


class DecoratedStart(StartStateFromFunction, MoEngageStartBroadcastLiveActivityOperator):
    """Operator behind ``@task.moengage_broadcast_live_activity_start``."""

    custom_operator_name = "@task.moengage_broadcast_live_activity_start"
    template_fields = fields_of(MoEngageStartBroadcastLiveActivityOperator)
    template_fields_renderers = renderers_of(MoEngageStartBroadcastLiveActivityOperator)


class DecoratedUpdate(StateFromFunction, MoEngageUpdateBroadcastLiveActivityOperator):
    """Operator behind ``@task.moengage_broadcast_live_activity_update``."""

    custom_operator_name = "@task.moengage_broadcast_live_activity_update"
    template_fields = fields_of(MoEngageUpdateBroadcastLiveActivityOperator)
    template_fields_renderers = renderers_of(MoEngageUpdateBroadcastLiveActivityOperator)


class DecoratedEnd(StateFromFunction, MoEngageEndBroadcastLiveActivityOperator):
    """Operator behind ``@task.moengage_broadcast_live_activity_end``."""

    custom_operator_name = "@task.moengage_broadcast_live_activity_end"
    template_fields = fields_of(MoEngageEndBroadcastLiveActivityOperator)
    template_fields_renderers = renderers_of(MoEngageEndBroadcastLiveActivityOperator)


def start_task(python_callable: Callable[..., State] | None = None, **kwargs: Any) -> TaskDecorator:
    """
    Start a broadcast with the content state that the function returns.

    A retry, and a task that resumes after a deferral, send the state of the first attempt.

    :param python_callable: function that returns the content state, as a dict or JSON text.
    :param kwargs: arguments of ``MoEngageStartBroadcastLiveActivityOperator``, without ``content_state``.
    """
    return sending_task(DecoratedStart, python_callable, **kwargs)


def update_task(python_callable: Callable[..., State] | None = None, **kwargs: Any) -> TaskDecorator:
    """
    Update a broadcast to the content state that the function returns.

    :param python_callable: function that returns the content state, as a dict or JSON text.
    :param kwargs: arguments of ``MoEngageUpdateBroadcastLiveActivityOperator``, without ``content_state``.
    """
    return sending_task(DecoratedUpdate, python_callable, **kwargs)


def end_task(python_callable: Callable[..., State | None] | None = None, **kwargs: Any) -> TaskDecorator:
    """
    End a broadcast with the content state that the function returns.

    If the task waits for ``end_time``, it calls the function twice: before the wait, so that mistakes show
    early, and after the wait.

    :param python_callable: function that returns the content state, as a dict or JSON text; None stands for
        the last state that the tasks in ``update_task_ids`` sent.
    :param kwargs: arguments of ``MoEngageEndBroadcastLiveActivityOperator``, without ``content_state``.
    """
    return sending_task(DecoratedEnd, python_callable, **kwargs)

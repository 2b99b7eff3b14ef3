"""The decorators ``@task.braze_live_activity_start``, ``_update`` and ``_end``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_provider_liveactivity.decorators._base import decorated, sending_task
from airflow_provider_liveactivity.operators.braze import (
    BrazeEndLiveActivityOperator,
    BrazeStartLiveActivityOperator,
    BrazeUpdateLiveActivityOperator,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Unpack

    from airflow.providers.common.compat.sdk import TaskDecorator

    from airflow_provider_liveactivity.operators._types import BrazeEnd, BrazeStart, BrazeUpdate

State = dict[str, Any] | str

DecoratedStart = decorated(BrazeStartLiveActivityOperator, "start")
DecoratedUpdate = decorated(BrazeUpdateLiveActivityOperator, "update")
DecoratedEnd = decorated(BrazeEndLiveActivityOperator, "end")


def start_task(
    python_callable: Callable[..., State] | None = None, **kwargs: Unpack[BrazeStart]
) -> TaskDecorator:
    """
    Start a Live Activity with the content state that the function returns.

    A retry, and a task that resumes after a deferral, send the state of the first attempt.

    :param python_callable: function that returns the content state, as a dict or JSON text.
    :param kwargs: arguments of ``BrazeStartLiveActivityOperator``, without ``content_state``.
    """
    return sending_task(DecoratedStart, python_callable, **kwargs)


def update_task(
    python_callable: Callable[..., State] | None = None, **kwargs: Unpack[BrazeUpdate]
) -> TaskDecorator:
    """
    Update a Live Activity to the content state that the function returns.

    :param python_callable: function that returns the content state, as a dict or JSON text.
    :param kwargs: arguments of ``BrazeUpdateLiveActivityOperator``, without ``content_state``.
    """
    return sending_task(DecoratedUpdate, python_callable, **kwargs)


def end_task(
    python_callable: Callable[..., State | None] | None = None, **kwargs: Unpack[BrazeEnd]
) -> TaskDecorator:
    """
    End a Live Activity with the content state that the function returns.

    If the task waits for ``end_time``, it calls the function twice: before the wait, so that mistakes show
    early, and after the wait.

    :param python_callable: function that returns the content state, as a dict or JSON text; None stands for
        the last state that the tasks in ``update_task_ids`` sent.
    :param kwargs: arguments of ``BrazeEndLiveActivityOperator``, without ``content_state``.
    """
    return sending_task(DecoratedEnd, python_callable, **kwargs)

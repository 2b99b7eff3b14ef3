"""Bad input fails the task without a retry and before anything is sent."""

from __future__ import annotations

from typing import Any

from airflow_provider_liveactivity.errors import InvalidPayload
from airflow_provider_liveactivity.sandbox import RunningSandbox
from tests.support.final_errors import final_error
from tests.support.task_context import context
from tests.support.vendor_adapters import USERS, Adapter

SECRET = "hunter2"  # a value that no error may repeat


def refused(sandbox: RunningSandbox, adapter: Adapter, verb: str, **changes: Any) -> BaseException:
    """Make and execute an operator with bad input, and return its error."""
    error: BaseException
    try:
        operator = adapter.operator(verb, **changes)
    except InvalidPayload as refusal:  # while Airflow parses the DAG file
        error = refusal
    else:
        error = final_error(operator, context())
    assert sandbox.sandbox.requests == 0
    assert not any(user in str(error) for user in [*USERS, SECRET])
    return error

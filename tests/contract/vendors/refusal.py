"""What is common to all bad input: it ends the task for good, and nothing has left."""

from __future__ import annotations

from typing import Any

from airflow_provider_liveactivity.sandbox import RunningSandbox
from tests.contract.ending import final_error
from tests.contract.vendors.adapters import USERS, Adapter, context

HUNTER = "hunter2"  # a value that no error may repeat


def refused(sandbox: RunningSandbox, adapter: Adapter, verb: str, **changes: Any) -> BaseException:
    """Execute, and return what was wrong; nothing may have been sent."""
    error = final_error(adapter.operator(verb, **changes), context())
    assert sandbox.sandbox.requests == 0
    assert not any(user in str(error) for user in [*USERS, HUNTER])
    return error

"""What is common to all bad input: it ends the task for good, and nothing has left."""

from __future__ import annotations

from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException

from airflow_provider_liveactivity.sandbox import RunningSandbox
from tests.contract.vendors.adapters import USERS, Adapter, context

HUNTER = "hunter2"  # a value that no error may repeat


def refused(sandbox: RunningSandbox, adapter: Adapter, verb: str, **changes: Any) -> BaseException:
    """Execute, and return what was wrong; nothing may have been sent."""
    with pytest.raises(AirflowFailException) as failed:
        adapter.operator(verb, **changes).execute(context())
    assert sandbox.sandbox.requests == 0
    assert failed.value.__cause__ is not None
    assert str(failed.value) == str(failed.value.__cause__)
    assert not any(user in str(failed.value) for user in [*USERS, HUNTER])
    return failed.value.__cause__

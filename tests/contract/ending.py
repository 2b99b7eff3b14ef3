"""How the failure of a task ends: for good, or with a retry."""

from __future__ import annotations

from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException, BaseOperator
from airflow.sdk import RetryAction

from airflow_provider_liveactivity.errors import LiveActivityError


def final_error(operator: BaseOperator, running: Any, match: str | None = None) -> LiveActivityError:
    """Execute, and return the error that Airflow is told not to retry."""
    with pytest.raises(LiveActivityError, match=match) as failed:
        operator.execute(running)
    assert is_final(operator, failed.value)
    return failed.value


def is_final(operator: BaseOperator, error: Exception) -> bool:
    if isinstance(error, AirflowFailException):
        return True
    policy = operator.retry_policy
    assert policy is not None
    return policy.evaluate(error, try_number=1, max_tries=2).action is RetryAction.FAIL

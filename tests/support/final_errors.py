"""Whether Airflow retries a failed task."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException, BaseOperator

from airflow_provider_liveactivity.errors import LiveActivityError


def final_error(operator: BaseOperator, running: Any, match: str | None = None) -> LiveActivityError:
    """
    Execute, and return the error that Airflow must not retry.

    Without a retry policy, as before Airflow 3.3, it is the context of an AirflowFailException.
    """
    with pytest.raises((LiveActivityError, AirflowFailException), match=match) as failed:
        operator.execute(running)
    assert is_final(operator, failed.value)
    error = failed.value.__context__ if isinstance(failed.value, AirflowFailException) else failed.value
    assert isinstance(error, LiveActivityError)
    return error


@contextmanager
def raises_final(kind: type[LiveActivityError], match: str | None = None) -> Iterator[None]:
    """Expect an error, which before Airflow 3.3 is the context of an AirflowFailException."""
    with pytest.raises((kind, AirflowFailException), match=match) as failed:
        yield
    error = failed.value.__context__ if isinstance(failed.value, AirflowFailException) else failed.value
    assert isinstance(error, kind)


def is_final(operator: BaseOperator, error: Exception) -> bool:
    if isinstance(error, AirflowFailException):
        return True
    policy = getattr(operator, "retry_policy", None)
    if policy is None:  # Airflow before 3.3
        return False
    from airflow.sdk import RetryAction

    return policy.evaluate(error, try_number=1, max_tries=2).action is RetryAction.FAIL

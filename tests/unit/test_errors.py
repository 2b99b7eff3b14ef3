"""Texts of the errors, and which errors are retryable."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from airflow_provider_liveactivity import errors
from airflow_provider_liveactivity.errors import (
    LiveActivityError,
    OutcomeUnknown,
    PartiallySent,
    RateLimited,
    VendorUnavailable,
)

KINDS = {
    kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, LiveActivityError) and kind is not PartiallySent
}


def test_an_error_begins_with_the_advice_and_ends_with_the_longest_id() -> None:
    error = LiveActivityError(
        "change this.", vendor="braze", endpoint="/x", status=400, request_id="r-1", body_excerpt="no"
    )
    assert str(error) == "change this. (braze /x answered 400: no; request r-1)"


def test_an_error_without_an_endpoint_is_its_message() -> None:
    assert str(LiveActivityError("change this.")) == "change this."


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_only_temporary_errors_are_retryable(kind: type[LiveActivityError]) -> None:
    later = (RateLimited, VendorUnavailable, OutcomeUnknown)
    assert kind("x").retryable is issubclass(kind, later)


@pytest.mark.parametrize("retryable", [True, False])
def test_a_partial_send_is_as_retryable_as_what_stopped_it(retryable: bool) -> None:
    error = PartiallySent("x", report={"accepted": 50}, retryable=retryable)
    assert (error.retryable, error.report) == (retryable, {"accepted": 50})


def test_bad_input_is_a_value_error() -> None:
    assert issubclass(errors.InvalidPayload, ValueError)
    assert issubclass(errors.InvalidConnection, ValueError)


def test_a_limit_knows_when_it_ends() -> None:
    reset = datetime(2026, 7, 22, 13, tzinfo=UTC)
    assert RateLimited("x", reset_at=reset, vendor="braze").reset_at == reset
    assert RateLimited("x").reset_at is None

"""429: the reset in the headers, in any form, decides when a request is sent again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import pytest

from airflow_provider_liveactivity.errors import RateLimited
from airflow_provider_liveactivity.vendors.base import Request
from tests.support.clock import NOW
from tests.support.scripted_vendor import (
    BROADCAST_REQUEST,
    PUSH_REQUEST,
    START_REQUEST,
    UPDATE_REQUEST,
    Reply,
    ScriptedVendor,
)

OK = Reply(201)
EPOCH = int(NOW.timestamp())
NAMES = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")

every_request = pytest.mark.parametrize(
    "request_", [START_REQUEST, UPDATE_REQUEST, BROADCAST_REQUEST, PUSH_REQUEST], ids=lambda r: r.verb
)


MINUTE = timedelta(minutes=1)


def is_braze(request: Request) -> bool:
    return request.path.startswith("/messages")


def limited(reset_in: int, *, spelling: str = "title") -> Reply:
    headers = dict(zip(NAMES, ("250000", "0", str(EPOCH + reset_in)), strict=True))
    return Reply(429, [], {getattr(name, spelling)(): value for name, value in headers.items()})


@every_request
@pytest.mark.parametrize("spelling", ["title", "lower", "upper"])
def test_a_429_with_a_near_reset_is_waited_for(request_: Request, spelling: str) -> None:
    vendor = ScriptedVendor(limited(40, spelling=spelling), OK)
    sent = vendor.send(request_)
    assert sent.attempts == 2
    assert sent.sent_at == NOW + timedelta(seconds=40)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        dict.fromkeys(NAMES, ""),
        dict.fromkeys(NAMES, "soon"),
        {"X-RateLimit-Reset": "-1"},
        {"X-RateLimit-Reset": "9" * 30},
        {"Retry-After": "garbage"},
    ],
)
@every_request
def test_a_429_without_a_readable_reset_is_retried_soon(
    request_: Request, headers: Mapping[str, str]
) -> None:
    vendor = ScriptedVendor(Reply(429, "", headers), OK)
    assert vendor.send(request_).attempts == 2
    assert vendor.clock() <= NOW + timedelta(seconds=0.5)


@pytest.mark.parametrize("seconds", [-1, -7200])
def test_a_429_with_a_past_reset_is_retried_soon(seconds: int) -> None:
    vendor = ScriptedVendor(limited(seconds), OK)
    vendor.send(UPDATE_REQUEST)
    assert vendor.clock() <= NOW + timedelta(seconds=2)


def test_a_wait_takes_45_seconds_at_most() -> None:
    # By default, as for a campaign's request, which has no rules of its own.
    assert ScriptedVendor(limited(45), OK).send(PUSH_REQUEST).attempts == 2
    assert isinstance(ScriptedVendor(limited(47), OK).error(PUSH_REQUEST), RateLimited)


@every_request
def test_a_far_reset_raises_instead_of_waiting(request_: Request) -> None:
    vendor = ScriptedVendor(limited(3000), OK, max_wait=30)
    error = vendor.error(request_)
    assert isinstance(error, RateLimited)
    assert error.reset_at == NOW + (timedelta(seconds=3000) if is_braze(request_) else MINUTE)
    assert error.retryable
    assert len(vendor.requests) == 1
    assert vendor.clock() <= NOW + timedelta(seconds=0.5)  # the first backoff, and no more


@every_request
@pytest.mark.parametrize("reset_in", [3601, 86_400, 8_000_000_000])
def test_a_reset_is_capped_at_the_end_of_the_vendors_window(request_: Request, reset_in: int) -> None:
    window = timedelta(hours=1) if is_braze(request_) else MINUTE
    error = ScriptedVendor(limited(reset_in), OK, max_wait=30).error(request_)
    assert isinstance(error, RateLimited)
    assert error.reset_at == NOW + window
    vendor = ScriptedVendor(limited(reset_in), OK, max_wait=float("inf"))
    assert vendor.send(request_).sent_at == NOW + window


def test_without_max_wait_a_far_reset_is_waited_for() -> None:
    vendor = ScriptedVendor(limited(3000), OK, max_wait=float("inf"))
    assert vendor.send(START_REQUEST).sent_at == NOW + timedelta(seconds=3000)


def test_a_429_that_never_ends_uses_up_the_attempts() -> None:
    vendor = ScriptedVendor(Reply(429))
    error = vendor.error(START_REQUEST)
    assert isinstance(error, RateLimited)
    assert (error.status, error.reset_at, len(vendor.requests)) == (429, None, 6)


def test_at_the_reserve_the_next_request_waits_for_the_reset() -> None:
    last = Reply(
        201,
        {},
        {"X-RateLimit-Limit": "1000", "X-RateLimit-Remaining": "100", "X-RateLimit-Reset": str(EPOCH + 30)},
    )
    vendor = ScriptedVendor(last, OK)
    assert vendor.send(START_REQUEST).sent_at == NOW
    assert vendor.send(START_REQUEST).sent_at == NOW + timedelta(seconds=30)


def test_the_empty_quota_headers_of_a_401_cause_no_wait() -> None:
    vendor = ScriptedVendor(Reply(401, {}, dict.fromkeys(NAMES, "")), OK)
    vendor.error(START_REQUEST)
    assert vendor.send(START_REQUEST).sent_at == NOW

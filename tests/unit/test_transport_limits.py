"""429: the headers say when requests leave again, whatever their form; long waits are handed back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import pytest

from airflow_provider_liveactivity.errors import RateLimited
from airflow_provider_liveactivity.vendors.base import Request
from tests.unit.exchange import (
    BROADCAST_REQUEST,
    NOW,
    PUSH_REQUEST,
    START_REQUEST,
    UPDATE_REQUEST,
    Exchange,
    Reply,
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
def test_a_near_reset_is_waited_for_whatever_the_verb(request_: Request, spelling: str) -> None:
    exchange = Exchange(limited(40, spelling=spelling), OK)
    sent = exchange.send(request_)
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
def test_without_a_readable_reset_it_is_tried_again_a_little_later(
    request_: Request, headers: Mapping[str, str]
) -> None:
    exchange = Exchange(Reply(429, "", headers), OK)
    assert exchange.send(request_).attempts == 2
    assert exchange.clock() <= NOW + timedelta(seconds=0.5)


@pytest.mark.parametrize("seconds", [-1, -7200])
def test_a_reset_that_is_over_by_our_clock_costs_a_moment_not_the_send(seconds: int) -> None:
    exchange = Exchange(limited(seconds), OK)
    exchange.send(UPDATE_REQUEST)
    assert exchange.clock() <= NOW + timedelta(seconds=2)


def test_a_wait_in_place_takes_45_seconds_at_most() -> None:
    # By default, as for a campaign's request, which has no rules of its own.
    assert Exchange(limited(45), OK).send(PUSH_REQUEST).attempts == 2
    assert isinstance(Exchange(limited(47), OK).error(PUSH_REQUEST), RateLimited)


@every_request
def test_a_far_reset_is_handed_back_instead_of_waited_for(request_: Request) -> None:
    exchange = Exchange(limited(3000), OK, max_wait=30)
    error = exchange.error(request_)
    assert isinstance(error, RateLimited)
    assert error.reset_at == NOW + (timedelta(seconds=3000) if is_braze(request_) else MINUTE)
    assert error.retryable
    assert len(exchange.wire) == 1
    assert exchange.clock() <= NOW + timedelta(seconds=0.5)  # the first backoff, and no more


@every_request
@pytest.mark.parametrize("reset_in", [3601, 86_400, 8_000_000_000])
def test_a_reset_beyond_the_vendor_s_window_is_read_as_its_end(request_: Request, reset_in: int) -> None:
    window = timedelta(hours=1) if is_braze(request_) else MINUTE
    error = Exchange(limited(reset_in), OK, max_wait=30).error(request_)
    assert isinstance(error, RateLimited)
    assert error.reset_at == NOW + window
    exchange = Exchange(limited(reset_in), OK, max_wait=float("inf"))
    assert exchange.send(request_).sent_at == NOW + window


def test_a_far_reset_is_waited_for_where_nothing_else_is_possible() -> None:
    exchange = Exchange(limited(3000), OK, max_wait=float("inf"))
    assert exchange.send(START_REQUEST).sent_at == NOW + timedelta(seconds=3000)


def test_a_limit_that_never_ends_ends_the_tries() -> None:
    exchange = Exchange(Reply(429))
    error = exchange.error(START_REQUEST)
    assert isinstance(error, RateLimited)
    assert (error.status, error.reset_at, len(exchange.wire)) == (429, None, 6)


def test_at_the_reserve_the_next_request_waits_before_a_429_comes() -> None:
    last = Reply(
        201,
        {},
        {"X-RateLimit-Limit": "1000", "X-RateLimit-Remaining": "100", "X-RateLimit-Reset": str(EPOCH + 30)},
    )
    exchange = Exchange(last, OK)
    assert exchange.send(START_REQUEST).sent_at == NOW
    assert exchange.send(START_REQUEST).sent_at == NOW + timedelta(seconds=30)


def test_the_empty_headers_of_a_401_close_no_gate() -> None:
    exchange = Exchange(Reply(401, {}, dict.fromkeys(NAMES, "")), OK)
    exchange.error(START_REQUEST)
    assert exchange.send(START_REQUEST).sent_at == NOW

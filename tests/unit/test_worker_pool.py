"""The worker pool: how many requests are in flight, what stops it, and its results."""

from __future__ import annotations

import time
from typing import Any, cast

import pytest

from airflow_provider_liveactivity.delivery.rate_limit import RateRules
from airflow_provider_liveactivity.delivery.worker_pool import MAX_UNKNOWN_IN_A_ROW, Job, WorkerPool
from airflow_provider_liveactivity.errors import InvalidPayload, OutcomeUnknown
from airflow_provider_liveactivity.http.client import SendResult
from airflow_provider_liveactivity.vendors.base import Request, RetrySafety
from tests.support.fake_vendor import WORKSPACE, Vendor

REQUEST = Request("start", "/start", b"[]", RetrySafety.NOT_IDEMPOTENT)


def new_pool(vendor: Vendor, count: int = 4, **options: Any) -> WorkerPool:
    rules = options.pop("rules", RateRules())
    return WorkerPool(WORKSPACE, count=count, rules=rules, client=cast("Any", vendor.client), **options)


def sent(pool: WorkerPool, count: int) -> dict[int, SendResult]:
    """Send a number of jobs, and return their results."""
    pool.submit(Job(number, REQUEST) for number in range(count))
    until = time.monotonic() + 5
    while len(pool.results()) < count and not pool.stopped and time.monotonic() < until:
        pool.wait(0.01)
    pool.stop()
    pool.wait_until_stopped(5)
    return pool.results()


def test_no_more_requests_are_in_flight_than_there_are_workers() -> None:
    vendor = Vendor(latency=lambda _: 0.01)
    with new_pool(vendor, count=4) as pool:
        results = sent(pool, 40)
    assert len(results) == 40
    assert vendor.most_in_flight == 4


def test_results_stay_until_they_are_discarded() -> None:
    with new_pool(Vendor()) as pool:
        assert sent(pool, 5).keys() == pool.results().keys() == set(range(5))
        pool.discard([0, 1, 99])
        assert pool.results().keys() == {2, 3, 4}


def test_the_first_rejection_stops_the_pool() -> None:
    vendor = Vendor(lambda place: "reject" if place == 3 else "accept", latency=lambda _: 0.01)
    with new_pool(vendor, count=2) as pool:
        results = sent(pool, 100)
    assert isinstance(pool.failure, InvalidPayload)
    assert vendor.requests <= 5
    assert len(results) == vendor.requests


def test_an_unknown_outcome_stops_a_pool_that_may_not_skip_it() -> None:
    vendor = Vendor(lambda place: "unknown" if place == 3 else "accept", latency=lambda _: 0.01)
    with new_pool(vendor, count=2, skip_unknown=False) as pool:
        sent(pool, 100)
    assert isinstance(pool.failure, OutcomeUnknown)
    assert vendor.requests <= 5


def test_only_ten_unknown_outcomes_in_a_row_stop_the_pool() -> None:
    scattered = Vendor(lambda place: "accept" if place % MAX_UNKNOWN_IN_A_ROW == 9 else "unknown")
    with new_pool(scattered, count=1) as pool:
        assert len(sent(pool, 60)) == 60
    assert pool.failure is None
    outage = Vendor(lambda _: "unknown")
    with new_pool(outage, count=1) as pool:
        assert len(sent(pool, 60)) == MAX_UNKNOWN_IN_A_ROW
    assert isinstance(pool.failure, OutcomeUnknown)


def test_stop_ends_the_wait_for_the_rate_limit() -> None:
    vendor = Vendor()
    with new_pool(vendor, rules=RateRules(max_per_second=0.01)) as pool:
        pool.submit(Job(number, REQUEST) for number in range(4))
        while not pool.results():
            pool.wait(0.01)
        pool.stop()
        assert pool.wait_until_stopped(1)
        results = pool.results()
        assert pool.cancel_remaining() == set()
    assert vendor.requests == 1
    assert [result.error is None for result in results.values()].count(True) == 1
    assert not any(result.outcome_unknown for result in results.values())


def test_cancelling_a_hanging_request_makes_its_outcome_unknown() -> None:
    vendor = Vendor(latency=lambda _: 60)
    with new_pool(vendor) as pool:
        pool.submit([Job(0, REQUEST)])
        while not vendor.in_flight:
            pool.wait(0.01)
        pool.stop()
        assert not pool.wait_until_stopped(0.01)
        assert pool.cancel_remaining() == set()
        result = pool.results()[0]
    assert isinstance(result.error, OutcomeUnknown)
    assert result.outcome_unknown


def test_a_bug_stops_the_pool_and_its_job_counts_as_possibly_sent() -> None:
    vendor = Vendor(lambda place: "no such outcome" if place == 2 else "accept")
    with new_pool(vendor, count=1) as pool:
        results = sent(pool, 5)
        assert pool.cancel_remaining() == {2}
    assert isinstance(pool.failure, KeyError)
    assert results.keys() == {0, 1}


def test_a_client_that_cannot_be_created_stops_the_pool_before_anything_is_sent() -> None:
    def broken(*_: Any, **__: Any) -> Any:
        raise RuntimeError("no certificates on this machine")

    with WorkerPool(WORKSPACE, count=1, rules=RateRules(), client=broken) as pool:
        results = sent(pool, 5)
        assert pool.cancel_remaining() == set()
    assert isinstance(pool.failure, RuntimeError)
    assert results.keys() == {0}
    assert results[0].error is not None
    assert not results[0].outcome_unknown


def test_a_pool_stopped_before_it_starts_sends_nothing() -> None:
    vendor = Vendor()
    pool = new_pool(vendor)
    pool.stop()
    with pool:
        assert sent(pool, 5) == {}
    assert vendor.requests == 0


def test_calls_to_a_closed_pool_do_nothing() -> None:
    with new_pool(Vendor()) as pool:
        pass
    pool.stop()
    pool.submit([Job(0, REQUEST)])
    assert pool.cancel_remaining() == set()


@pytest.mark.parametrize("count", [1, 3])
def test_jobs_run_in_order(count: int) -> None:
    vendor = Vendor()
    with new_pool(vendor, count=count) as pool:
        results = sent(pool, 30)
    moments = [results[number].sent_at for number in range(30)]
    assert vendor.requests == 30
    assert count > 1 or moments == sorted(moments, key=lambda moment: moment or 0)

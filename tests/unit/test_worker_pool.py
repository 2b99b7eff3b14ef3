"""The crew that sends: how many at once, what stops it, and what it tells."""

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


def crew(vendor: Vendor, count: int = 4, **options: Any) -> WorkerPool:
    rules = options.pop("rules", RateRules())
    return WorkerPool(WORKSPACE, count=count, rules=rules, client=cast("Any", vendor.client), **options)


def sent(workers: WorkerPool, count: int) -> dict[int, SendResult]:
    """Send so many jobs, and return what became of them."""
    workers.submit(Job(number, REQUEST) for number in range(count))
    until = time.monotonic() + 5
    while len(workers.results()) < count and not workers.stopped and time.monotonic() < until:
        workers.wait(0.01)
    workers.stop()
    workers.wait_until_stopped(5)
    return workers.results()


def test_no_more_requests_are_under_way_than_there_are_workers() -> None:
    vendor = Vendor(latency=lambda _: 0.01)
    with crew(vendor, count=4) as workers:
        results = sent(workers, 40)
    assert len(results) == 40
    assert vendor.most_under_way == 4


def test_results_stay_until_they_are_forgotten() -> None:
    with crew(Vendor()) as workers:
        assert sent(workers, 5).keys() == workers.results().keys() == set(range(5))
        workers.discard([0, 1, 99])
        assert workers.results().keys() == {2, 3, 4}


def test_the_first_refusal_stops_the_crew_and_names_the_reason() -> None:
    vendor = Vendor(lambda place: "reject" if place == 3 else "accept", latency=lambda _: 0.01)
    with crew(vendor, count=2) as workers:
        results = sent(workers, 100)
    assert isinstance(workers.failure, InvalidPayload)
    assert vendor.requests <= 5
    assert len(results) == vendor.requests


def test_a_doubt_stops_a_crew_that_may_not_skip_it() -> None:
    vendor = Vendor(lambda place: "doubt" if place == 3 else "accept", latency=lambda _: 0.01)
    with crew(vendor, count=2, skip_unknown=False) as workers:
        sent(workers, 100)
    assert isinstance(workers.failure, OutcomeUnknown)
    assert vendor.requests <= 5


def test_doubts_stop_the_crew_only_when_ten_come_in_a_row() -> None:
    scattered = Vendor(lambda place: "accept" if place % MAX_UNKNOWN_IN_A_ROW == 9 else "doubt")
    with crew(scattered, count=1) as workers:
        assert len(sent(workers, 60)) == 60
    assert workers.failure is None
    outage = Vendor(lambda _: "doubt")
    with crew(outage, count=1) as workers:
        assert len(sent(workers, 60)) == MAX_UNKNOWN_IN_A_ROW
    assert isinstance(workers.failure, OutcomeUnknown)


def test_a_halt_wakes_whoever_waits_at_the_gate() -> None:
    vendor = Vendor()
    with crew(vendor, rules=RateRules(max_per_second=0.01)) as workers:
        workers.submit(Job(number, REQUEST) for number in range(4))
        while not workers.results():
            workers.wait(0.01)
        workers.stop()
        assert workers.wait_until_stopped(1)
        results = workers.results()
        assert workers.cancel_remaining() == set()
    assert vendor.requests == 1
    assert [result.error is None for result in results.values()].count(True) == 1
    assert not any(result.outcome_unknown for result in results.values())


def test_going_home_gives_up_what_hangs_and_calls_it_doubtful() -> None:
    vendor = Vendor(latency=lambda _: 60)
    with crew(vendor) as workers:
        workers.submit([Job(0, REQUEST)])
        while not vendor.under_way:
            workers.wait(0.01)
        workers.stop()
        assert not workers.wait_until_stopped(0.01)
        assert workers.cancel_remaining() == set()
        result = workers.results()[0]
    assert isinstance(result.error, OutcomeUnknown)
    assert result.outcome_unknown


def test_a_bug_ends_the_work_and_tells_which_job_may_have_left() -> None:
    vendor = Vendor(lambda place: "no such outcome" if place == 2 else "accept")
    with crew(vendor, count=1) as workers:
        results = sent(workers, 5)
        assert workers.cancel_remaining() == {2}
    assert isinstance(workers.failure, KeyError)
    assert results.keys() == {0, 1}


def test_a_client_that_cannot_be_made_ends_the_work_and_leaves_no_doubt() -> None:
    def broken(*_: Any, **__: Any) -> Any:
        raise RuntimeError("no certificates on this machine")

    with WorkerPool(WORKSPACE, count=1, rules=RateRules(), client=broken) as workers:
        results = sent(workers, 5)
        assert workers.cancel_remaining() == set()
    assert isinstance(workers.failure, RuntimeError)
    assert results.keys() == {0}
    assert results[0].error is not None
    assert not results[0].outcome_unknown


def test_a_halt_before_the_beginning_lets_nothing_leave() -> None:
    vendor = Vendor()
    workers = crew(vendor)
    workers.stop()
    with workers:
        assert sent(workers, 5) == {}
    assert vendor.requests == 0


def test_a_crew_that_has_gone_home_takes_no_offence_at_further_words() -> None:
    with crew(Vendor()) as workers:
        pass
    workers.stop()
    workers.submit([Job(0, REQUEST)])
    assert workers.cancel_remaining() == set()


@pytest.mark.parametrize("count", [1, 3])
def test_jobs_are_taken_in_their_order(count: int) -> None:
    vendor = Vendor()
    with crew(vendor, count=count) as workers:
        results = sent(workers, 30)
    moments = [results[number].sent_at for number in range(30)]
    assert vendor.requests == 30
    assert count > 1 or moments == sorted(moments, key=lambda moment: moment or 0)

"""One send and its retries: what is sent, what is reported, and where the next attempt resumes."""

from __future__ import annotations

import logging
import threading
import time
from typing import Any

import pytest

from airflow_provider_liveactivity.delivery import sender, worker_pool
from airflow_provider_liveactivity.delivery.checkpoint import Checkpoint
from airflow_provider_liveactivity.delivery.in_flight import MAX_PENDING, ResumePoint
from airflow_provider_liveactivity.delivery.progress import Progress
from airflow_provider_liveactivity.delivery.worker_pool import WorkerPool
from airflow_provider_liveactivity.errors import (
    InvalidPayload,
    LiveActivityError,
    OutcomeUnknown,
    RateLimited,
    VendorUnavailable,
)
from airflow_provider_liveactivity.vendors.base import RetrySafety
from tests.support.fake_vendor import Audience, Vendor, make_sender
from tests.support.state_store import CrashingStore, ProcessDied


def resume_point(store: CrashingStore) -> ResumePoint:
    return Checkpoint(store).load("send")[0].resume_point


def test_each_recipient_is_sent_to_once_and_counted() -> None:
    audience, vendor = Audience(1_000), Vendor()
    counts = make_sender(audience, vendor).run()
    assert set(vendor.reached) == set(audience.people)
    assert set(vendor.reached.values()) == {1}
    assert (counts.accepted, counts.recipients, counts.requests, counts.unknown) == (1_000, 1_000, 334, 0)
    assert counts.first_sent_at
    assert counts.last_sent_at
    assert counts.first_sent_at <= counts.last_sent_at


def test_a_warning_of_the_vendor_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    audience, vendor = Audience(30), Vendor(lambda place: "warn" if place % 2 else "accept")
    assert make_sender(audience, vendor).run().accepted == 30
    warnings = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert warnings == ["The vendor accepted the request with a warning: a minor error"]


def test_an_empty_audience_finishes_at_once() -> None:
    store = CrashingStore()
    assert make_sender(Audience(0), Vendor(), store).run().requests == 0
    assert Checkpoint(store).load("send")[0].finished


def test_the_source_of_the_audience_is_closed() -> None:
    audience = Audience(10)
    make_sender(audience, Vendor()).run()
    audience.fail_after = 1
    with pytest.raises(ConnectionError):
        make_sender(audience, Vendor()).run()
    audience.fail_after = None
    with pytest.raises(InvalidPayload):
        make_sender(audience, Vendor(lambda _: "reject")).run()
    assert audience.closed == 3


def test_a_wrong_configuration_costs_one_request() -> None:
    vendor = Vendor(lambda _: "reject", latency=lambda _: 0.05)
    send = make_sender(Audience(1_000), vendor)
    with pytest.raises(InvalidPayload):
        send.run()
    assert vendor.requests == 1
    assert send.counts.rejected == 3


def test_only_the_first_request_is_unknown_if_the_process_dies_with_it() -> None:
    store = CrashingStore()
    vendor = Vendor(latency=lambda place: 0.05 if place == 0 else 0.0)
    ahead: list[ResumePoint] = []
    vendor.on_request = lambda place: ahead.append(resume_point(store)) if place == 0 else None
    make_sender(Audience(1_000), vendor, store).run()
    assert ahead[0].span == 1


def test_no_request_leaves_before_the_checkpoint_that_covers_it_is_stored() -> None:
    audience, store = Audience(900), CrashingStore()
    vendor = Vendor(latency=lambda place: place % 3 / 1_000)
    uncovered = []

    def check(place: int) -> None:
        # The store is read before the request is recorded: its number is its place in the audience.
        if (submitted_key := resume_point(store).submitted_key) is None or submitted_key < f"{3 * place:07}":
            uncovered.append(place)

    vendor.on_request = check
    make_sender(audience, vendor, store, max_workers=1).run()
    assert vendor.requests == 300
    assert not uncovered


@pytest.mark.parametrize("workers", [8, 128, 1_000])
def test_at_most_256_batches_are_written_ahead(workers: int) -> None:
    store, most = CrashingStore(), 0
    vendor = Vendor(latency=lambda _: 0.003)

    def check(_: int) -> None:
        nonlocal most
        most = max(most, len(resume_point(store).unknown))

    vendor.on_request = check
    make_sender(Audience(3_000), vendor, store, max_workers=workers).run()
    assert 0 < most <= MAX_PENDING
    assert vendor.most_in_flight <= workers


def test_a_slow_send_writes_few_batches_ahead() -> None:
    store, most = CrashingStore(), 0
    vendor = Vendor()

    def check(_: int) -> None:
        nonlocal most
        most = max(most, len(resume_point(store).unknown))

    vendor.on_request = check
    make_sender(Audience(30), vendor, store, max_workers=128, max_requests_per_second=10).run()
    assert most <= 3 + 3  # a quarter of a second's work, and what is on its way


def test_the_checkpoint_is_written_a_few_times_a_second_for_any_number_of_batches() -> None:
    store = CrashingStore()
    vendor = Vendor(latency=lambda _: 0.05)
    began = time.monotonic()
    make_sender(Audience(3_000), vendor, store, max_workers=64).run()
    seconds = time.monotonic() - began
    beginning = 5  # before the speed is known
    assert store.writes <= beginning + seconds / sender._CHECKPOINT_SECONDS


def test_a_hanging_request_does_not_delay_the_others() -> None:
    store, vendor = CrashingStore(), Vendor(latency=lambda _: 0.001)
    vendor.blocked[5] = lambda: len(vendor.accepted) == 5_997  # all the others
    counts = make_sender(Audience(6_000), vendor, store, max_workers=64).run()
    assert counts.accepted == 6_000
    assert store.largest < 600


def test_a_batch_with_unknown_outcome_is_skipped_and_counted() -> None:
    vendor = Vendor(lambda place: "unknown" if place == 7 else "accept")
    counts = make_sender(Audience(300), vendor, CrashingStore()).run()
    assert (counts.accepted, counts.unknown, counts.recipients) == (297, 3, 300)


def test_ten_unknown_outcomes_in_a_row_stop_the_send_for_a_retry() -> None:
    audience, store = Audience(3_000), CrashingStore()
    vendor = Vendor(lambda place: "unknown" if place >= 20 else "accept")
    send = make_sender(audience, vendor, store, max_workers=4)
    with pytest.raises(OutcomeUnknown) as outage:
        send.run()
    assert outage.value.retryable
    assert 30 <= send.counts.unknown <= 3 * (10 + 3)
    vendor.outcome_of = lambda _: "accept"
    counts = make_sender(audience, vendor, store.for_next_process()).run()
    assert counts.accepted + counts.unknown == 3_000
    assert counts.unknown == send.counts.unknown
    assert not vendor.sent_twice


def test_a_graceful_stop_leaves_no_unknown_outcome_and_the_retry_sends_the_rest() -> None:
    audience, store = Audience(3_000), CrashingStore()
    vendor = Vendor(latency=lambda place: place % 4 / 1_000)
    send = make_sender(audience, vendor, store)
    vendor.on_request = lambda place: send.stop() if place == 300 else None
    with pytest.raises(VendorUnavailable, match="asked to stop"):
        send.run()
    assert send.counts.unknown == 0
    assert not resume_point(store).unknown
    sent = vendor.requests
    assert sent < 320
    counts = make_sender(audience, vendor, store.for_next_process()).run()
    assert (counts.accepted, counts.unknown, counts.requests) == (3_000, 0, 1_000)
    assert vendor.requests == 1_000
    assert not vendor.sent_twice


def test_a_stop_before_the_send_begins_is_obeyed() -> None:
    vendor, store = Vendor(), CrashingStore()
    send = make_sender(Audience(30), vendor, store)
    send.stop()
    with pytest.raises(VendorUnavailable):
        send.run()
    assert vendor.requests == 0
    assert make_sender(Audience(30), vendor, store.for_next_process()).run().accepted == 30


def test_a_stop_cancels_pending_requests_after_three_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_pool, "_STOP_SECONDS", 0.1)
    store = CrashingStore()
    vendor = Vendor(latency=lambda place: 60.0 if place == 5 else 0.0)
    send = make_sender(Audience(300), vendor, store)
    vendor.on_request = lambda place: send.stop() if place == 20 else None
    began = time.monotonic()
    with pytest.raises(VendorUnavailable, match="asked to stop"):
        send.run()
    assert time.monotonic() - began < 20
    assert send.counts.unknown == 3  # it was sent, and no response came
    assert not resume_point(store).unknown


def test_a_stop_is_obeyed_while_a_failed_send_waits_for_pending_requests(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(worker_pool, "_STOP_SECONDS", 0.1)
    vendor = Vendor(
        lambda place: "reject" if place == 9 else "accept", latency=lambda place: 60.0 if place == 5 else 0.0
    )
    send = make_sender(Audience(300), vendor, CrashingStore())
    wait = WorkerPool.wait_until_stopped

    def stop_and_wait(pool: WorkerPool, seconds: float) -> bool:
        assert pool.failure is not None
        send.stop()
        return wait(pool, seconds)

    monkeypatch.setattr(WorkerPool, "wait_until_stopped", stop_and_wait)
    began = time.monotonic()
    with pytest.raises(InvalidPayload):
        send.run()
    assert time.monotonic() - began < 20


def test_a_batch_that_was_not_carried_out_is_sent_by_the_next_attempt() -> None:
    audience, store = Audience(300), CrashingStore()
    # The tenth request takes long and is not carried out.
    vendor = Vendor(lambda place: "unavailable" if place == 9 else "accept", latency=lambda _: 0.001)
    vendor.blocked[9] = lambda: len(vendor.accepted) > 3 * 20
    with pytest.raises(VendorUnavailable):
        make_sender(audience, vendor, store, max_workers=4).run()
    left = resume_point(store)
    assert (len(left.unsent), left.unknown) == (1, ())
    assert left.span > 1, "later batches were accepted"
    vendor.outcome_of = lambda _: "accept"
    counts = make_sender(audience, vendor, store.for_next_process()).run()
    assert (counts.accepted, counts.unknown) == (300, 0)
    assert not vendor.sent_twice


def test_unsent_batches_are_not_unknown_if_the_next_attempt_dies_too() -> None:
    audience, store = Audience(300), CrashingStore()
    unsent = {9, 10, 11}
    vendor = Vendor(lambda place: "unavailable" if place in unsent else "accept", latency=lambda _: 0.001)
    vendor.blocked = dict.fromkeys(unsent, lambda: len(vendor.accepted) > 3 * 20)
    with pytest.raises(VendorUnavailable):
        make_sender(audience, vendor, store, max_workers=8).run()
    assert len(resume_point(store).unsent) == 3
    store = store.for_next_process()
    store.die_at = 1, False
    with pytest.raises(ProcessDied):
        make_sender(audience, vendor, store).run()
    left = resume_point(store)
    assert (len(left.unknown), len(left.unsent)) == (1, 2), "the first request goes alone"
    vendor.outcome_of = lambda _: "accept"
    counts = make_sender(audience, vendor, store.for_next_process()).run()
    assert (counts.accepted, counts.unknown) == (297, 3)
    assert not vendor.sent_twice


def test_an_unsent_batch_counts_as_unknown_if_the_audience_has_changed_around_it() -> None:
    audience, store = Audience(300), CrashingStore()
    vendor = Vendor(lambda place: "unavailable" if place == 9 else "accept", latency=lambda _: 0.001)
    vendor.blocked[9] = lambda: len(vendor.accepted) > 3 * 20
    with pytest.raises(VendorUnavailable):
        make_sender(audience, vendor, store, max_workers=4).run()
    audience.people.remove(vendor.batches[9][1])
    vendor.outcome_of, audience.reads = (lambda _: "accept"), 0
    counts = make_sender(audience, vendor, store.for_next_process()).run()
    assert (counts.accepted, counts.unknown) == (297, 3)
    assert not vendor.sent_twice
    assert audience.reads == 1


def test_a_resume_works_if_the_last_submitted_person_has_left_the_audience() -> None:
    audience, store = Audience(300), CrashingStore()
    vendor = Vendor(
        lambda place: "unavailable" if place == 9 else "accept",
        latency=lambda place: 0.1 if place == 9 else 0.001,
    )
    with pytest.raises(VendorUnavailable):
        make_sender(audience, vendor, store, max_workers=4).run()
    gone = resume_point(store).submitted_key
    audience.people.remove(gone)
    vendor.outcome_of, audience.reads = (lambda _: "accept"), 0
    counts = make_sender(audience, vendor, store.for_next_process()).run()
    assert audience.reads == 1
    assert (counts.accepted, counts.unknown) == (297, 3)
    assert not vendor.sent_twice
    assert audience.always - vendor.accepted == set(vendor.batches[9])


def test_resend_sends_only_unknown_batches_again() -> None:
    audience, store = Audience(900), CrashingStore(die_at=(4, False))
    vendor = Vendor(latency=lambda place: place % 3 / 1_000)
    with pytest.raises(ProcessDied):
        make_sender(audience, vendor, store).run()
    unknown = len(resume_point(store).unknown)
    assert unknown
    counts = make_sender(audience, vendor, store.for_next_process(), on_unknown="resend").run()
    assert (counts.accepted, counts.unknown) == (900, 0)
    assert sum(vendor.reached.values()) <= 900 + 3 * unknown


def test_with_on_unknown_fail_the_first_unknown_outcome_stops_the_send() -> None:
    audience, store = Audience(900), CrashingStore()
    vendor = Vendor(lambda place: "unknown" if place == 20 else "accept")
    send = make_sender(audience, vendor, store, on_unknown="fail")
    with pytest.raises(OutcomeUnknown, match=r"outcome of 3 recipients is unknown. Set on_unknown") as failed:
        send.run()
    assert not failed.value.retryable
    assert send.counts.unknown == 3
    counts = make_sender(audience, vendor, store.for_next_process(), on_unknown="skip").run()
    assert (counts.accepted, counts.unknown) == (897, 3)
    assert not vendor.sent_twice


def test_a_rejected_batch_is_sent_again_by_the_next_attempt() -> None:
    audience, store = Audience(90), CrashingStore()
    vendor = Vendor(lambda place: "reject" if place == 20 else "accept")
    send = make_sender(audience, vendor, store)
    with pytest.raises(InvalidPayload):
        send.run()
    assert send.counts.rejected == 3
    vendor.outcome_of = lambda _: "accept"
    counts = make_sender(audience, vendor, store.for_next_process()).run()
    assert (counts.accepted, counts.rejected, counts.unknown) == (90, 0, 0)
    assert not vendor.sent_twice


def test_a_database_that_dies_during_the_send_loses_no_recipient(monkeypatch: pytest.MonkeyPatch) -> None:
    audience, store, vendor = Audience(900), CrashingStore(), Vendor(latency=lambda _: 0.001)
    audience.fail_after = 200
    send = make_sender(audience, vendor, store)
    with pytest.raises(ConnectionError):
        send.run()
    assert 0 < send.counts.accepted < 600
    assert not resume_point(store).unknown
    audience.fail_after = None
    assert make_sender(audience, vendor, store.for_next_process()).run().accepted == 900
    assert not vendor.sent_twice


def test_an_exhausted_quota_raises_with_the_reset_and_a_retry_resumes() -> None:
    audience, store = Audience(900), CrashingStore()
    vendor = Vendor(lambda place: "limited" if place >= 50 else "accept")
    with pytest.raises(RateLimited) as limited:
        make_sender(audience, vendor, store).run()
    assert limited.value.reset_at
    vendor.outcome_of = lambda _: "accept"
    counts = make_sender(audience, vendor, store.for_next_process()).run()
    assert (counts.accepted, counts.unknown) == (900, 0)
    assert not vendor.sent_twice


def test_a_finished_send_is_sent_again_after_a_clear_but_not_by_a_retry() -> None:
    audience, store, vendor = Audience(90), CrashingStore(), Vendor()
    first = make_sender(audience, vendor, store, max_tries=2).run()
    again = make_sender(audience, vendor, store.for_next_process(), max_tries=2).run()
    assert again == first
    assert vendor.requests == 30
    vendor.accepted.clear()
    assert make_sender(audience, vendor, store.for_next_process(), max_tries=5).run().accepted == 90
    assert vendor.requests == 60


def test_a_cleared_failure_resumes() -> None:
    audience, store, vendor = Audience(900), CrashingStore(), Vendor()
    vendor.outcome_of = lambda place: "unavailable" if place == 100 else "accept"
    with pytest.raises(VendorUnavailable):
        make_sender(audience, vendor, store, max_tries=0).run()
    assert make_sender(audience, vendor, store.for_next_process(), max_tries=3).run().accepted == 900
    assert not vendor.sent_twice


def test_another_audience_or_payload_is_a_new_send(
    caplog: pytest.LogCaptureFixture,
) -> None:
    store, vendor = CrashingStore(), Vendor()
    make_sender(Audience(90), vendor, store).run()
    vendor.accepted.clear()
    with caplog.at_level(logging.INFO):
        assert (
            make_sender(Audience(90), vendor, store.for_next_process(), send_id="other").run().accepted == 90
        )
    assert (
        "New send to all recipients: an earlier attempt had 90 accepted, but audience or payload have changed"
        in caplog.text
    )


def test_a_bug_in_a_worker_stops_the_send_and_its_batch_is_unknown() -> None:
    audience, store, vendor = Audience(900), CrashingStore(), Vendor(latency=lambda _: 0.001)
    vendor.outcome_of = lambda place: "no such outcome" if place == 50 else "accept"
    with pytest.raises(KeyError):
        make_sender(audience, vendor, store).run()
    assert resume_point(store).unknown_recipients == 3
    vendor.outcome_of = lambda _: "accept"
    counts = make_sender(audience, vendor, store.for_next_process()).run()
    assert (counts.accepted, counts.unknown) == (897, 3)
    assert not vendor.sent_twice


def test_a_store_that_fails_stops_the_send() -> None:
    class Broken(CrashingStore):
        def set(self, key: str, value: Any) -> None:
            if self.writes >= 3:
                raise ConnectionError("the API server is gone")
            super().set(key, value)

    audience, store, vendor = Audience(9_000), Broken(), Vendor(latency=lambda _: 0.001)
    with pytest.raises(ConnectionError, match="API server"):
        make_sender(audience, vendor, store).run()
    counts = make_sender(audience, vendor, store.for_next_process()).run()
    assert counts.accepted + counts.unknown == 9_000
    assert counts.unknown <= 3 * MAX_PENDING
    assert not vendor.sent_twice


def test_progress_is_reported_in_the_callers_thread_and_at_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("airflow_provider_liveactivity.delivery.progress._REPORT_SECONDS", 0.05)
    reports: list[tuple[int, Progress]] = []
    send = make_sender(
        Audience(3_000),
        Vendor(latency=lambda _: 0.005),
        CrashingStore(),
        on_progress=lambda progress: reports.append((threading.get_ident(), progress)),
    )
    send.run()
    assert {thread for thread, _ in reports} == {threading.get_ident()}
    assert len(reports) > 3
    counts = [progress.sent for _, progress in reports]
    assert counts == sorted(counts)
    assert (reports[-1][1].sent, reports[-1][1].percent) == (3_000, 100)


def test_a_short_send_reports_no_progress() -> None:
    reports: list[Progress] = []
    make_sender(Audience(30), Vendor(), on_progress=reports.append).run()
    assert not reports


def test_with_on_unknown_resend_the_client_may_repeat_a_start(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    vendor, kinds = Vendor(), set()
    send = make_sender(Audience(30), vendor, on_unknown="resend")
    job = send._job

    def check(*batch: Any) -> Any:
        made = job(*batch)
        kinds.add(made.request.retry_safety)
        return made

    monkeypatch.setattr(send, "_job", check)
    send.run()
    assert kinds == {RetrySafety.IDEMPOTENT}


def test_without_a_store_a_retry_sends_everything_again() -> None:
    audience, vendor = Audience(90), Vendor(lambda place: "unavailable" if place == 20 else "accept")
    with pytest.raises(LiveActivityError):
        make_sender(audience, vendor).run()
    vendor.outcome_of = lambda _: "accept"
    make_sender(audience, vendor).run()
    assert vendor.sent_twice

"""One send and its retries: what leaves, what is told, and what the next attempt makes of it."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import replace
from typing import Any

import pytest

from airflow_provider_liveactivity.delivery import sender
from airflow_provider_liveactivity.delivery.checkpoint import Checkpoint
from airflow_provider_liveactivity.delivery.in_flight import MAX_PENDING, ResumePoint
from airflow_provider_liveactivity.delivery.progress import Progress
from airflow_provider_liveactivity.errors import (
    InvalidPayload,
    LiveActivityError,
    OutcomeUnknown,
    RateLimited,
    VendorUnavailable,
)
from airflow_provider_liveactivity.vendors.base import RetrySafety
from tests.support.fake_vendor import Audience, Vendor, make_send
from tests.support.state_store import CrashingStore, ProcessDied


def position(store: CrashingStore) -> ResumePoint:
    return Checkpoint(store).load("send")[0].resume_point


def test_everybody_is_sent_to_once_and_the_report_says_so() -> None:
    audience, vendor = Audience(1_000), Vendor()
    tally = make_send(audience, vendor).run()
    assert set(vendor.reached) == set(audience.people)
    assert set(vendor.reached.values()) == {1}
    assert (tally.accepted, tally.recipients, tally.requests, tally.unknown) == (1_000, 1_000, 334, 0)
    assert tally.first_sent_at
    assert tally.last_sent_at
    assert tally.first_sent_at <= tally.last_sent_at


def test_what_the_vendor_remarks_on_accepted_requests_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    audience, vendor = Audience(30), Vendor(lambda place: "remark" if place % 2 else "accept")
    assert make_send(audience, vendor).run().accepted == 30
    warnings = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert warnings == ["The vendor accepted the request with a warning: a minor error"]


def test_an_audience_of_nobody_is_finished_at_once() -> None:
    store = CrashingStore()
    assert make_send(Audience(0), Vendor(), store).run().requests == 0
    assert Checkpoint(store).load("send")[0].finished


def test_what_the_audience_is_read_from_is_let_go() -> None:
    audience = Audience(10)
    make_send(audience, Vendor()).run()
    audience.fail_after = 1
    with pytest.raises(ConnectionError):
        make_send(audience, Vendor()).run()
    audience.fail_after = None
    with pytest.raises(InvalidPayload):
        make_send(audience, Vendor(lambda _: "reject")).run()
    assert audience.closed == 3


def test_a_wrong_configuration_costs_one_request() -> None:
    vendor = Vendor(lambda _: "reject", latency=lambda _: 0.05)
    send = make_send(Audience(1_000), vendor)
    with pytest.raises(InvalidPayload):
        send.run()
    assert vendor.requests == 1
    assert send.counts.rejected == 3


def test_the_first_request_goes_alone_and_is_alone_in_doubt_when_the_process_dies_with_it() -> None:
    store = CrashingStore()
    vendor = Vendor(latency=lambda place: 0.05 if place == 0 else 0.0)
    ahead: list[ResumePoint] = []
    vendor.on_request = lambda place: ahead.append(position(store)) if place == 0 else None
    make_send(Audience(1_000), vendor, store).run()
    assert ahead[0].span == 1


def test_nothing_leaves_before_the_state_that_covers_it_is_stored() -> None:
    audience, store = Audience(900), CrashingStore()
    vendor = Vendor(latency=lambda place: place % 3 / 1_000)
    uncovered = []

    def look(place: int) -> None:
        # The store is read before the request is recorded: its number is its place in the audience.
        if (submitted_key := position(store).submitted_key) is None or submitted_key < f"{3 * place:07}":
            uncovered.append(place)

    vendor.on_request = look
    make_send(audience, vendor, store, max_workers=1).run()
    assert vendor.requests == 300
    assert not uncovered


@pytest.mark.parametrize("workers", [8, 128, 1_000])
def test_at_most_256_batches_are_written_ahead(workers: int) -> None:
    store, most = CrashingStore(), 0
    vendor = Vendor(latency=lambda _: 0.003)

    def look(_: int) -> None:
        nonlocal most
        most = max(most, len(position(store).unknown))

    vendor.on_request = look
    make_send(Audience(3_000), vendor, store, max_workers=workers).run()
    assert 0 < most <= MAX_PENDING
    assert vendor.most_under_way <= workers


def test_a_slow_send_writes_little_ahead() -> None:
    store, most = CrashingStore(), 0
    vendor = Vendor()

    def look(_: int) -> None:
        nonlocal most
        most = max(most, len(position(store).unknown))

    vendor.on_request = look
    make_send(Audience(30), vendor, store, max_workers=128, max_requests_per_second=10).run()
    assert most <= 3 + 3  # a quarter of a second's work, and what is on its way


def test_the_state_is_written_a_few_times_a_second_whatever_the_number_of_batches() -> None:
    store = CrashingStore()
    vendor = Vendor(latency=lambda _: 0.05)
    began = time.monotonic()
    make_send(Audience(3_000), vendor, store, max_workers=64).run()
    seconds = time.monotonic() - began
    beginning = 5  # before the speed is known
    assert store.writes <= beginning + seconds / sender._CHECKPOINT_SECONDS


def test_a_request_that_hangs_at_the_front_does_not_hold_up_the_others() -> None:
    store, vendor = CrashingStore(), Vendor(latency=lambda _: 0.001)
    vendor.held[5] = lambda: len(vendor.told) == 5_997  # all the others
    tally = make_send(Audience(6_000), vendor, store, max_workers=64).run()
    assert tally.accepted == 6_000
    assert store.largest < 600


def test_a_doubtful_batch_is_skipped_and_counted_and_the_others_go_on() -> None:
    vendor = Vendor(lambda place: "doubt" if place == 7 else "accept")
    tally = make_send(Audience(300), vendor, CrashingStore()).run()
    assert (tally.accepted, tally.unknown, tally.recipients) == (297, 3, 300)


def test_ten_doubts_in_a_row_are_an_outage_that_a_retry_may_outlive() -> None:
    audience, store = Audience(3_000), CrashingStore()
    vendor = Vendor(lambda place: "doubt" if place >= 20 else "accept")
    send = make_send(audience, vendor, store, max_workers=4)
    with pytest.raises(OutcomeUnknown) as outage:
        send.run()
    assert outage.value.retryable
    assert 30 <= send.counts.unknown <= 3 * (10 + 3)
    vendor.fate = lambda _: "accept"
    tally = make_send(audience, vendor, store.for_next_process()).run()
    assert tally.accepted + tally.unknown == 3_000
    assert tally.unknown == send.counts.unknown
    assert not vendor.again


def test_a_graceful_stop_leaves_nothing_in_doubt_and_the_retry_goes_on_exactly() -> None:
    audience, store = Audience(3_000), CrashingStore()
    vendor = Vendor(latency=lambda place: place % 4 / 1_000)
    send = make_send(audience, vendor, store)
    vendor.on_request = lambda place: send.stop() if place == 300 else None
    with pytest.raises(VendorUnavailable, match="asked to stop"):
        send.run()
    assert send.counts.unknown == 0
    assert not position(store).unknown
    sent = vendor.requests
    assert sent < 320
    tally = make_send(audience, vendor, store.for_next_process()).run()
    assert (tally.accepted, tally.unknown, tally.requests) == (3_000, 0, 1_000)
    assert vendor.requests == 1_000
    assert not vendor.again


def test_a_stop_before_the_send_begins_is_heard() -> None:
    vendor, store = Vendor(), CrashingStore()
    send = make_send(Audience(30), vendor, store)
    send.stop()
    with pytest.raises(VendorUnavailable):
        send.run()
    assert vendor.requests == 0
    assert make_send(Audience(30), vendor, store.for_next_process()).run().accepted == 30


def test_a_stop_gives_up_on_answers_after_three_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sender, "_STOP_SECONDS", 0.1)
    store = CrashingStore()
    vendor = Vendor(latency=lambda place: 60.0 if place == 5 else 0.0)
    send = make_send(Audience(300), vendor, store)
    vendor.on_request = lambda place: send.stop() if place == 20 else None
    began = time.monotonic()
    with pytest.raises(VendorUnavailable, match="asked to stop"):
        send.run()
    assert time.monotonic() - began < 20
    assert send.counts.unknown == 3  # it had left: nobody knows
    assert not position(store).unknown


def test_a_stop_while_a_failed_send_waits_for_its_last_answers_is_heard(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sender, "_STOP_SECONDS", 0.1)
    vendor = Vendor(
        lambda place: "reject" if place == 9 else "accept", latency=lambda place: 60.0 if place == 5 else 0.0
    )
    send = make_send(Audience(300), vendor, CrashingStore())
    timer = threading.Timer(0.2, send.stop)
    timer.start()
    began = time.monotonic()
    with pytest.raises(InvalidPayload):
        send.run()
    assert time.monotonic() - began < 20


def test_a_gap_that_was_not_carried_out_is_sent_by_the_next_attempt() -> None:
    audience, store = Audience(300), CrashingStore()
    # The tenth request takes long, and then it turns out that it was not carried out.
    vendor = Vendor(lambda place: "unavailable" if place == 9 else "accept", latency=lambda _: 0.001)
    vendor.held[9] = lambda: len(vendor.told) > 3 * 20
    with pytest.raises(VendorUnavailable):
        make_send(audience, vendor, store, max_workers=4).run()
    left = position(store)
    assert (len(left.unsent), left.unknown) == (1, ())
    assert left.span > 1, "later batches were accepted"
    vendor.fate = lambda _: "accept"
    tally = make_send(audience, vendor, store.for_next_process()).run()
    assert (tally.accepted, tally.unknown) == (300, 0)
    assert not vendor.again


def test_gaps_that_have_not_left_yet_are_not_in_doubt_when_the_next_attempt_dies_too() -> None:
    audience, store = Audience(300), CrashingStore()
    gaps = {9, 10, 11}
    vendor = Vendor(lambda place: "unavailable" if place in gaps else "accept", latency=lambda _: 0.001)
    vendor.held = dict.fromkeys(gaps, lambda: len(vendor.told) > 3 * 20)
    with pytest.raises(VendorUnavailable):
        make_send(audience, vendor, store, max_workers=8).run()
    assert len(position(store).unsent) == 3
    store = store.for_next_process()
    store.die_at = 1, False
    with pytest.raises(ProcessDied):
        make_send(audience, vendor, store).run()
    left = position(store)
    assert (len(left.unknown), len(left.unsent)) == (1, 2), "the first request goes alone"
    vendor.fate = lambda _: "accept"
    tally = make_send(audience, vendor, store.for_next_process()).run()
    assert (tally.accepted, tally.unknown) == (297, 3)
    assert not vendor.again


def test_a_gap_is_skipped_and_counted_where_the_audience_has_changed_around_it() -> None:
    audience, store = Audience(300), CrashingStore()
    vendor = Vendor(lambda place: "unavailable" if place == 9 else "accept", latency=lambda _: 0.001)
    vendor.held[9] = lambda: len(vendor.told) > 3 * 20
    with pytest.raises(VendorUnavailable):
        make_send(audience, vendor, store, max_workers=4).run()
    audience.people.remove(vendor.batches[9][1])
    vendor.fate, audience.reads = (lambda _: "accept"), 0
    tally = make_send(audience, vendor, store.for_next_process()).run()
    assert (tally.accepted, tally.unknown) == (297, 3)
    assert not vendor.again
    assert audience.reads == 1


def test_where_the_last_person_written_ahead_is_gone_the_send_goes_on_with_the_next_one() -> None:
    audience, store = Audience(300), CrashingStore()
    vendor = Vendor(
        lambda place: "unavailable" if place == 9 else "accept",
        latency=lambda place: 0.1 if place == 9 else 0.001,
    )
    with pytest.raises(VendorUnavailable):
        make_send(audience, vendor, store, max_workers=4).run()
    gone = position(store).submitted_key
    audience.people.remove(gone)
    vendor.fate, audience.reads = (lambda _: "accept"), 0
    tally = make_send(audience, vendor, store.for_next_process()).run()
    assert audience.reads == 1
    assert (tally.accepted, tally.unknown) == (297, 3)
    assert not vendor.again
    assert audience.always - vendor.told == set(vendor.batches[9])


def test_resend_sends_the_doubtful_again_and_nobody_else() -> None:
    audience, store = Audience(900), CrashingStore(die_at=(4, False))
    vendor = Vendor(latency=lambda place: place % 3 / 1_000)
    with pytest.raises(ProcessDied):
        make_send(audience, vendor, store).run()
    in_doubt = len(position(store).unknown)
    assert in_doubt
    tally = make_send(audience, vendor, store.for_next_process(), on_unknown="resend").run()
    assert (tally.accepted, tally.unknown) == (900, 0)
    assert sum(vendor.reached.values()) <= 900 + 3 * in_doubt


def test_where_doubt_is_to_fail_the_first_one_stops_the_send_for_good() -> None:
    audience, store = Audience(900), CrashingStore()
    vendor = Vendor(lambda place: "doubt" if place == 20 else "accept")
    send = make_send(audience, vendor, store, on_unknown="fail")
    with pytest.raises(OutcomeUnknown, match=r"outcome of 3 recipients is unknown. Set on_unknown") as failed:
        send.run()
    assert not failed.value.retryable
    assert send.counts.unknown == 3
    tally = make_send(audience, vendor, store.for_next_process(), on_unknown="skip").run()
    assert (tally.accepted, tally.unknown) == (897, 3)
    assert not vendor.again


def test_what_was_rejected_is_tried_again_when_the_cause_is_mended() -> None:
    audience, store = Audience(90), CrashingStore()
    vendor = Vendor(lambda place: "reject" if place == 20 else "accept")
    send = make_send(audience, vendor, store)
    with pytest.raises(InvalidPayload):
        send.run()
    assert send.counts.rejected == 3
    vendor.fate = lambda _: "accept"
    tally = make_send(audience, vendor, store.for_next_process()).run()
    assert (tally.accepted, tally.rejected, tally.unknown) == (90, 0, 0)
    assert not vendor.again


def test_a_database_that_dies_in_the_middle_costs_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    audience, store, vendor = Audience(900), CrashingStore(), Vendor(latency=lambda _: 0.001)
    audience.fail_after = 200
    send = make_send(audience, vendor, store)
    with pytest.raises(ConnectionError):
        send.run()
    assert 0 < send.counts.accepted < 600
    assert not position(store).unknown
    audience.fail_after = None
    assert make_send(audience, vendor, store.for_next_process()).run().accepted == 900
    assert not vendor.again


def test_a_used_up_quota_ends_in_an_error_that_names_the_moment_and_a_resume_goes_on() -> None:
    audience, store = Audience(900), CrashingStore()
    vendor = Vendor(lambda place: "limited" if place >= 50 else "accept")
    with pytest.raises(RateLimited) as limited:
        make_send(audience, vendor, store).run()
    assert limited.value.reset_at
    vendor.fate = lambda _: "accept"
    tally = make_send(audience, vendor, store.for_next_process()).run()
    assert (tally.accepted, tally.unknown) == (900, 0)
    assert not vendor.again


def test_a_finished_send_is_not_sent_again_by_a_retry_but_by_a_person_who_clears_it() -> None:
    audience, store, vendor = Audience(90), CrashingStore(), Vendor()
    first = make_send(audience, vendor, store, max_tries=2).run()
    again = make_send(audience, vendor, store.for_next_process(), max_tries=2).run()
    assert again == first
    assert vendor.requests == 30
    vendor.told.clear()
    assert make_send(audience, vendor, store.for_next_process(), max_tries=5).run().accepted == 90
    assert vendor.requests == 60


def test_a_cleared_failure_goes_on_where_it_was() -> None:
    audience, store, vendor = Audience(900), CrashingStore(), Vendor()
    vendor.fate = lambda place: "unavailable" if place == 100 else "accept"
    with pytest.raises(VendorUnavailable):
        make_send(audience, vendor, store, max_tries=0).run()
    assert make_send(audience, vendor, store.for_next_process(), max_tries=3).run().accepted == 900
    assert not vendor.again


def test_another_audience_or_payload_is_a_new_send_and_the_log_says_so(
    caplog: pytest.LogCaptureFixture,
) -> None:
    store, vendor = CrashingStore(), Vendor()
    make_send(Audience(90), vendor, store).run()
    vendor.told.clear()
    with caplog.at_level(logging.INFO):
        assert (
            make_send(Audience(90), vendor, store.for_next_process(), identity="other").run().accepted == 90
        )
    assert (
        "new send, because audience or payload have changed since the last attempt, of which 90 were accepted"
        in caplog.text
    )


def test_a_bug_in_a_worker_ends_the_send_and_what_it_had_in_hand_is_unknown_to_next_process() -> None:
    audience, store, vendor = Audience(900), CrashingStore(), Vendor(latency=lambda _: 0.001)
    vendor.fate = lambda place: "no such outcome" if place == 50 else "accept"
    with pytest.raises(KeyError):
        make_send(audience, vendor, store).run()
    assert position(store).unknown_recipients == 3
    vendor.fate = lambda _: "accept"
    tally = make_send(audience, vendor, store.for_next_process()).run()
    assert (tally.accepted, tally.unknown) == (897, 3)
    assert not vendor.again


def test_a_store_that_fails_ends_the_send_before_anything_uncovered_leaves() -> None:
    class Broken(CrashingStore):
        def set(self, key: str, value: Any) -> None:
            if self.writes >= 3:
                raise ConnectionError("the API server is gone")
            super().set(key, value)

    audience, store, vendor = Audience(9_000), Broken(), Vendor(latency=lambda _: 0.001)
    with pytest.raises(ConnectionError, match="API server"):
        make_send(audience, vendor, store).run()
    tally = make_send(audience, vendor, store.for_next_process()).run()
    assert tally.accepted + tally.unknown == 9_000
    assert tally.unknown <= 3 * MAX_PENDING
    assert not vendor.again


def test_progress_is_told_in_the_callers_thread_and_once_more_at_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("airflow_provider_liveactivity.delivery.progress._REPORT_SECONDS", 0.05)
    told: list[tuple[int, Progress]] = []
    send = make_send(
        Audience(3_000),
        Vendor(latency=lambda _: 0.005),
        CrashingStore(),
        on_progress=lambda progress: told.append((threading.get_ident(), progress)),
    )
    send.run()
    assert {thread for thread, _ in told} == {threading.get_ident()}
    assert len(told) > 3
    counts = [progress.sent for _, progress in told]
    assert counts == sorted(counts)
    assert (told[-1][1].sent, told[-1][1].percent) == (3_000, 100)


def test_a_short_send_tells_no_progress() -> None:
    told: list[Progress] = []
    make_send(Audience(30), Vendor(), on_progress=told.append).run()
    assert not told


def test_a_request_whose_repetition_is_wanted_is_repeated_by_the_client(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    vendor, kinds = Vendor(), set()
    send = make_send(Audience(30), vendor, on_unknown="resend")
    job = send._job

    def look(*step: Any) -> Any:
        made = job(*step)
        kinds.add(made.request.retry_safety)
        return made

    monkeypatch.setattr(send, "_job", look)
    send.run()
    assert kinds == {RetrySafety.IDEMPOTENT}


def test_without_a_store_it_sends_the_same_and_remembers_nothing() -> None:
    audience, vendor = Audience(90), Vendor(lambda place: "unavailable" if place == 20 else "accept")
    with pytest.raises(LiveActivityError):
        make_send(audience, vendor).run()
    vendor.fate = lambda _: "accept"
    make_send(audience, vendor).run()
    assert vendor.again


def test_a_step_of_a_segment_counts_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    audience, vendor = Audience(3), Vendor(lambda _: "doubt")
    original = audience.after
    monkeypatch.setattr(
        audience,
        "after",
        lambda after: iter(
            step._replace(request=replace(step.request, recipients=0), key=True)
            for step in ([] if after else original(None))
        ),
    )
    tally = make_send(audience, vendor, CrashingStore()).run()
    assert (tally.unknown, tally.recipients) == (1, 1)

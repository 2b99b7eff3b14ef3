"""Recipients that the vendor rejects: each is counted once over all attempts."""

from __future__ import annotations

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from airflow_provider_liveactivity.delivery.sender import Sender
from airflow_provider_liveactivity.errors import (
    InvalidPayload,
    LiveActivityError,
    OutcomeUnknown,
    RateLimited,
)
from tests.support.fake_vendor import Audience, Vendor, make_sender
from tests.support.state_store import CrashingStore, ProcessDied


def test_a_recipient_rejected_before_a_deferral_is_in_the_final_report() -> None:
    audience, store = Audience(20, size=1), CrashingStore()
    vendor = Vendor(
        lambda place: "reject_recipient" if place in {2, 5, 7} else "limited" if place >= 12 else "accept"
    )
    with pytest.raises(RateLimited):
        make_sender(audience, vendor, store, max_workers=1).run()
    vendor.outcome_of = lambda _: "accept"
    counts = make_sender(audience, vendor, store.for_next_process(), max_workers=1).run()
    assert (counts.accepted, counts.rejected, counts.unknown, counts.recipients) == (17, 3, 0, 20)


def test_a_rejected_recipient_is_not_sent_to_again_until_the_task_is_cleared() -> None:
    audience, store = Audience(20, size=1), CrashingStore()
    vendor = Vendor(lambda place: "reject_recipient" if place % 20 == 4 else "accept")
    assert make_sender(audience, vendor, store).run().rejected == 1
    assert make_sender(audience, vendor, store.for_next_process()).run().rejected == 1
    assert vendor.requests == 20
    vendor.accepted.clear()
    counts = make_sender(audience, vendor, store.for_next_process(), max_tries=1).run()
    assert (counts.accepted, counts.rejected, vendor.requests) == (19, 1, 40)


@pytest.mark.parametrize("outcome", ["accept", "reject"])
def test_a_batch_that_stopped_the_send_counts_by_its_last_outcome(outcome: str) -> None:
    audience, store = Audience(90), CrashingStore()
    vendor = Vendor(lambda place: {7: "reject_recipient", 20: "reject"}.get(place, "accept"))
    send = make_sender(audience, vendor, store, max_workers=1)
    with pytest.raises(InvalidPayload):
        send.run()
    assert send.counts.rejected == 6
    sent = vendor.requests
    vendor.outcome_of = lambda place: outcome if place == sent else "accept"
    store = store.for_next_process()
    send = make_sender(audience, vendor, store, max_workers=1)
    if outcome == "reject":
        with pytest.raises(InvalidPayload):
            send.run()
        assert send.counts.rejected == 6
        send = make_sender(audience, vendor, store.for_next_process(), max_workers=1)
    counts = send.run()
    assert (counts.accepted, counts.rejected, counts.unknown) == (87, 3, 0)
    assert counts.requests == vendor.requests


@pytest.mark.parametrize("on_unknown", ["skip", "resend", "fail"])
def test_a_rejection_after_an_unknown_outcome_counts_as_unknown(on_unknown: str) -> None:
    vendor = Vendor(lambda place: "reject_recipient_after_unknown" if place == 4 else "accept")
    counts = make_sender(Audience(20, size=1), vendor, CrashingStore(), on_unknown=on_unknown).run()
    assert (counts.accepted, counts.rejected, counts.unknown) == (19, 0, 1)


def test_an_attempt_that_cannot_begin_counts_the_unknown_recipients_of_the_one_before() -> None:
    audience, store = Audience(900), CrashingStore(die_at=(4, False))
    vendor = Vendor(latency=lambda place: place % 3 / 1_000)
    with pytest.raises(ProcessDied):
        make_sender(audience, vendor, store).run()
    undecided = make_sender(audience, vendor, store.for_next_process(), on_unknown="fail")
    with pytest.raises(OutcomeUnknown):
        undecided.run()
    audience.fail_after = 0
    unread = make_sender(audience, vendor, store.for_next_process(), on_unknown="resend")
    with pytest.raises(ConnectionError):
        unread.run()
    audience.fail_after = None
    counts = make_sender(audience, vendor, store.for_next_process(), on_unknown="skip").run()
    assert undecided.counts.unknown == unread.counts.unknown == counts.unknown > 0


def attempt(send: Sender) -> bool:
    try:
        send.run()
    except (LiveActivityError, ConnectionError, ProcessDied):
        return False
    return True


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    seed=st.integers(0, 2**32),
    people=st.integers(1, 60),
    on_unknown=st.sampled_from(["skip", "resend"]),
    workers=st.sampled_from([1, 4]),
)
def test_the_counts_add_up_to_the_audience_over_rejections_deferrals_and_crashes(
    seed: int, people: int, on_unknown: str, workers: int
) -> None:
    rng = random.Random(seed)
    audience, store, deaths = Audience(people, size=1), CrashingStore(), 0
    outcomes = [
        "reject_recipient",
        "reject_recipient",
        "limited",
        "unavailable",
        "reject",
        "unknown",
        "accept",
        "accept",
    ]
    outcomes_by_place = [rng.choice(outcomes) if rng.random() < 0.2 else "accept" for _ in range(997)]
    vendor = Vendor(lambda place: outcomes_by_place[place % len(outcomes_by_place)])
    for number in range(12):
        store = store.for_next_process()
        if number == 11:
            vendor.outcome_of = lambda _: "accept"
        elif rng.random() < 0.3:
            deaths, store.die_at = deaths + 1, (rng.randint(1, 6), rng.random() < 0.5)
        send = make_sender(audience, vendor, store, max_workers=workers, on_unknown=on_unknown)
        if attempt(send):
            break
    else:
        pytest.fail("an attempt without faults does not reach the end")
    counts = send.counts
    assert counts.accepted + counts.rejected + counts.unknown == counts.recipients == people
    assert counts.rejected <= len(vendor.rejected)
    if not deaths:
        assert (counts.accepted, counts.rejected) == (len(vendor.accepted), len(vendor.rejected))

"""Recipients that the vendor refuses: each is counted once, whatever happens to the attempts after it."""

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
from tests.support.fake_vendor import Audience, Vendor, make_send
from tests.support.state_store import CrashingStore, ProcessDied


def test_a_recipient_refused_before_a_deferral_is_in_the_final_report() -> None:
    audience, store = Audience(20, size=1), CrashingStore()
    vendor = Vendor(lambda place: "refuse" if place in {2, 5, 7} else "limited" if place >= 12 else "accept")
    with pytest.raises(RateLimited):
        make_send(audience, vendor, store, max_workers=1).run()
    vendor.fate = lambda _: "accept"
    tally = make_send(audience, vendor, store.for_next_process(), max_workers=1).run()
    assert (tally.accepted, tally.rejected, tally.unknown, tally.recipients) == (17, 3, 0, 20)


def test_a_refused_recipient_is_not_sent_to_again_and_a_cleared_success_counts_anew() -> None:
    audience, store = Audience(20, size=1), CrashingStore()
    vendor = Vendor(lambda place: "refuse" if place % 20 == 4 else "accept")
    assert make_send(audience, vendor, store).run().rejected == 1
    assert make_send(audience, vendor, store.for_next_process()).run().rejected == 1
    assert vendor.requests == 20
    vendor.told.clear()
    tally = make_send(audience, vendor, store.for_next_process(), max_tries=1).run()
    assert (tally.accepted, tally.rejected, vendor.requests) == (19, 1, 40)


@pytest.mark.parametrize("outcome", ["accept", "reject"])
def test_a_batch_that_stopped_the_send_counts_by_its_last_answer(outcome: str) -> None:
    audience, store = Audience(90), CrashingStore()
    vendor = Vendor(lambda place: {7: "refuse", 20: "reject"}.get(place, "accept"))
    send = make_send(audience, vendor, store, max_workers=1)
    with pytest.raises(InvalidPayload):
        send.run()
    assert send.counts.rejected == 6
    sent = vendor.requests
    vendor.fate = lambda place: outcome if place == sent else "accept"
    store = store.for_next_process()
    send = make_send(audience, vendor, store, max_workers=1)
    if outcome == "reject":
        with pytest.raises(InvalidPayload):
            send.run()
        assert send.counts.rejected == 6
        send = make_send(audience, vendor, store.for_next_process(), max_workers=1)
    tally = send.run()
    assert (tally.accepted, tally.rejected, tally.unknown) == (87, 3, 0)
    assert tally.requests == vendor.requests


@pytest.mark.parametrize("on_unknown", ["skip", "resend", "fail"])
def test_a_refusal_after_an_unknown_outcome_is_unknown_and_the_send_ends(on_unknown: str) -> None:
    vendor = Vendor(lambda place: "refuse_after_doubt" if place == 4 else "accept")
    tally = make_send(Audience(20, size=1), vendor, CrashingStore(), on_unknown=on_unknown).run()
    assert (tally.accepted, tally.rejected, tally.unknown) == (19, 0, 1)


def test_an_attempt_that_cannot_begin_still_counts_what_the_one_before_left_unknown() -> None:
    audience, store = Audience(900), CrashingStore(die_at=(4, False))
    vendor = Vendor(latency=lambda place: place % 3 / 1_000)
    with pytest.raises(ProcessDied):
        make_send(audience, vendor, store).run()
    undecided = make_send(audience, vendor, store.for_next_process(), on_unknown="fail")
    with pytest.raises(OutcomeUnknown):
        undecided.run()
    audience.fail_after = 0
    unread = make_send(audience, vendor, store.for_next_process(), on_unknown="resend")
    with pytest.raises(ConnectionError):
        unread.run()
    audience.fail_after = None
    tally = make_send(audience, vendor, store.for_next_process(), on_unknown="skip").run()
    assert undecided.counts.unknown == unread.counts.unknown == tally.unknown > 0


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
def test_over_refusals_deferrals_deaths_and_retries_the_counts_add_up_to_the_audience(
    seed: int, people: int, on_unknown: str, workers: int
) -> None:
    chance = random.Random(seed)
    audience, store, deaths = Audience(people, size=1), CrashingStore(), 0
    outcomes = ["refuse", "refuse", "limited", "unavailable", "reject", "doubt", "accept", "accept"]
    fates = [chance.choice(outcomes) if chance.random() < 0.2 else "accept" for _ in range(997)]
    vendor = Vendor(lambda place: fates[place % len(fates)])
    for number in range(12):
        store = store.for_next_process()
        if number == 11:
            vendor.fate = lambda _: "accept"
        elif chance.random() < 0.3:
            deaths, store.die_at = deaths + 1, (chance.randint(1, 6), chance.random() < 0.5)
        send = make_send(audience, vendor, store, max_workers=workers, on_unknown=on_unknown)
        if attempt(send):
            break
    else:
        pytest.fail("an attempt without trouble does not reach the end")
    tally = send.counts
    assert tally.accepted + tally.rejected + tally.unknown == tally.recipients == people
    assert tally.rejected <= len(vendor.refused)
    if not deaths:
        assert (tally.accepted, tally.rejected) == (len(vendor.told), len(vendor.refused))

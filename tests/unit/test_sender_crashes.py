"""Crashes at any time: no accepted recipient is sent to again, and every lost one is counted."""

from __future__ import annotations

import random
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from airflow_provider_liveactivity.delivery import in_flight, outcomes, resume, sender, worker_pool
from airflow_provider_liveactivity.delivery.sender import Sender
from airflow_provider_liveactivity.errors import LiveActivityError, OutcomeUnknown
from tests.support.fake_vendor import Audience, Vendor, make_sender, unknown_to_next_process
from tests.support.outcome_files import CrashingOutcomeFiles
from tests.support.profiles import examples
from tests.support.state_store import CrashingStore, ProcessDied

ATTEMPTS = 12


def attempt(send: Sender) -> bool:
    """Run one attempt; return whether it finished."""
    try:
        send.run()
    except (LiveActivityError, ConnectionError, ProcessDied):
        return False
    return True


def check(vendor: Vendor, audience: Audience, send: Sender, *, resend: bool) -> None:
    """Check what must hold after a finished send."""
    assert not vendor.sent_twice, "an accepted recipient was sent to again"
    if not resend:
        assert max(vendor.reached.values(), default=0) <= 1
    missed = audience.always - vendor.accepted
    assert len(missed) <= send.counts.unknown, "a lost recipient is not counted"


def check_outcomes(kept: CrashingOutcomeFiles, vendor: Vendor, send: Sender) -> None:
    """Check the files after a finished send whose audience was the same in every attempt."""
    accepted, unknown = kept.people("accepted"), kept.people("unknown")
    assert set(vendor.reached) <= accepted | unknown, "a recipient who may have been reached has no outcome"
    assert len(accepted) >= send.counts.accepted
    assert len(accepted | unknown) == send.counts.accepted + send.counts.unknown
    # After a crash between the files and the checkpoint, the files know more.
    assert len(unknown) <= send.counts.unknown


@settings(max_examples=examples(150), suppress_health_check=list(HealthCheck))
@given(
    seed=st.integers(0, 2**32),
    people=st.integers(0, 400),
    fault_rate=st.sampled_from([0.0, 0.02, 0.2]),
    on_unknown=st.sampled_from(["skip", "resend"]),
    changing=st.booleans(),
    workers_count=st.sampled_from([1, 3, 20]),
)
def test_crashes_faults_and_changes_cause_no_second_send_and_no_uncounted_loss(
    seed: int, people: int, fault_rate: float, on_unknown: str, changing: bool, workers_count: int
) -> None:
    rng = random.Random(seed)
    audience, store, kept = Audience(people), CrashingStore(), CrashingOutcomeFiles()
    faults = ["unknown", "unknown_carried_out", "unavailable", "limited", "reject"]
    outcomes_by_place = [rng.choice(faults) if rng.random() < fault_rate else "accept" for _ in range(997)]
    vendor = Vendor(
        lambda place: outcomes_by_place[place % len(outcomes_by_place)],
        latency=lambda place: (place * 7 % 5) * random.Random(seed + place).random() / 2_000,
    )
    for number in range(ATTEMPTS):
        last = number == ATTEMPTS - 1
        store = store.for_next_process()
        vendor.on_request, kept.die_at = (lambda _: None), None
        send = make_sender(
            audience, vendor, store, outcomes=kept, max_workers=workers_count, on_unknown=on_unknown
        )
        if last:
            vendor.outcome_of = lambda _: "accept"
        else:
            inject_fault(rng, send, store, audience, vendor, kept)
        if attempt(send):
            break
        audience.fail_after = None
        if on_unknown == "resend":
            allow_repetition(vendor, store, audience)
        if changing:
            audience.change(rng)
    else:
        pytest.fail("an attempt without faults does not reach the end")
    check(vendor, audience, send, resend=on_unknown == "resend")
    if not changing:
        check_outcomes(kept, vendor, send)


def allow_repetition(vendor: Vendor, store: CrashingStore, audience: Audience) -> None:
    """Allow the next attempt to send again to the people whose outcome this one has not written down."""
    # An attempt that dies before its first write leaves the state of an earlier one, which was handled then.
    if store.stored:
        vendor.accepted -= unknown_to_next_process(store, audience)


def test_a_crash_before_the_first_write_leaves_the_state_of_the_earlier_audience() -> None:
    audience, vendor, store = Audience(224), Vendor(), CrashingStore(die_at=(4, False))
    assert not attempt(make_sender(audience, vendor, store, on_unknown="resend"))
    assert unknown_to_next_process(store, audience)
    allow_repetition(vendor, store, audience)
    audience.keep(30)
    store = store.for_next_process()
    store.die_at = 1, True
    assert not attempt(make_sender(audience, vendor, store, on_unknown="resend"))
    allow_repetition(vendor, store, audience)
    send = make_sender(audience, vendor, store.for_next_process(), on_unknown="resend")
    assert attempt(send)
    check(vendor, audience, send, resend=True)


def inject_fault(
    rng: random.Random,
    send: Sender,
    store: CrashingStore,
    audience: Audience,
    vendor: Vendor,
    kept: CrashingOutcomeFiles,
) -> None:
    match rng.randrange(5):
        case 0:
            store.die_at = rng.randint(1, 12), rng.random() < 0.5
        case 1:
            audience.fail_after = rng.randint(0, 60)
        case 2:
            stop_at = vendor.requests + rng.randint(0, 60)
            vendor.on_request = lambda place: send.stop() if place == stop_at else None
        case 3:
            kept.die_at = kept.writes + rng.randint(1, 12), rng.random() < 0.5


ENGINE = {module.__file__ for module in (sender, in_flight, outcomes, resume, worker_pool)}


@contextmanager
def raising_at(place: tuple[str, int] | None, visit: int) -> Iterator[Counter[tuple[str, int]]]:
    """Raise as a signal handler can: when this thread reaches a line of the engine for the n-th time."""
    visits: Counter[tuple[str, int]] = Counter()

    def trace(frame: FrameType, event: str, arg: Any) -> Any:
        if frame.f_code.co_filename not in ENGINE:
            return None
        if event == "line":
            here = frame.f_code.co_filename, frame.f_lineno
            visits[here] += 1
            if here == place and visits[here] == visit:
                sys.settrace(None)
                raise ProcessDied
        return trace

    previous = sys.gettrace()
    sys.settrace(trace)
    try:
        yield visits
    finally:
        sys.settrace(previous)


def interrupted(place: tuple[str, int] | None, visit: int) -> tuple[Counter[tuple[str, int]], int]:
    """Send with one exception, then resume; return which lines were run, and how many people are unknown."""
    audience, vendor, store, kept = Audience(90), Vendor(), CrashingStore(), CrashingOutcomeFiles()
    rng = random.Random(visit)
    vendor.latency = lambda _: rng.random() / 500
    send = make_sender(audience, vendor, store, outcomes=kept, max_workers=4)
    with raising_at(place, visit) as visits:
        ended = attempt(send)
    if not ended:
        send = make_sender(audience, vendor, store, outcomes=kept)
        assert attempt(send)
    check(vendor, audience, send, resend=False)
    check_outcomes(kept, vendor, send)
    return visits, send.counts.unknown


def test_an_exception_at_any_line_of_the_main_thread_causes_no_second_send() -> None:
    visits, _ = interrupted(None, 0)
    assert len(visits) > 100
    unknown = [
        interrupted(place, visit)[1]
        for place, most in visits.items()
        for visit in sorted({1, most // 2, most - 1} - {0})
    ]
    # execution_timeout raises like this. Only a few of these exceptions may leave an unknown outcome.
    assert sum(map(bool, unknown)) < 0.1 * len(unknown)


def test_with_on_unknown_fail_a_retry_fails_until_the_user_decides() -> None:
    audience, vendor, store = Audience(500), Vendor(), CrashingStore(die_at=(3, False))
    assert not attempt(make_sender(audience, vendor, store, on_unknown="fail"))
    store = store.for_next_process()
    with pytest.raises(OutcomeUnknown, match=r"Set on_unknown to 'skip' or 'resend'") as refused:
        make_sender(audience, vendor, store, on_unknown="fail").run()
    assert not refused.value.retryable
    sent = vendor.requests
    decided = make_sender(audience, vendor, store, on_unknown="skip")
    assert attempt(decided)
    assert vendor.requests > sent
    check(vendor, audience, decided, resend=False)

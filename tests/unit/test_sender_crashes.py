"""Whatever dies, and whenever: nobody who was accepted is sent to again, and who is lost is counted."""

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

from airflow_provider_liveactivity.delivery import in_flight, resume, sender, worker_pool
from airflow_provider_liveactivity.delivery.sender import Sender
from airflow_provider_liveactivity.errors import LiveActivityError, OutcomeUnknown
from tests.support.fake_vendor import Audience, Vendor, make_send, unknown_to_next_process
from tests.support.profiles import examples
from tests.support.state_store import CrashingStore, ProcessDied

ATTEMPTS = 12


def attempt(send: Sender) -> bool:
    """Run one attempt; return whether it reached the end."""
    try:
        send.run()
    except (LiveActivityError, ConnectionError, ProcessDied):
        return False
    return True


def check(vendor: Vendor, audience: Audience, send: Sender, *, resend: bool) -> None:
    """What must hold once a send has reached its end."""
    assert not vendor.again, "somebody accepted was sent to again"
    if not resend:
        assert max(vendor.reached.values(), default=0) <= 1
    missed = audience.always - vendor.told
    assert len(missed) <= send.counts.unknown, "somebody is lost and not counted"


@settings(max_examples=examples(150), suppress_health_check=list(HealthCheck))
@given(
    seed=st.integers(0, 2**32),
    people=st.integers(0, 400),
    trouble=st.sampled_from([0.0, 0.02, 0.2]),
    on_unknown=st.sampled_from(["skip", "resend"]),
    changing=st.booleans(),
    workers_count=st.sampled_from([1, 3, 20]),
)
def test_over_any_deaths_outcomes_and_changes_nobody_is_sent_to_twice_and_the_lost_are_counted(
    seed: int, people: int, trouble: float, on_unknown: str, changing: bool, workers_count: int
) -> None:
    chance = random.Random(seed)
    audience, store = Audience(people), CrashingStore()
    outcomes = ["doubt", "doubt_carried_out", "unavailable", "limited", "reject"]
    fates = [chance.choice(outcomes) if chance.random() < trouble else "accept" for _ in range(997)]
    vendor = Vendor(
        lambda place: fates[place % len(fates)],
        latency=lambda place: (place * 7 % 5) * random.Random(seed + place).random() / 2_000,
    )
    for number in range(ATTEMPTS):
        last = number == ATTEMPTS - 1
        store = store.for_next_process()
        vendor.on_request = lambda _: None
        send = make_send(audience, vendor, store, max_workers=workers_count, on_unknown=on_unknown)
        if last:
            vendor.fate = lambda _: "accept"
        else:
            hurt(chance, send, store, audience, vendor)
        if attempt(send):
            break
        audience.fail_after = None
        if on_unknown == "resend":
            allow_repetition(vendor, store, audience)
        if changing:
            audience.change(chance)
    else:
        pytest.fail("an attempt without trouble does not reach the end")
    check(vendor, audience, send, resend=on_unknown == "resend")


def allow_repetition(vendor: Vendor, store: CrashingStore, audience: Audience) -> None:
    """Allow the next attempt to send again to the people whose outcome this one has not written down."""
    # An attempt that dies before its first write leaves the state of an earlier one, which was handled then.
    if store.stored:
        vendor.told -= unknown_to_next_process(store, audience)


def test_an_attempt_that_dies_before_its_first_write_leaves_the_places_of_the_audience_before() -> None:
    audience, vendor, store = Audience(224), Vendor(), CrashingStore(die_at=(4, False))
    assert not attempt(make_send(audience, vendor, store, on_unknown="resend"))
    assert unknown_to_next_process(store, audience)
    allow_repetition(vendor, store, audience)
    audience.keep(30)
    store = store.for_next_process()
    store.die_at = 1, True
    assert not attempt(make_send(audience, vendor, store, on_unknown="resend"))
    allow_repetition(vendor, store, audience)
    send = make_send(audience, vendor, store.for_next_process(), on_unknown="resend")
    assert attempt(send)
    check(vendor, audience, send, resend=True)


def hurt(
    chance: random.Random, send: Sender, store: CrashingStore, audience: Audience, vendor: Vendor
) -> None:
    match chance.randrange(4):
        case 0:
            store.die_at = chance.randint(1, 12), chance.random() < 0.5
        case 1:
            audience.fail_after = chance.randint(0, 60)
        case 2:
            stop_at = vendor.requests + chance.randint(0, 60)
            vendor.on_request = lambda place: send.stop() if place == stop_at else None


ENGINE = {module.__file__ for module in (sender, in_flight, resume, worker_pool)}


@contextmanager
def raising_at(place: tuple[str, int] | None, visit: int) -> Iterator[Counter[tuple[str, int]]]:
    """Raise where a signal handler may: when this thread comes to a line of the engine for the n-th time."""
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
    audience, vendor, store = Audience(90), Vendor(), CrashingStore()
    chance = random.Random(visit)
    vendor.latency = lambda _: chance.random() / 500
    send = make_send(audience, vendor, store, max_workers=4)
    with raising_at(place, visit) as visits:
        ended = attempt(send)
    if not ended:
        send = make_send(audience, vendor, store)
        assert attempt(send)
    check(vendor, audience, send, resend=False)
    return visits, send.counts.unknown


def test_an_exception_before_any_line_of_the_main_thread_breaks_no_promise() -> None:
    visits, _ = interrupted(None, 0)
    assert len(visits) > 100
    losses = [
        interrupted(place, visit)[1]
        for place, most in visits.items()
        for visit in sorted({1, most // 2, most - 1} - {0})
    ]
    # That is how execution_timeout comes. It leaves nothing in doubt, but where it hits the last write.
    assert sum(map(bool, losses)) < 0.1 * len(losses)


def test_where_a_person_decides_the_retry_refuses_and_the_decision_goes_on() -> None:
    audience, vendor, store = Audience(500), Vendor(), CrashingStore(die_at=(3, False))
    assert not attempt(make_send(audience, vendor, store, on_unknown="fail"))
    store = store.for_next_process()
    with pytest.raises(OutcomeUnknown, match=r"Set on_unknown to 'skip' or 'resend'") as refused:
        make_send(audience, vendor, store, on_unknown="fail").run()
    assert not refused.value.retryable
    sent = vendor.requests
    decided = make_send(audience, vendor, store, on_unknown="skip")
    assert attempt(decided)
    assert vendor.requests > sent
    check(vendor, audience, decided, resend=False)

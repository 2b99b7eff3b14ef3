"""The value in the task's state: small, without anybody's id, and read back as it was."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from cryptography.fernet import Fernet
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_liveactivity.audience import ListAudience
from airflow_provider_liveactivity.delivery.checkpoint import STATE_KEY, Checkpoint, Saved, _pack, _unpack
from airflow_provider_liveactivity.delivery.in_flight import MAX_SPAN, MAX_UNSETTLED, Batch, Window, digest
from airflow_provider_liveactivity.delivery.report import Tally
from airflow_provider_liveactivity.errors import LiveActivityError
from tests.unit.world import Store

SEAL = Fernet(Fernet.generate_key())


def saved(window: Window, unsent: list[int] | None = None, **more: object) -> Saved:
    tally = Tally(requests=20_000, accepted=999_950, unknown=50, retries=3, waited_seconds=12.34)
    return Saved("5" * 64, window.position(unsent or []), tally, **more)  # type: ignore[arg-type]


@given(st.sets(st.integers(0, MAX_SPAN - 1), max_size=MAX_UNSETTLED))
def test_places_are_read_back_as_they_were_packed(places: set[int]) -> None:
    assert _unpack(_pack(places)) == tuple(sorted(places))


@pytest.mark.parametrize("key", [50_000, True, "user-00017", ["alias", "label"], "ünïcödé-🏈", None])
def test_a_state_is_read_back_as_it_was_written(key: object) -> None:
    store = Store()
    state = saved(Window(ahead_key=key).add([("b", 50), (key, 7), ("c", 50)]).settle([1]), [2])
    Checkpoint(store, SEAL).save(state)
    assert Checkpoint(store.reborn(), SEAL).load(state.send) == (state, "resuming an earlier attempt")


def test_no_id_of_anybody_is_in_the_store_in_clear() -> None:
    store = Store()
    window = Window("ada@example.com").add([("bob@example.com", 50), ("eve@example.com", 50)])
    Checkpoint(store, SEAL).save(saved(window, [1]))
    assert STATE_KEY in store.values
    assert "example" not in json.dumps(store.values)
    position = Checkpoint(store, SEAL).load("5" * 64)[0].position
    assert (position.settled_key, position.ahead_key) == ("ada@example.com", "eve@example.com")


def test_a_dictionary_of_ids_verifies_nothing_in_the_store() -> None:
    def stored(person: str) -> dict[str, Any]:
        store = Store()
        position = Window().add([(person, 1)]).position()
        assert position.digest == digest([Batch(None, person, 1)])
        send = ListAudience([person]).fingerprint
        Checkpoint(store, SEAL).save(Saved(send, position, Tally(requests=1)))
        return store.values

    dictionary = [f"user-{number}" for number in range(50)]
    hashes = {digest([Batch(None, one, 1)]) for one in dictionary}
    hashes |= {ListAudience([one]).fingerprint for one in dictionary}
    text = json.dumps(stored("user-17"))
    assert [one for one in hashes if one in text] == []
    states = [stored(person)[STATE_KEY] | {"sealed": ""} for person in dictionary[:2]]
    assert states[0] == states[1], "all that tells people apart is encrypted"


@pytest.mark.parametrize("stretch", [1, 4, 60])
def test_the_state_is_a_few_hundred_bytes_however_large_the_audience(stretch: int) -> None:
    chance = random.Random(stretch)
    count = 20_000 + 256 * stretch
    window = Window(count=20_000, ahead_key="0" * 36).add((f"{n:036}", 50) for n in range(20_000, count))
    unsettled = chance.sample(range(20_000, count), MAX_UNSETTLED)
    window = window.settle(set(range(20_000, count)) - set(unsettled))
    store = Store()
    Checkpoint(store, SEAL).save(saved(window))
    assert store.largest < (600 if stretch == 1 else 1_100)


def test_without_a_state_it_is_a_new_send() -> None:
    assert Checkpoint(Store()).load("a") == (Saved("a"), "a new send")
    assert Checkpoint().load("a") == (Saved("a"), "a new send")


def test_without_a_store_nothing_is_durable_and_saving_does_nothing() -> None:
    checkpoint = Checkpoint()
    checkpoint.save(saved(Window()))
    assert not checkpoint.durable
    assert Checkpoint(Store()).durable


@pytest.mark.parametrize(
    ("finished", "clears", "is_new", "why"),
    [
        (False, 2, False, "resuming"),
        (False, 5, False, "resuming"),
        (True, 2, False, "finished it"),
        (True, 5, True, "was cleared: sending again"),
    ],
)
def test_a_retry_a_clear_and_a_cleared_failure_are_told_apart(
    finished: bool, clears: int, is_new: bool, why: str
) -> None:
    store = Store()
    state = saved(Window(), finished=finished)
    Checkpoint(store, clears=2).save(state)
    found, reason = Checkpoint(store, clears=clears).load(state.send)
    assert found == (Saved(state.send) if is_new else state)
    assert why in reason


def test_a_retry_of_a_cleared_success_resumes_it_instead_of_sending_once_more() -> None:
    store = Store()
    Checkpoint(store, clears=0).save(saved(Window(), finished=True))
    cleared = Checkpoint(store, clears=3)
    assert "sending again" in cleared.load("5" * 64)[1]
    cleared.save(saved(Window(), finished=True))
    assert Checkpoint(store, clears=3).load("5" * 64)[0].finished


@pytest.mark.parametrize("state", ["text", {}, {"send": "5" * 64}, 7])
def test_a_state_that_cannot_be_read_stops_the_send_instead_of_beginning_it_anew(state: object) -> None:
    with pytest.raises(LiveActivityError, match=f"cannot be read .* delete '{STATE_KEY}'") as failed:
        Checkpoint(Store({STATE_KEY: state}), SEAL).load("5" * 64)
    assert not failed.value.retryable


def test_a_worker_with_another_fernet_key_does_not_send_from_the_start() -> None:
    store = Store()
    Checkpoint(store, SEAL).save(saved(Window("a")))
    with pytest.raises(LiveActivityError, match="all workers need the same Fernet key"):
        Checkpoint(store, Fernet(Fernet.generate_key())).load("5" * 64)

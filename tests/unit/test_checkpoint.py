"""The checkpoint in the task state: small, and without an external id in clear text."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from cryptography.fernet import Fernet
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_liveactivity.audience import ListAudience
from airflow_provider_liveactivity.delivery.checkpoint import (
    CHECKPOINT_KEY,
    Checkpoint,
    CheckpointState,
    _pack,
    _unpack,
)
from airflow_provider_liveactivity.delivery.in_flight import (
    MAX_PENDING,
    MAX_SPAN,
    InFlight,
    PendingBatch,
    digest,
)
from airflow_provider_liveactivity.delivery.report import SendCounts
from airflow_provider_liveactivity.errors import LiveActivityError
from tests.support.state_store import CrashingStore

FERNET = Fernet(Fernet.generate_key())


def saved(batches: InFlight, unsent: list[int] | None = None, **more: object) -> CheckpointState:
    counts = SendCounts(requests=20_000, accepted=999_950, unknown=50, retries=3, waited_seconds=12.34)
    return CheckpointState("5" * 64, batches.resume_point(unsent or []), counts, **more)  # type: ignore[arg-type]


@given(st.sets(st.integers(0, MAX_SPAN - 1), max_size=MAX_PENDING))
def test_places_survive_packing(places: set[int]) -> None:
    assert _unpack(_pack(places)) == tuple(sorted(places))


@pytest.mark.parametrize("key", [50_000, True, "user-00017", ["alias", "label"], "ünïcödé-🏈", None])
def test_a_state_survives_saving(key: object) -> None:
    store = CrashingStore()
    state = saved(InFlight(submitted_key=key).add([("b", 50), (key, 7), ("c", 50)]).complete([1]), [2])
    Checkpoint(store, FERNET).save(state)
    found, reason = Checkpoint(store.for_next_process(), FERNET).load(state.send_id)
    assert found == state
    assert reason.startswith("Resuming the send of an earlier attempt: ")


def test_the_store_holds_no_external_id_in_clear_text() -> None:
    store = CrashingStore()
    batches = InFlight("ada@example.com").add([("bob@example.com", 50), ("eve@example.com", 50)])
    Checkpoint(store, FERNET).save(saved(batches, [1]))
    assert CHECKPOINT_KEY in store
    assert "example" not in json.dumps(store)
    point = Checkpoint(store, FERNET).load("5" * 64)[0].resume_point
    assert (point.completed_key, point.submitted_key) == ("ada@example.com", "eve@example.com")


def test_stored_values_cannot_be_matched_with_a_list_of_ids() -> None:
    def stored(person: str) -> dict[str, Any]:
        store = CrashingStore()
        point = InFlight().add([(person, 1)]).resume_point()
        assert point.digest == digest([PendingBatch(None, person, 1)])
        send = ListAudience([person]).fingerprint
        Checkpoint(store, FERNET).save(CheckpointState(send, point, SendCounts(requests=1)))
        return store

    dictionary = [f"user-{number}" for number in range(50)]
    hashes = {digest([PendingBatch(None, one, 1)]) for one in dictionary}
    hashes |= {ListAudience([one]).fingerprint for one in dictionary}
    text = json.dumps(stored("user-17"))
    assert [one for one in hashes if one in text] == []
    states = [stored(person)[CHECKPOINT_KEY] | {"encrypted": ""} for person in dictionary[:2]]
    assert states[0] == states[1], "everything that identifies a person is encrypted"


@pytest.mark.parametrize("stretch", [1, 4, 60])
def test_the_state_takes_a_few_hundred_bytes_for_any_audience(stretch: int) -> None:
    rng = random.Random(stretch)
    count = 20_000 + 256 * stretch
    batches = InFlight(count=20_000, submitted_key="0" * 36).add(
        (f"{n:036}", 50) for n in range(20_000, count)
    )
    pending = rng.sample(range(20_000, count), MAX_PENDING)
    batches = batches.complete(set(range(20_000, count)) - set(pending))
    store = CrashingStore()
    Checkpoint(store, FERNET).save(saved(batches))
    assert store.largest < (600 if stretch == 1 else 1_100)


def test_without_a_state_a_send_is_new() -> None:
    new = (CheckpointState("a"), "New send: no earlier attempt of this task has sent anything.")
    assert Checkpoint(CrashingStore()).load("a") == new
    assert Checkpoint().load("a") == new


def test_without_a_store_nothing_is_durable_and_saving_does_nothing() -> None:
    checkpoint = Checkpoint()
    checkpoint.save(saved(InFlight()))
    assert not checkpoint.durable
    assert Checkpoint(CrashingStore()).durable


@pytest.mark.parametrize(
    ("finished", "max_tries", "is_new", "why"),
    [
        (False, 2, False, "Resuming"),
        (False, 5, False, "Resuming"),
        (True, 2, False, "has finished"),
        (True, 5, True, "was cleared"),
    ],
)
def test_a_retry_a_clear_and_a_cleared_failure_are_distinguished(
    finished: bool, max_tries: int, is_new: bool, why: str
) -> None:
    store = CrashingStore()
    state = saved(InFlight(), finished=finished)
    Checkpoint(store, max_tries=2).save(state)
    found, reason = Checkpoint(store, max_tries=max_tries).load(state.send_id)
    assert found == (CheckpointState(state.send_id) if is_new else state)
    assert why in reason


def test_a_retry_of_a_cleared_success_resumes_it_instead_of_sending_once_more() -> None:
    store = CrashingStore()
    Checkpoint(store, max_tries=0).save(saved(InFlight(), finished=True))
    cleared = Checkpoint(store, max_tries=3)
    assert "Sending to all recipients again" in cleared.load("5" * 64)[1]
    cleared.save(saved(InFlight(), finished=True))
    assert Checkpoint(store, max_tries=3).load("5" * 64)[0].finished


@pytest.mark.parametrize("state", ["text", {}, {"send": "5" * 64}, 7])
def test_an_unreadable_state_stops_the_send(state: object) -> None:
    with pytest.raises(LiveActivityError, match=f"cannot be read .* delete '{CHECKPOINT_KEY}'") as failed:
        Checkpoint(CrashingStore({CHECKPOINT_KEY: state}), FERNET).load("5" * 64)
    assert not failed.value.retryable


def test_a_worker_with_another_fernet_key_does_not_send_from_the_start() -> None:
    store = CrashingStore()
    Checkpoint(store, FERNET).save(saved(InFlight("a")))
    with pytest.raises(LiveActivityError, match="All workers need the same Fernet key"):
        Checkpoint(store, Fernet(Fernet.generate_key())).load("5" * 64)

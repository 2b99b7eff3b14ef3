"""The batches written ahead, as a model of plain lists sees them."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_liveactivity.delivery.in_flight import (
    MAX_PENDING,
    MAX_SPAN,
    InFlight,
    PendingBatch,
    ResumePoint,
    digest,
)


def window_of(count: int, settled: set[int]) -> InFlight:
    return InFlight().add((f"k{n:04}", 50) for n in range(count)).complete(settled)


windows = st.integers(0, 80).flatmap(
    lambda count: st.tuples(st.just(count), st.sets(st.integers(0, max(count - 1, 0)), max_size=count))
)


@given(windows)
def test_everything_before_the_first_unsettled_batch_is_settled_and_nothing_behind_the_last_has_left(
    case: tuple[int, set[int]],
) -> None:
    count, settled = case[0], case[1] & set(range(case[0]))
    position = window_of(count, settled).resume_point()
    left = [n for n in range(count) if n not in settled]
    first = left[0] if left else count
    assert position.completed_key == (f"k{first - 1:04}" if first else None)
    assert position.submitted_key == (f"k{count - 1:04}" if count else None)
    assert position.span == count - first
    assert [place + first for place in position.unknown] == left
    assert position.unknown_recipients == 50 * len(left)


@given(windows, st.randoms())
def test_what_has_certainly_not_left_is_told_apart_from_what_may_have(
    case: tuple[int, set[int]], chance: random.Random
) -> None:
    window = window_of(case[0], case[1] & set(range(case[0])))
    unsent = {number for number in window.pending if chance.random() < 0.5}
    position = window.resume_point(unsent)
    assert {*position.unknown, *position.unsent} == {n - window._first for n in window.pending}
    assert {n + window._first for n in position.unsent} == unsent
    assert position.unsent_recipients == 50 * len(unsent)


@given(windows, st.randoms())
def test_trimming_lets_go_of_what_has_not_left_at_the_end_and_of_nothing_else(
    case: tuple[int, set[int]], chance: random.Random
) -> None:
    window = window_of(case[0], case[1] & set(range(case[0])))
    unsent = {number for number in window.pending if chance.random() < 0.7}
    trimmed = window.trim(unsent)
    gone = set(range(trimmed.count, window.count))
    assert gone <= unsent
    assert trimmed.count - 1 not in unsent
    assert trimmed.pending == {n: batch for n, batch in window.pending.items() if n not in gone}
    assert trimmed.submitted_key == (f"k{trimmed.count - 1:04}" if trimmed.count else None)


def test_there_is_room_for_256_unsettled_batches() -> None:
    assert InFlight().capacity == MAX_PENDING
    assert window_of(100, set()).capacity == MAX_PENDING - 100
    assert window_of(MAX_PENDING, set()).capacity == 0
    assert window_of(MAX_PENDING, {3, 5}).capacity == 2


def test_a_batch_that_never_settles_does_not_stretch_the_window_without_end() -> None:
    window = InFlight(count=MAX_SPAN, pending={0: PendingBatch(None, "k", 50)})
    assert window.capacity == 0


def test_a_change_makes_another_window() -> None:
    window = window_of(3, set())
    window.complete([0])
    window.trim([2])
    window.add([("later", 1)])
    assert window == window_of(3, set())


def test_the_digest_tells_where_batches_begin_and_end_and_does_not_show_it() -> None:
    batches = [PendingBatch(None, "ada", 2), PendingBatch("ada", ["bob", "label"], 2)]
    assert digest(batches) == digest(list(batches))
    assert digest(batches) != digest([PendingBatch(None, "ada", 2), PendingBatch("ada", ["bob", "other"], 2)])
    assert digest(batches) != digest([PendingBatch("abe", "ada", 2), batches[1]])
    assert len(digest(batches)) == 16


def test_an_empty_window_is_an_empty_position() -> None:
    assert InFlight().resume_point() == ResumePoint(digest=digest([]))

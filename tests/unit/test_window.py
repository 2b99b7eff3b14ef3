"""The batches written ahead, as a model of plain lists sees them."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_liveactivity.delivery.in_flight import (
    MAX_SPAN,
    MAX_UNSETTLED,
    Batch,
    Position,
    Window,
    digest,
)


def window_of(count: int, settled: set[int]) -> Window:
    return Window().add((f"k{n:04}", 50) for n in range(count)).settle(settled)


windows = st.integers(0, 80).flatmap(
    lambda count: st.tuples(st.just(count), st.sets(st.integers(0, max(count - 1, 0)), max_size=count))
)


@given(windows)
def test_everything_before_the_first_unsettled_batch_is_settled_and_nothing_behind_the_last_has_left(
    case: tuple[int, set[int]],
) -> None:
    count, settled = case[0], case[1] & set(range(case[0]))
    position = window_of(count, settled).position()
    left = [n for n in range(count) if n not in settled]
    first = left[0] if left else count
    assert position.settled_key == (f"k{first - 1:04}" if first else None)
    assert position.ahead_key == (f"k{count - 1:04}" if count else None)
    assert position.span == count - first
    assert [place + first for place in position.doubtful] == left
    assert position.people_in_doubt == 50 * len(left)


@given(windows, st.randoms())
def test_what_has_certainly_not_left_is_told_apart_from_what_may_have(
    case: tuple[int, set[int]], chance: random.Random
) -> None:
    window = window_of(case[0], case[1] & set(range(case[0])))
    unsent = {number for number in window.unsettled if chance.random() < 0.5}
    position = window.position(unsent)
    assert {*position.doubtful, *position.unsent} == {n - window._first for n in window.unsettled}
    assert {n + window._first for n in position.unsent} == unsent
    assert position.people_unsent == 50 * len(unsent)


@given(windows, st.randoms())
def test_trimming_lets_go_of_what_has_not_left_at_the_end_and_of_nothing_else(
    case: tuple[int, set[int]], chance: random.Random
) -> None:
    window = window_of(case[0], case[1] & set(range(case[0])))
    unsent = {number for number in window.unsettled if chance.random() < 0.7}
    trimmed = window.trim(unsent)
    gone = set(range(trimmed.count, window.count))
    assert gone <= unsent
    assert trimmed.count - 1 not in unsent
    assert trimmed.unsettled == {n: batch for n, batch in window.unsettled.items() if n not in gone}
    assert trimmed.ahead_key == (f"k{trimmed.count - 1:04}" if trimmed.count else None)


def test_there_is_room_for_256_unsettled_batches() -> None:
    assert Window().room == MAX_UNSETTLED
    assert window_of(100, set()).room == MAX_UNSETTLED - 100
    assert window_of(MAX_UNSETTLED, set()).room == 0
    assert window_of(MAX_UNSETTLED, {3, 5}).room == 2


def test_a_batch_that_never_settles_does_not_stretch_the_window_without_end() -> None:
    window = Window(count=MAX_SPAN, unsettled={0: Batch(None, "k", 50)})
    assert window.room == 0


def test_a_change_makes_another_window() -> None:
    window = window_of(3, set())
    window.settle([0])
    window.trim([2])
    window.add([("later", 1)])
    assert window == window_of(3, set())


def test_the_digest_tells_where_batches_begin_and_end_and_does_not_show_it() -> None:
    batches = [Batch(None, "ada", 2), Batch("ada", ["bob", "label"], 2)]
    assert digest(batches) == digest(list(batches))
    assert digest(batches) != digest([Batch(None, "ada", 2), Batch("ada", ["bob", "other"], 2)])
    assert digest(batches) != digest([Batch("abe", "ada", 2), batches[1]])
    assert len(digest(batches)) == 16


def test_an_empty_window_is_an_empty_position() -> None:
    assert Window().position() == Position(digest=digest([]))

"""Batches in flight and their resume point, compared with a model of plain lists."""

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


def in_flight(count: int, completed: set[int]) -> InFlight:
    return InFlight().add((f"k{n:04}", 50) for n in range(count)).complete(completed)


cases = st.integers(0, 80).flatmap(
    lambda count: st.tuples(st.just(count), st.sets(st.integers(0, max(count - 1, 0)), max_size=count))
)


@given(cases)
def test_a_resume_point_covers_the_pending_batches_and_no_others(
    case: tuple[int, set[int]],
) -> None:
    count, completed = case[0], case[1] & set(range(case[0]))
    point = in_flight(count, completed).resume_point()
    pending = [n for n in range(count) if n not in completed]
    first = pending[0] if pending else count
    assert point.completed_key == (f"k{first - 1:04}" if first else None)
    assert point.submitted_key == (f"k{count - 1:04}" if count else None)
    assert point.span == count - first
    assert [place + first for place in point.unknown] == pending
    assert point.unknown_recipients == 50 * len(pending)


@given(cases, st.randoms())
def test_a_resume_point_separates_unsent_from_unknown_batches(
    case: tuple[int, set[int]], rng: random.Random
) -> None:
    batches = in_flight(case[0], case[1] & set(range(case[0])))
    unsent = {number for number in batches.pending if rng.random() < 0.5}
    point = batches.resume_point(unsent)
    assert {*point.unknown, *point.unsent} == {n - batches._first for n in batches.pending}
    assert {n + batches._first for n in point.unsent} == unsent
    assert point.unsent_recipients == 50 * len(unsent)


@given(cases, st.randoms())
def test_trim_removes_only_unsent_batches_at_the_end(case: tuple[int, set[int]], rng: random.Random) -> None:
    batches = in_flight(case[0], case[1] & set(range(case[0])))
    unsent = {number for number in batches.pending if rng.random() < 0.7}
    trimmed = batches.trim(unsent)
    removed = set(range(trimmed.count, batches.count))
    assert removed <= unsent
    assert trimmed.count - 1 not in unsent
    assert trimmed.pending == {n: batch for n, batch in batches.pending.items() if n not in removed}
    assert trimmed.submitted_key == (f"k{trimmed.count - 1:04}" if trimmed.count else None)


def test_the_capacity_is_256_pending_batches() -> None:
    assert InFlight().capacity == MAX_PENDING
    assert in_flight(100, set()).capacity == MAX_PENDING - 100
    assert in_flight(MAX_PENDING, set()).capacity == 0
    assert in_flight(MAX_PENDING, {3, 5}).capacity == 2


def test_a_batch_that_never_completes_bounds_the_span() -> None:
    batches = InFlight(count=MAX_SPAN, pending={0: PendingBatch(None, "k", 50)})
    assert batches.capacity == 0


def test_changes_return_a_new_object() -> None:
    batches = in_flight(3, set())
    batches.complete([0])
    batches.trim([2])
    batches.add([("later", 1)])
    assert batches == in_flight(3, set())


def test_the_digest_depends_on_the_bounds_of_batches_and_does_not_show_them() -> None:
    batches = [PendingBatch(None, "ada", 2), PendingBatch("ada", ["bob", "label"], 2)]
    assert digest(batches) == digest(list(batches))
    assert digest(batches) != digest([PendingBatch(None, "ada", 2), PendingBatch("ada", ["bob", "other"], 2)])
    assert digest(batches) != digest([PendingBatch("abe", "ada", 2), batches[1]])
    assert len(digest(batches)) == 16


def test_without_batches_the_resume_point_is_empty() -> None:
    assert InFlight().resume_point() == ResumePoint(digest=digest([]))

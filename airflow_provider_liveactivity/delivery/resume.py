"""Plan an attempt: first the open batches of earlier attempts, then everything that was not submitted."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import TYPE_CHECKING

from airflow_provider_liveactivity.delivery.batch_requests import close_source
from airflow_provider_liveactivity.delivery.in_flight import InFlight, PendingBatch, SendState, digest
from airflow_provider_liveactivity.errors import OutcomeUnknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_provider_liveactivity.delivery.batch_requests import BatchRequest, BatchRequests
    from airflow_provider_liveactivity.delivery.checkpoint import CheckpointState
    from airflow_provider_liveactivity.delivery.in_flight import OnUnknown, ResumePoint

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ResumePlan:
    """
    Where an attempt begins.

    :param state: the state after earlier attempts.
    :param reopened: numbered requests of earlier attempts that are sent again.
    :param read: requests after those that are already read.
    :param remaining: all further requests.
    """

    state: SendState
    reopened: list[tuple[int, BatchRequest]]
    read: list[BatchRequest]
    remaining: Iterator[BatchRequest]


def plan_resume(saved: CheckpointState, batches: BatchRequests, on_unknown: OnUnknown) -> ResumePlan:
    """
    Return where an attempt begins; the audience is read once.

    :param saved: the state that earlier attempts left.
    :param batches: the requests of the send.
    :param on_unknown: what to do with batches that may have been carried out.
    :raises OutcomeUnknown: if there are such batches and ``on_unknown`` is "fail".
    """
    point = saved.resume_point
    if point.unknown and on_unknown == "fail":
        raise undecided_error(point.unknown_recipients)
    resend = on_unknown == "resend"
    wanted = sorted({*point.unsent, *(point.unknown if resend else ())})
    if wanted:
        found, read, remaining = _reopen(point, batches)
    else:
        found, read, remaining = {}, [], batches.after(point.submitted_key)
    skipped = 0 if found and resend else point.unknown_recipients
    if wanted and not found:
        log.warning(
            "The audience has changed where the last attempt stopped: recipients whose requests were in "
            "flight then are skipped."
        )
        skipped += point.unsent_recipients
    if skipped:
        log.warning("Recipients that an earlier attempt may have reached are skipped: %s.", f"{skipped:,}")
    counts = replace(saved.completed, unknown=saved.completed.unknown + skipped)
    if not found:
        return ResumePlan(SendState(InFlight(point.submitted_key), counts), [], read, remaining)
    in_flight = InFlight(point.submitted_key, point.span, {number: found[number][1] for number in wanted})
    reopened = [(number, found[number][0]) for number in wanted]
    return ResumePlan(SendState(in_flight, counts), reopened, read, remaining)


def unknown_batches(point: ResumePoint, batches: BatchRequests) -> list[BatchRequest]:
    """
    Return the batches of earlier attempts that may have been carried out; reads their part of the audience.

    If the audience has changed in that part, its batches cannot be identified: all batches of the part are
    returned.

    :param point: where the send resumes.
    :param batches: the requests of the send.
    """
    if not point.unknown:
        return []
    found, _, remaining = _reopen(point, batches)
    close_source(remaining)
    if found:
        return [found[number][0] for number in point.unknown]
    part = batches.after(point.completed_key, point.submitted_key)
    try:
        return list(takewhile(lambda batch: batch.key <= point.submitted_key, part))
    finally:
        close_source(part)


def _reopen(
    point: ResumePoint, batches: BatchRequests
) -> tuple[dict[int, tuple[BatchRequest, PendingBatch]], list[BatchRequest], Iterator[BatchRequest]]:
    """
    Read the part of the audience that was in flight.

    Return its open batches, or none if the bounds of any batch have changed; the requests after it that were
    read; and all further requests.
    """
    remaining = batches.after(point.completed_key, point.submitted_key)
    after, count = point.completed_key, 0
    found: dict[int, tuple[BatchRequest, PendingBatch]] = {}
    read: list[BatchRequest] = []
    open_numbers = {*point.unknown, *point.unsent}
    while after != point.submitted_key and (batch := next(remaining, None)) is not None:
        if batch.key > point.submitted_key:  # the recipient with that key is no longer in the audience
            read.append(batch)
            break
        if count in open_numbers:
            found[count] = batch, PendingBatch(after, batch.key, batch.request.recipients)
        after, count = batch.key, count + 1
    unchanged = after == point.submitted_key and count == point.span
    if not unchanged or digest(pending for _, pending in found.values()) != point.digest:
        found = {}
    return found, read, remaining


def undecided_error(recipients: int) -> OutcomeUnknown:
    """Return the error of a send with unknown outcomes, about which a person must decide."""
    return OutcomeUnknown(
        f"the outcome of {recipients:,} recipients is unknown. Set on_unknown to 'skip' or 'resend', then "
        "clear the task: it resumes here.",
        retryable=False,
    )

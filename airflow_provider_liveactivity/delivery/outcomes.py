"""Collect the outcome of each recipient and pass it to a writer, which stores it."""

from __future__ import annotations

import logging
import secrets
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, Protocol

from airflow_provider_liveactivity.delivery.resume import unknown_batches
from airflow_provider_liveactivity.models.moments import utcnow

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from airflow_provider_liveactivity.audience.base import Person
    from airflow_provider_liveactivity.delivery.batch_requests import BatchRequest, BatchRequests
    from airflow_provider_liveactivity.delivery.checkpoint import CheckpointState
    from airflow_provider_liveactivity.http.client import SendResult

log = logging.getLogger(__name__)

RecipientOutcome = Literal["accepted", "rejected", "unknown"]


@dataclass(frozen=True, slots=True, repr=False)
class BatchOutcome:
    """
    The outcome of one request, which all its recipients share.

    :param activity_id: id of the activity.
    :param people: external ids, or aliases as (name, label); empty if only the vendor knows who is addressed.
    :param outcome: accepted, rejected or unknown. No request was sent to a recipient without an outcome.
    :param request_id: the vendor's id of the request, if a response named one.
    :param moment: for an accepted request, when it left; otherwise, when its outcome was recorded.
    """

    activity_id: str
    people: Sequence[Person]
    outcome: RecipientOutcome
    request_id: str | None
    moment: datetime

    def __repr__(self) -> str:
        """Return a text without the recipients."""
        return f"<BatchOutcome {self.outcome} of {len(self.people)} recipients>"


class OutcomeWriter(Protocol):
    """Store outcomes where they survive a dead worker."""

    def begin(self, send_id: str, attempt: int) -> None:
        """
        Begin an attempt; raise an error if outcomes cannot be stored, before anything is sent.

        :param send_id: random id of the send, the same over its attempts.
        :param attempt: number of the attempt. If a person has outcomes from several attempts, accepted
            counts if it is one of them, otherwise the last one.
        """

    def write(self, outcomes: Sequence[BatchOutcome]) -> None:
        """Store outcomes; when this returns, they survive the process."""


class OutcomeLog:
    """
    The outcomes of one attempt. A batch is written once, as soon as its outcome is known.

    Call ``flush`` before a checkpoint marks a batch as complete, because no later attempt reads that batch. A
    signal handler may raise between any two bytecodes. If a method is then called again, it may write a batch
    twice, but it loses none.

    :param writer: stores the outcomes; None keeps nothing.
    :param clock: returns the wall-clock time.
    """

    def __init__(self, writer: OutcomeWriter | None, *, clock: Callable[[], datetime] = utcnow) -> None:
        self._writer = writer
        self._clock = clock
        self._open: dict[int, BatchRequest] = {}  # without a stored outcome
        self._known: dict[int, BatchOutcome] = {}  # not stored yet

    def begin(self, saved: CheckpointState, batches: BatchRequests) -> CheckpointState:
        """
        Begin an attempt, and return its state, with the id of the send.

        If the last attempt died, the outcome of the batches that it had in flight is written as unknown.

        :param saved: the state that earlier attempts left.
        :param batches: the requests of the send.
        """
        if self._writer is None:
            return saved
        if saved.completed.recipients and not saved.uid:
            log.warning(
                "An earlier attempt kept no outcomes: the files lack the %s recipients that it has sent to.",
                f"{saved.completed.recipients:,}",
            )
        state = replace(saved, uid=saved.uid or new_send_id(), attempt=saved.attempt + 1)
        self._writer.begin(state.uid, state.attempt)
        unknown = unknown_batches(saved.resume_point, batches)
        if unknown:
            self._writer.write([self._outcome(batch, "unknown") for batch in unknown])
        return state

    def add(self, batches: Mapping[int, BatchRequest]) -> None:
        """Add batches that are about to be sent, by number."""
        if self._writer is not None:
            self._open.update(batches)

    def record(self, results: Mapping[int, SendResult]) -> None:
        """Record the results of batches by number. A batch that was not carried out has no outcome."""
        for number in results.keys() & self._open.keys():
            if (outcome := _outcome(result := results[number])) is not None:
                self._known[number] = self._outcome(self._open[number], outcome, result)

    def record_unknown(self, numbers: Iterable[int]) -> None:
        """Record as unknown the batches, by number, that may have been carried out and have no result."""
        for number in self._open.keys() & set(numbers) - self._known.keys():
            self._known[number] = self._outcome(self._open[number], "unknown")

    def flush(self) -> None:
        """Store the outcomes that are known and not stored yet."""
        if self._writer is not None and self._known:
            self._writer.write(list(self._known.values()))
            for number in self._known:
                self._open.pop(number, None)
            self._known = {}

    def _outcome(
        self, batch: BatchRequest, outcome: RecipientOutcome, result: SendResult | None = None
    ) -> BatchOutcome:
        moment = result.sent_at if result is not None else None
        request_id = None if result is None else request_id_of(result)
        return BatchOutcome(batch.activity_id, batch.people, outcome, request_id, moment or self._clock())


def new_send_id() -> str:
    """Return a random id for a send; ids sort by the time of their creation."""
    return f"{utcnow():%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}"


def _outcome(result: SendResult) -> RecipientOutcome | None:
    if result.error is None:
        return "accepted"
    if result.outcome_unknown:
        return "unknown"
    return None if result.error.retryable else "rejected"


def request_id_of(result: SendResult) -> str | None:
    """
    Return the vendor's id of a request; None if no response contained one.

    :param result: the result of the request.
    """
    if result.error is not None:
        return result.error.request_id
    return None if result.response is None else result.response.request_id

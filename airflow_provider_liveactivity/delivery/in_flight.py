"""
Track the state of a send: batches in flight, counts of completed batches, where to resume.

Two keys of the sorted audience enclose the batches in flight. Nothing before the first key is sent again, and
nothing after the second key has been sent. Every change creates a new object, so that a signal handler, which
may raise between any two bytecodes, never leaves a half-changed object.

Keys are external ids: no ``repr`` shows them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from airflow_provider_liveactivity.delivery.report import SendCounts
from airflow_provider_liveactivity.errors import RecipientRejected

if TYPE_CHECKING:
    from airflow_provider_liveactivity.http.client import SendResult

OnUnknown = Literal["skip", "resend", "fail"]
#: Maximum number of batches whose outcome a ``kill -9`` can leave unknown.
MAX_PENDING = 256
#: Maximum number of batches between the two keys, if the first one does not complete: a minute at full speed.
MAX_SPAN = 65_536


@dataclass(frozen=True, slots=True)
class PendingBatch:
    """
    A batch that is not complete.

    :param after: key of the batch before it.
    :param key: key of the batch.
    :param recipients: how many recipients it has.
    """

    after: Any = field(repr=False)
    key: Any = field(repr=False)
    recipients: int


@dataclass(frozen=True, slots=True)
class ResumePoint:
    """
    Where a send resumes: a few hundred bytes, whatever the size of the audience.

    :param completed_key: everything up to this key is complete.
    :param submitted_key: nothing after this key has been sent.
    :param span: batches between the two keys.
    :param unknown: positions, counted from the first key, of batches that may have been carried out.
    :param unsent: positions of batches that were not sent.
    :param unknown_recipients: recipients in the unknown batches.
    :param unsent_recipients: recipients in the unsent batches.
    :param digest: hash of the bounds of these batches, which changes if the audience changes.
    """

    completed_key: Any = field(default=None, repr=False)
    submitted_key: Any = field(default=None, repr=False)
    span: int = 0
    unknown: tuple[int, ...] = ()
    unsent: tuple[int, ...] = ()
    unknown_recipients: int = 0
    unsent_recipients: int = 0
    digest: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class InFlight:
    """
    The pending batches, in the order of the audience.

    :param submitted_key: key after which the audience continues.
    :param count: batches numbered so far, completed ones included.
    :param pending: the batches by number.
    """

    submitted_key: Any = field(default=None, repr=False)
    count: int = 0
    pending: Mapping[int, PendingBatch] = field(default_factory=dict)

    @property
    def capacity(self) -> int:
        """How many more batches may be submitted."""
        return max(0, min(MAX_PENDING - len(self.pending), MAX_SPAN - (self.count - self._first)))

    @property
    def _first(self) -> int:
        return next(iter(self.pending), self.count)

    def add(self, batches: Iterable[tuple[Any, int]]) -> InFlight:
        """Return a copy with further batches, each given as its key and its number of recipients."""
        pending, count, after = dict(self.pending), self.count, self.submitted_key
        for key, recipients in batches:
            pending[count] = PendingBatch(after, key, recipients)
            after, count = key, count + 1
        return InFlight(after, count, pending)

    def complete(self, numbers: Iterable[int]) -> InFlight:
        """Return a copy without completed batches."""
        pending = dict(self.pending)
        for number in numbers:
            del pending[number]
        return replace(self, pending=pending)

    def trim(self, unsent: Iterable[int]) -> InFlight:
        """Return a copy without the unsent batches at the end."""
        pending, count, submitted_key = dict(self.pending), self.count, self.submitted_key
        for number in sorted(unsent, reverse=True):
            if number != count - 1:
                break
            count, submitted_key = number, pending.pop(number).after
        return InFlight(submitted_key, count, pending)

    def resume_point(self, unsent: Iterable[int] = ()) -> ResumePoint:
        """
        Return where a later attempt resumes.

        :param unsent: numbers of batches that were not sent; the outcome of all others is unknown.
        """
        certain = self.pending.keys() & set(unsent)
        unknown = [number for number in self.pending if number not in certain]
        first = self._first
        return ResumePoint(
            next((batch.after for batch in self.pending.values()), self.submitted_key),
            self.submitted_key,
            self.count - first,
            tuple(number - first for number in unknown),
            tuple(sorted(number - first for number in certain)),
            self._recipients(unknown),
            self._recipients(certain),
            digest(self.pending.values()),
        )

    def _recipients(self, numbers: Iterable[int]) -> int:
        return sum(self.pending[number].recipients for number in numbers)


def digest(batches: Iterable[PendingBatch]) -> str:
    """Return the hash of the bounds of batches. It is personal data, because short keys can be guessed."""
    spans = [(batch.after, batch.key) for batch in batches]
    return hashlib.blake2b(json.dumps(spans).encode(), digest_size=8).hexdigest()


@dataclass(frozen=True, slots=True)
class SendState:
    """
    The state of a send.

    :param in_flight: the pending batches.
    :param completed: counts of the completed batches.
    :param unknown: numbers of pending batches that may have been carried out.
    :param rejected: recipients of pending batches that the vendor rejected in this attempt. They are not in
        ``completed``, which outlives the attempt: a later attempt sends them again.
    :param counted: numbers of pending batches whose results are counted.
    """

    in_flight: InFlight = field(default_factory=InFlight)
    completed: SendCounts = field(default_factory=SendCounts)
    unknown: frozenset[int] = frozenset()
    rejected: int = 0
    counted: frozenset[int] = frozenset()

    @property
    def unknown_recipients(self) -> int:
        """Recipients of the pending batches that may have been carried out."""
        return sum(self.in_flight.pending[number].recipients for number in self.unknown)

    @property
    def counts(self) -> SendCounts:
        """The counts of completed, unknown and rejected batches."""
        return replace(
            self.completed,
            unknown=self.completed.unknown + self.unknown_recipients,
            rejected=self.completed.rejected + self.rejected,
        )

    def with_results(self, results: Mapping[int, SendResult], on_unknown: OnUnknown) -> SendState:
        """Return the state after some results; results that are counted already change nothing."""
        counts, rejected = replace(self.completed), self.rejected
        completed, unknown, counted = set(), set(self.unknown), set(self.counted)
        for number in results.keys() & (self.in_flight.pending.keys() - counted):
            result, recipients = results[number], self.in_flight.pending[number].recipients
            counts.add_attempts(result.attempts, result.sent_at)
            counted.add(number)
            # The vendor would reject this recipient again, and the other batches are still sent.
            is_final = isinstance(result.error, RecipientRejected)
            if result.error is None:
                counts.accepted += recipients
                completed.add(number)
            elif result.outcome_unknown and (is_final or on_unknown == "skip"):
                counts.unknown += recipients
                completed.add(number)
            elif result.outcome_unknown:
                unknown.add(number)
            elif is_final:
                counts.rejected += recipients
                completed.add(number)
            elif not result.error.retryable:
                rejected += recipients
            # A batch that was not carried out stays pending: a later attempt sends it.
        return SendState(
            self.in_flight.complete(completed),
            counts,
            frozenset(unknown),
            rejected,
            frozenset(counted - completed),
        )

    def finish(self, left: Collection[int]) -> tuple[SendState, frozenset[int]]:
        """
        Return the last state of an attempt, and the numbers of the batches that were not sent.

        :param left: numbers of batches that may have been sent and have no result.
        """
        unsent = self.in_flight.pending.keys() - self.unknown - set(left)
        in_flight = self.in_flight.trim(unsent)
        unsent &= in_flight.pending.keys()
        unknown = frozenset(in_flight.pending.keys() - unsent)
        return replace(self, in_flight=in_flight, unknown=unknown), frozenset(unsent)

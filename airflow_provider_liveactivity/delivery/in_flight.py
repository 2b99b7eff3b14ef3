"""
What is known of a send at one moment: the batches in flight, and the counts of those that are complete.

Between two keys of the ordered audience lies the window. Whatever dies, nothing before it is sent again, and
nothing behind it has been sent. A window never changes: every change makes a new one, so that an exception
that a signal handler raises between two bytecodes cannot leave a half-changed one.

Keys are ids of people: no ``repr`` shows them.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from airflow_provider_liveactivity.delivery.report import Tally
from airflow_provider_liveactivity.errors import RecipientRejected

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from airflow_provider_liveactivity.delivery.worker_pool import Result

OnUnknown = Literal["skip", "resend", "fail"]
#: What a ``kill -9`` can leave unknown, in batches.
MAX_UNSETTLED = 256
#: How far the window may stretch when a batch at its front does not settle: a minute at full speed.
MAX_SPAN = 65_536


@dataclass(frozen=True, slots=True)
class Batch:
    """
    A batch that is not settled.

    :param after: key of the batch before it: it holds the people behind this one …
    :param key: … up to this one.
    :param people: how many they are.
    """

    after: Any = field(repr=False)
    key: Any = field(repr=False)
    people: int


@dataclass(frozen=True, slots=True)
class Position:
    """
    How far a send is, as it is stored: a few hundred bytes whatever the audience.

    :param settled_key: everything up to this key is settled.
    :param ahead_key: nothing beyond this key has left.
    :param span: batches between the two.
    :param doubtful: places, counted from the settled key, of batches that may have been carried out.
    :param unsent: places of batches that certainly have not.
    :param people_in_doubt: how many people the doubtful batches hold.
    :param people_unsent: how many people the unsent ones hold.
    :param digest: hash of where all of these batches begin and end: tells whether the audience has changed.
    """

    settled_key: Any = field(default=None, repr=False)
    ahead_key: Any = field(default=None, repr=False)
    span: int = 0
    doubtful: tuple[int, ...] = ()
    unsent: tuple[int, ...] = ()
    people_in_doubt: int = 0
    people_unsent: int = 0
    digest: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Window:
    """
    The unsettled batches, in the order of the audience.

    :param ahead_key: where the audience goes on behind the window.
    :param count: batches numbered so far, settled ones included.
    :param unsettled: the batches by number.
    """

    ahead_key: Any = field(default=None, repr=False)
    count: int = 0
    unsettled: Mapping[int, Batch] = field(default_factory=dict)

    @property
    def room(self) -> int:
        """How many more batches may be written ahead."""
        return max(0, min(MAX_UNSETTLED - len(self.unsettled), MAX_SPAN - (self.count - self._first)))

    @property
    def _first(self) -> int:
        return next(iter(self.unsettled), self.count)

    def add(self, batches: Iterable[tuple[Any, int]]) -> Window:
        """Return the window with further batches, each given as its key and its number of people."""
        unsettled, count, after = dict(self.unsettled), self.count, self.ahead_key
        for key, people in batches:
            unsettled[count] = Batch(after, key, people)
            after, count = key, count + 1
        return Window(after, count, unsettled)

    def settle(self, numbers: Iterable[int]) -> Window:
        """Return the window without batches whose fate is decided."""
        unsettled = dict(self.unsettled)
        for number in numbers:
            del unsettled[number]
        return replace(self, unsettled=unsettled)

    def trim(self, unsent: Iterable[int]) -> Window:
        """Return the window without the batches at its end that have certainly not left."""
        unsettled, count, ahead_key = dict(self.unsettled), self.count, self.ahead_key
        for number in sorted(unsent, reverse=True):
            if number != count - 1:
                break
            count, ahead_key = number, unsettled.pop(number).after
        return Window(ahead_key, count, unsettled)

    def position(self, unsent: Iterable[int] = ()) -> Position:
        """
        Return the position to store.

        :param unsent: numbers of batches that certainly have not left; others are not, and count as doubtful.
        """
        certain = self.unsettled.keys() & set(unsent)
        doubtful = [number for number in self.unsettled if number not in certain]
        first = self._first
        return Position(
            next((batch.after for batch in self.unsettled.values()), self.ahead_key),
            self.ahead_key,
            self.count - first,
            tuple(number - first for number in doubtful),
            tuple(sorted(number - first for number in certain)),
            self._people(doubtful),
            self._people(certain),
            digest(self.unsettled.values()),
        )

    def _people(self, numbers: Iterable[int]) -> int:
        return sum(self.unsettled[number].people for number in numbers)


def digest(batches: Iterable[Batch]) -> str:
    """Return the hash of where batches begin and end: personal data, since short keys can be tried out."""
    spans = [(batch.after, batch.key) for batch in batches]
    return hashlib.blake2b(json.dumps(spans).encode(), digest_size=8).hexdigest()


@dataclass(frozen=True, slots=True)
class Ledger:
    """
    All that is known of a send at one moment; like its window, it never changes.

    :param window: the batches that are not settled.
    :param tally: counts of those that are.
    :param doubtful: numbers of unsettled batches that may have been carried out.
    :param refused: people of unsettled batches that the vendor refused in this attempt. They are not in the
        tally, which outlives the attempt: a later attempt sends them again, and its answer is what counts.
    :param noted: numbers of unsettled batches whose results are noted.
    """

    window: Window = field(default_factory=Window)
    tally: Tally = field(default_factory=Tally)
    doubtful: frozenset[int] = frozenset()
    refused: int = 0
    noted: frozenset[int] = frozenset()

    @property
    def people_in_doubt(self) -> int:
        """How many people the doubtful batches hold."""
        return sum(self.window.unsettled[number].people for number in self.doubtful)

    @property
    def counts(self) -> Tally:
        """The tally, with the people of doubtful and refused batches."""
        return replace(
            self.tally,
            unknown=self.tally.unknown + self.people_in_doubt,
            rejected=self.tally.rejected + self.refused,
        )

    def note(self, results: Mapping[int, Result], on_unknown: OnUnknown) -> Ledger:
        """Return the ledger after some results; a result that was noted before changes nothing."""
        tally, refused = replace(self.tally), self.refused
        settled, doubtful, noted = set(), set(self.doubtful), set(self.noted)
        for number in results.keys() & (self.window.unsettled.keys() - noted):
            result, people = results[number], self.window.unsettled[number].people
            tally.sent(result.tries, result.sent_at)
            noted.add(number)
            # The vendor would refuse this recipient again, and the other batches are still sent.
            is_final = isinstance(result.error, RecipientRejected)
            if result.error is None:
                tally.accepted += people
                settled.add(number)
            elif result.error.doubted and (is_final or on_unknown == "skip"):
                tally.unknown += people
                settled.add(number)
            elif result.error.doubted:
                doubtful.add(number)
            elif is_final:
                tally.rejected += people
                settled.add(number)
            elif not result.error.retryable:
                refused += people
            # What was not carried out stays unsettled: a later attempt sends it.
        return Ledger(
            self.window.settle(settled), tally, frozenset(doubtful), refused, frozenset(noted - settled)
        )

    def close(self, left: Collection[int]) -> tuple[Ledger, frozenset[int]]:
        """
        Return the last ledger of an attempt, and the numbers of the batches that certainly have not left.

        :param left: numbers of batches that may have left without anybody knowing what became of them.
        """
        unsent = self.window.unsettled.keys() - self.doubtful - set(left)
        window = self.window.trim(unsent)
        unsent &= window.unsettled.keys()
        doubtful = frozenset(window.unsettled.keys() - unsent)
        return replace(self, window=window, doubtful=doubtful), frozenset(unsent)

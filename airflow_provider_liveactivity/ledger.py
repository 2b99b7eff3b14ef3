"""What became of every batch of a send, and what of it counts."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from airflow_provider_liveactivity.errors import RecipientRejected
from airflow_provider_liveactivity.report import Tally
from airflow_provider_liveactivity.window import Window

if TYPE_CHECKING:
    from airflow_provider_liveactivity.workers import Result

OnUnknown = Literal["skip", "resend", "fail"]


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

"""What became of every batch of a send, and what of it counts."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

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
    :param tally: counts of those that are, and of what was rejected.
    :param doubtful: numbers of unsettled batches that may have been carried out.
    """

    window: Window = field(default_factory=Window)
    tally: Tally = field(default_factory=Tally)
    doubtful: frozenset[int] = frozenset()

    @property
    def people_in_doubt(self) -> int:
        """How many people the doubtful batches hold."""
        return sum(self.window.unsettled[number].people for number in self.doubtful)

    @property
    def counts(self) -> Tally:
        """The tally, with the people in doubt among the unknown ones."""
        return replace(self.tally, unknown=self.tally.unknown + self.people_in_doubt)

    def note(self, results: Mapping[int, Result], on_unknown: OnUnknown) -> Ledger:
        """Return the ledger after some results; one that was noted before changes nothing."""
        tally, settled, doubtful = replace(self.tally), set(), set(self.doubtful)
        for number in results.keys() & (self.window.unsettled.keys() - doubtful):
            result, people = results[number], self.window.unsettled[number].people
            tally.sent(result.tries, result.sent_at)
            if result.error is None:
                tally.accepted += people
                settled.add(number)
            elif result.error.doubted:
                if on_unknown == "skip":
                    tally.unknown += people
                    settled.add(number)
                else:
                    doubtful.add(number)
            elif not result.error.retryable:
                tally.rejected += people
            # What was not carried out stays unsettled: a later attempt sends it.
        return Ledger(self.window.settle(settled), tally, frozenset(doubtful))

    def close(self, left: Collection[int]) -> tuple[Ledger, frozenset[int]]:
        """
        Return the last ledger of an attempt, and the numbers of the batches that certainly have not left.

        :param left: numbers of batches that may have left without anybody knowing what became of them.
        """
        unsent = self.window.unsettled.keys() - self.doubtful - set(left)
        window = self.window.trim(unsent)
        unsent &= window.unsettled.keys()
        return Ledger(window, self.tally, frozenset(window.unsettled.keys() - unsent)), frozenset(unsent)

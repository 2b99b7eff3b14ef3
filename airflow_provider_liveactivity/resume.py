"""Where an attempt begins: in the gaps that earlier ones left, and then behind all they wrote ahead."""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from airflow_provider_liveactivity.errors import OutcomeUnknown
from airflow_provider_liveactivity.ledger import Ledger, OnUnknown
from airflow_provider_liveactivity.window import Batch, Position, Window, digest

if TYPE_CHECKING:
    from airflow_provider_liveactivity.checkpoint import Saved
    from airflow_provider_liveactivity.vendors.base import Request

log = logging.getLogger(__name__)


class Step(NamedTuple):
    """One request of a send, and the key after which the audience goes on."""

    request: Request
    key: Any = None

    @property
    def weight(self) -> int:
        """What it counts for: its people, or one where the vendor knows who is addressed."""
        return self.request.people or 1


Steps = Callable[[Any], Iterable[Step]]


@dataclass(frozen=True, slots=True)
class Start:
    """
    Where an attempt begins.

    :param ledger: what is known from the attempts before.
    :param gaps: numbered steps within its window that are still to be sent.
    :param rest: the steps behind the window.
    """

    ledger: Ledger
    gaps: list[tuple[int, Step]]
    rest: Iterator[Step]


def begin(saved: Saved, steps: Steps, on_unknown: OnUnknown) -> Start:
    """
    Return where an attempt begins.

    :param saved: what the attempts before have left.
    :param steps: yields the steps of the audience after a key.
    :param on_unknown: what becomes of the batches that may have been carried out.
    :raises OutcomeUnknown: where there are any, and a person has to decide.
    """
    position = saved.position
    if position.doubtful and on_unknown == "fail":
        raise undecided(position.people_in_doubt)
    resend = on_unknown == "resend"
    wanted = sorted({*position.unsent, *(position.doubtful if resend else ())})
    found = _reopen(position, steps, wanted) if wanted else None
    skipped = 0 if found and resend else position.people_in_doubt
    if wanted and not found:
        log.warning(
            "The audience has changed where the last attempt stopped: skipping what is in doubt there."
        )
        skipped += position.people_unsent
    if skipped:
        log.warning("%s people may have been reached by the last attempt or not: skipped.", f"{skipped:,}")
    tally = replace(saved.tally, unknown=saved.tally.unknown + skipped)
    if found:
        window, gaps, rest = found
        return Start(Ledger(window, tally), gaps, rest)
    return Start(Ledger(Window(position.ahead_key), tally), [], iter(steps(position.ahead_key)))


def _reopen(
    position: Position, steps: Steps, wanted: list[int]
) -> tuple[Window, list[tuple[int, Step]], Iterator[Step]] | None:
    """Read the window again; None where batches in it begin or end elsewhere than they did."""
    rest, after = iter(steps(position.settled_key)), position.settled_key
    found: dict[int, tuple[Step, Batch]] = {}
    unsettled = {*position.doubtful, *position.unsent}
    for place, step in enumerate(islice(rest, position.span)):
        if place in unsettled:
            found[place] = step, Batch(after, step.key, step.weight)
        after = step.key
    if after != position.ahead_key or digest(batch for _, batch in found.values()) != position.digest:
        close(rest)
        return None
    window = Window(position.ahead_key, position.span, {place: found[place][1] for place in wanted})
    return window, [(place, found[place][0]) for place in wanted], rest


def undecided(people: int) -> OutcomeUnknown:
    """Return the error for a send that cannot go on before a person has decided."""
    error = OutcomeUnknown(
        f"{people:,} people may have been reached or not; decide with on_unknown='skip' or 'resend', "
        "then clear the task: it goes on from here."
    )
    error.retryable = False
    return error


def close(steps: Iterator[Step]) -> None:
    """Let go of what the steps are read from."""
    if isinstance(steps, Generator):
        steps.close()

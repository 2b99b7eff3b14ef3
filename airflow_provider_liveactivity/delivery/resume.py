"""Where an attempt begins: in the gaps that earlier ones left, and then behind all they wrote ahead."""

from __future__ import annotations

import logging
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from airflow_provider_liveactivity.delivery.in_flight import (
    Batch,
    Ledger,
    OnUnknown,
    Position,
    Window,
    digest,
)
from airflow_provider_liveactivity.errors import OutcomeUnknown

if TYPE_CHECKING:
    from airflow_provider_liveactivity.delivery.checkpoint import Saved
    from airflow_provider_liveactivity.vendors.base import Request

log = logging.getLogger(__name__)


class Step(NamedTuple):
    """One request of a send, and the key after which the audience goes on."""

    request: Request
    key: Any = None

    def __repr__(self) -> str:
        """Return the request: the key may be a person's id."""
        return f"<Step with {self.request!r}>"

    @property
    def weight(self) -> int:
        """What it counts for: its people, or one where the vendor knows who is addressed."""
        return self.request.people or 1


class Steps(Protocol):
    """Yields the steps of an audience in order."""

    def __call__(self, after: Any, boundary: Any = None, /) -> Iterable[Step]:
        """
        Yield the steps.

        :param after: key of an earlier step: the people up to it are left out.
        :param boundary: key of an earlier step: no step has people on both sides of it.
        """


@dataclass(frozen=True, slots=True)
class Start:
    """
    Where an attempt begins.

    :param ledger: what is known from the attempts before.
    :param gaps: numbered steps within its window that are still to be sent.
    :param read: steps behind the window that are read already …
    :param rest: … and those that are not.
    """

    ledger: Ledger
    gaps: list[tuple[int, Step]]
    read: list[Step]
    rest: Iterator[Step]


def begin(saved: Saved, steps: Steps, on_unknown: OnUnknown) -> Start:
    """
    Return where an attempt begins. The audience is read once, whatever the attempts before have left.

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
    if wanted:
        found, read, rest = _reopen(position, steps)
    else:
        found, read, rest = {}, [], iter(steps(position.ahead_key))
    skipped = 0 if found and resend else position.people_in_doubt
    if wanted and not found:
        log.warning(
            "The audience has changed where the last attempt stopped: skipping what is in doubt there."
        )
        skipped += position.people_unsent
    if skipped:
        log.warning("%s people may have been reached by the last attempt or not: skipped.", f"{skipped:,}")
    tally = replace(saved.tally, unknown=saved.tally.unknown + skipped)
    if not found:
        return Start(Ledger(Window(position.ahead_key), tally), [], read, rest)
    window = Window(position.ahead_key, position.span, {place: found[place][1] for place in wanted})
    return Start(Ledger(window, tally), [(place, found[place][0]) for place in wanted], read, rest)


def _reopen(
    position: Position, steps: Steps
) -> tuple[dict[int, tuple[Step, Batch]], list[Step], Iterator[Step]]:
    """
    Read the window again.

    Return its open batches, none where batches in it begin or end elsewhere than they did; the steps that
    were read behind it; and the steps that were not.
    """
    rest, after, count = iter(steps(position.settled_key, position.ahead_key)), position.settled_key, 0
    found: dict[int, tuple[Step, Batch]] = {}
    read: list[Step] = []
    unsettled = {*position.doubtful, *position.unsent}
    while after != position.ahead_key and (step := next(rest, None)) is not None:
        if step.key > position.ahead_key:  # the person of that key is gone
            read.append(step)
            break
        if count in unsettled:
            found[count] = step, Batch(after, step.key, step.weight)
        after, count = step.key, count + 1
    unchanged = after == position.ahead_key and count == position.span
    if not unchanged or digest(batch for _, batch in found.values()) != position.digest:
        found = {}
    return found, read, rest


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

"""What every audience is, whatever it is read from."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from airflow_provider_liveactivity.errors import EmptyAudience, InvalidPayload, LiveActivityError

if TYPE_CHECKING:
    from collections.abc import Generator

#: A person: an external id, or an alias as (name, label), or a user id with details of the user.
Person = str | tuple[str, ...]


class AudienceUnavailable(LiveActivityError):
    """The database could not be read to the end; what was sent before is in the checkpoint."""

    retryable = True


@dataclass(frozen=True, slots=True, repr=False)
class Batch:
    """
    The people of one request.

    :param external_user_ids: the ids the customer knows them by.
    :param user_aliases: aliases as (name, label), or user ids with details as (user id, …).
    :param key: where ``batches(after=key)`` goes on behind this batch; JSON, and small. From SQL it is a
        person's id: keep it where ids may be kept.
    """

    external_user_ids: tuple[str, ...]
    user_aliases: tuple[tuple[str, ...], ...]
    key: Any

    def __repr__(self) -> str:
        """Return how many people there are: a traceback with values must not show who they are."""
        return f"<Batch of {len(self)} people>"

    def __len__(self) -> int:
        return len(self.external_user_ids) + len(self.user_aliases)


class Audience(Protocol):
    """
    People, each of them once, in an order that is the same whenever it is asked for.

    The counts are those of the whole audience, also where a resume reads only the rest of it. They are known
    after ``total()``.
    """

    duplicates: int
    nulls: int

    @property
    def fingerprint(self) -> str:
        """A hash of what defines the audience, from which no id can be read back."""

    def total(self) -> int | None:
        """Return how many people there are, where that can be known."""

    def batches(self, size: int = 50, after: Any = None, boundary: Any = None) -> Generator[Batch]:
        """
        Yield the people in batches; close the generator to let go of what it reads from.

        :param size: people in a batch, at most.
        :param after: key of an earlier batch: the people up to it are left out.
        :param boundary: key of an earlier batch: no batch has people on both sides of it.
        """


def check_audience(audience: Audience, *, max_audience: int | str | None = None) -> int | None:
    """
    Return how many people there are, after refusing what must not be sent to; to be called before sending.

    :param max_audience: the most people that may be sent to: it stops a wrong WHERE clause. Text, which a
        template makes of a number, is that number.
    :raises EmptyAudience: where there is nobody.
    :raises InvalidPayload: where there are too many, or ids that cannot be sent.
    """
    total = audience.total()
    if total == 0:
        dropped = f": all {audience.nulls:,} ids are null or blank" if audience.nulls else ""
        raise EmptyAudience(f"the audience is empty{dropped}.")
    most = None if max_audience is None else _limit(max_audience)
    if total is not None and most is not None and total > most:
        raise InvalidPayload(
            f"the audience has {total:,} people, max_audience allows {most:,}; nothing was sent. "
            "Correct the audience, or raise max_audience."
        )
    return total


def _limit(max_audience: int | str) -> int:
    try:
        return int(max_audience)
    except (TypeError, ValueError, OverflowError):
        raise InvalidPayload("max_audience must be a whole number, such as 10000.") from None


def fingerprint(*parts: Any) -> str:
    """Return the SHA-256 of values, whatever their types."""
    return hashlib.sha256(
        json.dumps(parts, default=repr, ensure_ascii=False).encode(errors="replace")
    ).hexdigest()

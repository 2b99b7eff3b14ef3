"""Define the interface of audiences, and the checks that apply to all of them."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from airflow_provider_liveactivity.errors import EmptyAudience, InvalidPayload, LiveActivityError

if TYPE_CHECKING:
    from collections.abc import Generator

#: A person: an external id, an alias as (name, label), or a user id with details of the user.
Person = str | tuple[str, ...]


class AudienceUnavailable(LiveActivityError):
    """The database failed while the audience was read. The checkpoint keeps what was sent before."""

    retryable = True


@dataclass(frozen=True, slots=True, repr=False)
class Batch:
    """
    The recipients of one request.

    :param external_user_ids: external ids.
    :param user_aliases: aliases as (name, label), or user ids with details as (user id, …).
    :param key: JSON value after which ``batches(after=key)`` continues. For a SQL audience it is a person's
        id, so store it only where ids may be stored.
    """

    external_user_ids: tuple[str, ...]
    user_aliases: tuple[tuple[str, ...], ...]
    key: Any

    def __repr__(self) -> str:
        """Return the number of recipients, but no ids: a traceback may show this text."""
        return f"<Batch of {len(self)} recipients>"

    def __len__(self) -> int:
        return len(self.external_user_ids) + len(self.user_aliases)


class Audience(Protocol):
    """
    Recipients in an order that is the same on every read, each person once.

    The counts cover the whole audience, even if a resume reads only the rest of it. They are known after
    ``total()``.
    """

    duplicates: int
    nulls: int

    @property
    def fingerprint(self) -> str:
        """Hash of what defines the audience; no id can be read from it."""

    def total(self) -> int | None:
        """Return the number of recipients; None if it cannot be known."""

    def batches(self, size: int = 50, after: Any = None, boundary: Any = None) -> Generator[Batch]:
        """
        Yield the recipients in batches. Close the generator to release the database connection.

        :param size: maximum number of recipients in a batch; 50 by default.
        :param after: key of an earlier batch: skip the recipients up to it; None, the default, skips no one.
        :param boundary: key of an earlier batch: no batch has recipients on both sides of it; None by
            default.
        """


def check_audience(audience: Audience, *, max_audience: int | str | None = None) -> int | None:
    """
    Check an audience before the first request, and return the number of recipients; None if it is not known.

    :param audience: the audience to check.
    :param max_audience: maximum number of recipients, as protection against a wrong WHERE clause: a number,
        or its digits as text from a template. None, the default, sets no limit.
    :raises EmptyAudience: if the audience has no recipients.
    :raises InvalidPayload: if the audience has too many recipients, or ids that cannot be sent.
    """
    total = audience.total()
    if total == 0:
        dropped = f": all {audience.nulls:,} ids are null or blank" if audience.nulls else ""
        raise EmptyAudience(f"the audience is empty{dropped}.")
    most = None if max_audience is None else _limit(max_audience)
    if total is not None and most is not None and total > most:
        raise InvalidPayload(
            f"the audience has {total:,} recipients, but max_audience allows {most:,}; nothing was sent. "
            "Correct the audience, or raise max_audience."
        )
    return total


def _limit(max_audience: int | str) -> int:
    try:
        return int(max_audience)
    except (TypeError, ValueError, OverflowError):
        raise InvalidPayload("max_audience must be a whole number, such as 10000.") from None


def fingerprint(*parts: Any) -> str:
    """Return the SHA-256 of values of any type, as hexadecimal digits."""
    return hashlib.sha256(
        json.dumps(parts, default=repr, ensure_ascii=False).encode(errors="replace")
    ).hexdigest()

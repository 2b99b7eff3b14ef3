"""Read an audience from a list in the DAG or from another task."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Set
from functools import cached_property
from itertools import chain
from typing import Any

from airflow_provider_liveactivity.audience.base import Batch, Person, fingerprint
from airflow_provider_liveactivity.audience.ids import MAX_ID_BYTES, check_length, to_id
from airflow_provider_liveactivity.errors import InvalidPayload

_ALIAS_FIELDS = {"alias_name", "alias_label"}


class ListAudience:
    """
    Recipients by external id, by alias, or both: the ids first, each in the order given.

    :param external_user_ids: list of text, whole numbers or UUIDs, or its JSON text; None by default.
    :param user_aliases: list of objects with ``alias_name`` and ``alias_label`` or of pairs (name, label), or
        its JSON text; None by default.
    :param max_id_bytes: maximum length of an id in bytes of UTF-8; 997 by default.
    :param max_alias_bytes: maximum length of an alias name or label in bytes of UTF-8; ``max_id_bytes`` by
        default.
    :raises InvalidPayload: if a value cannot be an id or an alias.
    """

    def __init__(
        self,
        external_user_ids: Iterable[Any] | str | None = None,
        user_aliases: Iterable[Any] | str | None = None,
        *,
        max_id_bytes: int = MAX_ID_BYTES,
        max_alias_bytes: int | None = None,
    ) -> None:
        ids = list(_convert(external_user_ids, "external_user_ids", to_id))
        aliases = list(_convert(user_aliases, "user_aliases", _to_alias))
        people = [person for person in [*ids, *aliases] if person is not None]
        self._people: list[Person] = list(dict.fromkeys(people))  # the first of equals keeps its place
        self.nulls = len(ids) + len(aliases) - len(people)
        self.duplicates = len(people) - len(self._people)
        plain = [person for person in self._people if isinstance(person, str)]
        parts = [text for person in self._people if not isinstance(person, str) for text in person]
        check_length(plain, max_id_bytes)
        check_length(parts, max_alias_bytes or max_id_bytes)
        try:
            "".join(chain(plain, parts)).encode()
        except UnicodeEncodeError:
            raise InvalidPayload(
                "the audience has an id with half a character (a lone surrogate), which cannot be sent."
            ) from None

    @cached_property
    def fingerprint(self) -> str:
        """Hash of the recipients and their order."""
        return fingerprint("list", self._people)

    def total(self) -> int:
        """Return the number of recipients."""
        return len(self._people)

    def batches(self, size: int = 50, after: Any = None, boundary: Any = None) -> Generator[Batch]:
        """
        Yield the recipients in batches. A key is the number of recipients up to the end of its batch.

        :param size: maximum number of recipients in a batch; 50 by default.
        :param after: key of an earlier batch: skip the recipients up to it; None, the default, skips no one.
        :param boundary: key of an earlier batch: no batch has recipients on both sides of it; None by
            default.
        """
        start = after or 0
        while start < len(self._people):
            end = start + size
            if boundary is not None and start < boundary:
                end = min(end, boundary)
            people = self._people[start:end]
            start += len(people)
            yield Batch(
                tuple(person for person in people if isinstance(person, str)),
                tuple(person for person in people if not isinstance(person, str)),
                start,
            )


def _convert(
    given: Iterable[Any] | str | None, name: str, convert: Callable[[Any], Person | None]
) -> Iterator[Person | None]:
    for place, value in enumerate(_items(given, name)):
        try:
            yield None if value is None or value != value else convert(value)  # noqa: PLR0124 - NaN is a data frame's null
        except InvalidPayload as refused:
            raise InvalidPayload(f"{name}[{place}] {refused}") from None


def _items(given: Iterable[Any] | str | None, name: str) -> Iterable[Any]:
    if given is None:
        return ()
    if isinstance(given, str):
        try:
            given = json.loads(given)
        except ValueError:
            raise InvalidPayload(f"{name} is text, but not the JSON of a list.") from None
    if isinstance(given, Set):
        raise InvalidPayload(
            f"{name} must be a list: the order of a set may change on a retry; use sorted(...)."
        )
    if isinstance(given, str | bytes | Mapping) or not isinstance(given, Iterable):
        raise InvalidPayload(f"{name} must be a list, not {type(given).__name__}.")
    return given


def _to_alias(value: Any) -> tuple[str, str] | None:
    if isinstance(value, Mapping) and set(value) == _ALIAS_FIELDS:
        value = value["alias_name"], value["alias_label"]
    if not isinstance(value, tuple | list) or len(value) != len(_ALIAS_FIELDS):
        raise InvalidPayload("must be an object with alias_name and alias_label, or a pair (name, label).")
    name, label = map(to_id, value)
    return None if name is None or label is None else (name, label)

"""Hide keys and external ids in a vendor's response."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

REDACTED = "***"
_MAX_CHARACTERS = 2_000
_MAX_HEADER_CHARACTERS = 128


def redact(text: str, secrets: Iterable[str], ids: Iterable[str] = ()) -> str:
    """
    Return the beginning of a response body without secrets and ids.

    :param text: the body. Braze repeats the key in its 401, and may name users in a 400.
    :param secrets: keys, hidden wherever they occur.
    :param ids: external ids, hidden only as whole words: an id "5" does not hide a part of "50".
    """
    for secret in filter(None, secrets):
        text = text.replace(secret, REDACTED)
    if spellings := {spelling for value in ids if value for spelling in _spellings(value)}:
        names = "|".join(re.escape(name) for name in sorted(spellings, key=len, reverse=True))
        text = re.sub(rf"(?<!\w)(?:{names})(?!\w)", REDACTED, text)
    # Cut only now, because half a key at the cut would not be found.
    return text[:_MAX_CHARACTERS]


def redact_header(value: str, secrets: Iterable[str], ids: Iterable[str] = ()) -> str:
    """
    Return a short header value without secrets and ids.

    :param value: the value. A value that is not printable ASCII is hidden completely, because an id in an
        unknown encoding would not be found.
    :param secrets: keys.
    :param ids: external ids.
    """
    if not (value.isascii() and value.isprintable()):
        return REDACTED
    return redact(value, secrets, ids)[:_MAX_HEADER_CHARACTERS]


def _spellings(name: str) -> Iterator[str]:
    """Yield a value unchanged, and in JSON with and without escapes for characters other than ASCII."""
    yield name
    for ascii_only in (True, False):
        yield json.dumps(name, ensure_ascii=ascii_only)[1:-1]

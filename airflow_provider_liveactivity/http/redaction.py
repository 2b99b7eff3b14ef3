"""What may be shown of a vendor's answer: no key, no external id."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

HIDDEN = "***"
_MOST_CHARACTERS = 2_000
_MOST_HEADER_CHARACTERS = 128


def redact(text: str, secrets: Iterable[str], request_body: bytes) -> str:
    """
    Return the beginning of a vendor's answer without secrets and without the people of the request.

    :param text: the vendor's answer; Braze repeats the key in its 401, and may name users in a 400.
    :param secrets: what must never show.
    :param request_body: the request that was answered, whose external ids and aliases are hidden.
    """
    # Cut after hiding: half a key at the cut would not be recognised.
    for secret in filter(None, secrets):
        text = text.replace(secret, HIDDEN)
    people = sorted(
        {form for one in _people(request_body) for form in _spellings(one)}, key=len, reverse=True
    )
    if people:
        names = "|".join(re.escape(name) for name in people)
        text = re.sub(rf"(?<!\w)(?:{names})(?!\w)", HIDDEN, text)
    return text[:_MOST_CHARACTERS]


def redact_header(value: str, secrets: Iterable[str], request_body: bytes) -> str:
    """
    Return the value of a vendor's header as a log or an error may show it: redacted as a body is, and short.

    :param value: the header's value. The encoding of headers is a guess, and an id in a wrong one would not
        be found: only printable ASCII is shown.
    :param secrets: what must never show.
    :param request_body: the request that was answered.
    """
    if not (value.isascii() and value.isprintable()):
        return HIDDEN
    return redact(value, secrets, request_body)[:_MOST_HEADER_CHARACTERS]


def _spellings(name: str) -> Iterator[str]:
    """Yield a name as it is, and as JSON has it with and without characters beyond ASCII."""
    yield name
    for ascii_only in (True, False):
        yield json.dumps(name, ensure_ascii=ascii_only)[1:-1]


def _people(body: bytes) -> Iterator[str]:
    try:
        request: Any = json.loads(body)
    except ValueError:
        return
    if isinstance(request, dict):
        yield from request.get("external_user_ids", ())
        yield from (alias["alias_name"] for alias in request.get("user_aliases", ()))
        yield from _of_moengage(request)


def _of_moengage(value: Any) -> Iterator[str]:
    """Yield user, push token and transaction_id of an alert, and the ids that filters name."""
    if isinstance(value, dict):
        if value.get("name") == "uid" and isinstance(value.get("value"), list):
            yield from map(str, value["value"])
        for name, item in value.items():
            if name in {"user_id", "recipient", "transaction_id"} and isinstance(item, str):
                yield item
            yield from _of_moengage(item)
    elif isinstance(value, list):
        for item in value:
            yield from _of_moengage(item)

"""The size limit of Apple's push service: a larger push does not arrive, and no vendor reports it."""

from __future__ import annotations

import json
from typing import Any

MAX_PUSH = 4096  # bytes of the whole payload, keys and timestamps included


def arrives(event: str, **parts: Any) -> bool:
    """
    Return whether the shortest form of a push is within the limit.

    :param event: start, update or end.
    :param parts: parts of the payload by Apple's name, with underscores for hyphens; None leaves a part out.
    """
    named = {name.replace("_", "-"): part for name, part in parts.items() if part is not None}
    push = {"aps": {"timestamp": 1_700_000_000, "event": event, **named}}
    return len(json.dumps(push, ensure_ascii=False, separators=(",", ":")).encode()) <= MAX_PUSH

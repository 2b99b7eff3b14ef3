"""What Apple lets through: a push that is too large never arrives, and no answer of a vendor tells that."""

from __future__ import annotations

import json
from typing import Any

MAX_PUSH = 4096  # bytes of the whole payload, keys and timestamps included


def arrives(event: str, **parts: Any) -> bool:
    """
    Whether a push fits, written as short as can be.

    :param event: start, update or end.
    :param parts: what it carries, with underscores where Apple has hyphens; None leaves a part out.
    """
    named = {name.replace("_", "-"): part for name, part in parts.items() if part is not None}
    push = {"aps": {"timestamp": 1_700_000_000, "event": event, **named}}
    return len(json.dumps(push, ensure_ascii=False, separators=(",", ":")).encode()) <= MAX_PUSH

"""Keep the keys by which MoEngage recognizes a repeated request."""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

STATE_KEY = "live_activity_key"


class RequestKey:
    """
    The key of the one request of a task.

    The key is the same over retries of the task. Every other request has another key, also in other
    iterations of a loop. A clear raises ``max_tries`` of the task and a retry does not, so a clear can be
    recognized. On Airflow 3.3 and later, a failed task that is cleared keeps its key too, because its request
    may have arrived.

    The content can contain user ids (in ``filters`` and ``parameters``). A plain hash would reveal them to a
    reader who hashes all possible ids, so every hash here is keyed.

    :param context: context of the running task.
    :param fields: content of the request, as the user gave it. Different content means a different request.
    :param resumed: whether this attempt has already run and then deferred; False by default.
    """

    def __init__(self, context: Context, fields: dict[str, Any], *, resumed: bool = False) -> None:
        from airflow_provider_liveactivity._airflow_internals import coordinates
        from airflow_provider_liveactivity.hooks._plan import content_hash

        ti: Any = context["ti"]
        self._clears = ti.max_tries
        self._content = _keyed(content_hash(*coordinates(ti), fields))
        self._store: Any = context.get("task_state_store")
        saved: Any = self._store.get(STATE_KEY) if self._store is not None else None
        #: Number of times that other content replaced content that was not accepted.
        self.replaced = 0
        if saved and saved["content"] == self._content and not self._sends_again(saved):
            self.value = str(saved["key"])
            #: Whether an earlier attempt may have sent the request.
            self.possibly_sent_before = True
            self.replaced = saved["replaced"]
        else:
            self.value = _keyed(content_hash(self._content, self._clears))[:32]
            self.possibly_sent_before = saved is None and (resumed or ti.try_number > 1)
            if saved and not saved["accepted"]:
                self.replaced = saved["replaced"] + 1
        self._save(accepted=False)

    def _sends_again(self, saved: dict[str, Any]) -> bool:
        return bool(saved["accepted"] and self._clears > saved["clears"])

    def accepted(self) -> None:
        """Store that the request was accepted: a user who clears the task wants another request."""
        self._save(accepted=True)

    def _save(self, *, accepted: bool) -> None:
        if self._store is not None:
            state = {
                "content": self._content,
                "key": self.value,
                "clears": self._clears,
                "replaced": self.replaced,
                "accepted": accepted,
            }
            self._store.set(STATE_KEY, state)


def _keyed(text: str) -> str:
    """
    Return the HMAC of a text with Airflow's Fernet key.

    If there are several keys, use the last one: a rotation puts the new key first and keeps the old key for
    some time.
    """
    from airflow.providers.common.compat.sdk import conf

    key = conf.get("core", "fernet_key", fallback="").rpartition(",")[2]
    return hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest()

"""Keys by which MoEngage tells a repetition from a new request, kept for as long as they must be."""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

STATE_KEY = "live_activity_key"


class RequestKey:
    """
    The key of a task's one request.

    It is the same over the retries of the task, and another one for every other request, those of other
    iterations of a loop included. Clearing a task raises its ``max_tries``, a retry does not: that is how a
    person's "once more" is told apart. Where Airflow keeps state over attempts (3.3 and later), a failed task
    that is cleared keeps its key too: what it sent may have arrived.

    The content can hold ids of users (in ``filters`` and ``parameters``), and a plain hash gives them back to
    whoever tries the possible ones. So all hashes here are keyed.

    :param context: of the running task.
    :param fields: what is sent, as the user gave it; other content is another request.
    :param resumed: whether this attempt has sent before, and then deferred.
    """

    def __init__(self, context: Context, fields: dict[str, Any], *, resumed: bool = False) -> None:
        from airflow_provider_liveactivity._airflow_internals import coordinates
        from airflow_provider_liveactivity.hooks._base import content_hash

        ti: Any = context["ti"]
        self._clears = ti.max_tries
        self._content = _keyed(content_hash(*coordinates(ti), fields))
        self._store: Any = context.get("task_state_store")
        saved: Any = self._store.get(STATE_KEY) if self._store is not None else None
        #: How often other content took the place of content that had not been accepted.
        self.replaced = 0
        if saved and saved["content"] == self._content and not self._sends_again(saved):
            self.value = str(saved["key"])
            #: Whether an earlier attempt may have sent it.
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
        """Note that the request was accepted: a person who clears the task wants another one."""
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

    Of several keys it takes the last: a rotation puts the new one first, and keeps the old one for a while.
    """
    from airflow.providers.common.compat.sdk import conf

    key = conf.get("core", "fernet_key", fallback="").rpartition(",")[2]
    return hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest()

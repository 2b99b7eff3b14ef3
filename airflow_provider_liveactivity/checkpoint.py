"""
What survives the death of a worker: up to where a send is settled, and how far it may have gone.

Between two keys of the ordered audience lies the window: the batches that were written ahead as "may have
left". Whatever dies, nothing before the window is sent again and nothing after it has been sent.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections import deque
from dataclasses import dataclass, field
from typing import Any, Protocol

from airflow_provider_liveactivity.report import Tally

#: What a ``kill -9`` can leave unknown, in batches.
MAX_UNSETTLED = 256
#: How far the window may stretch when one batch at its front does not settle: eight seconds at full speed.
MAX_SPAN = 8_192
STATE_KEY = "live_activity_delivery"


class Store(Protocol):
    """Airflow's ``task_state_store``, as far as it is needed."""

    def get(self, key: str, default: Any = None) -> Any:
        """Return the value of a key."""

    def set(self, key: str, value: Any) -> None:
        """Write the value of a key."""


class Seal(Protocol):
    """Airflow's Fernet: keys of the audience are personal data and lie encrypted in the store."""

    def encrypt(self, msg: bytes) -> bytes:
        """Return the token of a message."""

    def decrypt(self, msg: bytes) -> bytes:
        """Return the message of a token."""


@dataclass(slots=True)
class Saved:
    """
    One state of a send, as it is stored.

    :param send: hash of audience and payload; another one is another send.
    :param clears: Airflow's ``max_tries`` at the time, which grows when a person clears the task.
    :param finished: whether everything was settled.
    :param sure: whether the batches of the window without a known fate have certainly not left.
    :param settled_key: everything up to this key is settled.
    :param ahead_key: nothing beyond this key has left.
    :param ahead: batches between the two.
    :param known: which of them have a known fate, one bit each.
    :param doubt: people in those of them that have none.
    :param digest: XOR over the hashes of the window's requests: tells whether the audience changed there.
    """

    send: str
    clears: int = 0
    finished: bool = False
    sure: bool = True
    settled_key: Any = None
    ahead_key: Any = None
    ahead: int = 0
    known: int = 0
    doubt: int = 0
    digest: int = 0
    tally: Tally = field(default_factory=Tally)


@dataclass(slots=True)
class Entry:
    """A batch in the window."""

    key: Any
    people: int
    digest: int
    known: bool = False


class Window:
    """The batches between the settled key and the one written ahead, in the order of the audience."""

    def __init__(self, settled_key: Any = None) -> None:
        self.settled_key = settled_key
        self.unsettled = 0
        self._first = 0
        self._entries: deque[Entry] = deque()

    def __len__(self) -> int:
        return len(self._entries)

    def add(self, entry: Entry) -> int:
        """Take in the next batch and return its number."""
        self._entries.append(entry)
        self.unsettled += 1
        return self._first + len(self._entries) - 1

    def entry(self, number: int) -> Entry:
        """Return a batch that is still in the window."""
        return self._entries[number - self._first]

    def settle(self, number: int) -> None:
        """Note that the fate of a batch is known, and let go of the settled ones at the front."""
        self.entry(number).known = True
        self.unsettled -= 1
        while self._entries and self._entries[0].known:
            self.settled_key = self._entries.popleft().key
            self._first += 1

    def room(self) -> int:
        """Return how many more batches may be written ahead."""
        return min(MAX_UNSETTLED - self.unsettled, MAX_SPAN - len(self._entries))

    def trim(self) -> None:
        """Let go of the unsettled batches at the end, which have certainly not left."""
        while self._entries and not self._entries[-1].known:
            self._entries.pop()
            self.unsettled -= 1

    def describe(self) -> dict[str, Any]:
        """Return the part of a Saved that speaks of the window."""
        known = digest = doubt = 0
        for place, entry in enumerate(self._entries):
            digest ^= entry.digest
            if entry.known:
                known |= 1 << place
            else:
                doubt += entry.people
        return {
            "settled_key": self.settled_key,
            "ahead_key": self._entries[-1].key if self._entries else self.settled_key,
            "ahead": len(self._entries),
            "known": known,
            "doubt": doubt,
            "digest": digest,
        }


class Checkpoint:
    """
    Where a send keeps its state; without a store, nowhere.

    :param store: Airflow's ``task_state_store`` (3.3 and later), or None.
    :param seal: Airflow's Fernet, for the keys of the audience.
    :param clears: Airflow's ``max_tries`` of the running task instance.
    """

    def __init__(self, store: Store | None = None, seal: Seal | None = None, *, clears: int = 0) -> None:
        self._store = store
        self._seal = seal
        self._clears = clears

    @property
    def durable(self) -> bool:
        """Whether anything survives the death of the worker."""
        return self._store is not None

    def load(self, send: str) -> tuple[Saved, str]:
        """
        Return the state from which this send goes on, and in words why.

        A retry and a cleared failure resume. A finished send that a person cleared is sent again; one whose
        worker died before Airflow knew of the success is not. A changed audience or payload is a new send.
        """
        state = self._store.get(STATE_KEY) if self._store is not None else None
        if not isinstance(state, dict):
            return self._new(send), "a new send"
        if state["send"] != send:
            return self._new(send), "audience or payload have changed since the last attempt: a new send"
        if state["finished"] and self._clears > state["clears"]:
            return self._new(send), "the finished send was cleared: sending again"
        saved = self._parse(state)
        return saved, "an earlier attempt finished it" if saved.finished else "resuming an earlier attempt"

    def save(self, saved: Saved) -> None:
        """Write the state: one round trip to Airflow's API server, from the task's main thread."""
        if self._store is not None:
            self._store.set(STATE_KEY, self._format(saved))

    def _new(self, send: str) -> Saved:
        return Saved(send=send, clears=self._clears)

    def _format(self, saved: Saved) -> dict[str, Any]:
        keys = json.dumps([saved.settled_key, saved.ahead_key]).encode()
        return {
            "send": saved.send,
            "clears": saved.clears,
            "finished": saved.finished,
            "sure": saved.sure,
            "keys": (self._seal.encrypt(keys) if self._seal else keys).decode(),
            "ahead": saved.ahead,
            "known": _pack(saved.known),
            "doubt": saved.doubt,
            "digest": f"{saved.digest:x}",
            "tally": {name: value for name, value in saved.tally.to_json().items() if value},
        }

    def _parse(self, state: dict[str, Any]) -> Saved:
        keys = state["keys"].encode()
        settled_key, ahead_key = json.loads(self._seal.decrypt(keys) if self._seal else keys)
        return Saved(
            send=state["send"],
            clears=self._clears,
            finished=state["finished"],
            sure=state["sure"],
            settled_key=settled_key,
            ahead_key=ahead_key,
            ahead=state["ahead"],
            known=_unpack(state["known"]),
            doubt=state["doubt"],
            digest=int(state["digest"], 16),
            tally=Tally(**state["tally"]),
        )


def _pack(bits: int) -> str:
    """Write a bitmap of up to 8,192 bits, most of them set, in a few hundred bytes at most."""
    return base64.b85encode(zlib.compress(bits.to_bytes((bits.bit_length() + 7) // 8))).decode()


def _unpack(text: str) -> int:
    return int.from_bytes(zlib.decompress(base64.b85decode(text)))

"""What survives the death of a worker: one small value in Airflow's task state store."""

from __future__ import annotations

import base64
import json
import zlib
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol

from airflow_provider_liveactivity.delivery.in_flight import Position
from airflow_provider_liveactivity.delivery.report import Tally
from airflow_provider_liveactivity.errors import LiveActivityError

if TYPE_CHECKING:
    from collections.abc import Iterable

STATE_KEY = "live_activity_delivery"


class Store(Protocol):
    """Airflow's ``task_state_store``, as far as it is needed."""

    def get(self, key: str, default: Any = None) -> Any:
        """Return the value of a key."""

    def set(self, key: str, value: Any) -> None:
        """Write the value of a key."""


class Seal(Protocol):
    """
    Airflow's Fernet: it encrypts all of a state that comes from ids of people.

    Hashes are among that: ids are short, so a person who reads a plain hash of one finds the id by trying.
    """

    def encrypt(self, msg: bytes) -> bytes:
        """Return the token of a message."""

    def decrypt(self, msg: bytes) -> bytes:
        """Return the message of a token."""


@dataclass(frozen=True, slots=True)
class Saved:
    """
    One state of a send, as it is stored.

    :param send: hash of audience and payload; another one is another send.
    :param position: how far it is.
    :param tally: counts over all attempts; what is in doubt is not among them.
    :param finished: whether everything is settled.
    """

    send: str = field(repr=False)
    position: Position = field(default_factory=Position)
    tally: Tally = field(default_factory=Tally)
    finished: bool = False

    @property
    def counts(self) -> Tally:
        """The tally, with the people in doubt."""
        return replace(self.tally, unknown=self.tally.unknown + self.position.people_in_doubt)


class Checkpoint:
    """
    Where a send keeps its state; without a store, nowhere.

    :param store: Airflow's ``task_state_store`` (3.3 and later), or None.
    :param seal: Airflow's Fernet, for the keys of the audience.
    :param clears: Airflow's ``max_tries`` of the running task instance, which grows when a person clears it.
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

        :raises LiveActivityError: where the state of an earlier attempt cannot be read.
        """
        state = self._store.get(STATE_KEY) if self._store is not None else None
        if state is None:
            return Saved(send), "a new send"
        try:
            return self._continue(send, state)
        except Exception as error:
            raise LiveActivityError(
                f"an earlier attempt of this task has sent a part, but its state cannot be read "
                f"({type(error).__name__}); all workers need the same Fernet key. To send from the start, "
                f"delete {STATE_KEY!r} from the state of the task."
            ) from error

    def save(self, saved: Saved) -> None:
        """Write the state: one round trip to Airflow's API server, from the task's main thread."""
        if self._store is not None:
            self._store.set(STATE_KEY, self._format(saved))

    def _continue(self, send: str, state: dict[str, Any]) -> tuple[Saved, str]:
        saved = self._parse(state)
        if saved.send != send:
            return Saved(send), (
                "audience or payload have changed since the last attempt, "
                f"of which {saved.tally.accepted:,} were accepted: a new send"
            )
        if saved.finished and self._clears > state["clears"]:
            return Saved(send), "the finished send was cleared: sending again"
        return saved, "an earlier attempt finished it" if saved.finished else "resuming an earlier attempt"

    def _format(self, saved: Saved) -> dict[str, Any]:
        position = saved.position
        secret = [saved.send, position.settled_key, position.ahead_key, position.digest]
        text = json.dumps(secret, separators=(",", ":")).encode()
        return {
            "sealed": (self._seal.encrypt(text) if self._seal else text).decode(),
            "clears": self._clears,
            "finished": saved.finished,
            "span": position.span,
            "doubtful": _pack(position.doubtful),
            "unsent": _pack(position.unsent),
            "people": [position.people_in_doubt, position.people_unsent],
            "tally": {name: value for name, value in saved.tally.to_json().items() if value},
        }

    def _parse(self, state: dict[str, Any]) -> Saved:
        sealed = state["sealed"].encode()
        send, settled_key, ahead_key, digest = json.loads(
            self._seal.decrypt(sealed) if self._seal else sealed
        )
        people_in_doubt, people_unsent = state["people"]
        position = Position(
            settled_key,
            ahead_key,
            state["span"],
            _unpack(state["doubtful"]),
            _unpack(state["unsent"]),
            people_in_doubt,
            people_unsent,
            digest,
        )
        return Saved(send, position, Tally(**state["tally"]), state["finished"])


def _pack(places: Iterable[int]) -> str:
    """Write up to 256 places among 65,536 in a few dozen characters, as a rule: neighbours cost nothing."""
    bits = sum(1 << place for place in places)
    return base64.b85encode(zlib.compress(bits.to_bytes((bits.bit_length() + 7) // 8))).decode()


def _unpack(text: str) -> tuple[int, ...]:
    bits = int.from_bytes(zlib.decompress(base64.b85decode(text)))
    return tuple(place for place, bit in enumerate(reversed(f"{bits:b}")) if bit == "1")

"""Keep the state of a send in Airflow's task state store, so that a retry can resume it."""

from __future__ import annotations

import base64
import json
import zlib
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol

from airflow_provider_liveactivity.delivery.in_flight import ResumePoint
from airflow_provider_liveactivity.delivery.report import SendCounts
from airflow_provider_liveactivity.errors import LiveActivityError

if TYPE_CHECKING:
    from collections.abc import Iterable

CHECKPOINT_KEY = "live_activity_delivery"


class Store(Protocol):
    """The part of Airflow's ``task_state_store`` that a checkpoint uses."""

    def get(self, key: str, default: Any = None) -> Any:
        """Return the value of a key."""

    def set(self, key: str, value: Any) -> None:
        """Write the value of a key."""


class Encryptor(Protocol):
    """
    Airflow's Fernet, which encrypts everything that derives from external ids.

    That includes hashes, because a short id can be guessed from its plain hash.
    """

    def encrypt(self, msg: bytes) -> bytes:
        """Return the token of a message."""

    def decrypt(self, msg: bytes) -> bytes:
        """Return the message of a token."""


@dataclass(frozen=True, slots=True)
class CheckpointState:
    """
    One stored state of a send.

    :param send_id: hash of audience and payload, which identifies the send.
    :param resume_point: where the send resumes.
    :param completed: counts over all attempts, without recipients whose outcome is unknown.
    :param finished: whether every batch is complete.
    :param uid: random id of the send, the same over its attempts, if its outcomes are kept.
    :param attempt: number of the attempt that stored the state, if the outcomes of the send are kept.
    """

    send_id: str = field(repr=False)
    resume_point: ResumePoint = field(default_factory=ResumePoint)
    completed: SendCounts = field(default_factory=SendCounts)
    finished: bool = False
    uid: str = ""
    attempt: int = 0

    @property
    def counts(self) -> SendCounts:
        """The counts, with the recipients whose outcome is unknown."""
        return replace(self.completed, unknown=self.completed.unknown + self.resume_point.unknown_recipients)


class Checkpoint:
    """
    Keep the state of a send over the attempts of a task.

    :param store: Airflow's ``task_state_store`` (Airflow 3.3 and later); None keeps nothing.
    :param encryptor: Airflow's Fernet.
    :param max_tries: Airflow's ``max_tries`` of the task instance, which grows when a person clears the task.
    :param resend_after_clear: whether a finished send is sent again after a clear; True by default.
    :param key: key of the state in the store; each send of a task has its own.
    """

    def __init__(
        self,
        store: Store | None = None,
        encryptor: Encryptor | None = None,
        *,
        max_tries: int = 0,
        resend_after_clear: bool = True,
        key: str = CHECKPOINT_KEY,
    ) -> None:
        self._store = store
        self._encryptor = encryptor
        self._max_tries = max_tries
        self._resend_after_clear = resend_after_clear
        self._key = key

    @property
    def durable(self) -> bool:
        """Whether the state survives a dead worker."""
        return self._store is not None

    def load(self, send_id: str) -> tuple[CheckpointState, str]:
        """
        Return the state from which a send resumes, and a sentence for the log that says why.

        A retry and a cleared failure resume. A finished send that a person cleared is sent again; a finished
        send whose worker died before Airflow recorded the success is not. If audience or payload have
        changed, it is a new send.

        :param send_id: hash of audience and payload.
        :raises LiveActivityError: if the state of an earlier attempt cannot be read.
        """
        stored = self._store.get(self._key) if self._store is not None else None
        if stored is None:
            return CheckpointState(send_id), "New send: no earlier attempt of this task has sent anything."
        try:
            return self._resume(send_id, stored)
        except Exception as error:
            raise LiveActivityError(
                f"an earlier attempt of this task has sent some requests, but its state cannot be read "
                f"({type(error).__name__}). All workers need the same Fernet key. To send from the start, "
                f"delete {self._key!r} from the state of the task."
            ) from error

    def save(self, state: CheckpointState) -> None:
        """Write the state: one call of Airflow's API server, from the task's main thread."""
        if self._store is not None:
            self._store.set(self._key, self._to_json(state))

    def _resume(self, send_id: str, stored: dict[str, Any]) -> tuple[CheckpointState, str]:
        state = self._from_json(stored)
        accepted = f"{state.completed.accepted:,}"
        if state.send_id != send_id:
            return CheckpointState(send_id), (
                f"New send to all recipients: an earlier attempt had {accepted} accepted, but audience or "
                "payload have changed since."
            )
        if not state.finished:
            return state, f"Resuming the send of an earlier attempt: {accepted} accepted so far."
        if self._resend_after_clear and self._max_tries > stored["max_tries"]:
            return CheckpointState(send_id), "Sending to all recipients again: the finished task was cleared."
        return state, f"An earlier attempt has finished this send, with {accepted} accepted: nothing to send."

    def _to_json(self, state: CheckpointState) -> dict[str, Any]:
        point = state.resume_point
        secret = [state.send_id, point.completed_key, point.submitted_key, point.digest]
        text = json.dumps(secret, separators=(",", ":")).encode()
        return {
            "encrypted": (self._encryptor.encrypt(text) if self._encryptor else text).decode(),
            "max_tries": self._max_tries,
            "finished": state.finished,
            "uid": state.uid,
            "attempt": state.attempt,
            "span": point.span,
            "unknown": _pack(point.unknown),
            "unsent": _pack(point.unsent),
            "recipients": [point.unknown_recipients, point.unsent_recipients],
            "completed": {name: value for name, value in asdict(state.completed).items() if value},
        }

    def _from_json(self, stored: dict[str, Any]) -> CheckpointState:
        text = stored["encrypted"].encode()
        send_id, completed_key, submitted_key, digest = json.loads(
            self._encryptor.decrypt(text) if self._encryptor else text
        )
        unknown_recipients, unsent_recipients = stored["recipients"]
        point = ResumePoint(
            completed_key,
            submitted_key,
            stored["span"],
            _unpack(stored["unknown"]),
            _unpack(stored["unsent"]),
            unknown_recipients,
            unsent_recipients,
            digest,
        )
        return CheckpointState(
            send_id,
            point,
            SendCounts(**stored["completed"]),
            stored["finished"],
            stored["uid"],
            stored["attempt"],
        )


def _pack(positions: Iterable[int]) -> str:
    """Write up to 256 positions among 65,536 in a few dozen characters, since most are neighbours."""
    bits = sum(1 << position for position in positions)
    return base64.b85encode(zlib.compress(bits.to_bytes((bits.bit_length() + 7) // 8))).decode()


def _unpack(text: str) -> tuple[int, ...]:
    bits = int.from_bytes(zlib.decompress(base64.b85decode(text)))
    return tuple(position for position, bit in enumerate(reversed(f"{bits:b}")) if bit == "1")

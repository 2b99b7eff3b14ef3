"""
The outcome of every recipient of a send, in files: who was accepted, who was rejected, and who is unknown.

A send with ``outcomes_path`` writes them, as compressed JSON lines. The files hold personal data.
"""

from __future__ import annotations

import gzip
import json
import secrets
from datetime import datetime
from itertools import groupby
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from airflow_provider_liveactivity.delivery.outcomes import BatchOutcome, RecipientOutcome

_SUFFIX = ".jsonl.gz"
_encode = json.JSONEncoder().encode  # json.dumps needs three times as long for an id


class Folder(Protocol):
    """A folder of any file system, such as Airflow's ``ObjectStoragePath``."""

    def iterdir(self) -> Iterator[Any]:
        """Yield the paths in the folder."""


class Outcome(NamedTuple):
    """
    The outcome of one recipient.

    :param send_id: id of the send, as in its report.
    :param activity_id: id of the activity.
    :param person: external id, or the name of an alias; None if only the vendor knows who was addressed.
    :param alias_label: label of the alias; None for an external id.
    :param outcome: accepted, rejected or unknown. A person without an outcome was not sent to.
    :param request_id: the vendor's id of the request; None if no response named one.
    :param moment: when the accepted request left; otherwise when the outcome was written down.
    """

    send_id: str
    activity_id: str
    person: str | None
    alias_label: str | None
    outcome: RecipientOutcome
    request_id: str | None
    moment: datetime

    def __repr__(self) -> str:
        """Return a text without the person."""
        return f"<Outcome {self.outcome} of send {self.send_id}>"


def outcomes(path: str | PathLike[str] | Folder) -> Iterator[Outcome]:
    """
    Yield the outcome of every recipient of the sends in a folder, each recipient of a send once.

    If several attempts have an outcome for a recipient, the last one counts, but accepted always does. The
    recipients of one send are held in memory; query the files of a very large send with DuckDB.

    :param path: the ``outcomes_path`` of the sends: a local path, a URL such as ``s3://conn_id@bucket/folder``
        (which needs Airflow), or an ``ObjectStoragePath``.
    :raises FileNotFoundError: if the folder has no outcomes.
    """
    parts = sorted(_folder(path).iterdir(), key=lambda part: part.name)
    parts = [part for part in parts if part.name.endswith(_SUFFIX)]
    if not parts:
        raise FileNotFoundError(f"{path} has no outcomes (*{_SUFFIX}).")
    for _, of_one_send in groupby(parts, key=lambda part: part.name.partition(".")[0]):
        yield from _resolve(of_one_send)


def _folder(path: str | PathLike[str] | Folder) -> Any:
    if not isinstance(path, str | PathLike) or hasattr(path, "iterdir"):  # also Airflow's path, of any system
        return path
    if not isinstance(path, str) or "://" not in path:
        return Path(path)
    from airflow.sdk import ObjectStoragePath

    return ObjectStoragePath(path)


def _resolve(parts: Iterable[Any]) -> Iterator[Outcome]:
    found: dict[tuple[str, str | None, str | None], Outcome] = {}
    for part in parts:
        for line in gzip.decompress(part.read_bytes()).splitlines():
            row = Outcome(**json.loads(line))
            key = row.activity_id, row.person, row.alias_label
            if key not in found or found[key].outcome != "accepted":
                found[key] = row
    for row in found.values():
        yield row._replace(moment=datetime.fromisoformat(str(row.moment)))


class OutcomeFiles:
    """
    Write the outcomes of sends as gzip-compressed JSON lines, one file for each call of ``write``.

    The names sort by send, attempt and part, and are different in every process.

    :param store: stores a file under a name, completely or not at all.
    """

    def __init__(self, store: Callable[[str, bytes], object]) -> None:
        self._store = store

    def begin(self, send_id: str, attempt: int) -> None:
        """
        Begin an attempt with an empty file, so that a folder that cannot be written to is noticed.

        :param send_id: id of the send.
        :param attempt: number of the attempt.
        """
        self._send_id, self._attempt, self._part = send_id, attempt, 0
        self.write(())

    def write(self, outcomes: Sequence[BatchOutcome]) -> None:
        """
        Write one file.

        :param outcomes: the outcomes.
        """
        name = f"{self._send_id}.{self._attempt:04}.{self._part:06}.{secrets.token_hex(4)}{_SUFFIX}"
        lines = "".join(_lines(self._send_id, outcome) for outcome in outcomes)
        self._store(name, gzip.compress(lines.encode(), compresslevel=1, mtime=0))
        self._part += 1


def store_locally(folder: Path, name: str, data: bytes) -> None:
    """
    Store a file completely or not at all: a reader finds no half-written one after a kill.

    :param folder: the folder, which is made if it is missing.
    :param name: name of the file.
    :param data: contents of the file.
    """
    folder.mkdir(parents=True, exist_ok=True)
    draft = folder / f".{name}.draft"
    draft.write_bytes(data)
    draft.replace(folder / name)


def _lines(send_id: str, outcome: BatchOutcome) -> str:
    """Return one line for each person. Only the person differs, so the rest is encoded once."""
    head = _encode({"send_id": send_id, "activity_id": outcome.activity_id})
    rest = {
        "outcome": outcome.outcome,
        "request_id": outcome.request_id,
        "moment": outcome.moment.isoformat(),
    }
    before, behind = f'{head[:-1]}, "person": ', f", {_encode(rest)[1:]}\n"
    people = outcome.people or (None,)
    ids = [_encode(person) for person in people if not isinstance(person, tuple)]
    aliases = [_alias(*person) for person in people if isinstance(person, tuple)]
    return _wrap(ids, before, f', "alias_label": null{behind}') + _wrap(aliases, before, behind)


def _alias(name: str, label: str) -> str:
    return f'{_encode(name)}, "alias_label": {_encode(label)}'


def _wrap(texts: list[str], before: str, behind: str) -> str:
    return f"{before}{(behind + before).join(texts)}{behind}" if texts else ""

"""
Store a record of every activity that is on and due to end.

A record says that an activity may be on some phones. It contains the activity's id, its connection, its last
state and its end. A start writes the record before its first request, updates change its state, and the end
deletes it. The tasks of one activity compare the record's ``start_id`` with their XComs, which outlive a
clear. A later DAG run finds the activities that were never ended. Records contain no recipients.

Records are Airflow Variables. Only Variables outlive a task, a clear and a DAG run, can be listed (Airflow
3.3 and later), and can be read by any task.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from airflow_provider_liveactivity._airflow_internals import coordinates, runs_in_a_task

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from airflow.providers.common.compat.sdk import Context


@dataclass(frozen=True, slots=True)
class ActivityRecord:
    """
    Record of an activity that may be on.

    :param vendor: connection type of the vendor: "braze" or "moengage".
    :param conn_id: connection to the vendor's workspace.
    :param activity_id: id by which the vendor knows the activity.
    :param start_id: identity of the start: retries keep it, a clear changes it.
    :param content_state: last state that was sent, as a dict or JSON text.
    :param started_at: moment before the first request of the start, as ISO-8601 text.
    :param updated_at: moment of the last state, as ISO-8601 text.
    :param end_time: when the activity is due to end, as ISO-8601 text; None if the end is not known yet.
    :param end_query: arguments of ``read_end_time`` if a query reads the end, which may move; otherwise None.
    :param end_arguments: further arguments of the vendor's end, such as ``app_id``.
    :param dag_id: DAG of the start.
    :param run_id: DAG run of the start.
    :param is_ending: whether an end that does not wait for the start is being sent, or has failed.
    """

    vendor: str
    conn_id: str
    activity_id: str
    start_id: str
    content_state: Any
    started_at: str
    updated_at: str
    end_time: str | None
    end_query: dict[str, Any] | None
    end_arguments: dict[str, Any]
    dag_id: str
    run_id: str
    is_ending: bool = False

    @property
    def key(self) -> str:
        """Key of the Variable that contains the record."""
        return key_of(self.vendor, self.conn_id, self.activity_id)

    def is_of_run(self, context: Context) -> bool:
        """Return whether a start in the running task's DAG run wrote the record."""
        ti: Any = context["ti"]
        return (self.dag_id, self.run_id) == (ti.dag_id, ti.run_id)

    @property
    def description(self) -> str:
        """Description that the UI shows next to the Variable."""
        due = f"due to end at {self.end_time}" if self.end_time else "with an end that is not known yet"
        return f"Live Activity {self.activity_id} of {self.conn_id}, {due}; started by DAG {self.dag_id}."


def key_of(vendor: str, conn_id: str, activity_id: str) -> str:
    """Return the key of an activity's record: a hash, because an activity id may contain any character."""
    from airflow_provider_liveactivity._stored_names import RECORD_PREFIX

    text = json.dumps([vendor, conn_id, activity_id])
    return RECORD_PREFIX + hashlib.sha256(text.encode()).hexdigest()[:32]


def start_id_of(context: Context) -> str:
    """
    Return the identity of a start.

    A clear raises ``max_tries`` of the task; a retry does not. The identity is therefore the same for all
    attempts until the next clear, on any worker.

    :param context: context of the running start.
    """
    ti: Any = context["ti"]
    parts = json.dumps([*coordinates(ti), ti.max_tries])
    return hashlib.sha256(parts.encode()).hexdigest()[:16]


def read(key: str) -> ActivityRecord | None:
    """
    Return a record; None if it does not exist, and outside of a running task.

    :param key: key of the record.
    :raises LiveActivityError: if the Variable is not a record that this version can read.
    """
    if not runs_in_a_task():
        return None
    from airflow.sdk import Variable

    text = Variable.get(key, default=None)
    return None if text is None else _parse(key, text)


def write(record: ActivityRecord) -> None:
    """Write a record; do nothing outside of a running task."""
    if runs_in_a_task():
        from airflow.sdk import Variable

        text = json.dumps(asdict(record), default=str)
        Variable.set(record.key, text, description=record.description[:1000])


def delete(record: ActivityRecord) -> None:
    """Delete a record, unless another start of the same activity has replaced it."""
    if is_current(record):
        from airflow.sdk import Variable

        Variable.delete(record.key)


def is_current(record: ActivityRecord) -> bool:
    """Return whether the stored record still belongs to the same start."""
    now = read(record.key)
    return now is not None and now.start_id == record.start_id


def was_ended(record: ActivityRecord) -> bool:
    """Return whether another task has ended the activity of a record that was written, or is ending it."""
    if not runs_in_a_task():
        return False
    now = read(record.key)
    return now is None or (now.start_id == record.start_id and now.is_ending)


def keys() -> list[str]:
    """Return the keys of all records; needs Airflow 3.3 or later to list Variables."""
    from airflow.sdk import Variable

    from airflow_provider_liveactivity._stored_names import RECORD_PREFIX

    return list(Variable.keys(prefix=RECORD_PREFIX))


def note_state(key: str, start_id: str, content_state: Any, sent_at: str) -> None:
    """
    Store the state of an accepted update, unless a newer state is stored or the activity has ended.

    :param key: key of the record.
    :param start_id: identity of the start that the update belongs to.
    :param content_state: state that the update sent, as a dict or JSON text.
    :param sent_at: when the update was sent, as ISO-8601 text.
    """
    record = read(key)
    if record is not None and record.start_id == start_id and record.updated_at <= sent_at:
        write(replace(record, content_state=content_state, updated_at=sent_at))


def note_ending(record: ActivityRecord) -> None:
    """Store that an end is about to be sent, unless the activity has ended or was started again."""
    now = read(record.key)
    if now is not None and now.start_id == record.start_id:
        write(replace(now, is_ending=True))


def note_end(record: ActivityRecord, end: datetime) -> None:
    """Store an end that has moved, unless the activity has ended or another start has replaced the record."""
    now = read(record.key)
    if now is not None and now.start_id == record.start_id:
        write(replace(now, end_time=end.isoformat()))


def _parse(key: str, text: str) -> ActivityRecord:
    try:
        return ActivityRecord(**json.loads(text))
    except (TypeError, ValueError):
        from airflow_provider_liveactivity.errors import LiveActivityError

        raise LiveActivityError(
            f"The Variable {key} is not the record of a Live Activity. Delete the Variable, and end its "
            "activity with an end operator, if it is still on."
        ) from None


def read_all() -> Iterator[tuple[str, ActivityRecord | None]]:
    """Yield the key and the record of every activity that may be on; None for an unreadable record."""
    from airflow_provider_liveactivity.errors import LiveActivityError

    for key in keys():
        try:
            record = read(key)
        except LiveActivityError:
            yield key, None
            continue
        if record is not None:  # an end may delete the record after the keys are listed
            yield key, record

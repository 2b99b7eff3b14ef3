"""Define what is written to the state table and read from it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Writer:
    """
    Who writes: a task instance, or a program without Airflow.

    :param dag_id: id of the DAG; empty by default.
    :param run_id: id of the DAG run; empty by default.
    :param task_id: id of the task; empty by default.
    :param instance: 16 hexadecimal digits that all attempts of the task instance share; random by default.
    """

    dag_id: str = ""
    run_id: str = ""
    task_id: str = ""
    instance: str = field(default_factory=lambda: uuid.uuid4().hex[:16])


@dataclass(frozen=True, slots=True)
class Stored:
    """What the table contains about one activity; the columns are described in ``docs/sync.md``."""

    activity_key: str
    status: str
    sequence: int
    state_hash: str | None
    kept: str = field(repr=False)
    rejected_hash: str | None
    started_at: datetime
    updated_at: datetime
    due: datetime | None
    owner: str | None
    dag_id: str | None
    task_id: str | None

    def is_of(self, writer: Writer) -> bool:
        """
        Return whether the same task wrote it, in any of its runs.

        :param writer: who asks.
        """
        return (self.dag_id or "", self.task_id or "") == (writer.dag_id, writer.task_id)


@dataclass(frozen=True, slots=True)
class New:
    """What a start stores about its activity."""

    key: str
    activity_id: str = field(repr=False)
    state_hash: str
    content_state: str = field(repr=False)
    kept: str = field(repr=False)
    due: datetime | None

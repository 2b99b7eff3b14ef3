"""
Claim activities in the state table before a request leaves, and write the outcome.

The table is the checkpoint of a sync. A request leaves only after its activity was claimed: the row then
names the pass (``owner``) and a moment (``lease_until``) after which the claim counts as abandoned. Claims
and results are written in blocks. Each transaction begins with its write, so that SQLite never has to
upgrade a lock.

Two passes may overlap. Each has two numbers from the counter in the info table: ``read_from`` was taken
before its query began, ``read_until`` after its query ended. A claim stores ``read_until`` as the row's
``sequence``. A pass claims only rows whose sequence is below its ``read_from``: its query then began after
the query of the other pass had ended, so what it knows is newer than what was sent.
"""

from __future__ import annotations

import uuid
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from airflow_provider_liveactivity.models.moments import utcnow
from airflow_provider_liveactivity.sync.database import Conflict, transaction
from airflow_provider_liveactivity.sync.results import Results
from airflow_provider_liveactivity.sync.schema import LIVE, info_table, state_table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from airflow_provider_liveactivity.sync.records import New, Writer

#: A claim whose pass has not renewed it for this long is abandoned. By default, Airflow takes as long to
#: notice that a worker has died.
LEASE = timedelta(minutes=5)


class Claims:
    """
    The claims of one task on a state table.

    :param engine: SQLAlchemy engine of the database.
    :param name: name of the table, with or without a schema.
    :param workspace: text that identifies the workspace and app; it contains no key.
    :param writer: who writes.
    :param clock: returns the wall-clock time in UTC.
    """

    def __init__(
        self,
        engine: sa.Engine,
        name: str,
        workspace: str,
        writer: Writer,
        *,
        clock: Callable[[], datetime] = utcnow,
    ) -> None:
        self._engine = engine
        self._workspace = workspace
        self.writer = writer
        self._clock = clock
        metadata = sa.MetaData()
        self._state = state_table(metadata, name)
        self._info = info_table(metadata, name)
        self.owner = f"{writer.instance}:{uuid.uuid4().hex[:16]}"
        self.read_from = self.read_until = 0

    def now(self) -> datetime:
        """Return the current time."""
        return self._clock()

    def claim_starts(self, rows: Sequence[New]) -> set[str]:
        """
        Claim new activities, and return the keys of those that no other pass has claimed.

        :param rows: the activities.
        """
        now = self._clock()
        records = [
            {
                "activity_key": row.key,
                "activity_id": row.activity_id,
                "status": "starting",
                "sequence": self.read_until,
                "state_hash": row.state_hash,
                "content_state": row.content_state,
                "kept": row.kept,
                "started_at": now,
                "updated_at": now,
                "due": row.due,
                **self._claim(),
            }
            for row in rows
        ]
        try:
            with self._transaction() as connection:
                connection.execute(self._state.insert(), records)
        except Conflict:  # another pass has claimed one of them first
            return {record["activity_key"] for record in records if self._insert(record)}
        return {row.key for row in rows}

    def _insert(self, record: dict[str, Any]) -> bool:
        try:
            with self._transaction() as connection:
                connection.execute(self._state.insert(), record)
        except Conflict:
            return False
        return True

    def claim_restarts(self, rows: Sequence[New], status: str) -> set[str]:
        """
        Claim activities whose start failed or is unknown, and return the keys that were claimed.

        :param rows: the activities.
        :param status: their status.
        """
        c, now = self._state.c, self._clock()
        content = [
            {
                "b_key": row.key,
                "state_hash": row.state_hash,
                "content_state": row.content_state,
                "kept": row.kept,
                "due": row.due,
            }
            for row in rows
        ]
        claim = {"status": "starting", "sequence": self.read_until, "started_at": now, **self._claim()}
        with self._transaction() as connection:
            connection.execute(
                self._state.update()
                .where(
                    c.activity_key == sa.bindparam("b_key"), c.status == status, self._free(), self._older()
                )
                .values(**claim, **{name: sa.bindparam(name) for name in content[0] if name != "b_key"}),
                content,
            )
            return self._claimed(connection, [row.key for row in rows])

    def claim(self, keys: Sequence[str], *, overdue: bool = False) -> set[str]:
        """
        Claim activities that are on, for updates or ends, and return the keys that were claimed.

        :param keys: keys of the activities.
        :param overdue: whether the activities are past their due moment in the table, which decides whatever
            another pass has read; False by default.
        """
        c = self._state.c
        wanted = c.due <= self._clock() if overdue else self._older()
        sequence: Any = self.read_until
        if overdue:
            sequence = sa.case((c.sequence > self.read_until, c.sequence), else_=self.read_until)
        with self._transaction() as connection:
            claimed = connection.execute(
                self._state.update()
                .where(c.activity_key.in_(keys), c.status.in_(LIVE), self._free(), wanted)
                .values(sequence=sequence, state_hash=None, **self._claim())
            )
            return set(keys) if claimed.rowcount == len(keys) else self._claimed(connection, keys)

    def _transaction(self) -> AbstractContextManager[sa.Connection]:
        return transaction(self._engine)

    def _claimed(self, connection: sa.Connection, keys: Sequence[str]) -> set[str]:
        c = self._state.c
        query = sa.select(c.activity_key).where(c.activity_key.in_(keys), c.owner == self.owner)
        return set(connection.execute(query).scalars())

    def _claim(self) -> dict[str, Any]:
        writer = self.writer
        return {
            "owner": self.owner,
            "lease_until": self._lease(),
            "dag_id": writer.dag_id,
            "run_id": writer.run_id,
            "task_id": writer.task_id,
        }

    def _lease(self) -> datetime:
        return self._clock() + LEASE

    def _free(self) -> Any:
        return self._state.c.owner.is_(None)

    def _older(self) -> Any:
        return self._state.c.sequence < self.read_from

    @contextmanager
    def results(self) -> Iterator[Results]:
        """Write a block of results in one transaction."""
        with self._transaction() as connection:
            yield Results(connection, self._state, self.owner, self._clock())

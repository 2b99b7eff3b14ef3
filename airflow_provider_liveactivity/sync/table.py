"""Create, check and read the state table of a workspace."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from airflow_provider_liveactivity.errors import InvalidPayload
from airflow_provider_liveactivity.sync.claims import Claims
from airflow_provider_liveactivity.sync.database import Conflict, StateTableUnavailable
from airflow_provider_liveactivity.sync.records import Stored
from airflow_provider_liveactivity.sync.schema import LIVE, SCHEMA_VERSION

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

_BLOCK = 500


class StateTable(Claims):
    """The state of each activity of a workspace, and the pass that is sending to it."""

    def open(self) -> None:
        """
        Create the tables if they are missing, and check that they belong to this workspace and version.

        :raises InvalidPayload: if the table is another one.
        """
        name = self._state.fullname
        with self._transaction() as connection:
            inspector = sa.inspect(connection)
            exists = inspector.has_table(self._state.name, schema=self._state.schema)
            if exists:
                columns = {
                    column["name"] for column in inspector.get_columns(self._state.name, self._state.schema)
                }
                if missing := {column.name for column in self._state.columns} - columns:
                    raise InvalidPayload(
                        f"state_table {name} lacks the columns {', '.join(sorted(missing))}: another version "
                        "of this provider or another program made it. Give another state_table."
                    )
        self._create()
        self._check_info(name)

    def _create(self) -> None:
        try:
            self._create_all()
        except StateTableUnavailable:
            # Another run has made it at the same time, or the user may not create tables.
            self._create_all()

    def _create_all(self) -> None:
        with self._transaction() as connection:
            self._state.metadata.create_all(connection)

    def _check_info(self, name: str) -> None:
        found = self._read_info()
        if found is None:
            mine = {"workspace": self._workspace, "schema_version": SCHEMA_VERSION}
            with suppress(Conflict), self._transaction() as connection:  # another run may be faster
                connection.execute(self._info.insert(), {"id": 1, "passes": 0, **mine})
            found = self._read_info()
        if found.schema_version != SCHEMA_VERSION:
            raise InvalidPayload(
                f"state_table {name} has the schema version {found.schema_version}, and this provider writes "
                f"{SCHEMA_VERSION}. Give another state_table, or use the provider that wrote it."
            )
        if found.workspace != self._workspace:
            raise InvalidPayload(
                f"state_table {name} belongs to another workspace or app ({found.workspace}); this one is "
                f"{self._workspace}. Use a separate state_table for each workspace."
            )

    def _read_info(self) -> Any:
        with self._transaction() as connection:
            query = sa.select(self._info.c.workspace, self._info.c.schema_version)
            return connection.execute(query).one_or_none()

    def begin_read(self) -> None:
        """Return the number for the beginning of a pass's query."""
        self.read_from = self._next_number()

    def end_read(self) -> None:
        """Return the number for the end of a pass's query."""
        self.read_until = self._next_number()

    def _next_number(self) -> int:
        with self._transaction() as connection:
            connection.execute(self._info.update().values(passes=self._info.c.passes + 1))
            return int(connection.execute(sa.select(self._info.c.passes)).scalar_one())

    # Abandoned claims

    def abandoned(self) -> dict[str, str]:
        """Return the ids of the activities whose start a dead pass has claimed, by key."""
        c = self._state.c
        query = sa.select(c.activity_key, c.activity_id).where(c.status == "starting", self._dead())
        with self._transaction() as connection:
            return {row.activity_key: row.activity_id for row in connection.execute(query)}

    def recover(self) -> int:
        """Release claims of dead passes, and return the number of starts that became unknown."""
        c, dead = self._state.c, self._dead()
        free = {"owner": None, "lease_until": None}
        with self._transaction() as connection:
            starts = connection.execute(
                self._state.update().where(c.status == "starting", dead).values(status="unknown", **free)
            )
            # The state that the phones show is not known: without its hash, the next pass sends it again.
            connection.execute(
                self._state.update().where(c.status.in_(LIVE), dead).values(state_hash=None, **free)
            )
        return int(starts.rowcount)

    def _dead(self) -> Any:
        """Select the claims whose lease is over, or of an earlier attempt of the same task instance."""
        c = self._state.c
        mine = c.owner.like(f"{self.writer.instance}:%")
        return sa.and_(c.owner != self.owner, sa.or_(c.lease_until < self._clock(), mine))

    def renew(self) -> None:
        """Renew the lease of all claims of this pass."""
        c = self._state.c
        with self._transaction() as connection:
            connection.execute(
                self._state.update()
                .where(c.status.in_(("starting", *LIVE)), c.owner == self.owner)
                .values(lease_until=self._lease())
            )

    # Reading

    def read(self, keys: Sequence[str]) -> dict[str, Stored]:
        """
        Return what the table contains about activities, by key.

        :param keys: keys of activities.
        """
        found: dict[str, Stored] = {}
        with self._transaction() as connection:
            for part in _parts(keys):
                query = self._select().where(self._state.c.activity_key.in_(part))
                for record in connection.execute(query):
                    found[record[0]] = Stored(*record)
        return found

    def live_keys(self, now: datetime, *, due: bool) -> Iterator[list[str]]:
        """
        Yield the keys of activities that are on, in sorted lists.

        :param now: the current moment.
        :param due: whether to yield the activities whose due moment has come, or all others.
        """
        c, after = self._state.c, ""
        wanted = c.due <= now if due else sa.or_(c.due.is_(None), c.due > now)
        while True:
            query = sa.select(c.activity_key).where(c.status.in_(LIVE), wanted, c.activity_key > after)
            with self._transaction() as connection:
                keys = list(connection.execute(query.order_by(c.activity_key).limit(_BLOCK)).scalars())
            if not keys:
                return
            after = keys[-1]
            yield keys

    def last_states(self, keys: Sequence[str]) -> dict[str, tuple[str, str]]:
        """
        Return the id and the last content state of activities as JSON text, by key.

        :param keys: keys of activities.
        """
        c = self._state.c
        found: dict[str, tuple[str, str]] = {}
        with self._transaction() as connection:
            for part in _parts(keys):
                query = sa.select(c.activity_key, c.activity_id, c.content_state)
                for key, activity_id, state in connection.execute(query.where(c.activity_key.in_(part))):
                    found[key] = (activity_id, state)
        return found

    def _select(self) -> Any:
        return sa.select(*(self._state.c[name] for name in Stored.__dataclass_fields__))

    def touch(self, rows: Iterable[tuple[str, datetime | None, str]]) -> None:
        """
        Write what changed of activities without a request: the due moment, and what their end needs.

        :param rows: key, due moment and kept fields of each activity.
        """
        c = self._state.c
        records = [{"b_key": key, "b_due": due, "b_kept": kept} for key, due, kept in rows]
        live = sa.or_(*(c.status == status for status in LIVE))  # SQLAlchemy takes no IN with many records
        with self._transaction() as connection:
            connection.execute(
                self._state.update()
                .where(c.activity_key == sa.bindparam("b_key"), live, self._free(), self._older())
                .values(due=sa.bindparam("b_due"), kept=sa.bindparam("b_kept"), sequence=self.read_until),
                records,
            )

    def expire(self, keys: Sequence[str]) -> None:
        """
        Close activities that iOS has ended, without a request.

        :param keys: keys of the activities.
        """
        c, now = self._state.c, self._clock()
        with self._transaction() as connection:
            connection.execute(
                self._state.update()
                .where(c.activity_key.in_(keys), c.status.in_(LIVE), self._free())
                .values(status="ended", ended_at=now)
            )


def _parts(keys: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(keys), _BLOCK):
        yield keys[start : start + _BLOCK]

"""Write what the results of requests mean for the state table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from airflow_provider_liveactivity.sync.actions import Action, Outcome
    from airflow_provider_liveactivity.sync.plan import Step


class Results:
    """
    The results of a block of requests of one pass.

    :param connection: connection in a transaction.
    :param table: the state table.
    :param owner: the pass.
    :param now: the current moment.
    """

    def __init__(self, connection: sa.Connection, table: sa.Table, owner: str, now: datetime) -> None:
        self._connection = connection
        self._table = table
        self._owner = owner
        self._now = now

    def write(self, outcome: Outcome, step: Step, actions: Sequence[Action]) -> None:
        """
        Write the results of requests with the same step and outcome, and release their claims.

        :param outcome: what their results mean.
        :param step: what the requests do.
        :param actions: the requests.
        """
        keys, now = [action.key for action in actions], self._now
        match outcome, step:
            case "accepted", "start" | "restart":
                self._set(keys, status="on", updated_at=now, rejected_hash=None)
            case "accepted", "update":
                self._set_each([a.shown() for a in actions], updated_at=now, rejected_hash=None)
            case "accepted", _:
                self._set(keys, status="ended", updated_at=now, ended_at=now, rejected_hash=None)
            case "unknown", _:
                self._set(keys, status="unknown", updated_at=now)
            case "rejected", "start" | "restart":
                records = [
                    {**a.refused(), "status": "unknown" if a.was_unknown else "failed"} for a in actions
                ]
                self._set_each(records, state_hash=None, updated_at=now)
            case "unsent", "start" | "restart":
                unknown = [a.key for a in actions if a.was_unknown]
                self._set(unknown, status="unknown", state_hash=None)
                self._delete([a.key for a in actions if not a.was_unknown])
            case "rejected", _:
                self._set_each([{**a.before(), **a.refused()} for a in actions], updated_at=now)
            case "unsent" | "too_soon", _:
                self._set_each([a.before() for a in actions])
            case _:  # an update or end that may not have arrived: without a hash, the next pass repeats it
                self._set(keys, updated_at=now)

    def _set(self, keys: Sequence[str], **values: Any) -> None:
        """Write the same values to activities of the pass, and release their claims."""
        if keys:
            self._connection.execute(
                self._table.update()
                .where(self._mine(self._table.c.activity_key.in_(keys)))
                .values(**values, owner=None, lease_until=None)
            )

    def _set_each(self, records: Sequence[dict[str, Any]], **values: Any) -> None:
        """Write values to activities of the pass, and release their claims."""
        if not records:
            return
        names = [name for name in records[0] if name != "key"]
        bound: dict[str, Any] = {name: sa.bindparam(f"b_{name}") for name in names}
        self._connection.execute(
            self._table.update()
            .where(self._mine(self._table.c.activity_key == sa.bindparam("b_key")))
            .values(**bound, **values, owner=None, lease_until=None),
            [{f"b_{name}": value for name, value in record.items()} for record in records],
        )

    def _delete(self, keys: Sequence[str]) -> None:
        """Delete claimed activities whose start has not left."""
        if keys:
            self._connection.execute(
                self._table.delete().where(self._mine(self._table.c.activity_key.in_(keys)))
            )

    def _mine(self, condition: Any) -> Any:
        return sa.and_(condition, self._table.c.owner == self._owner)

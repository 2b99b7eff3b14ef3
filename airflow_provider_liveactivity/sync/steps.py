"""Yield the requests that the activities of a pass need."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from airflow_provider_liveactivity.errors import InvalidPayload
from airflow_provider_liveactivity.sync.actions import Action
from airflow_provider_liveactivity.sync.plan import moves_end

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from airflow_provider_liveactivity.sync.messages import Messages
    from airflow_provider_liveactivity.sync.plan import Planner, Step
    from airflow_provider_liveactivity.sync.records import Stored
    from airflow_provider_liveactivity.sync.report import SyncCounts
    from airflow_provider_liveactivity.sync.rows import Row
    from airflow_provider_liveactivity.sync.snapshot import Snapshot
    from airflow_provider_liveactivity.sync.table import StateTable

#: Method of the messages that builds the request of a step with a row.
_REQUESTS = {"start": "start", "restart": "start", "update": "update", "end": "end"}
#: Steps that show a state, and steps that write what the end needs.
_SHOWS, _KEEPS = {"start", "restart", "update"}, {"touch", "held_back"}
log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Block:
    """What a block of activities needs."""

    actions: list[Action] = field(default_factory=list)
    ends: list[tuple[Step, Stored]] = field(default_factory=list)  # with the last state of the table
    touched: list[tuple[str, datetime | None, str]] = field(default_factory=list)
    expired: list[str] = field(default_factory=list)


class Steps:
    """
    The activities of a pass: first those that end now, then all others; each time first those with a row.

    :param snapshot: the rows.
    :param table: the state table.
    :param messages: the requests of the vendor.
    :param planner: returns what decides, at the current moment.
    :param counts: where activities without a request are counted.
    :param writes: whether changes without a request are written to the table; True by default.
    """

    def __init__(
        self,
        snapshot: Snapshot,
        table: StateTable,
        messages: Messages,
        planner: Callable[[], Planner],
        counts: SyncCounts,
        *,
        writes: bool = True,
    ) -> None:
        self._snapshot = snapshot
        self._table = table
        self._messages = messages
        self._planner = planner
        self._counts = counts
        self._writes = writes

    def blocks(self) -> Iterator[list[Action]]:
        """Yield the requests of each block of activities, often none, and write the changes without one."""
        now = self._planner().now
        for ending in (True, False):
            for rows in self._snapshot.blocks(now, ending=ending):
                yield self._finish(self._with_rows(rows))
            for keys in self._table.live_keys(now, due=ending):
                missing = self._snapshot.missing(keys)
                yield self._finish(self._without_rows(sorted(missing))) if missing else []

    def _with_rows(self, rows: Sequence[Row]) -> _Block:
        block, planner = _Block(), self._planner()
        known = self._table.read([row.key for row in rows])
        for given in rows:
            row, stored = given, known.get(given.key)
            try:
                step = planner.step(row, stored)
                action = self._build(step, row, stored)
            except InvalidPayload as error:
                self._counts.add_problem(row.number, error.message.rstrip("."))
                # Nothing in the row is sent. An end that is due is sent with the last state.
                row = replace(row, fields=None)
                step, action = planner.step(row, stored), None
            if action is not None:
                block.actions.append(action)
            else:
                self._add(block, step, row, stored)
        return block

    def _without_rows(self, keys: Sequence[str]) -> _Block:
        block, planner = _Block(), self._planner()
        for stored in self._table.read(keys).values():
            self._add(block, planner.missing(stored), None, stored)
        return block

    def _build(self, step: Step, row: Row, stored: Stored | None) -> Action | None:
        """Return the request of a row; None if the step needs none, or the row is bad."""
        keeps = step in _KEEPS and stored is not None and row.kept != stored.kept
        if row.fields is None or not (keeps or step in _REQUESTS):
            return None
        fields = json.loads(row.fields)
        if keeps or step in _SHOWS:
            self._messages.check_end(fields)  # what cannot be ended is not shown
        if step not in _REQUESTS:
            return None
        self._messages.check_state(fields)
        build = getattr(self._messages, _REQUESTS[step])
        return Action(step, row.key, build(fields), fields, row, stored)

    def _add(self, block: _Block, step: Step, row: Row | None, stored: Stored | None) -> None:
        counts = self._counts
        match step:
            case "end" | "end_overdue" if stored is not None:
                block.ends.append((step, stored))
            case "touch" if row is not None:
                block.touched.append((row.key, row.due, row.kept))
                counts.unchanged += 1
            case "expire" if stored is not None:
                block.expired.append(stored.activity_key)
                counts.expired += 1
            case "held_back":
                counts.held_back += 1
                if row is not None and row.fields and stored is not None and moves_end(row, stored):
                    block.touched.append((row.key, row.due, row.kept))
            case "left":
                counts.left += 1
            case "missing" if row is None:
                counts.missing += 1
            case _ if row is not None and row.fields is not None:
                counts.unchanged += 1

    def _finish(self, block: _Block) -> list[Action]:
        if self._writes and block.touched:
            self._table.touch(block.touched)
        if self._writes and block.expired:
            self._table.expire(block.expired)
        return [*block.actions, *self._ends(block.ends)]

    def _ends(self, ends: Sequence[tuple[Step, Stored]]) -> Iterator[Action]:
        """Yield the ends of activities that have no usable row, with the last state of the table."""
        states = self._table.last_states([stored.activity_key for _, stored in ends]) if ends else {}
        for step, stored in ends:
            if stored.activity_key not in states:  # deleted by hand
                continue
            activity_id, state = states[stored.activity_key]
            fields: dict[str, Any] = {
                "activity_id": activity_id,
                "content_state": json.loads(state),
                **json.loads(stored.kept),
            }
            try:
                request = self._messages.end(fields)
            except InvalidPayload as error:
                self._counts.failed += 1
                log.warning("The end of an activity cannot be built from the state table: %s", error)
                continue
            yield Action(step, stored.activity_key, request, stored=stored)

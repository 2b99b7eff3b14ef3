"""Run a sync through a hook: the rows, the state table and the task that writes to it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, fields, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from airflow_provider_liveactivity._airflow_internals import coordinates
from airflow_provider_liveactivity._blank import blank_to_none
from airflow_provider_liveactivity.errors import InvalidConnection, InvalidPayload
from airflow_provider_liveactivity.hooks._arguments import pick
from airflow_provider_liveactivity.hooks._audience_arguments import parse_parameters, sql_hook
from airflow_provider_liveactivity.hooks._base import LiveActivityHook
from airflow_provider_liveactivity.hooks._metrics import observed
from airflow_provider_liveactivity.hooks._plan import Delivery
from airflow_provider_liveactivity.http.client import Client
from airflow_provider_liveactivity.models.arguments import parse_duration, parse_moment
from airflow_provider_liveactivity.sync.plan import SyncOptions
from airflow_provider_liveactivity.sync.records import Writer
from airflow_provider_liveactivity.sync.row_vendor import RowVendor
from airflow_provider_liveactivity.sync.runner import LiveMode, Sync
from airflow_provider_liveactivity.sync.source import Source, read_query, read_rows
from airflow_provider_liveactivity.sync.table import StateTable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import sqlalchemy as sa

    from airflow_provider_liveactivity.hooks._shared_arguments import SyncArguments
    from airflow_provider_liveactivity.http.connection import WorkspaceConfig
    from airflow_provider_liveactivity.sync.messages import Messages
    from airflow_provider_liveactivity.sync.report import SyncReport

#: Seconds that a transaction waits for another one to release SQLite's lock.
_SQLITE_BUSY_SECONDS = 60


@dataclass(frozen=True, slots=True)
class SyncSettings:
    """What the engine needs of ``SyncArguments``, which describes each of them."""

    sql: str | None = None
    sql_conn_id: str | None = None
    parameters: Any = None
    rows: Any = None
    transform: Callable[[Any], Any] | None = None
    state_table: str = "live_activity_state"
    state_conn_id: str | None = None
    on_missing: Any = "keep"
    allow_end_all: bool = False
    on_bad_row: Any = "skip"
    on_empty: Any = "skip"
    on_unknown: Any = "skip"
    min_update_interval: Any = None
    poll_interval: Any = None
    until: Any = None
    wake: Callable[[float], Any] | None = None

    def options(self) -> SyncOptions:
        """Return how the sync handles missing rows, bad rows and unknown outcomes."""
        interval = blank_to_none(self.min_update_interval)
        return SyncOptions(
            on_missing=self.on_missing,
            allow_end_all=self.allow_end_all,
            on_bad_row=self.on_bad_row,
            on_empty=self.on_empty,
            on_unknown=self.on_unknown,
            min_update_interval=parse_duration(interval or 0, "min_update_interval"),
        )

    def live(self) -> LiveMode | None:
        """Return how the sync continues after its first pass; None if it stops then."""
        interval, until = blank_to_none(self.poll_interval), blank_to_none(self.until)
        if interval is None and until is None:
            if self.wake is not None:
                raise InvalidPayload("wake needs poll_interval and until.")
            return None
        if interval is None or until is None:
            raise InvalidPayload("live mode needs both poll_interval and until.")
        return LiveMode(
            parse_duration(interval, "poll_interval"),
            parse_moment(until, "until", relative=False),
            self.wake,
        )

    def reader(self) -> Callable[[], Iterator[Any]]:
        """Return what reads the rows again for each pass."""
        if (self.sql is None) == (self.rows is None):
            raise InvalidPayload("exactly one of sql and rows is needed.")
        sql = self.sql
        if sql is None:
            return read_rows(self.rows)
        if not self.sql_conn_id:
            raise InvalidPayload("sql needs sql_conn_id, the connection to the database that it is for.")
        hook = sql_hook(self.sql_conn_id)
        read = read_query(hook, sql, parse_parameters(self.parameters))

        def traced() -> Iterator[Any]:
            from airflow.providers.common.sql.hooks.lineage import send_sql_hook_lineage

            yield from read()
            # Without the parameters, which may name recipients.
            send_sql_hook_lineage(context=hook, sql=sql)

        return traced

    def engine(self) -> sa.Engine:
        """Return the SQLAlchemy engine of the database with the state table."""
        conn_id = self.state_conn_id or self.sql_conn_id
        if not conn_id:
            raise InvalidPayload("rows need state_conn_id, the connection to the state table's database.")
        hook = sql_hook(conn_id, "state_conn_id")
        busy = {"timeout": _SQLITE_BUSY_SECONDS}
        try:
            engine: sa.Engine = hook.get_sqlalchemy_engine(
                {"connect_args": busy} if hook.conn_type == "sqlite" else None
            )
        except Exception as error:  # noqa: BLE001  # each hook raises its own, and the message may contain the password
            raise InvalidConnection(
                f"state_conn_id {conn_id!r}: SQLAlchemy has no driver for this database "
                f"({type(error).__name__}). Give the connection of another database as state_conn_id."
            ) from None
        return engine


class SyncCalls(LiveActivityHook):
    """Sync activities with the rows of a query."""

    _sync: Sync | None = None

    def stop(self) -> None:
        """Send no further requests, in this call and later ones; safe to call from a signal handler."""
        super().stop()
        if self._sync is not None:
            self._sync.stop()

    def _run_sync(
        self,
        arguments: SyncArguments,
        messages: Messages,
        workspace: WorkspaceConfig,
        identity: str,
        **defaults: Any,
    ) -> SyncReport:
        """
        Run a sync and return its report.

        :param arguments: arguments of the call.
        :param messages: the requests of the vendor.
        :param workspace: where to send.
        :param identity: text that identifies workspace and app in the state table.
        :param defaults: defaults of the call that differ from those of ``DeliveryOptions``.
        """
        settings = SyncSettings(**pick(arguments, *(option.name for option in fields(SyncSettings))))
        delivery = Delivery.of(arguments, **defaults)
        options, live, read = settings.options(), settings.live(), settings.reader()
        engine = settings.engine()
        try:
            table = StateTable(engine, settings.state_table, identity, _writer(), clock=self._clock)
            source = Source(messages.columns, read, settings.transform)
            with observed(workspace.vendor.name, "sync") as metrics:
                sync = self._sync = Sync(
                    table,
                    source,
                    messages,
                    replace(workspace, vendor=RowVendor(workspace.vendor)),
                    options=options,
                    delivery=delivery.options,
                    outcomes=delivery.outcomes,
                    clock=self._clock,
                    client=partial(Client, retry=self._retry, clock=self._clock, observe=metrics.observe),
                )
                if self._stopped:
                    sync.stop()
                if arguments.get("validate_only"):
                    return sync.validate()
                try:
                    return sync.run(live)
                finally:
                    metrics.recipients("sync", sync.counts.outcomes)
        finally:
            engine.dispose()


def defaults_of(arguments: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """
    Return the fields that apply to all rows without their own.

    :param arguments: arguments of the call.
    :param names: names of the fields; one that is missing or blank is left out.
    """
    given = {name: blank_to_none(value) for name, value in pick(arguments, *names).items()}
    return {name: value for name, value in given.items() if value is not None}


def _writer() -> Writer:
    """Return the running task instance as the writer of the state table."""
    from airflow.sdk import get_current_context

    try:
        ti = get_current_context()["ti"]
    except RuntimeError:  # not in a task
        return Writer()
    instance = hashlib.sha256(json.dumps(coordinates(ti)).encode()).hexdigest()[:16]
    return Writer(ti.dag_id, ti.run_id, ti.task_id, instance)

"""Define the state table for every database that SQLAlchemy has a dialect for."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

#: Grows when the meaning of a column changes.
SCHEMA_VERSION = 1
#: Statuses in which updates and the end are sent.
LIVE = ("on", "unknown")


class UtcDateTime(sa.types.TypeDecorator[datetime]):
    """An aware datetime; databases without time zones store it in UTC."""

    impl = sa.DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        """Return the type of the database: with microseconds, where that is an option."""
        if dialect.name in {"mysql", "mariadb"}:
            from sqlalchemy.dialects.mysql import DATETIME

            return dialect.type_descriptor(DATETIME(fsp=6))
        return dialect.type_descriptor(sa.DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        """Return the value as the database takes it."""
        if value is None:
            return None
        in_utc = value.astimezone(UTC)
        return in_utc.replace(tzinfo=None) if dialect.name in {"sqlite", "mysql", "mariadb"} else in_utc

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        """Return the value of the database as an aware datetime in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def state_table(metadata: sa.MetaData, name: str) -> sa.Table:
    """
    Return the state table.

    :param metadata: where the table is registered.
    :param name: name of the table, with or without a schema.
    """
    schema, _, table = name.rpartition(".")
    return sa.Table(
        table,
        metadata,
        sa.Column("activity_key", sa.String(32), primary_key=True),
        sa.Column("activity_id", sa.Unicode(256), nullable=False),
        sa.Column("status", sa.String(10), nullable=False),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        sa.Column("state_hash", sa.String(32)),
        sa.Column("content_state", sa.UnicodeText, nullable=False),
        sa.Column("kept", sa.UnicodeText, nullable=False),
        sa.Column("rejected_hash", sa.String(32)),
        sa.Column("started_at", UtcDateTime, nullable=False),
        sa.Column("updated_at", UtcDateTime, nullable=False),
        sa.Column("due", UtcDateTime),
        sa.Column("ended_at", UtcDateTime),
        sa.Column("owner", sa.String(40)),
        sa.Column("lease_until", UtcDateTime),
        sa.Column("dag_id", sa.Unicode(250)),
        sa.Column("run_id", sa.Unicode(250)),
        sa.Column("task_id", sa.Unicode(250)),
        sa.Index(f"ix_{table}_status", "status", "activity_key"),
        schema=schema or None,
    )


def info_table(metadata: sa.MetaData, name: str) -> sa.Table:
    """
    Return the table with one row that says whose state table it is, and counts its passes.

    :param metadata: where the table is registered.
    :param name: name of the state table, with or without a schema.
    """
    schema, _, table = name.rpartition(".")
    return sa.Table(
        f"{table}_info",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("workspace", sa.Unicode(500), nullable=False),
        sa.Column("schema_version", sa.Integer, nullable=False),
        sa.Column("passes", sa.BigInteger, nullable=False),
        schema=schema or None,
    )


def ddl(engine: sa.Engine, name: str = "live_activity_state") -> str:
    """
    Return the statements that create the tables in the database of an engine.

    :param engine: the engine; its database is not used.
    :param name: name of the state table.
    """
    metadata = sa.MetaData()
    tables = [state_table(metadata, name), info_table(metadata, name)]
    statements: list[Any] = []
    for table in tables:
        statements += [sa.schema.CreateTable(table), *map(sa.schema.CreateIndex, table.indexes)]
    return "\n".join(f"{str(one.compile(engine)).strip()};" for one in statements)

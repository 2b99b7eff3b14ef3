"""Use the database of the state table, and keep its values out of errors."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import sqlalchemy as sa

from airflow_provider_liveactivity.audience.reader import error_kind
from airflow_provider_liveactivity.errors import LiveActivityError

if TYPE_CHECKING:
    from collections.abc import Iterator


class StateTableUnavailable(LiveActivityError):
    """The database with the state table fails; a retry may succeed."""

    retryable = True


class Conflict(StateTableUnavailable):
    """A row exists already, or breaks another constraint of its table."""


@contextmanager
def transaction(engine: sa.Engine) -> Iterator[sa.Connection]:
    """
    Open a transaction, and commit it unless an error is raised.

    SQLAlchemy's errors quote all values of a statement, and PostgreSQL's the failing row. The errors raised
    here name only what kind of error it was.

    :param engine: engine of the database.
    :raises Conflict: if a row breaks a constraint.
    :raises StateTableUnavailable: if the database fails otherwise.
    """
    failure: StateTableUnavailable | None = None
    try:
        with engine.begin() as connection:
            yield connection
    except sa.exc.IntegrityError as error:
        failure = Conflict(_message(error))
    except sa.exc.SQLAlchemyError as error:
        failure = StateTableUnavailable(_message(error))
    if failure is not None:
        raise failure from None


def _message(error: sa.exc.SQLAlchemyError) -> str:
    original = getattr(error, "orig", None) or error
    return f"the database with the state table failed ({error_kind(original)})."

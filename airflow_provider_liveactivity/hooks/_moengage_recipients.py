"""Read the users of an Inform send, from a list, or a query with push tokens and transaction ids."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from airflow_provider_liveactivity.audience import SqlAudience
from airflow_provider_liveactivity.audience.base import check_audience
from airflow_provider_liveactivity.errors import InvalidPayload
from airflow_provider_liveactivity.hooks._audience_arguments import build_audience
from airflow_provider_liveactivity.models.arguments import parse_object
from airflow_provider_liveactivity.models.moengage_inform import MAX_TRANSACTION_ID_CHARACTERS

if TYPE_CHECKING:
    from airflow_provider_liveactivity.audience import Audience
    from airflow_provider_liveactivity.audience.base import Batch

TRANSACTION_ID = "transaction_id"


class Recipient(NamedTuple):
    """
    One user.

    :param user_id: your id of the user.
    :param push_token: the user's push token, if the workspace requires one; None by default.
    :param transaction_id: id of the user's activity; None, the default, for the derived one.
    """

    user_id: str
    push_token: str | None = None
    transaction_id: str | None = None

    def __repr__(self) -> str:
        """Return no values: a traceback with values must not show who the user is."""
        return "<Recipient>"


class Recipients:
    """
    The users of one send. A query runs at the first ``check``.

    :param arguments: arguments of the call, with ``max_audience`` and those of ``build_audience`` among them;
        ``external_user_ids`` may also be an object of user id → push token, or its JSON text.
    :raises InvalidPayload: if there is not exactly one audience, or an id cannot be sent.
    :raises InvalidConnection: if the connection is not to a SQL database.
    """

    def __init__(self, arguments: Mapping[str, Any]) -> None:
        listed = _listed(arguments.get("external_user_ids"))
        audience = build_audience({**arguments, **listed}, max_columns=len(Recipient._fields))
        if audience is None:
            raise InvalidPayload("an audience is needed: external_user_ids or sql.")
        self.audience: Audience = audience
        self._max_audience = arguments.get("max_audience")
        self._order: list[str] = []

    def check(self, transaction_id: str | None) -> int | None:
        """
        Check the users before the send, and return their number; None if it is not known.

        :param transaction_id: id of the only user's activity; None for derived ids or a column of the query.
        :raises EmptyAudience: if there are no users.
        :raises InvalidPayload: if there are too many users, or ``transaction_id`` does not fit them.
        """
        total = check_audience(self.audience, max_audience=self._max_audience)
        columns = self.audience.columns if isinstance(self.audience, SqlAudience) else {}
        self._order = _fields_of(list(columns))
        selected = TRANSACTION_ID in self._order
        if selected:
            _check_length(list(columns.values())[self._order.index(TRANSACTION_ID)])
        if transaction_id is not None and selected:
            raise InvalidPayload(
                "transaction_id is given twice: as an argument and as a column of the query."
            )
        if transaction_id is not None and total != 1:
            raise InvalidPayload(
                "transaction_id names the activity of one user, and the audience has "
                f"{total:,}; for many users select it as a column of sql, or leave it out."
            )
        return total

    def of(self, batch: Batch) -> Recipient:
        """
        Return the user of a batch of one.

        :param batch: the batch.
        """
        if batch.external_user_ids:
            return Recipient(batch.external_user_ids[0])
        return Recipient(**dict(zip(self._order, batch.user_aliases[0], strict=True)))


def _check_length(longest: int) -> None:
    if longest > MAX_TRANSACTION_ID_CHARACTERS:
        raise InvalidPayload(
            f"the query has a transaction_id of more than {MAX_TRANSACTION_ID_CHARACTERS} characters, which "
            "MoEngage does not accept."
        )


def _fields_of(columns: list[str]) -> list[str]:
    """Return the field that each column of a query, or each part of a list's pairs, holds."""
    names = [column.lower() for column in columns]
    if TRANSACTION_ID in names[1:2]:
        return ["user_id", TRANSACTION_ID, "push_token"][: len(names)]
    return list(Recipient._fields[: len(names) or 2])


def _listed(given: Any) -> dict[str, Any]:
    """Return the audience's argument for a list of users, or for users with push tokens."""
    if isinstance(given, str) and given.lstrip().startswith("{"):
        given = parse_object(given, "external_user_ids")
    if not isinstance(given, Mapping):
        return {"external_user_ids": given}
    if not all(isinstance(text, str) for pair in given.items() for text in pair):
        raise InvalidPayload("external_user_ids, as an object, must hold user ids and push tokens as text.")
    return {"external_user_ids": None, "user_aliases": list(given.items())}

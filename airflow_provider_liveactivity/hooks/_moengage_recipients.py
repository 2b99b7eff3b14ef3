"""The users of an Inform send: a list, or a query with push tokens and transaction ids beside them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from airflow_provider_liveactivity.audience import SqlAudience
from airflow_provider_liveactivity.audience.base import check_audience
from airflow_provider_liveactivity.errors import InvalidPayload
from airflow_provider_liveactivity.hooks._audience_arguments import build_audience
from airflow_provider_liveactivity.models.common import parse_object
from airflow_provider_liveactivity.models.moengage_inform import MAX_TRANSACTION_ID_CHARACTERS

if TYPE_CHECKING:
    from airflow_provider_liveactivity.audience import Audience
    from airflow_provider_liveactivity.audience.base import Batch

TRANSACTION_ID = "transaction_id"


class Recipient(NamedTuple):
    """
    One user.

    :param user_id: your id of the user.
    :param push_token: where the workspace wants one.
    :param transaction_id: of the user's own activity; None for the derived one.
    """

    user_id: str
    push_token: str | None = None
    transaction_id: str | None = None

    def __repr__(self) -> str:
        """Return no values: a traceback with values must not show who the user is."""
        return "<Recipient>"


class Recipients:
    """
    The users of one send; a query is not read before ``check``.

    :param external_user_ids: list of user ids, or object of user id → push token, or the JSON text of either.
    :param max_audience: the most users that may be sent to.
    :param query: ``sql``, ``sql_conn_id`` and ``parameters`` of the query.
    :raises InvalidPayload: for no audience or two, and for ids that cannot be sent.
    """

    def __init__(self, external_user_ids: Any, *, max_audience: int | str | None, **query: Any) -> None:
        audience = build_audience(**_listed(external_user_ids), **query, max_columns=len(Recipient._fields))
        if audience is None:
            raise InvalidPayload("an audience is needed: external_user_ids or sql.")
        self.audience: Audience = audience
        self._max_audience = max_audience
        self._order: list[str] = []

    def check(self, transaction_id: str | None) -> int | None:
        """
        Return how many users there are, after refusing what must not be sent to.

        :param transaction_id: of the one user's activity, where there is one user.
        :raises EmptyAudience: where there is nobody.
        :raises InvalidPayload: for too many users, and for a transaction_id that does not fit them.
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
        """Return the one user of a batch of one."""
        if batch.external_user_ids:
            return Recipient(batch.external_user_ids[0])
        return Recipient(**dict(zip(self._order, batch.user_aliases[0], strict=True)))


def _check_length(longest: int) -> None:
    if longest > MAX_TRANSACTION_ID_CHARACTERS:
        raise InvalidPayload(
            f"the query has a transaction_id of more than {MAX_TRANSACTION_ID_CHARACTERS} characters; "
            "MoEngage takes no longer one."
        )


def _fields_of(columns: list[str]) -> list[str]:
    """Return what the columns of a query, or the parts of a list's pairs, mean."""
    names = [column.lower() for column in columns]
    if TRANSACTION_ID in names[1:2]:
        return ["user_id", TRANSACTION_ID, "push_token"][: len(names)]
    return list(Recipient._fields[: len(names) or 2])


def _listed(given: Any) -> dict[str, Any]:
    """Return the audience's argument for a list of users, or for users with their push tokens."""
    if isinstance(given, str) and given.lstrip().startswith("{"):
        try:
            given = parse_object(given)
        except ValueError:
            raise InvalidPayload("external_user_ids is text, but not JSON.") from None
    if not isinstance(given, Mapping):
        return {"external_user_ids": given}
    if not all(isinstance(text, str) for pair in given.items() for text in pair):
        raise InvalidPayload("external_user_ids, as an object, must hold user ids and push tokens as text.")
    return {"user_aliases": list(given.items())}

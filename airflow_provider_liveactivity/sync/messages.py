"""Define the interface to the requests of a vendor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from datetime import timedelta

    from airflow_provider_liveactivity.sync.rows import Columns
    from airflow_provider_liveactivity.vendors.base import Request

Fields = dict[str, Any]


class Messages(Protocol):
    """The requests of a vendor for the fields of a row."""

    @property
    def columns(self) -> Columns:
        """The columns of the rows."""

    @property
    def spacing(self) -> timedelta:
        """Minimum time between two requests for one activity."""

    def check_state(self, fields: Fields) -> None:
        """
        Check the state that a row shows.

        :param fields: fields of the row.
        :raises InvalidPayload: if the state breaks the schema.
        """

    def start(self, fields: Fields) -> Request:
        """
        Return the request that starts the activity.

        :param fields: fields of the row.
        :raises InvalidPayload: if a field is wrong.
        """

    def update(self, fields: Fields) -> Request:
        """
        Return the request that shows a new state.

        :param fields: fields of the row.
        :raises InvalidPayload: if a field is wrong.
        """

    def end(self, fields: Fields) -> Request:
        """
        Return the request that ends the activity.

        :param fields: fields of the row, or what the state table kept of them.
        :raises InvalidPayload: if a field is wrong.
        """

    def check_end(self, fields: Fields) -> None:
        """
        Check that an activity with this state can be ended.

        :param fields: fields of the row.
        :raises InvalidPayload: if a field that only the end uses is wrong.
        """

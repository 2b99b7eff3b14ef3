"""Define the requests of a pass, and what their results mean for the state table."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from airflow_provider_liveactivity.sync.records import New
from airflow_provider_liveactivity.sync.row_vendor import RowRejected, TooSoon
from airflow_provider_liveactivity.sync.rows import canonical

if TYPE_CHECKING:
    from airflow_provider_liveactivity.http.client import SendResult
    from airflow_provider_liveactivity.sync.plan import Step
    from airflow_provider_liveactivity.sync.records import Stored
    from airflow_provider_liveactivity.sync.rows import Row
    from airflow_provider_liveactivity.vendors.base import Request

#: ``unsent``: the request has not left; ``unclear``: an update or end that may not have arrived.
Outcome = Literal["accepted", "rejected", "unknown", "unsent", "unclear", "too_soon"]
STARTS, ENDS = ("start", "restart"), ("end", "end_overdue")


@dataclass(frozen=True, slots=True)
class Action:
    """
    A request that an activity needs.

    :param step: what it does.
    :param key: key of the activity.
    :param request: the request.
    :param fields: fields of the row; empty for an end that the table alone asks for.
    :param row: the row; None for an end that the table alone asks for.
    :param stored: what the table contained before; None for a new activity.
    """

    step: Step
    key: str
    request: Request = field(repr=False)
    fields: dict[str, Any] = field(default_factory=dict, repr=False)
    row: Row | None = None
    stored: Stored | None = None

    @property
    def is_start(self) -> bool:
        """Whether the request may not be sent twice."""
        return self.step in STARTS

    def new(self) -> New:
        """Return what a start stores about its activity."""
        assert self.row is not None  # for the type checker: a start has a row  # noqa: S101
        row = self.row
        return New(
            self.key, self.fields["activity_id"], row.state_hash, self._content_state, row.kept, row.due
        )

    def outcome(self, result: SendResult) -> Outcome:
        """
        Return what a result means.

        :param result: the result of the request.
        """
        if result.error is None:
            return "accepted"
        too_soon = isinstance(result.error, TooSoon)
        if too_soon and self.is_start:  # the vendor has accepted it before
            return "accepted"
        if result.outcome_unknown:  # then too soon may mean: after an earlier attempt of this request
            return "unknown" if self.is_start else "unclear"
        if too_soon:
            return "too_soon"
        return "rejected" if isinstance(result.error, RowRejected) else "unsent"

    def shown(self) -> dict[str, Any]:
        """Return what the table says of an activity that shows the state of the row."""
        assert self.row is not None  # for the type checker: an update has a row  # noqa: S101
        return {
            "key": self.key,
            "state_hash": self.row.state_hash,
            "content_state": self._content_state,
            "kept": self.row.kept,
            "due": self.row.due,
        }

    @property
    def was_unknown(self) -> bool:
        """Whether an earlier start of the activity may have been carried out."""
        return self.stored is not None and self.stored.status == "unknown"

    def before(self) -> dict[str, Any]:
        """Return what the table said of the state that the activity shows."""
        return {"key": self.key, "state_hash": self.stored.state_hash if self.stored else None}

    def refused(self) -> dict[str, Any]:
        """Return what the table says of a request that the vendor refused."""
        refused = "end" if self.row is None or self.step in ENDS else self.row.row_hash
        return {"key": self.key, "rejected_hash": refused}

    @property
    def _content_state(self) -> str:
        return canonical(self.fields.get("content_state") or {})

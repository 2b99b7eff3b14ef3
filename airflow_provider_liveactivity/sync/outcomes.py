"""Keep the outcome of every start of a sync, with the recipients of the start."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_provider_liveactivity.delivery.outcomes import BatchOutcome, new_send_id, request_id_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from airflow_provider_liveactivity.delivery.outcomes import OutcomeWriter, RecipientOutcome
    from airflow_provider_liveactivity.http.client import SendResult
    from airflow_provider_liveactivity.sync.actions import Action, Outcome
    from airflow_provider_liveactivity.sync.messages import Fields
#: A start with another outcome has not left.
_KEPT: dict[Outcome, RecipientOutcome] = {
    "accepted": "accepted",
    "rejected": "rejected",
    "unknown": "unknown",
}


class StartOutcomes:
    """
    The outcomes of the starts of one sync.

    Call ``flush`` before the state table says that a start is over: a start that the table calls ``starting``
    becomes unknown in a later pass, which writes this outcome.

    :param writer: stores the outcomes; None keeps nothing.
    :param clock: returns the wall-clock time in UTC.
    """

    def __init__(self, writer: OutcomeWriter | None, clock: Callable[[], datetime]) -> None:
        self._writer = writer
        self._clock = clock
        self._known: list[BatchOutcome] = []
        #: Random id of the sync; empty if nothing is kept.
        self.send_id = ""

    @property
    def kept(self) -> bool:
        """Whether outcomes are kept."""
        return self._writer is not None

    def begin(self) -> None:
        """Begin a sync; raise an error if outcomes cannot be stored, before anything is sent."""
        if self._writer is not None:
            self.send_id = new_send_id()
            self._writer.begin(self.send_id, 1)

    def add(self, action: Action, outcome: Outcome, result: SendResult | None = None) -> None:
        """
        Add the outcome of a request; only that of a start which may have left counts.

        :param action: the request.
        :param outcome: its outcome.
        :param result: its result; None, the default, if none came.
        """
        kept = _KEPT.get(outcome)
        if not self.kept or not action.is_start or kept is None:
            return
        request_id = None if result is None else request_id_of(result)
        moment = (result and result.sent_at) or self._clock()
        activity_id, people = action.fields["activity_id"], _people(action.fields)
        self._known.append(BatchOutcome(activity_id, people, kept, request_id, moment))

    def write_abandoned(self, activities: Mapping[str, str], rows: Mapping[str, Fields]) -> None:
        """
        Write that the starts of dead passes are unknown.

        :param activities: id of each activity, by key.
        :param rows: fields of the rows that the activities have in this pass, by key.
        """
        for key, activity_id in activities.items():
            people = _people(rows.get(key, {}))
            self._known.append(BatchOutcome(activity_id, people, "unknown", None, self._clock()))
        self.flush()

    def flush(self) -> None:
        """Store the outcomes that are known and not stored yet."""
        if self._writer is not None and self._known:
            self._writer.write(self._known)
            self._known = []


def _people(fields: Mapping[str, Any]) -> Sequence[str]:
    one = fields.get("external_user_id")
    return fields.get("external_user_ids") or () if one is None else (one,)

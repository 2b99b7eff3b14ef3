"""What a send has done so far, and the report of it that goes to XCom."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, NotRequired, TypedDict, cast

if TYPE_CHECKING:
    from datetime import datetime


class SendReport(TypedDict):
    """
    What every sending call returns: small, plain, without ids of people.

    ``requests`` and ``retries`` count HTTP requests. ``recipients``, ``accepted``, ``rejected`` and
    ``unknown`` count people where people are addressed, else requests. Accepted means taken by the vendor,
    not shown. ``waited_seconds`` is the time in which requests were held back, for the vendor's window or
    the wanted speed. An update that came too late to be sent, after the end of its activity or after a newer
    update, has the count ``dropped`` besides. Where the activity is due to end, ``start_id`` names the start
    that a report belongs to: the same over retries, another one after a person has cleared the start.
    """

    vendor: str
    verb: str
    activity_id: str
    requests: int
    recipients: int
    accepted: int
    rejected: int
    unknown: int
    duplicates: int
    nulls: int
    retries: int
    waited_seconds: float
    first_sent_at: str | None
    last_sent_at: str | None
    content_state: dict[str, Any]
    validate_only: bool
    dropped: NotRequired[int]
    start_id: NotRequired[str]


@dataclass(slots=True)
class Tally:
    """Counts of a send, over all attempts of its task."""

    requests: int = 0
    accepted: int = 0
    rejected: int = 0
    unknown: int = 0
    duplicates: int = 0
    nulls: int = 0
    retries: int = 0
    waited_seconds: float = 0.0
    first_sent_at: str | None = None
    last_sent_at: str | None = None

    @property
    def recipients(self) -> int:
        """Everybody whose fate is settled or in doubt."""
        return self.accepted + self.rejected + self.unknown

    def sent(self, tries: int, at: datetime | None) -> None:
        """Count the tries of one request."""
        self.requests += tries
        self.retries += max(tries - 1, 0)
        if at is not None:
            moment = at.isoformat()
            self.first_sent_at = min(self.first_sent_at or moment, moment)
            self.last_sent_at = max(self.last_sent_at or moment, moment)

    def to_json(self) -> dict[str, Any]:
        """Return the counts as plain JSON."""
        return asdict(self)

    def report(
        self,
        *,
        vendor: str,
        verb: str,
        activity_id: str,
        content_state: dict[str, Any],
        validate_only: bool = False,
        recipients: int | None = None,
    ) -> SendReport:
        """Return the report of the send that these are the counts of."""
        report = self.to_json() | {
            "vendor": vendor,
            "verb": verb,
            "activity_id": activity_id,
            "recipients": self.recipients if recipients is None else recipients,
            "waited_seconds": round(self.waited_seconds, 3),
            "content_state": content_state,
            "validate_only": validate_only,
        }
        names = (name for name in SendReport.__annotations__ if name in report)
        return cast("SendReport", {name: report[name] for name in names})

"""Define the counts of a send, and its report, which becomes the XCom of the task."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, NotRequired, TypedDict, cast

if TYPE_CHECKING:
    from datetime import datetime


class SendReport(TypedDict):
    """
    The report of a send, which every sending call returns: plain JSON without external ids.

    ``requests`` and ``retries`` count HTTP requests. ``recipients``, ``accepted``, ``rejected`` and
    ``unknown`` count recipients if the requests name them, otherwise requests. Accepted means that the vendor
    accepted the request, not that a phone shows the activity. ``expected_seconds`` and
    ``expected_last_sent_at`` are the estimate before the first request; only a send to a list or a query has
    them. ``send_id`` identifies the
    send in the files of ``outcomes_path``. ``waited_seconds`` is the time in which requests were held
    back by the vendor's quota or the rate limit. ``dropped`` is 1 for an update that was not sent because the
    activity had ended or a newer update had been sent. ``start_id`` identifies the start of the activity, if
    the activity has an end time: it stays the same over retries and changes when a person clears the start.
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
    expected_seconds: NotRequired[float]
    expected_last_sent_at: NotRequired[str]
    send_id: NotRequired[str]
    dropped: NotRequired[int]
    start_id: NotRequired[str]


def summarize(report: SendReport) -> str:
    """
    Return a report as one line for the log, with the long id last.

    :param report: the report.
    """
    requests = _count(report["requests"], "request")
    if report.get("dropped"):
        outcome = "dropped, nothing was sent"
    elif report["validate_only"]:
        recipients = _count(report["recipients"], "recipient")
        outcome = f"valid, nothing was sent (validate_only): {recipients} in {requests}"
    else:
        outcome = f"{report['accepted']:,} of {report['recipients']:,} accepted in {requests}"
        if report["rejected"]:
            outcome += f", {report['rejected']:,} rejected"
        if report["unknown"]:
            outcome += f", {report['unknown']:,} unknown (the vendor may have carried them out)"
    return f"{report['vendor']} {report['verb']}: {outcome}. Activity: {report['activity_id']}"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


@dataclass(slots=True)
class SendCounts:
    """The counts of a send over all attempts of its task."""

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
        """Recipients whose outcome is final or unknown."""
        return self.accepted + self.rejected + self.unknown

    def add_attempts(self, attempts: int, at: datetime | None) -> None:
        """Count the attempts of one request."""
        self.requests += attempts
        self.retries += max(attempts - 1, 0)
        if at is not None:
            moment = at.isoformat()
            self.first_sent_at = min(self.first_sent_at or moment, moment)
            self.last_sent_at = max(self.last_sent_at or moment, moment)

    def report(
        self,
        *,
        vendor: str,
        verb: str,
        activity_id: str,
        content_state: dict[str, Any],
        validate_only: bool = False,
        recipients: int | None = None,
        **more: Any,
    ) -> SendReport:
        """Return the report of the send."""
        report = asdict(self) | {
            "vendor": vendor,
            "verb": verb,
            "activity_id": activity_id,
            "recipients": self.recipients if recipients is None else recipients,
            "waited_seconds": round(self.waited_seconds, 3),
            "content_state": content_state,
            "validate_only": validate_only,
            **more,
        }
        names = (name for name in SendReport.__annotations__ if name in report)
        return cast("SendReport", {name: report[name] for name in names})

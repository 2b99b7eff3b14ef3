"""Emit metrics and a span of a call through Airflow's interface, which exists from Airflow 3.3 on."""

from __future__ import annotations

import random
import time
from collections import Counter, defaultdict
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from airflow_provider_liveactivity._airflow_internals import AIRFLOW_V_3_3_PLUS
from airflow_provider_liveactivity.errors import RecipientRejected

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime

    from airflow_provider_liveactivity.http.client import SendResult
    from airflow_provider_liveactivity.vendors.base import Quota, Request

REQUESTS = "liveactivity.requests"
REQUEST_TIME = "liveactivity.request_time"
RECIPIENTS = "liveactivity.recipients"
QUOTA_LEFT = "liveactivity.quota_left"
END_LATENESS = "liveactivity.end_lateness"

_EMIT_SECONDS = 5.0
#: Maximum number of response times that are emitted per verb in five seconds: a packet for each request would
#: cost more than the rest of its bookkeeping.
_MAX_TIMES = 50


class Metrics:
    """
    The metrics of one call: counted for each request, emitted every few seconds. No tag contains an id.

    :param vendor: name of the vendor.
    :param due: moment at which an end is due; None, the default, if the call sends no scheduled end.
    :param monotonic: returns seconds that only increase.
    """

    def __init__(
        self, vendor: str, due: datetime | None = None, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._vendor = vendor
        self._due = due
        self._monotonic = monotonic
        self._emitted_at = monotonic()
        #: The span of the call; None without one.
        self.span: Any = None
        self._reset()

    def _reset(self) -> None:
        self._requests: Counter[tuple[str, str]] = Counter()
        self._seconds: dict[str, list[float]] = defaultdict(list)
        self._quota_left: int | None = None
        self._late: float | None = None

    def observe(self, request: Request, result: SendResult, quota: Quota) -> None:
        """
        Count a request.

        :param request: the request.
        :param result: its outcome.
        :param quota: quota from its last response.
        """
        if not result.attempts:  # stopped before it left
            return
        verb = request.verb
        self._requests[verb, _outcome(result)] += 1
        if result.attempts > 1:
            self._requests[verb, "retried"] += result.attempts - 1
        if result.seconds is not None:
            self._seconds[verb].append(result.seconds)
        if quota.remaining is not None:
            self._quota_left = quota.remaining
        if self._due is not None and result.sent_at is not None:
            self._late = (result.sent_at - self._due).total_seconds()
        if self._monotonic() >= self._emitted_at + _EMIT_SECONDS:
            self.emit()

    def emit(self) -> None:
        """Emit what was counted since the last time."""
        requests, seconds, quota_left, late = self._requests, self._seconds, self._quota_left, self._late
        self._reset()
        self._emitted_at = self._monotonic()
        if not AIRFLOW_V_3_3_PLUS or not requests:
            return
        from airflow.sdk.observability import stats

        vendor = {"vendor": self._vendor}
        for (verb, outcome), number in requests.items():
            stats.incr(REQUESTS, number, tags={**vendor, "verb": verb, "outcome": outcome})
        for verb, times in seconds.items():
            for one in random.sample(times, min(len(times), _MAX_TIMES)):
                stats.timing(REQUEST_TIME, one * 1000, tags={**vendor, "verb": verb})
        if quota_left is not None:
            stats.gauge(QUOTA_LEFT, quota_left, tags=vendor)
        if late is not None:
            stats.timing(END_LATENESS, max(late, 0.0) * 1000, tags=vendor)

    def recipients(self, verb: str, numbers: Mapping[str, int]) -> None:
        """
        Emit the outcomes of recipients, and add them to the span.

        :param verb: what was sent to them.
        :param numbers: number of recipients by outcome.
        """
        if self.span is None:
            return
        from airflow.sdk.observability import stats

        self.span.set_attributes({f"liveactivity.{outcome}": number for outcome, number in numbers.items()})
        for outcome, number in numbers.items():
            if number > 0:
                stats.incr(
                    RECIPIENTS, number, tags={"vendor": self._vendor, "verb": verb, "outcome": outcome}
                )


@contextmanager
def observed(vendor: str, verb: str, due: datetime | None = None) -> Iterator[Metrics]:
    """
    Put a span under the task's span, and emit the metrics of a call.

    Without tracing, Airflow's span records nothing. An error sets the status of the span to its type, without
    its text.

    :param vendor: name of the vendor.
    :param verb: what the call sends.
    :param due: moment at which an end is due; None, the default, if the call sends no scheduled end.
    """
    metrics = Metrics(vendor, due)
    if not AIRFLOW_V_3_3_PLUS:
        yield metrics
        return
    from airflow.sdk.observability import trace

    with trace.get_tracer(__name__.partition(".")[0]).start_as_current_span(
        f"liveactivity.{verb}",
        attributes={"liveactivity.vendor": vendor},
        record_exception=False,
        set_status_on_exception=False,
    ) as span:
        metrics.span = span
        try:
            yield metrics
        except BaseException as error:
            span.set_status(trace.Status(trace.StatusCode.ERROR, type(error).__name__))
            raise
        finally:
            metrics.emit()


def _outcome(result: SendResult) -> str:
    if result.error is None:
        return "accepted"
    if result.outcome_unknown:
        return "unknown"
    return "rejected" if isinstance(result.error, RecipientRejected) else "failed"

"""Define what the hooks of both vendors share: the workspace of a connection, and the delivery of a plan."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import quote

from airflow.providers.common.compat.sdk import BaseHook

from airflow_provider_liveactivity.assets import MAX_URI_LENGTH, activity_uri
from airflow_provider_liveactivity.delivery.rate_limit import RateLimiter
from airflow_provider_liveactivity.delivery.report import SendCounts
from airflow_provider_liveactivity.delivery.sender import Sender
from airflow_provider_liveactivity.errors import LiveActivityError, PartiallySent
from airflow_provider_liveactivity.hooks._checkpoint import PartiallySentForgotten, checkpoint_of, progress_of
from airflow_provider_liveactivity.hooks._connection import check_extra, is_loopback, proxy, timeouts
from airflow_provider_liveactivity.hooks._connection_test import clock_skew
from airflow_provider_liveactivity.hooks._lineage import tell_lineage
from airflow_provider_liveactivity.hooks._metrics import observed
from airflow_provider_liveactivity.hooks._plan import Delivery, DryRun, SendPlan, content_hash
from airflow_provider_liveactivity.http.client import Client
from airflow_provider_liveactivity.http.connection import WorkspaceConfig
from airflow_provider_liveactivity.http.retries import NO_RETRY, RetryConfig
from airflow_provider_liveactivity.models.moments import utcnow

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime, timedelta

    from airflow.providers.common.compat.sdk import Connection

    from airflow_provider_liveactivity.delivery.preflight import Preflight
    from airflow_provider_liveactivity.delivery.report import SendReport
    from airflow_provider_liveactivity.delivery.scheduled_release import ScheduledRelease
    from airflow_provider_liveactivity.hooks._metrics import Metrics
    from airflow_provider_liveactivity.http.client import SendResult
    from airflow_provider_liveactivity.vendors.base import Request, Vendor


class LiveActivityHook(BaseHook):
    """
    Base of the hooks. A hook serves one connection and any number of calls, one at a time.

    :param retry: how often a request is sent; by default as ``RetryConfig``.
    :param clock: function that returns the current time; the system's clock by default.
    """

    conn_name_attr: ClassVar[str]
    conn_type: ClassVar[str]
    #: Keys of the connection's extra, beside the common ones.
    extra_keys: ClassVar[tuple[str, ...]]
    _sender: Sender | None = None
    _stopped = False
    #: Warnings that a dry run has logged; the send that follows does not log them again.
    _logged_warnings: Sequence[str] = ()
    default_retry: ClassVar[RetryConfig] = RetryConfig()
    _dry_run_observer: Callable[[DryRun], None] | None = None

    def __init__(self, *, retry: RetryConfig | None = None, clock: Callable[[], datetime] = utcnow) -> None:
        super().__init__()
        self._retry = retry or self.default_retry
        self._clock = clock

    @cached_property
    def _connection(self) -> Connection:
        """Airflow's connection, which is read at the first use, and once."""
        connection = self.get_connection(getattr(self, self.conn_name_attr))
        check_extra(connection, self.extra_keys)
        return connection

    @cached_property
    @abstractmethod
    def workspace(self) -> WorkspaceConfig:
        """The workspace of the connection, which is read at the first use."""

    @cached_property
    @abstractmethod
    def url(self) -> str:
        """Scheme and host of the requests."""

    def _workspace(self, vendor: Vendor) -> WorkspaceConfig:
        """Return how to reach a vendor over the connection."""
        return WorkspaceConfig(vendor, self.url, timeouts(self._connection), proxy(self._connection))

    @property
    @abstractmethod
    def dashboard_url(self) -> str | None:
        """URL of the vendor's dashboard page that shows the outcome of a send; None for the sandbox."""

    @abstractmethod
    def test_connection(self) -> tuple[bool, str]:
        """Send a request that changes nothing; return whether the connection works, and the reason."""

    def clock_skew(self) -> timedelta | None:
        """Return how far this machine's clock is ahead of the vendor's; None if the vendor does not tell."""
        return clock_skew(self.url, proxy(self._connection), self._clock)

    @property
    def has_sent(self) -> bool:
        """Whether the last call reached recipients or may have reached them, even if the call failed."""
        counts = self._sender.counts if self._sender else None
        return bool(counts and (counts.accepted or counts.unknown))

    def sandbox_url(self, activity_id: str | None = None) -> str | None:
        """
        Return the URL of the sandbox page of an activity; None if the host is not the sandbox.

        :param activity_id: id of the activity; None, the default, for the page of all activities.
        """
        if not is_loopback(self.url):
            return None
        return f"{self.url}/" + (f"activities/{quote(activity_id, safe='')}" if activity_id else "")

    def activity_uri(self, activity_id: str) -> str | None:
        """
        Return the URI of an activity's asset; None if it is longer than Airflow allows.

        :param activity_id: id of the activity.
        """
        uri = activity_uri(self.conn_type, self.url, activity_id)
        return uri if len(uri) <= MAX_URI_LENGTH else None

    def observe_dry_runs(self, observer: Callable[[DryRun], None]) -> None:
        """
        Call a function with the result of each call that has ``validate_only=True``.

        :param observer: the function.
        """
        self._dry_run_observer = observer

    def stop(self) -> None:
        """Send no further requests, in this call and later ones; safe to call from a signal handler."""
        self._stopped = True
        if self._sender is not None:
            self._sender.stop()

    def _deliver(
        self, plan: SendPlan, delivery: Delivery | None = None, *, validate_only: bool = False
    ) -> SendReport:
        """
        Send a plan and return the report.

        :param plan: the plan.
        :param delivery: how to deliver it; None, the default, for the defaults of ``Delivery``.
        :param validate_only: whether to build every request and send none; False by default.
        :raises PartiallySent: if an error stopped the send after some requests had left.
        """
        for warning in plan.warnings:
            if warning not in self._logged_warnings:
                self.log.warning("%s (%s of %s)", warning, plan.verb, plan.activity_id)
        self._logged_warnings = plan.warnings if validate_only else ()
        delivery = delivery or Delivery()
        preflight = delivery.preflight(plan, self._clock)
        if validate_only:
            return self._dry_run(plan, delivery, preflight)
        due = delivery.options.release.until if delivery.options.release else None
        with observed(plan.workspace.vendor.name, plan.verb, due) as metrics:
            sender = self._sender = self._sender_of(plan, delivery, preflight, metrics)
            try:
                report = self._run(sender, plan, delivery, preflight)
            finally:
                metrics.recipients(plan.verb, sender.added)
        if report["accepted"] and plan.verb not in ("update", "end"):  # updates and ends are urgent
            tell_lineage(self, self.activity_uri(plan.activity_id))
        return report

    def _run(
        self, sender: Sender, plan: SendPlan, delivery: Delivery, preflight: Preflight | None
    ) -> SendReport:
        if self._stopped:
            sender.stop()
        try:
            counts = sender.run()
        except LiveActivityError as error:
            if plan.repeatable or not self.has_sent:
                raise
            forgotten = delivery.context is not None and not sender.is_durable
            raise (PartiallySentForgotten if forgotten else PartiallySent)(
                f"{error.message} Before this error, {sender.counts.accepted:,} were accepted and "
                f"{sender.counts.unknown:,} have an unknown outcome.",
                report=self._report(plan, sender.counts, **_known(sender, preflight)),
                stopped_by=error,
                retryable=error.retryable,
                remembered=sender.is_durable,
                **error.origin,
            ) from None
        return self._report(plan, counts, **_known(sender, preflight))

    def _sender_of(
        self, plan: SendPlan, delivery: Delivery, preflight: Preflight | None, metrics: Metrics
    ) -> Sender:
        # Each workspace has its own send id.
        send_id = content_hash(plan.workspace.base_url, plan.content_hash)
        options = delivery.options
        return Sender(
            send_id,
            plan.batches,
            plan.workspace,
            options=replace(options, on_unknown="resend") if plan.repeatable else options,
            checkpoint=checkpoint_of(delivery, plan, send_id),
            possibly_sent_before=delivery.possibly_sent_before,
            total=plan.total,
            outcomes=delivery.outcomes,
            preflight=preflight,
            on_progress=delivery.on_progress or progress_of(delivery.context),
            client=partial(Client, retry=self._retry, clock=self._clock, observe=metrics.observe),
            clock=self._clock,
        )

    def _sent_at(self, release: ScheduledRelease | None) -> datetime:
        """Return when a request leaves, as known now; relative dates count from this moment."""
        return release.release_time(self._clock()) if release else self._clock()

    def _dry_run(self, plan: SendPlan, delivery: Delivery, preflight: Preflight | None) -> SendReport:
        if preflight is not None:
            preflight.check(delivery.options, plan.workspace.vendor)
        counts, recipients, first = SendCounts(), 0, None
        for batch in plan.batches.after(None):
            counts.requests += 1
            recipients += batch.request.recipients
            first = first or batch.request
        report = self._report(
            plan, counts, validate_only=True, recipients=recipients, **_known(None, preflight)
        )
        if self._dry_run_observer is not None and first is not None:
            expected = preflight.expected if preflight is not None else None
            self._dry_run_observer(DryRun(plan, first, report, expected))
        return report

    def _report(self, plan: SendPlan, counts: SendCounts, **more: Any) -> SendReport:
        if plan.audience is not None:
            counts.duplicates, counts.nulls = plan.audience.duplicates, plan.audience.nulls
        return counts.report(
            vendor=plan.workspace.vendor.name,
            verb=plan.verb,
            activity_id=plan.activity_id,
            content_state=plan.content_state,
            **more,
        )

    def _try_request(self, request: Request, workspace: WorkspaceConfig) -> SendResult:
        """Send a request once and return its result, which may be an error."""
        return self._exchange(request, workspace, NO_RETRY)

    def _request(
        self,
        request: Request,
        *,
        workspace: WorkspaceConfig | None = None,
        possibly_sent_before: bool = False,
    ) -> SendResult:
        """Send a request, raise its error, and return the result."""
        result = self._exchange(
            request, workspace or self.workspace, self._retry, possibly_sent_before=possibly_sent_before
        )
        result.accepted()
        return result

    def _exchange(
        self,
        request: Request,
        workspace: WorkspaceConfig,
        retry: RetryConfig,
        *,
        possibly_sent_before: bool = False,
    ) -> SendResult:
        async def send(metrics: Metrics) -> SendResult:
            limiter = RateLimiter(clock=self._clock)
            async with Client(
                workspace, limiter, retry=retry, clock=self._clock, observe=metrics.observe
            ) as client:
                return await client.send(request, possibly_sent_before=possibly_sent_before)

        # In a separate thread: the caller may have a running event loop.
        with observed(workspace.vendor.name, request.verb) as metrics, ThreadPoolExecutor(1) as pool:
            return pool.submit(lambda: asyncio.run(send(metrics))).result()


def _known(sender: Sender | None, preflight: Preflight | None) -> dict[str, Any]:
    """Return the fields of the report that only a send with an audience has."""
    known: dict[str, Any] = {"send_id": sender.uid} if sender is not None and sender.uid else {}
    expected = preflight.expected if preflight is not None else None
    if expected is not None and expected.end is not None:
        known["expected_seconds"] = round(expected.seconds, 3)
        known["expected_last_sent_at"] = expected.end.isoformat()
    return known

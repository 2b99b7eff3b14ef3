"""Define what the hooks of both vendors share: the workspace of a connection, and the delivery of a plan."""

from __future__ import annotations

import asyncio
import hashlib
import json
from abc import abstractmethod
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, TypedDict, Unpack
from urllib.parse import quote

from airflow.providers.common.compat.sdk import BaseHook

from airflow_provider_liveactivity.assets import MAX_URI_LENGTH, activity_uri
from airflow_provider_liveactivity.delivery.batch_requests import SingleRequest
from airflow_provider_liveactivity.delivery.options import DeliveryOptions
from airflow_provider_liveactivity.delivery.rate_limit import RateLimiter
from airflow_provider_liveactivity.delivery.report import SendCounts
from airflow_provider_liveactivity.delivery.sender import Sender
from airflow_provider_liveactivity.errors import InvalidPayload, LiveActivityError, PartiallySent
from airflow_provider_liveactivity.hooks._connection import is_loopback
from airflow_provider_liveactivity.hooks._lineage import tell_lineage
from airflow_provider_liveactivity.http.client import Client
from airflow_provider_liveactivity.http.retries import NO_RETRY
from airflow_provider_liveactivity.models.objects import hashable
from airflow_provider_liveactivity.vendors.base import RetrySafety

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from airflow_provider_liveactivity.audience import Audience
    from airflow_provider_liveactivity.delivery.batch_requests import BatchRequests
    from airflow_provider_liveactivity.delivery.checkpoint import Checkpoint
    from airflow_provider_liveactivity.delivery.progress import Progress
    from airflow_provider_liveactivity.delivery.report import SendReport
    from airflow_provider_liveactivity.http.client import SendResult
    from airflow_provider_liveactivity.http.connection import WorkspaceConfig
    from airflow_provider_liveactivity.http.retries import RetryConfig
    from airflow_provider_liveactivity.vendors.base import Request


class SendOptions(TypedDict, total=False):
    """Optional arguments of ``Sender``."""

    options: DeliveryOptions
    checkpoint: Checkpoint
    possibly_sent_before: bool
    on_progress: Callable[[Progress], None]


def send_options(
    *,
    options: DeliveryOptions | None = None,
    checkpoint: Checkpoint | None = None,
    possibly_sent_before: bool = False,
    on_progress: Callable[[Progress], None] | None = None,
) -> SendOptions:
    """
    Return the arguments that are not None; ``Sender`` has a default for each of the others.

    :param options: how the send uses workers and quota; None by default.
    :param checkpoint: where the send stores its state between attempts; None by default.
    :param possibly_sent_before: whether an earlier process may have sent the request; False by default.
    :param on_progress: function that receives the progress; None by default.
    """
    given: SendOptions = {"possibly_sent_before": possibly_sent_before}
    if options is not None:
        given["options"] = options
    if checkpoint is not None:
        given["checkpoint"] = checkpoint
    if on_progress is not None:
        given["on_progress"] = on_progress
    return given


@dataclass(frozen=True, slots=True)
class SendPlan:
    """
    A validated send, of which no request has been sent yet.

    :param verb: start, update or end.
    :param activity_id: the vendor's name of the activity.
    :param content_state: object with the state that the activity shows.
    :param batches: the requests.
    :param content_hash: hash of the content, the same over all attempts of a task; empty by default.
    :param audience: the recipients, if the requests name them; None by default.
    :param total: number of recipients; None, the default, if not known.
    :param repeatable: whether the send may be repeated; an unknown outcome then fails it, so that it is
        retried. False by default.
    :param workspace: where to send; None, the default, for the hook's own workspace.
    :param warnings: warnings about a payload that is sent nevertheless; none by default.
    """

    verb: str
    activity_id: str
    content_state: dict[str, Any]
    batches: BatchRequests
    content_hash: str = field(default="", repr=False)
    audience: Audience | None = None
    total: int | None = None
    repeatable: bool = False
    workspace: WorkspaceConfig | None = None
    warnings: Sequence[str] = ()

    @classmethod
    def single(
        cls,
        request: Request,
        activity_id: str,
        content_state: dict[str, Any],
        content_hash: str = "",
        *,
        warnings: Sequence[str] = (),
    ) -> SendPlan:
        """
        Return the plan of a single request.

        :param request: the request.
        :param activity_id: the vendor's name of the activity.
        :param content_state: object with the state that the activity shows.
        :param content_hash: hash of the content; empty by default.
        :param warnings: warnings about the payload; none by default.
        """
        return cls(
            request.verb,
            activity_id,
            content_state,
            SingleRequest(request),
            content_hash,
            repeatable=request.retry_safety is not RetrySafety.NOT_IDEMPOTENT,
            warnings=warnings,
        )


class LiveActivityHook(BaseHook):
    """Base of the hooks. A hook serves one connection and any number of calls, one at a time."""

    conn_name_attr: ClassVar[str]
    conn_type: ClassVar[str]
    _sender: Sender | None = None
    _stopped = False
    #: Warnings that a dry run has logged; the send that follows does not log them again.
    _logged_warnings: Sequence[str] = ()

    @cached_property
    @abstractmethod
    def workspace(self) -> WorkspaceConfig:
        """The workspace of the connection, which is read at the first use."""

    @cached_property
    @abstractmethod
    def url(self) -> str:
        """Scheme and host of the requests."""

    @property
    @abstractmethod
    def dashboard_url(self) -> str | None:
        """URL of the vendor's dashboard page that shows the outcome of a send; None for the sandbox."""

    @abstractmethod
    def test_connection(self) -> tuple[bool, str]:
        """Send a request that changes nothing; return whether the connection works, and the reason."""

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

    def stop(self) -> None:
        """Send no further request, in this call and later ones; safe to call from a signal handler."""
        self._stopped = True
        if self._sender is not None:
            self._sender.stop()

    def _deliver(
        self, plan: SendPlan, *, validate_only: bool = False, **options: Unpack[SendOptions]
    ) -> SendReport:
        """
        Send a plan and return the report.

        :param plan: the plan.
        :param validate_only: whether to build every request and send none; False by default.
        :param options: arguments of ``Sender``.
        :raises PartiallySent: if an error stopped the send after some requests had left.
        """
        for warning in plan.warnings:
            if warning not in self._logged_warnings:
                self.log.warning("%s (%s of %s)", warning, plan.verb, plan.activity_id)
        self._logged_warnings = plan.warnings if validate_only else ()
        if validate_only:
            return self._dry_run(plan)
        if plan.repeatable:
            options["options"] = replace(options.get("options") or DeliveryOptions(), on_unknown="resend")
        workspace = plan.workspace or self.workspace
        send_id = content_hash(workspace.base_url, plan.content_hash)  # each workspace has its own send id
        sender = self._sender = Sender(send_id, plan.batches, workspace, total=plan.total, **options)
        if self._stopped:
            sender.stop()
        try:
            report = self._report(plan, sender.run())
        except LiveActivityError as error:
            if plan.repeatable or not self.has_sent:
                raise
            raise PartiallySent(
                f"{error.message} Before this error, {sender.counts.accepted:,} were accepted and "
                f"{sender.counts.unknown:,} have an unknown outcome.",
                report=self._report(plan, sender.counts),
                stopped_by=error,
                retryable=error.retryable,
                remembered="checkpoint" in options and options["checkpoint"].durable,
                **error.origin,
            ) from None
        if report["accepted"] and plan.verb not in ("update", "end"):  # updates and ends are urgent
            tell_lineage(self, self.activity_uri(plan.activity_id))
        return report

    def _dry_run(self, plan: SendPlan) -> SendReport:
        counts, recipients = SendCounts(), 0
        for batch in plan.batches.after(None):
            counts.requests += 1
            recipients += batch.request.recipients
        return self._report(plan, counts, validate_only=True, recipients=recipients)

    def _report(self, plan: SendPlan, counts: SendCounts, **more: Any) -> SendReport:
        if plan.audience is not None:
            counts.duplicates, counts.nulls = plan.audience.duplicates, plan.audience.nulls
        return counts.report(
            vendor=(plan.workspace or self.workspace).vendor.name,
            verb=plan.verb,
            activity_id=plan.activity_id,
            content_state=plan.content_state,
            **more,
        )

    def _try_request(self, request: Request, workspace: WorkspaceConfig) -> SendResult:
        """Send a request once and return its result, which may be an error."""
        return self._exchange(request, workspace, retry=NO_RETRY)

    def _request(
        self,
        request: Request,
        *,
        workspace: WorkspaceConfig | None = None,
        possibly_sent_before: bool = False,
    ) -> SendResult:
        """Send a request, raise its error, and return the result."""
        result = self._exchange(
            request, workspace or self.workspace, possibly_sent_before=possibly_sent_before
        )
        result.accepted()
        return result

    @staticmethod
    def _exchange(
        request: Request,
        workspace: WorkspaceConfig,
        *,
        possibly_sent_before: bool = False,
        retry: RetryConfig | None = None,
    ) -> SendResult:
        async def send() -> SendResult:
            async with Client(workspace, RateLimiter(), retry=retry) as client:
                return await client.send(request, possibly_sent_before=possibly_sent_before)

        # In a separate thread: the caller may have a running event loop.
        with ThreadPoolExecutor(max_workers=1) as pool:
            return pool.submit(lambda: asyncio.run(send())).result()


def content_hash(*parts: Any) -> str:
    """
    Return the hash of a send's content as the user gave it: relative dates are not resolved.

    :param parts: parts of the content, which must be JSON.
    :raises InvalidPayload: if a part is not JSON.
    """
    try:
        text = json.dumps(parts, sort_keys=True, default=hashable)
    except (TypeError, ValueError, RecursionError):
        raise InvalidPayload("an object to send has keys that are not text, or contains itself.") from None
    return hashlib.sha256(text.encode()).hexdigest()

"""Define what a hook passes to the engine: a validated send, and how to deliver it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

from airflow_provider_liveactivity.delivery.batch_requests import AudienceRequests, SingleRequest
from airflow_provider_liveactivity.delivery.options import DeliveryOptions
from airflow_provider_liveactivity.delivery.preflight import OnTooSlow, Preflight
from airflow_provider_liveactivity.errors import InvalidPayload
from airflow_provider_liveactivity.hooks._outcomes import outcome_files
from airflow_provider_liveactivity.models.end_time import end_moment
from airflow_provider_liveactivity.models.objects import hashable
from airflow_provider_liveactivity.vendors.base import RetrySafety

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_liveactivity.audience import Audience
    from airflow_provider_liveactivity.delivery.batch_requests import BatchRequests
    from airflow_provider_liveactivity.delivery.outcomes import OutcomeWriter
    from airflow_provider_liveactivity.delivery.preflight import Estimate
    from airflow_provider_liveactivity.delivery.progress import Progress
    from airflow_provider_liveactivity.delivery.report import SendReport
    from airflow_provider_liveactivity.http.connection import WorkspaceConfig
    from airflow_provider_liveactivity.models.apns import Push
    from airflow_provider_liveactivity.vendors.base import Request


@dataclass(frozen=True, slots=True)
class SendPlan:
    """
    A validated send, of which no request has been sent yet.

    :param workspace: where to send.
    :param verb: start, update or end.
    :param activity_id: the vendor's name of the activity.
    :param batches: the requests.
    :param push: the push that phones receive.
    :param content_hash: hash of the content, the same over all attempts of a task; empty by default.
    :param audience: the recipients, if the requests name them; None by default.
    :param total: number of recipients; None, the default, if not known.
    :param repeatable: whether the send may be repeated; an unknown outcome then fails it, so that it is
        retried. False by default.
    :param warnings: warnings about a payload that is sent anyway; none by default.
    """

    workspace: WorkspaceConfig
    verb: str
    activity_id: str
    batches: BatchRequests
    push: Push = field(repr=False)
    content_hash: str = field(default="", repr=False)
    audience: Audience | None = None
    total: int | None = None
    repeatable: bool = False
    warnings: Sequence[str] = ()

    @property
    def content_state(self) -> dict[str, Any]:
        """Object with the state that the activity shows."""
        return self.push.content_state or {}

    @classmethod
    def single(
        cls,
        workspace: WorkspaceConfig,
        request: Request,
        activity_id: str,
        push: Push,
        content_hash: str = "",
        *,
        warnings: Sequence[str] = (),
    ) -> SendPlan:
        """
        Return the plan of a single request.

        :param workspace: where to send.
        :param request: the request.
        :param activity_id: the vendor's name of the activity.
        :param push: the push that phones receive.
        :param content_hash: hash of the content; empty by default.
        :param warnings: warnings about the payload; none by default.
        """
        return cls(
            workspace,
            request.verb,
            activity_id,
            SingleRequest(request),
            push,
            content_hash,
            repeatable=request.retry_safety is not RetrySafety.NOT_IDEMPOTENT,
            warnings=warnings,
        )


@dataclass(frozen=True, slots=True)
class Delivery:
    """
    How to deliver a plan.

    :param options: how the send uses workers and quota; by default as ``DeliveryOptions``.
    :param context: context of the running task, which keeps the state of the send over the task's attempts;
        None, the default, keeps nothing.
    :param resend_after_clear: whether a finished send is sent again if a person clears the task; False by
        default.
    :param on_progress: function that receives the progress; None, the default, logs it.
    :param possibly_sent_before: whether an earlier process may have sent the request; False by default.
    :param outcomes: stores the outcome of every recipient; None, the default, keeps counts only.
    :param end_time: end of the activity; None by default.
    :param on_too_slow: what to do with a send that cannot finish in time; "fail" by default.
    """

    options: DeliveryOptions = field(default_factory=DeliveryOptions)
    context: Context | None = None
    resend_after_clear: bool = False
    on_progress: Callable[[Progress], None] | None = None
    possibly_sent_before: bool = False
    outcomes: OutcomeWriter | None = None
    end_time: datetime | None = None
    on_too_slow: OnTooSlow = "fail"

    @classmethod
    def of(
        cls, arguments: Mapping[str, Any], *, possibly_sent_before: bool = False, **defaults: Any
    ) -> Delivery:
        """
        Return the delivery of a call's flat arguments.

        :param arguments: arguments of the call, with those of ``DeliveryArguments`` among them.
        :param possibly_sent_before: as above.
        :param defaults: defaults of the call that differ from those of ``DeliveryOptions``.
        :raises InvalidPayload: if an argument is wrong.
        """
        names = {option.name for option in fields(DeliveryOptions)}
        return cls(
            DeliveryOptions(**defaults | {name: arguments[name] for name in names & arguments.keys()}),
            arguments.get("context"),
            arguments.get("resend_after_clear", False),
            arguments.get("on_progress"),
            possibly_sent_before,
            outcome_files(arguments.get("outcomes_path")),
            end_moment(arguments.get("end_time")),
            arguments.get("on_too_slow", "fail"),
        )

    def preflight(self, plan: SendPlan, clock: Callable[[], datetime]) -> Preflight | None:
        """
        Return the check that a plan finishes in time; None if its requests do not name their recipients.

        :param plan: the plan.
        :param clock: returns the current time.
        :raises InvalidPayload: if ``on_too_slow`` is wrong, or outcomes cannot be kept.
        """
        if isinstance(plan.batches, AudienceRequests) and plan.total is not None:
            return Preflight(
                plan.total,
                plan.batches.size,
                end_time=self.end_time,
                on_too_slow=self.on_too_slow,
                clock=clock,
            )
        if self.outcomes is not None:
            raise InvalidPayload(
                "outcomes_path needs an audience whose recipients are named: external_user_ids, user_aliases "
                "or sql. Only the vendor knows the recipients of a segment or custom audience."
            )
        return None


@dataclass(frozen=True, slots=True)
class DryRun:
    """
    The result of a call that built every request and sent none.

    :param plan: the plan.
    :param first: the first request.
    :param report: the report of the call, with the counts.
    :param expected: the estimate of the duration; None if the requests do not name their recipients.
    """

    plan: SendPlan
    first: Request
    report: SendReport
    expected: Estimate | None


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

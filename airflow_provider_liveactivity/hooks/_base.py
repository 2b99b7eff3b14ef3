"""What the hooks of both vendors share: one account from a connection, and sending a plan."""

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
from airflow_provider_liveactivity.delivery.options import FanOut
from airflow_provider_liveactivity.delivery.report import Tally
from airflow_provider_liveactivity.delivery.resume import Step, Steps
from airflow_provider_liveactivity.delivery.sender import Send
from airflow_provider_liveactivity.errors import InvalidPayload, LiveActivityError, PartiallySent
from airflow_provider_liveactivity.hooks._connection import is_sandbox
from airflow_provider_liveactivity.hooks._connection_test import ONCE
from airflow_provider_liveactivity.hooks._lineage import tell_lineage
from airflow_provider_liveactivity.http.client import Client
from airflow_provider_liveactivity.vendors.base import AfterDoubt

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from airflow_provider_liveactivity.audience import Audience
    from airflow_provider_liveactivity.delivery.checkpoint import Checkpoint
    from airflow_provider_liveactivity.delivery.progress import Progress
    from airflow_provider_liveactivity.delivery.report import SendReport
    from airflow_provider_liveactivity.http.client import Sent
    from airflow_provider_liveactivity.http.connection import Account
    from airflow_provider_liveactivity.http.retries import Patience
    from airflow_provider_liveactivity.vendors.base import Request


class SendOptions(TypedDict, total=False):
    """How a plan is sent; see ``Send``."""

    fan_out: FanOut
    checkpoint: Checkpoint
    may_be_second: bool
    on_progress: Callable[[Progress], None]


def send_options(
    *,
    fan_out: FanOut | None = None,
    checkpoint: Checkpoint | None = None,
    may_be_second: bool = False,
    on_progress: Callable[[Progress], None] | None = None,
) -> SendOptions:
    """Return the options that are given; ``Send`` has a default for each of the others."""
    options: SendOptions = {"may_be_second": may_be_second}
    if fan_out is not None:
        options["fan_out"] = fan_out
    if checkpoint is not None:
        options["checkpoint"] = checkpoint
    if on_progress is not None:
        options["on_progress"] = on_progress
    return options


@dataclass(frozen=True, slots=True)
class Plan:
    """
    A validated send, before anything has left.

    :param verb: start, update or end.
    :param activity_id: what the vendor calls the activity.
    :param content_state: the state that it shows.
    :param steps: yields the requests after a key of the audience.
    :param identity: hash of what makes this send that send, over all attempts of a task.
    :param audience: the people, where people are addressed.
    :param total: how many they are, where that is known.
    :param repeatable: whether sending it once more is harmless: then doubt fails the send, to be retried.
    :param account: where to send, where that is not the hook's own account.
    :param warnings: warnings about the payload, for the log; the payload is sent.
    """

    verb: str
    activity_id: str
    content_state: dict[str, Any]
    steps: Steps
    identity: str = field(default="", repr=False)
    audience: Audience | None = None
    total: int | None = None
    repeatable: bool = False
    account: Account | None = None
    warnings: Sequence[str] = ()

    @classmethod
    def of(
        cls,
        request: Request,
        activity_id: str,
        content_state: dict[str, Any],
        identity: str = "",
        *,
        warnings: Sequence[str] = (),
    ) -> Plan:
        """Return the plan of a single request; the key after it says that nothing follows."""
        return cls(
            request.verb,
            activity_id,
            content_state,
            lambda after, _=None: [] if after else [Step(request, key=True)],
            identity,
            repeatable=request.after_doubt is not AfterDoubt.NEVER,
            warnings=warnings,
        )


class LiveActivityHook(BaseHook):
    """Base of the hooks; a hook is good for one connection and for any number of calls, one at a time."""

    conn_name_attr: ClassVar[str]
    conn_type: ClassVar[str]
    #: Whether the last call has reached people, or may have, even if it failed.
    has_sent = False
    #: The last call's activity, as the URI of its asset, where the vendor accepted anything.
    sent_to: str | None = None
    _current: Send | None = None
    _stopped = False
    #: What a dry run has logged already, so that the send that follows it does not repeat it.
    _logged_warnings: Sequence[str] = ()

    @cached_property
    @abstractmethod
    def account(self) -> Account:
        """The workspace of the connection, read at first use."""

    @cached_property
    @abstractmethod
    def url(self) -> str:
        """Scheme and host to send to."""

    @property
    @abstractmethod
    def dashboard_url(self) -> str | None:
        """Where the vendor's dashboard shows what became of a send; None against the sandbox."""

    @abstractmethod
    def test_connection(self) -> tuple[bool, str]:
        """Ask the vendor without changing anything; return whether the connection is good, and why."""

    def sandbox_url(self, activity_id: str | None = None) -> str | None:
        """
        Return where the sandbox shows an activity, or all of them; None where the vendor is the real one.

        :param activity_id: the id of the activity.
        """
        if not is_sandbox(self.url):
            return None
        return f"{self.url}/" + (f"activities/{quote(activity_id, safe='')}" if activity_id else "")

    def stop(self) -> None:
        """Let nothing further leave, nor anything that begins later; safe to call from a signal handler."""
        self._stopped = True
        if self._current is not None:
            self._current.stop()

    def _deliver(
        self, plan: Plan, *, validate_only: bool = False, **options: Unpack[SendOptions]
    ) -> SendReport:
        """
        Send a plan and return the report.

        :param validate_only: go through all of it, and send nothing.
        :raises PartiallySent: where something stopped the send after a part of it had left.
        """
        for warning in plan.warnings:
            if warning not in self._logged_warnings:
                self.log.warning("%s of %s: %s", plan.verb, plan.activity_id, warning)
        self._logged_warnings = plan.warnings if validate_only else ()
        if validate_only:
            return self._rehearse(plan)
        if plan.repeatable:
            options["fan_out"] = replace(options.get("fan_out") or FanOut(), on_unknown="resend")
        account = plan.account or self.account
        # Another workspace is another send.
        mark = identity(account.base_url, plan.identity)
        self._current = send = Send(mark, plan.steps, account, total=plan.total, **options)
        if self._stopped:
            send.stop()
        try:
            report = self._report(plan, send.run())
        except BaseException as error:
            self.has_sent = bool(send.tally.accepted or send.tally.unknown)
            if plan.repeatable or not self.has_sent or not isinstance(error, LiveActivityError):
                raise
            raise PartiallySent(
                f"{send.tally.accepted:,} accepted, {send.tally.unknown:,} unknown when it ended: {error}",
                report=self._report(plan, send.tally),
                retryable=error.retryable,
                remembered="checkpoint" in options and options["checkpoint"].durable,
            ) from error
        finally:
            self._current = None
        self.has_sent = bool(report["accepted"] or report["unknown"])
        uri = activity_uri(account.vendor.name, account.base_url, plan.activity_id)
        if report["accepted"] and len(uri) <= MAX_URI_LENGTH:  # no asset is worth the failure of a send
            self.sent_to = uri
            if plan.verb not in ("update", "end"):  # those have nobody as input, and no time to lose
                tell_lineage(self, uri)
        return report

    def _rehearse(self, plan: Plan) -> SendReport:
        tally, recipients = Tally(), 0
        for step in plan.steps(None):
            tally.requests += 1
            recipients += step.request.people or 1
        return self._report(plan, tally, validate_only=True, recipients=recipients)

    def _report(self, plan: Plan, tally: Tally, **more: Any) -> SendReport:
        if plan.audience is not None:
            tally.duplicates, tally.nulls = plan.audience.duplicates, plan.audience.nulls
        return tally.report(
            vendor=(plan.account or self.account).vendor.name,
            verb=plan.verb,
            activity_id=plan.activity_id,
            content_state=plan.content_state,
            **more,
        )

    def _try(self, request: Request, account: Account) -> Sent | LiveActivityError:
        """Send one read once, and return its answer or its error."""
        try:
            return self._ask(request, account=account, patience=ONCE)
        except LiveActivityError as error:
            return error

    def _ask(
        self,
        request: Request,
        *,
        account: Account | None = None,
        may_be_second: bool = False,
        patience: Patience | None = None,
    ) -> Sent:
        """Send one request and return its answer."""

        async def ask() -> Sent:
            async with Client(account or self.account, patience=patience) as client:
                return await client.send(request, may_be_second=may_be_second)

        # In a thread of its own: the caller may have a running event loop.
        with ThreadPoolExecutor(max_workers=1) as pool:
            return pool.submit(lambda: asyncio.run(ask())).result()


def identity(*parts: Any) -> str:
    """
    Return the hash of what makes a send that send: as the user gave it, dates from now unresolved.

    :raises InvalidPayload: for an object that is no JSON, and so can be no part of a send.
    """
    try:
        text = json.dumps(parts, sort_keys=True, default=str)
    except (TypeError, ValueError, RecursionError):
        raise InvalidPayload("an object to send has keys that are not text, or holds itself.") from None
    return hashlib.sha256(text.encode()).hexdigest()
